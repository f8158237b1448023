"""What an answer of the AliExpress gateway says: its `result`, or the failure that it stands for.

Of an answer the body decides: the HTTP status is 200 for nearly every failure, and the media type
is no guide either (text/plain and text/html occur). Outer key, result level and code types vary
between methods and ages of the platform; all documented forms are read.
"""

import json
from decimal import Decimal
from typing import NoReturn

from clients.aliexpress import errors
from clients.aliexpress.errors import Refusal
from clients.values import Digits, Row, text
from domain.exceptions import AnswerInvalid
from upstream.contract import Answer

WORDS = ("msg", "message", "resp_msg", "sub_msg")
DONE = (None, "0", "200")  # a missing code beside a result is success
ABOUT_THE_ANSWER = {"code", "success", "type", *WORDS}  # and not of what was asked


def read_result(answer: Answer) -> Row | None:
    """The `result` object; None where the platform says that nothing was found.

    Raises the MarketplaceError that the answer stands for, AnswerInvalid for what is no answer.
    """
    if answer.status >= 400:
        errors.check_status(answer)
    body = _decoded(answer)
    inner = _unwrapped(body)
    refusal = _platform_refusal(body, inner)
    if answer.status == 403:
        errors.check_origin(answer, refusal)
    if refusal is not None:
        errors.raise_unless_empty(errors.of_platform(refusal, answer))
        return None
    if not 200 <= answer.status < 300:
        _raise_odd(answer)
    if "resp_result" in inner:
        return _result_of(inner["resp_result"], "resp_code", answer)
    if "result" in inner:
        return _result_of(inner, "code", answer)
    return _raise_odd(answer)


def _decoded(answer: Answer) -> Row:
    """The JSON object of the body, whole numbers as text and fractions as Decimal; empty where it
    is none."""
    try:
        body = json.loads(
            answer.body.decode("utf-8-sig"),
            parse_int=Digits,
            parse_float=Decimal,
            parse_constant=lambda name: None,  # NaN and Infinity are no JSON and no values
        )
    except (ValueError, RecursionError, ArithmeticError):
        return {}
    return body if isinstance(body, dict) else {}


def _unwrapped(body: Row) -> Row:
    """What stands under the key named after the method; the body itself where there is none."""
    for name, value in body.items():
        if name.endswith("_response") and name != "error_response" and isinstance(value, dict):
            return value
    return body


def _platform_refusal(body: Row, inner: Row) -> Refusal | None:
    """The gateway's own failure: an `error_response` object, or type, code and message bare."""
    nested = body.get("error_response")
    if isinstance(nested, dict):
        return _refusal(nested, "code")
    if "resp_result" in inner or "result" in inner or text(inner.get("code")) in DONE:
        return None
    return _refusal(inner, "code")


def _result_of(level: object, code_name: str, answer: Answer) -> Row | None:
    """The result below one level that bears a code; product.sku.detail.get has two of them.

    A success whose result says nothing at all is no answer: "nothing found" has a code of its own,
    or a list without rows. Read as empty, it would be "not found" for every product of a batch.
    """
    if not isinstance(level, dict):
        _raise_odd(answer)
    result = level.get("result")
    inner = result if isinstance(result, dict) else {}
    for checked, name in ((level, code_name), (inner, "code")):
        if text(checked.get(name)) not in DONE or checked.get("success") in (False, "false"):
            errors.raise_unless_empty(errors.of_business(_refusal(checked, name)))
            return None
    if result is not None and not isinstance(result, dict):
        _raise_odd(answer)
    found = inner["result"] if isinstance(inner.get("result"), dict) else inner
    if set(found) <= ABOUT_THE_ANSWER:
        _raise_odd(answer)
    return found


def _refusal(level: Row, code_name: str) -> Refusal:
    return Refusal(
        kind=text(level.get("type")) or "",
        code=text(level.get(code_name)) or "",
        sub_code=text(level.get("sub_code")) or "",
        message=" ".join(found for name in WORDS if (found := text(level.get(name)))),
    )


def _raise_odd(answer: Answer) -> NoReturn:
    raise AnswerInvalid(
        "AliExpress sent something that is not an answer of its interface. Try again; if it stays "
        "so, check the gateway address in the server's settings.",
        upstream_code=None if answer.status == 200 else str(answer.status),
    )

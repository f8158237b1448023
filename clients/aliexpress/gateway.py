"""Signed calls to the AliExpress gateway for one account.

Every request is a POST form to the address of the settings, never to one of an answer. Key and
secret are opened only while a request is built; every try is built, dated and signed anew.

Of an answer the body decides: the HTTP status is 200 for nearly every failure, and the media type
is no guide either (text/plain and text/html occur). Outer key, result level and code types vary
between methods and ages of the platform; all documented forms are read.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import NoReturn, TypeVar

import httpx

from clients.aliexpress import errors
from clients.aliexpress.errors import Refusal
from clients.signing.aliexpress import SignMethod, sign, signable
from clients.values import UNSTORABLE, Digits, Row, text
from domain.credentials import Secret
from domain.exceptions import AnswerInvalid, InvalidInput, MarketplaceNotConnected
from domain.marketplaces import EVERY_WORKSPACE, Account, AccountKey, QuotaRule
from upstream.budget import Budget
from upstream.contract import Answer, Call, Upstream

T = TypeVar("T")

ADDRESS = "https://api-sg.aliexpress.com/sync"
ADDRESS_SETTING = "ALIEXPRESS_GATEWAY_URL"
LINK_HOST = "s.click.aliexpress.com"
METHOD_PREFIX = "aliexpress.affiliate."
FORM = "application/x-www-form-urlencoded; charset=utf-8"

# No limit is published; bursts above one call a second are banned for a second. Days are Beijing's.
QUOTA = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=8)


WORDS = ("msg", "message", "resp_msg", "sub_msg")
DONE = (None, "0", "200")  # a missing code beside a result is success
ABOUT_THE_ANSWER = {"code", "success", "type", *WORDS}  # and not of what was asked


def quota_account(account: Account) -> AccountKey:
    """AliExpress counts calls per application, which several workspaces may share."""
    stored = account.credentials.get("appKey")
    if stored is None:
        return account.key
    name = f"application {stored.value.fingerprint()}"
    return replace(account.key, workspace=EVERY_WORKSPACE, locale=name)


class Gateway:
    """One account's way in. One call asks one method; `budget` pays for it.

    `stands_in`: another gateway than AliExpress's own is asked. `link_host`: the host that tracked
    links must have; None, at a gateway that stands in: any.
    """

    def __init__(
        self, account: Account, upstream: Upstream, budget: Budget, sign_method: SignMethod
    ) -> None:
        self._account = account
        self._upstream = upstream
        self._budget = budget
        self._sign_method = sign_method
        self._quota = upstream.quotas.get(account.key.marketplace, QUOTA)
        self._address = upstream.addresses.get(ADDRESS_SETTING) or ADDRESS
        self.stands_in = self._address.rstrip("/") != ADDRESS
        self.link_host = None if self.stands_in else LINK_HOST

    async def call(
        self,
        operation: str,
        params: Mapping[str, object],
        read: Callable[[Row, datetime], T],
        *,
        empty: T,
    ) -> T:
        """Ask `aliexpress.affiliate.<operation>`.

        `read` gets the result object and the moment of the answer; `empty` is what "nothing was
        found" stands for. Raises MarketplaceError, MarketplaceNotConnected without keys, and
        InvalidInput for text that cannot be sent.
        """
        key, secret = self._stored("appKey", "appSecret")
        for name, value in params.items():
            parts = value if isinstance(value, list) else [value]
            if any(isinstance(part, str) and UNSTORABLE.search(part) for part in parts):
                raise InvalidInput(
                    f"The parameter {name} has characters that cannot be sent. Type it anew.",
                    path=(name,),
                )

        def classify(answer: Answer) -> T:
            result = read_result(answer)
            return empty if result is None else read(result, answer.received_at)

        return await self._upstream.sender.send(
            Call(
                build=partial(self._request, operation, params, key, secret),
                classify=classify,
                account=quota_account(self._account),
                credentials=self._account.fingerprint,
                operation=operation,
                quota=self._quota,
                budget=self._budget,
            )
        )

    def tracking_id(self) -> str:
        """The stored tracking id, which is no secret. Raises MarketplaceNotConnected unless all
        three credentials are stored."""
        return self._stored("appKey", "appSecret", "trackingId")[-1].reveal()

    def _stored(self, *names: str) -> list[Secret]:
        """These credentials, which stay sealed until a request is built."""
        stored = self._account.credentials
        if not all(name in stored for name in names):
            raise not_connected()
        return [stored[name].value for name in names]

    def _request(
        self, operation: str, params: Mapping[str, object], key: Secret, secret: Secret
    ) -> httpx.Request:
        system = {
            "app_key": key.reveal(),
            "method": METHOD_PREFIX + operation,
            "timestamp": round(self._upstream.now().timestamp() * 1000),
            "sign_method": self._sign_method.value,
            "format": "json",
            "v": "2.0",
        }
        form = signable({**params, **system})
        form["sign"] = sign(form, secret.reveal(), self._sign_method)
        return httpx.Request("POST", self._address, data=form, headers={"content-type": FORM})


def not_connected() -> MarketplaceNotConnected:
    """What a call without credentials raises."""
    return MarketplaceNotConnected(
        "AliExpress is not connected. Add the app key, app secret and tracking ID in "
        "connectMarketplace."
    )


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

"""JSON of either Amazon interface, read with one spelling and without surprises.

The retired PA-API writes `DetailPageURL` where the Creators API writes `detailPageURL`: names are
brought to the second while the body is read. Numbers never pass a binary float. Absent, null and
of another kind than documented are one and the same: None.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from clients.values import UNSTORABLE, shown
from domain.money import CURRENCY, Money

JSON = dict[str, Any]

# Names that lower-casing the first letter alone would spoil.
_SPELLED = {"ASIN": "asin", "URL": "url", "EANs": "eans", "ISBNs": "isbns", "UPCs": "upcs"}
_SHARE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?", re.ASCII)
_AMOUNT_LIMIT = Decimal(10) ** 15
_FINEST_EXPONENT = -9


def load(body: bytes) -> JSON | None:
    """The body's object with names in camel case; None where it is no JSON object."""
    try:
        loaded: object = json.loads(
            body,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_nothing,
            object_pairs_hook=_spell,
        )
    except (ValueError, RecursionError):
        return None
    return loaded if isinstance(loaded, dict) else None


def member(parent: object, *path: str) -> object:
    """What stands at the end of a path of names; None where the path breaks."""
    value = parent
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def node(parent: object, *path: str) -> JSON:
    """The object at the path, {} where there is none."""
    value = member(parent, *path)
    return value if isinstance(value, dict) else {}


def nodes(parent: object, *path: str) -> list[JSON]:
    """The objects of the list at the path; whatever else it holds is left out."""
    value = member(parent, *path)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Text or number as text, without NUL and lone surrogates; None where nothing is left."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return None
    cleaned = UNSTORABLE.sub("", value)
    return cleaned if cleaned.strip() else None


def words(value: object) -> str | None:
    """Text for people; see `clients.values.shown`."""
    found = text(value)
    return shown(found) or None if found else None


def texts(value: object) -> tuple[str, ...]:
    """The texts for people of a list, blank ones left out."""
    if not isinstance(value, list):
        return ()
    return tuple(found for one in value if (found := words(one)) is not None)


def number(value: object) -> Decimal | None:
    """An exact number; None for anything else, booleans among it."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def whole(value: object) -> int | None:
    """A whole number from 0 to 10^15."""
    found = number(value)
    if found is None or not 0 <= found < _AMOUNT_LIMIT or found != found.to_integral_value():
        return None
    return int(found)


def money(value: object) -> Money | None:
    """`{amount, currency}` as Money; None unless both are there and can be meant."""
    amount = number(member(value, "amount"))
    currency = text(member(value, "currency"))
    if amount is None or currency is None or not CURRENCY.fullmatch(currency):
        return None
    exponent = amount.as_tuple().exponent
    if not 0 <= amount < _AMOUNT_LIMIT or not isinstance(exponent, int):
        return None
    return Money(amount, currency) if exponent >= _FINEST_EXPONENT else None


def percent(value: object) -> Decimal | None:
    """A share from 0 to 100, as a number or as text, with or without the sign."""
    written = (text(value) or "").removesuffix("%").strip()
    found = Decimal(written) if _SHARE.fullmatch(written) else None
    return found if found is not None and found <= 100 else None


def moment(value: object) -> datetime | None:
    """A time in UTC, also without seconds ("2026-05-31T05:00Z") or its zone."""
    try:
        found = datetime.fromisoformat(text(value) or "")
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def web_address(value: object) -> str | None:
    """An http or https address without blanks; None for every other text."""
    found = text(value)
    if found is None or not found.lower().startswith(("https://", "http://")):
        return None
    return None if re.search(r"\s", found) else found


def _spell(pairs: Sequence[tuple[str, Any]]) -> JSON:
    return {_SPELLED.get(name, name[:1].lower() + name[1:]): value for name, value in pairs}


def _decimal(written: str) -> Decimal | None:
    try:
        return Decimal(written)
    except InvalidOperation:  # an exponent beyond all bounds
        return None


def _integer(written: str) -> int | None:
    try:
        return int(written)
    except ValueError:  # thousands of digits
        return None


def _nothing(written: str) -> None:
    """NaN and Infinity are no JSON and no number."""

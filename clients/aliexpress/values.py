"""Reads single values of an answer. What cannot be used is None; nothing but `read_rows` raises.

Answers are decoded with every whole number kept as text (ids go beyond what others can hold) and
every fraction as Decimal, so a value is text, Decimal, bool, None, a list or a mapping.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clients import titles
from domain.exceptions import AnswerInvalid
from domain.money import CURRENCY, PLAIN_AMOUNT, Money, minor_digits

PACIFIC = "America/Los_Angeles"
LONGEST_TEXT = 500
LONGEST_LINK = 4_096  # tracked links have up to 1,065 characters
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and halves of a pair
NOT_IN_LINKS = re.compile(r"[\x00-\x20\x7f\"<>\\]")
WHOLE = re.compile(r"-?[0-9]{1,15}")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2})?")
ISO_MOMENT = re.compile(MOMENT.pattern + r"(Z|[+-][0-9]{2}:[0-9]{2})")

Row = dict[str, Any]
T = TypeVar("T")


def clean(value: str) -> str:
    """Without the characters that no database stores: NUL and lone surrogates."""
    return UNSTORABLE.sub("", value)


def text(value: Any, limit: int = LONGEST_TEXT) -> str | None:
    """Trimmed text of at most `limit` characters; numbers as they are written; blank is None."""
    if isinstance(value, Decimal):
        value = str(value)
    if not isinstance(value, str):
        return None
    return clean(value[: 2 * limit]).strip()[:limit].rstrip() or None


def words(value: Any, limit: int = LONGEST_TEXT) -> str | None:
    """Text for people; see `titles.shown`."""
    found = text(value, 2 * limit)
    return titles.shown(found)[:limit].rstrip() or None if found else None


def is_told(value: Any) -> bool:
    """Whether there is something at all, readable or not."""
    return bool(value.strip() if isinstance(value, str) else value)


def identifier(value: Any) -> str | None:
    """An id of up to 19 digits: shops, categories, variants, orders. Zero means none."""
    found = text(value)
    return found if found and re.fullmatch(r"[1-9][0-9]{0,18}", found) else None


def whole(value: Any) -> int | None:
    """A whole number of at most 15 digits, possibly negative."""
    found = text(value)
    return int(found) if found and WHOLE.fullmatch(found) else None


def count(value: Any) -> int | None:
    """A whole number from 0."""
    found = whole(value)
    return found if found is not None and found >= 0 else None


def amount(value: Any) -> Decimal | None:
    """A plain decimal from 0: "15.68". Not "1e3", "1,50", "-1" or "NaN"."""
    found = text(value)
    if found is None or found.startswith("-") or not PLAIN_AMOUNT.fullmatch(found):
        return None
    return Decimal(found)


def currency(value: Any) -> str | None:
    """Three capital letters."""
    found = text(value)
    return found if found and CURRENCY.fullmatch(found) else None


def money(value: Any, unit: Any) -> Money | None:
    """An amount in units with its own currency; None where either is missing."""
    number, code = amount(value), currency(unit)
    return Money(number, code) if number is not None and code else None


def money_of_cents(value: Any, unit: Any) -> Money | None:
    """An amount of orders: whole numbers in the smallest unit. 1113 USD is 11.13."""
    number, code = whole(value), currency(unit)
    if number is None or code is None:
        return None
    return Money(Decimal(number).scaleb(-minor_digits(code)), code)


def money_in_words(value: Any) -> Money | None:
    """Amount and currency in one text: "50.00 USD"."""
    parts = (text(value) or "").split()
    return money(parts[0], parts[1]) if len(parts) == 2 else None


def percent(value: Any) -> Decimal | None:
    """A share from 0 to 100, with or without the sign: "93.9%"."""
    number = amount((text(value) or "").removesuffix("%").rstrip())
    return number if number is not None and number <= 100 else None


def link(value: Any) -> str | None:
    """A web address, AliExpress's own as https. None for other schemes and broken addresses."""
    found = text(value, LONGEST_LINK + 1)
    if found is None or len(found) > LONGEST_LINK or NOT_IN_LINKS.search(found):
        return None
    scheme = re.match(r"(?:https?:)?//", found, re.IGNORECASE)
    if scheme is None:
        return None
    rest = found[scheme.end() :]
    try:
        host = urlsplit(f"https://{rest}").hostname
    except ValueError:
        return None
    if not host:
        return None
    return (
        f"http://{rest}"
        if scheme[0].lower() == "http://" and _is_local(host)
        else f"https://{rest}"
    )


def _is_local(host: str) -> bool:
    """Where a gateway of this machine has its pictures, which nobody serves with a certificate."""
    return host == "localhost" or host == "::1" or host.startswith("127.")


def pacific(value: Any) -> datetime | None:
    """A time of the documentation's Pacific clock, "2026-05-17 22:52:01", in UTC."""
    found = text(value)
    if found is None or not MOMENT.fullmatch(found):
        return None
    try:
        local = datetime.fromisoformat(found).replace(tzinfo=ZoneInfo(PACIFIC))
        return local.astimezone(UTC)
    except (ValueError, OverflowError, ZoneInfoNotFoundError):
        return None


def in_pacific(moment: datetime) -> str:
    """The reverse of `pacific`, for parameters. `moment` must know its zone."""
    if moment.tzinfo is None:
        raise ValueError("A moment without its time zone cannot be sent.")
    return moment.astimezone(ZoneInfo(PACIFIC)).strftime("%Y-%m-%d %H:%M:%S")


def interval(value: Any) -> tuple[datetime | None, datetime | None]:
    """Both ends of an ISO interval, "2026-11-01T00:00:00-08:00/2026-11-30T23:59:59-08:00"."""
    parts = (text(value) or "").split("/")
    return (_iso(parts[0]), _iso(parts[1])) if len(parts) == 2 else (None, None)


def _iso(value: str) -> datetime | None:
    if not ISO_MOMENT.fullmatch(value):
        return pacific(value)
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def rows(holder: Any, outer: str, inner: str) -> list[Row]:
    """The objects of a list that may be wrapped twice, once, single, empty, null or missing."""
    return [row for row in _items(holder, outer, inner) if isinstance(row, dict)]


def read_rows(
    holder: Any, outer: str, inner: str, read: Callable[[Row], T | None]
) -> tuple[tuple[T, ...], int]:
    """What `read` makes of the rows, and how many rows were none; `rows` tells of the wrappings.

    Raises AnswerInvalid where there are rows and none can be read: that is no empty list.
    """
    items = _items(holder, outer, inner) if isinstance(holder, dict) else [holder] * bool(holder)
    found = [record for row in items if isinstance(row, dict) and (record := read(row)) is not None]
    if items and not found:
        raise AnswerInvalid(
            "AliExpress sent a list whose rows are none that its interface has. Try again; if it "
            "stays so, report it to whoever runs this server."
        )
    return tuple(found), len(items) - len(found)


def texts(holder: Any, outer: str, inner: str) -> list[str]:
    """The same for a list of texts."""
    return [item for item in _items(holder, outer, inner) if isinstance(item, str)]


def _items(holder: Any, outer: str, inner: str) -> list[Any]:
    found = holder.get(outer) if isinstance(holder, dict) else None
    if isinstance(found, dict) and inner in found:
        found = found[inner]
    if isinstance(found, list):
        return found
    return [found] if found else []

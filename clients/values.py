"""Reads single values of a marketplace's answer. What cannot be used is None; nothing raises.

Answers may be decoded with every whole number kept as text (`Digits`: ids go beyond what others can
hold) and every fraction as Decimal. Texts for people come with HTML escapes, with control
characters, and with marks that turn the direction of the text around them; joiners stay: emoji and
several scripts are written with them.

Addresses of pictures are loaded by browsers without being asked: only public https hosts by name
are kept. Protects whoever looks at a product from an answer that makes their browser call their own
machine or network. A public name that leads to a private address is not found out: nothing is
looked up.
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.money import CURRENCY, PLAIN_AMOUNT, Money
from domain.parsers import is_loopback

LONGEST_TEXT = 500
LONGEST_ADDRESS = 4_096  # tracked links have up to 1,065 characters
HALVES = "\ud800-\udfff"  # of a pair, which stand for nothing alone
UNSTORABLE = re.compile(f"[\x00{HALVES}]")  # by any database
COUNT = re.compile(r"[0-9]{1,15}")
IDENTIFIER = re.compile(r"[1-9][0-9]{0,18}")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2})?")

# Only with its semicolon: "R&D&notes" is no escape.
ESCAPE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
BREAKS = re.compile("[\t\n\x0b\x0c\r\x85\u2028\u2029]")
UNSEEN = re.compile(
    f"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff{HALVES}]"
)
HALF = re.compile(f"[{HALVES}]")

NOT_IN_ADDRESSES = re.compile(rf"[\x00-\x20\x7f\"<>\\{HALVES}]")
SCHEME = re.compile(r"(https?:)?//", re.IGNORECASE)
LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"({LABEL}\.)+([a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})")
PRIVATE = (
    "arpa", "corp", "home", "internal", "intranet", "lan", "local", "localdomain", "localhost",
    "onion", "private",
)  # fmt: skip

Row = dict[str, Any]


class Digits(str):
    """A whole number of an answer, as it was written: no text for people."""

    __slots__ = ()


def read(row: Row, readers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """The members of an object, each as its reader makes it."""
    return {name: reader(row.get(name)) for name, reader in readers.items()}


def items(found: Any, inner: str) -> list[Any]:
    """The items of a list that may be wrapped under `inner`, single, empty, null or missing."""
    if isinstance(found, dict) and inner in found:
        found = found[inner]
    if isinstance(found, list):
        return found
    return [found] if found else []


def text(value: Any, limit: int = LONGEST_TEXT) -> str | None:
    """Trimmed text of at most `limit` characters; numbers as they are written; blank is None."""
    if isinstance(value, Decimal):
        value = str(value)
    if not isinstance(value, str):
        return None
    return UNSTORABLE.sub("", value[: 2 * limit]).strip()[:limit].rstrip() or None


def words(value: Any, limit: int = LONGEST_TEXT) -> str | None:
    """Text for people."""
    found = text(value, 2 * limit)
    return shown(found)[:limit].rstrip() or None if found else None


def shown(text: str) -> str:
    """The text as it is meant: one level of HTML escapes undone, what is not seen left out."""
    unescaped = ESCAPE.sub(lambda escape: html.unescape(escape[0]), text)
    return UNSEEN.sub("", BREAKS.sub(" ", unescaped)).strip()


def title(value: Any, limit: int = LONGEST_TEXT) -> str | None:
    """Text for people, and none where it is a number."""
    return words(value, limit) if type(value) is str else None  # `Digits` is no title


def is_intact(value: object) -> bool:
    """Whether it is text, with something to read in it and no half characters."""
    return type(value) is str and not HALF.search(value) and bool(shown(value))


def matching(value: Any, pattern: re.Pattern[str]) -> str | None:
    """A text of that form."""
    found = text(value)
    return found if found and pattern.fullmatch(found) else None


# An id of up to 19 digits: shops, categories, variants, orders. Zero means none.
identifier = partial(matching, pattern=IDENTIFIER)
# Three capital letters, also of a currency that nobody here knows yet.
currency = partial(matching, pattern=CURRENCY)


def count(value: Any) -> int | None:
    """A whole number from 0 of at most 15 digits."""
    found = text(value)
    return int(found) if found and COUNT.fullmatch(found) else None


def amount(value: Any) -> Decimal | None:
    """A plain decimal from 0: "15.68". Not "1e3", "1,50", "-1" or "NaN"."""
    found = text(value)
    if found is None or found.startswith("-") or not PLAIN_AMOUNT.fullmatch(found):
        return None
    return Decimal(found)


def money(value: Any, unit: Any) -> Money | None:
    """An amount in units with its own currency; None where either is missing."""
    number, code = amount(value), currency(unit)
    return Money(number, code) if number is not None and code else None


def local_moment(value: Any, zone: str) -> datetime | None:
    """A time by the clock of a zone, "2026-05-17 22:52:01", in UTC."""
    found = text(value)
    if found is None or not MOMENT.fullmatch(found):
        return None
    try:
        return datetime.fromisoformat(found).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError, ZoneInfoNotFoundError):
        return None


def percent(value: Any) -> Decimal | None:
    """A share from 0 to 100, with or without the sign: "93.9%"."""
    number = amount((text(value) or "").removesuffix("%").rstrip())
    return number if number is not None and number <= 100 else None


def link(value: Any) -> str | None:
    """A web address as https, one of this machine as it is. None for other schemes and texts."""
    found = text(value, LONGEST_ADDRESS + 1) or ""
    scheme = SCHEME.match(found)
    if scheme is None or len(found) > LONGEST_ADDRESS or NOT_IN_ADDRESSES.search(found):
        return None
    rest = found[scheme.end() :]
    try:
        host = urlsplit(f"https://{rest}").hostname
    except ValueError:
        return None
    if not host:
        return None
    # Where a gateway of this machine has its pictures, which nobody serves with a certificate.
    is_local = scheme[0].lower() == "http://" and is_loopback(host)
    return f"{'http' if is_local else 'https'}://{rest}"


def pictures(values: Iterable[Any], *, may_be_local: bool = False) -> list[str]:
    """The addresses among the values that may be shown, each once; see `picture`."""
    addresses = (text(value, LONGEST_ADDRESS + 1) or "" for value in values)
    found = (picture(address, may_be_local=may_be_local) for address in addresses)
    return list(dict.fromkeys(filter(None, found)))


def picture(address: str, *, may_be_local: bool = False) -> str | None:
    """The address with https, None unless it is one of a public name.

    `may_be_local`: the marketplace is a gateway of this machine, which has its pictures here too
    and no certificate for them.
    """
    scheme = SCHEME.match(address)
    if scheme is None or len(address) > LONGEST_ADDRESS or NOT_IN_ADDRESSES.search(address):
        return None
    rest = address[scheme.end() :]
    try:
        parts = urlsplit(f"https://{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if "@" in parts.netloc:
        return None
    if may_be_local and scheme[0].lower() == "http://" and is_loopback(host):
        return f"http://{rest}"
    name = host.removesuffix(".")
    is_public = NAME.fullmatch(name) and name.rpartition(".")[2] not in PRIVATE
    return f"https://{rest}" if is_public and port in (None, 443) else None

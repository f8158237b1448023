"""Reads what the drivers return: SQLite gives texts where PostgreSQL gives values.

Also makes the sort keys: texts whose order by code point is the order meant.
"""

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from domain.money import Money
from domain.packing import clean

KEPT = 10_000  # values: many rows are of one moment, and prices repeat
DECIMALS = 8  # of the columns that hold amounts
WHOLE_DIGITS = 16
TITLE_KEY_LENGTH = 500  # PostgreSQL indexes texts up to about 2,700 bytes
NO_CURRENCY = "~"  # after every currency code


@lru_cache(maxsize=KEPT)
def moment(value: Any) -> datetime:
    """A time, in UTC."""
    parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
    return parsed if parsed.tzinfo is UTC else parsed.astimezone(UTC)


def moment_or_none(value: Any) -> datetime | None:
    """A time, in UTC."""
    return None if value is None else moment(value)


def decimal(value: Any) -> Decimal:
    """A number, exact, without the zeros that PostgreSQL fills up with."""
    text = value if isinstance(value, str) else format(Decimal(value), "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def decimal_or_none(value: Any) -> Decimal | None:
    """A number, exact."""
    return None if value is None else decimal(value)


@lru_cache(maxsize=KEPT)
def money_or_none(amount: Any, currency: str | None) -> Money | None:
    """An amount with its currency, from two columns."""
    return None if amount is None or currency is None else Money(decimal(amount), currency)


def document(value: Any) -> Any:
    """A JSON column."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def storable(amount: Decimal) -> Decimal:
    """The amount, when its column takes it exactly. Raises ValueError."""
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** WHOLE_DIGITS:
        raise ValueError("an amount of more than 16 digits before the point")
    if int(amount.normalize().as_tuple().exponent) < -DECIMALS:
        raise ValueError("an amount of more than 8 digits after the point")
    return amount


def amount_key(amount: Decimal) -> str:
    """25 digits that sort as the amount does, below zero too."""
    scaled = int(storable(amount).scaleb(DECIMALS)) + 10 ** (WHOLE_DIGITS + DECIMALS)
    return f"{scaled:025d}"


def title_key(title: str) -> str:
    """The title for searching and sorting: without case, its first 500 characters."""
    folded = unicodedata.normalize("NFC", clean(title)).casefold()
    return folded[:TITLE_KEY_LENGTH]

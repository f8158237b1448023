"""Records as JSON: how what no search or order of the catalogue uses is stored.

Numbers that must stay exact and times are texts. A field that a record gets is kept from then on;
what is absent takes the record's default. db/product_rows.py reads it.
"""

import dataclasses
import re
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Json = Any  # what JSON holds: None, bool, int, str, lists and dictionaries of them


def clean(text: str) -> str:
    """The text without NUL and half characters, which PostgreSQL and UTF-8 refuse."""
    return UNSTORABLE.sub("", text)


def pack(value: object) -> Json:
    """The value as JSON. Fields that are None are left out. Raises ValueError for other types."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("a number that is not finite")
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [pack(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return pack_fields(value)
    raise ValueError(f"no JSON form of {type(value).__name__}")


def pack_fields(record: Any, *, without: Collection[str] = ()) -> dict[str, Json]:
    """The fields of a record as JSON, those that are None left out."""
    names = [field.name for field in dataclasses.fields(record) if field.name not in without]
    return {
        name: pack(getattr(record, name)) for name in names if getattr(record, name) is not None
    }

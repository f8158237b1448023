"""Records as JSON: how what no search or order of the catalogue uses is stored.

Numbers that must stay exact and times are texts. A field that a record gets is kept from then on; a
stored field that a record lost is passed over; what is absent takes the record's default.
"""

import dataclasses
import functools
import re
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

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


def unpack(kind: Any, value: Json) -> Any:
    """The value of this annotated type, from its JSON."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        [kind] = [choice for choice in get_args(kind) if choice is not NoneType]
        return None if value is None else unpack(kind, value)
    if origin is tuple:
        return tuple(unpack(get_args(kind)[0], item) for item in value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return kind(**unpack_fields(kind, value))
    if kind is Decimal:
        return Decimal(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value


def unpack_fields(kind: Any, stored: dict[str, Json]) -> dict[str, Any]:
    """Arguments for the record's constructor."""
    return {name: unpack(hint, stored[name]) for name, hint in _hints(kind) if name in stored}


@functools.cache
def _hints(kind: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(get_type_hints(kind).items())

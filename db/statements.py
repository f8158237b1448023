"""Statements in SQL, for what Tortoise's query sets cannot say: keyset pages, the newest rows of
many products at once, conditional upserts.

One text serves both engines: parameters are written `$1`, and values are brought into the form that
each driver takes. Texts lose what PostgreSQL cannot store (NUL, half characters), in searches as in
writes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext
from tortoise.connection import get_connection

from domain.packing import clean

Row = dict[str, Any]

PARAMETER = re.compile(r"\$([0-9]+)")


def connection() -> BaseDBAsyncClient:
    """The open database; inside `transaction`, that transaction."""
    return get_connection("default")


def is_postgres() -> bool:
    """Whether the open database is PostgreSQL; otherwise it is SQLite."""
    return connection().capabilities.dialect == "postgres"


def transaction() -> TransactionContext:
    """All or nothing. On SQLite every other task waits meanwhile: no network call inside."""
    return connection()._in_transaction()


def for_update() -> str:
    """The clause that locks the rows of a SELECT. SQLite's transaction holds the only lock."""
    return " FOR UPDATE" if is_postgres() else ""


async def rows(sql: str, values: Iterable[object] = ()) -> list[Row]:
    """Run one statement; its rows as column -> the driver's value (see db/rows.py)."""
    client = connection()
    return await client.execute_query_dict(_spelled(sql), [_adapted(value) for value in values])


async def many(sql: str, lists: Iterable[Sequence[object]]) -> None:
    """Run one statement for each list of values, in order."""
    adapted = [[_adapted(value) for value in values] for values in lists]
    if adapted:
        await connection().execute_many(_spelled(sql), adapted)


class Values:
    """Collects the values of a statement while its text is being put together."""

    def __init__(self) -> None:
        self.all: list[object] = []

    def add(self, value: object) -> str:
        """The parameter that stands for the value: "$3"."""
        self.all.append(value)
        return f"${len(self.all)}"

    def row(self, values: Iterable[object]) -> str:
        """A row of parameters: "($4, $5)"."""
        return f"({', '.join(self.add(value) for value in values)})"


def utc(moment: datetime) -> datetime:
    """The same moment in UTC: SQLite compares times as texts."""
    return moment.astimezone(UTC)


def _spelled(sql: str) -> str:
    return sql if is_postgres() else PARAMETER.sub(r"?\1", sql)


def _adapted(value: object) -> object:
    """The value as both drivers take it. Enums by value, mappings as JSON."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, Decimal):
        return value if is_postgres() else format(value, "f")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return orjson.dumps(value).decode()
    return value

"""What is sent to the database without a query set: statements of Tortoise's builder, for pages and
windows, and the few in SQL by hand that docs/decisions/0026 lists.

One text serves both engines: parameters are written `$1`, and values are brought into the form that
each driver takes. Texts lose what PostgreSQL cannot store (NUL, half characters), in searches as in
writes. Rows come as the driver gives them: db/rows.py reads them.
"""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import cache, lru_cache
from typing import Any

import orjson
from pypika_tortoise.queries import QueryBuilder
from pypika_tortoise.terms import Parameterizer, Term
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext
from tortoise.connection import get_connection
from tortoise.expressions import Q
from tortoise.models import Model

from db.availability import FAILURES
from db.conditions import criterion
from db.sqlite import Client as SQLite
from domain.packing import UNSTORABLE

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


async def lock(name: str) -> None:
    """Inside a transaction: whoever locks the same name waits until its end. On SQLite it is the
    only one that writes anyway."""
    if is_postgres():
        await rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [name])


def select(model: type[Model], condition: Q, *terms: Term) -> QueryBuilder:
    """The model's rows that meet the condition, whole or these terms of them, for the builder to go
    on with (in place: a copy at each step would take as long as the statement)."""
    table = model._meta.basetable
    query = connection().query_class.from_(table, immutable=False).select(*terms or (table.star,))
    return query.where(criterion(model, condition))


async def rows(sql: str, values: Iterable[object] = ()) -> list[Row]:
    """Run one statement; its rows as column -> the driver's value (see db/rows.py)."""
    client = connection()
    if client.capabilities.dialect != "postgres":
        sql = _of_sqlite(sql)
    return await client.execute_query_dict(sql, [adapted(value) for value in values])


async def records(sql: str, values: Iterable[object] = ()) -> Sequence[Row]:
    """As `rows`, with rows of the driver's own, which are read by name, or whole as a tuple."""
    client = connection()
    if client.capabilities.dialect != "postgres":
        sql = _of_sqlite(sql)
    _, found = await client.execute_query(sql, [adapted(value) for value in values])
    return found


def version_at_once() -> Hashable:
    """As `version`, without asking a server: None on PostgreSQL."""
    client = connection()
    return client.version() if isinstance(client, SQLite) else None


async def version() -> Hashable:
    """Another one after each commit, so that of two equal ones all rows are the same; None where
    it cannot be told.

    On PostgreSQL it is which transactions a statement sees: more than those that wrote something.
    """
    client = connection()
    if client.capabilities.dialect != "postgres":
        return version_at_once()
    try:
        [row] = await client.execute_query_dict("SELECT pg_current_snapshot()::text AS seen")
    except FAILURES:
        return None
    return client, row["seen"]


async def many(sql: str, lists: Sequence[Sequence[object]]) -> None:
    """Run one statement with each of these lists of values."""
    if lists:
        sql = sql if is_postgres() else _of_sqlite(sql)
        await connection().execute_many(
            sql, [[adapted(value) for value in values] for values in lists]
        )


@lru_cache(maxsize=256)
def _of_sqlite(sql: str) -> str:
    return PARAMETER.sub(r"?\1", sql)


class Values:
    """The values of one statement, while it is put together from texts and from the builder's."""

    def __init__(self) -> None:
        self._parameterizer = Parameterizer(lambda number: f"${number}")

    @property
    def all(self) -> list[Any]:
        """In the order of their numbers."""
        return list(self._parameterizer.values)

    def add(self, value: object) -> str:
        """What stands for it in the statement."""
        self._parameterizer.values.append(value)
        return f"${len(self._parameterizer.values)}"

    def text(self, model: type[Model], condition: Q) -> str:
        """The condition on the model's table, by its own name."""
        context = connection().query_class.SQL_CONTEXT.copy(
            parameterizer=self._parameterizer, with_namespace=True
        )
        term = criterion(model, condition)
        return str(term.get_sql(context)) if term else "TRUE"  # Tortoise's empty one is false


def in_list(values: Sequence[object], *, behind: int = 0) -> str:
    """The condition to be one of these values, which stand behind so many others: "IN ($3, $4)"."""
    numbers = range(behind + 1, behind + 1 + len(values))
    return f"IN ({', '.join(f'${number}' for number in numbers)})"


async def built(query: QueryBuilder) -> list[Row]:
    """Run a statement of the builder's, as `rows` does one in SQL."""
    sql, values = query.get_parameterized_sql()
    return await connection().execute_query_dict(sql, [adapted(value) for value in values])


async def insert(
    model: type[Model],
    rows: Sequence[Mapping[str, object]],
    *,
    on_conflict: tuple[str, ...] = (),
    update: tuple[str, ...] = (),
) -> None:
    """Insert rows, in order. A row that is there already by a unique index is left as it is, or,
    with `update`, takes these columns from the new one that `on_conflict` finds equal.

    Does what `bulk_create` does, in its words, but for the model's objects: to make those takes
    longer than to store them.
    """
    columns = model._meta.fields_db_projection
    lists = [[adapted(row.get(name)) for name in columns] for row in rows]
    if lists:
        sql = _insertion(model, connection().capabilities.dialect, on_conflict, update)
        await connection().execute_many(sql, lists)


@cache
def _insertion(
    model: type[Model], _dialect: str, on_conflict: tuple[str, ...], update: tuple[str, ...]
) -> str:
    return model.bulk_create(
        [],
        ignore_conflicts=not update,
        on_conflict=on_conflict or None,
        update_fields=update or None,
    ).sql()


def utc(moment: datetime) -> datetime:
    """The same moment in UTC: SQLite compares times as texts."""
    return moment.astimezone(UTC)


def adapted(value: object) -> object:
    """The value as both drivers take it. Enums by value, mappings as JSON."""
    if isinstance(value, str):
        return UNSTORABLE.sub("", value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping | list):
        return orjson.dumps(value).decode()
    return value

"""Keyset paging: a page begins after the values of the last row, never after a number of rows.

No column of an order is ever null; what a row lacks has a key that sorts last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from pypika_tortoise.analytics import RowNumber
from pypika_tortoise.enums import Order as Direction
from pypika_tortoise.functions import Count
from pypika_tortoise.queries import QueryBuilder, Table
from pypika_tortoise.terms import Criterion, Term, Tuple
from tortoise.expressions import Q
from tortoise.models import Model

from db.conditions import Where
from db.rows import moment
from db.statements import Row, adapted, built, connection, select
from domain.catalog import Page, Position
from domain.exceptions import InvalidInput

T = TypeVar("T")
Kind = type[str] | type[int] | type[datetime] | type[UUID]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an order."""

    name: str
    kind: Kind
    descending: bool = False


Order = tuple[Column, ...]

NEWEST_FIRST: dict[str, Order] = {
    name: (Column(name, datetime, descending=True), Column("id", UUID, descending=True))
    for name in ("created_at", "observed_at")
}


def behind(order: Order, position: Position) -> Where:
    """The condition that a row comes after the position. Raises InvalidInput."""
    values = _read(order, position)

    def criterion(table: Table) -> Criterion:
        columns = [table[column.name] for column in order]
        if len({column.descending for column in order}) == 1:
            # Compared as whole rows, which the order's index answers without a search.
            return _beyond(order[0], Tuple(*columns), Tuple(*values))
        condition = _beyond(order[-1], columns[-1], values[-1])
        for column, term, value in reversed([*zip(order, columns, values, strict=True)][:-1]):
            condition = _beyond(column, term, value) | ((term == value) & condition)
        return condition

    return Where(criterion)


def _beyond(column: Column, term: Term, value: object) -> Criterion:
    return term < value if column.descending else term > value


async def read(
    model: type[Model],
    condition: Q,
    order: Order,
    record: Callable[[Row], T],
    *,
    first: int,
    after: Position | None,
    count: bool,
) -> Page[T]:
    """One page of these rows; `count`: count the whole list as well. Raises InvalidInput."""
    total = None
    if count:
        [counted] = await built(select(model, condition, Count("*").as_("total")))
        total = counted["total"]
    query = select(model, condition if after is None else condition & behind(order, after))
    for column in order:
        query = query.orderby(column.name, order=_direction(column))
    return page(order, await built(query.limit(first + 1)), record, first=first, total=total)


async def read_newest(
    rows: QueryBuilder, order: Order, *, by: Sequence[Term], columns: Sequence[Term], first: int
) -> list[Row]:
    """Of each group `by`, the first rows in that order: `first` and one more.

    `columns`: those of the order, in the table of the rows.
    """
    place, after = RowNumber().over(*by), Table("numbered")
    for column, term in zip(order, columns, strict=True):
        place = place.orderby(term, order=_direction(column))
    numbered = rows.select(place.as_("place")).as_("numbered")
    query = connection().query_class.from_(numbered).select(after.star)
    for column in order:
        query = query.orderby(after[column.name], order=_direction(column))
    return await built(query.where(after.place <= first + 1))


def _direction(column: Column) -> Direction:
    return Direction.desc if column.descending else Direction.asc


def page(
    order: Order,
    rows: Sequence[Row],
    record: Callable[[Row], T],
    *,
    first: int,
    total: int | None = None,
) -> Page[T]:
    """A page of `first` records from the rows; one row more tells that there is a next page."""
    return Page(
        rows=tuple((_position(order, row), record(row)) for row in rows[:first]),
        has_next=len(rows) > first,
        total=total,
    )


def _position(order: Order, row: Row) -> Position:
    return tuple(_shown(column.kind, row[column.name]) for column in order)


def _shown(kind: Kind, value: object) -> str | int:
    if kind is datetime:
        return moment(value).isoformat()
    if kind is int and isinstance(value, int):
        return value
    return str(value)


def _read(order: Order, position: Position) -> list[object]:
    if len(position) != len(order):
        raise InvalidInput(_UNKNOWN)
    try:
        return [
            adapted(_value(column.kind, value))
            for column, value in zip(order, position, strict=True)
        ]
    except (ValueError, OverflowError) as failure:
        raise InvalidInput(_UNKNOWN) from failure


def _value(kind: Kind, value: str | int | None) -> object:
    if kind is int:
        if type(value) is int and abs(value) < 2**63:
            return value
    elif isinstance(value, str):
        if kind is str:
            return value
        if kind is UUID:
            return UUID(value)
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is not None:
            return parsed
    raise ValueError("another kind of value")


_UNKNOWN = 'This "after" is no cursor of this list in this order. Start again without it.'

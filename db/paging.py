"""Keyset paging: a page begins after the values of the last row, never after a number of rows.

No column of an order is ever null; what a row lacks has a key that sorts last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
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
from domain.catalog import Page, PageArgs, Position
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


def between(order: Order, args: PageArgs) -> Q:
    """The condition that a row stands where the page looks for its rows. Raises InvalidInput."""
    condition = Q()
    if args.after is not None:
        condition &= _behind(order, args.after)
    if args.before is not None:
        condition &= _behind(_reversed(order), args.before)
    return condition


def _reversed(order: Order) -> Order:
    return tuple(replace(column, descending=not column.descending) for column in order)


def _walked(order: Order, args: PageArgs) -> Order:
    """In which order the rows of the page are read."""
    return _reversed(order) if args.from_end else order


def _behind(order: Order, position: Position) -> Where:
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
    args: PageArgs,
    *,
    count: bool = False,
) -> Page[T]:
    """One page of these rows; `count`: count the whole list as well. Raises InvalidInput."""
    total = None
    if count:
        [counted] = await built(select(model, condition, Count("*").as_("total")))
        total = counted["total"]
    query = select(model, condition & between(order, args))
    for column in _walked(order, args):
        query = query.orderby(column.name, order=_direction(column))
    return page(order, await built(query.limit(args.size + 1)), record, args, total=total)


async def read_groups(
    rows: QueryBuilder,
    order: Order,
    args: PageArgs,
    *,
    by: Sequence[Term],
    columns: Sequence[Term],
) -> list[Row]:
    """Of each group `by` of rows `between`: those of its page and one more, for `page`.

    `columns`: those of the order, in the table of the rows.
    """
    place, after = RowNumber().over(*by), Table("numbered")
    order = _walked(order, args)
    for column, term in zip(order, columns, strict=True):
        place = place.orderby(term, order=_direction(column))
    numbered = rows.select(place.as_("place")).as_("numbered")
    query = connection().query_class.from_(numbered).select(after.star)
    for column in order:
        query = query.orderby(after[column.name], order=_direction(column))
    return await built(query.where(after.place <= args.size + 1))


def _direction(column: Column) -> Direction:
    return Direction.desc if column.descending else Direction.asc


def page(
    order: Order,
    rows: Sequence[Row],
    record: Callable[[Row], T],
    args: PageArgs,
    *,
    total: int | None = None,
) -> Page[T]:
    """A page of records from rows as they were read; one row more tells that the list goes on."""
    goes_on = len(rows) > args.size
    shown = rows[: args.size][::-1] if args.from_end else rows[: args.size]
    return Page(
        records=tuple(map(record, shown)),
        positions=_Positions(order, shown),
        has_next=args.before is not None or (goes_on and not args.from_end),
        has_previous=args.after is not None or (goes_on and args.from_end),
        total=total,
    )


@dataclass(frozen=True, slots=True)
class _Positions(Sequence[Position]):
    """Those of rows, made when they are asked for: mostly two of a page."""

    order: Order
    rows: Sequence[Row]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: Any) -> Any:
        row = self.rows[place]
        return tuple(_shown(column.kind, row[column.name]) for column in self.order)


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


_UNKNOWN = "This is no cursor of this list in this order. Start again without it."

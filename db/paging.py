"""Keyset paging: a page begins after the values of the last row, never after a number of rows.

No column of an order is ever null; what a row lacks has a key that sorts last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from db.rows import moment
from db.statements import Row, Values
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


def order_by(order: Order) -> str:
    """The order as SQL: "created_at DESC, id DESC"."""
    return ", ".join(f"{column.name}{' DESC' if column.descending else ''}" for column in order)


def behind(order: Order, position: Position, values: Values) -> str:
    """The condition that a row comes after the position. Raises InvalidInput."""
    found = _read(order, position)
    parameters = [values.add(value) for value in found]
    if len({column.descending for column in order}) == 1:
        names = ", ".join(column.name for column in order)
        sign = "<" if order[0].descending else ">"
        return f"({names}) {sign} ({', '.join(parameters)})"
    ways = []
    for place, column in enumerate(order):
        same = [f"{order[n].name} = {parameters[n]}" for n in range(place)]
        sign = "<" if column.descending else ">"
        ways.append(" AND ".join([*same, f"{column.name} {sign} {parameters[place]}"]))
    return f"(({') OR ('.join(ways)}))"


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
        return [_value(c.kind, value) for c, value in zip(order, position, strict=True)]
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

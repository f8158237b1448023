"""Scalars: exact decimals and instants with a zone."""

from datetime import UTC, datetime
from decimal import Decimal

import strawberry
from graphql import FloatValueNode, IntValueNode, StringValueNode, ValueNode

from domain import moments
from domain.exceptions import InvalidInput
from domain.money import parse_amount


class NotAValue(ValueError):
    """A value that the scalar does not take. graphql-core adds where it stands."""


def _bad(message: str) -> NotAValue:
    return NotAValue(message)


def _decimal_value(value: object) -> Decimal:
    # A JSON number with a fraction was a float before we saw it, so it may be off: text only.
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _bad('A decimal is written as text, like "19.99", not as a JSON fraction.')
    try:
        return parse_amount(str(value))
    except InvalidInput as error:
        raise _bad(error.message) from None


def _decimal_literal(node: ValueNode, _variables: object = None) -> Decimal:
    if isinstance(node, (StringValueNode, IntValueNode, FloatValueNode)):
        return _decimal_value(node.value)
    raise _bad('A decimal is written as text, like "19.99".')


def _decimal_text(value: Decimal) -> str:
    return format(value, "f")


def _instant(value: object) -> datetime:
    # Python reads a text with NUL at its end as if it ended before.
    text = value if isinstance(value, str) and value.isprintable() else ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _bad('An instant is ISO 8601 text with its zone, like "2026-05-01T12:00:00Z".')
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise _bad("This instant is out of range.") from None


SCALARS: dict[object, object] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number, written as text: "19.99". Never a float.',
        serialize=_decimal_text,
        parse_value=_decimal_value,
        parse_literal=_decimal_literal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description='An instant in UTC, ISO 8601: "2026-05-01T12:00:00Z".',
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=moments.shown,
        parse_value=_instant,
    ),
}

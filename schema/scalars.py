"""Scalars: exact decimals and instants with a zone."""

from datetime import datetime
from decimal import Decimal

import strawberry
from graphql import FloatValueNode, IntValueNode, StringValueNode, ValueNode

from domain import moments
from domain.exceptions import InvalidInput
from domain.money import parse_amount

FLOAT_DIGITS = 15  # so many survive as a float of 64 bits, whatever they are


class NotAValue(ValueError):
    """A value that the scalar does not take. graphql-core adds where it stands."""


def _bad(message: str) -> NotAValue:
    return NotAValue(message)


def _decimal_value(value: object) -> Decimal:
    """From text, or from a number: the same in variables and in documents."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _bad('A decimal is written as text or as a number: "19.99" or 19.99.')
    try:
        return parse_amount(_number_text(value) if isinstance(value, float) else str(value))
    except InvalidInput as error:
        raise _bad(error.message) from None


def _number_text(number: float) -> str:
    """A number with a fraction as it was written. Who sent more digits may have lost some."""
    exact = Decimal(repr(number))
    if not exact.is_finite() or len(exact.normalize().as_tuple().digits) > FLOAT_DIGITS:
        raise _bad(
            f"A number with more than {FLOAT_DIGITS} digits loses some of them: write it as text, "
            'like "19.99".'
        )
    return format(exact, "f")


def _decimal_literal(node: ValueNode, _variables: object = None) -> Decimal:
    if isinstance(node, FloatValueNode):
        return _decimal_value(float(node.value))
    if isinstance(node, (StringValueNode, IntValueNode)):
        return _decimal_value(node.value)
    return _decimal_value(None)


def _instant(value: object) -> datetime:
    try:
        return moments.read(value if isinstance(value, str) else "")
    except ValueError:
        raise _bad(
            'An instant is ISO 8601 text with its zone, like "2026-05-01T12:00:00Z".'
        ) from None
    except OverflowError:
        raise _bad("This instant is out of range.") from None


SCALARS: dict[object, object] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number, given out as text: "19.99". Taken as text or as a '
        "number of at most 15 digits; either has at most 15 digits before the point and 4 behind "
        "it.",
        specified_by_url="https://www.w3.org/TR/xmlschema11-2/#decimal",
        serialize="{:f}".format,
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

"""Decimals and instants: exact on their way in and out, and nothing else gets in."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random

import pytest
from graphql import GraphQLScalarType, parse_value

from schema import schema
from schema.scalars import NotAValue


def scalar(name: str) -> GraphQLScalarType:
    found = schema._schema.type_map[name]
    assert isinstance(found, GraphQLScalarType)
    return found


DECIMAL, INSTANT = scalar("Decimal"), scalar("DateTime")


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("19.99", "19.99"),
        ("0", "0"),
        ("-5.0001", "-5.0001"),
        ("999999999999999.9999", "999999999999999.9999"),
        (0, "0"),
        (-3, "-3"),
        (999999999999999, "999999999999999"),
        (19.99, "19.99"),
        (0.1, "0.1"),
        (-0.0, "0"),
        (2.0, "2"),
        (99999999999.9999, "99999999999.9999"),
        (123456789012345.0, "123456789012345"),
    ],
)
def test_a_decimal_is_text_or_a_number(value: object, amount: str) -> None:
    assert DECIMAL.parse_value(value) == Decimal(amount)


def test_every_price_sent_as_a_number_is_read_as_it_was_written() -> None:
    random = Random(1)
    written = [f"{random.randrange(10**9)}.{random.randrange(100):02}" for _ in range(2000)]

    assert [DECIMAL.parse_value(float(text)) for text in written] == list(map(Decimal, written))


def test_a_negative_zero_becomes_zero() -> None:
    assert not DECIMAL.parse_value("-0.00").is_signed()


@pytest.mark.parametrize("found", [DECIMAL, INSTANT])
def test_a_scalar_says_where_it_is_specified(found: GraphQLScalarType) -> None:
    assert str(found.specified_by_url).startswith("https://")


BAD_DECIMALS = [
    "",
    " 1",
    "1 ",
    "1e9",
    "1E-2",
    "NaN",
    "Infinity",
    "-Infinity",
    "1_000",
    "1,5",
    "0.00001",
    "1234567890123456",
    "+1",
    ".5",
    "5.",
    "٣",
    "🔑",
    "\x00",
]


@pytest.mark.parametrize(
    "value",
    [
        *BAD_DECIMALS,
        0.1 + 0.2,
        123456789012345.6,
        1e15,
        1e300,
        0.00001,
        float("nan"),
        float("inf"),
        True,
        False,
        None,
        [],
        ["1"],
        {},
        {"amount": "1"},
        b"1",
        10**15,
        -(10**15),
        10**400,
    ],
)
def test_anything_else_is_no_decimal(value: object) -> None:
    with pytest.raises(NotAValue, match=r"19\.99"):
        DECIMAL.parse_value(value)


@pytest.mark.parametrize(
    ("literal", "amount"),
    [
        *(('"19.99"', "19.99"), ("19.99", "19.99"), ("20", "20"), ("-1", "-1")),
        *(('"""7.5"""', "7.5"), ("1e9", "1000000000"), ("1.5E3", "1500")),
    ],
)
def test_a_decimal_in_the_query_is_read_as_in_variables(literal: str, amount: str) -> None:
    assert DECIMAL.parse_literal(parse_value(literal)) == Decimal(amount)


@pytest.mark.parametrize(
    "literal",
    [
        "0.00001",
        "1e999",
        "123456789012345.6",
        "1234567890123456",
        "true",
        "null",
        "USD",
        "[1]",
        "{a: 1}",
        '"NaN"',
    ],
)
def test_other_literals_are_no_decimal(literal: str) -> None:
    with pytest.raises(NotAValue):
        DECIMAL.parse_literal(parse_value(literal))


@pytest.mark.parametrize(
    ("value", "text"),
    [("19.90", "19.90"), ("1E+3", "1000"), ("1E-7", "0.0000001"), ("-2.5", "-2.5"), ("0", "0")],
)
def test_a_decimal_is_shown_as_plain_text(value: str, text: str) -> None:
    assert DECIMAL.serialize(Decimal(value)) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01T12:00:00Z", datetime(2026, 5, 1, 12, tzinfo=UTC)),
        ("2026-05-01T12:00:00+08:00", datetime(2026, 5, 1, 4, tzinfo=UTC)),
        ("2026-05-01 12:00:00-00:30", datetime(2026, 5, 1, 12, 30, tzinfo=UTC)),
        ("2026-05-01T12:00:00.5Z", datetime(2026, 5, 1, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2024-02-29T00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_into_utc(text: str, moment: datetime) -> None:
    found = INSTANT.parse_value(text)

    assert found == moment
    assert found.utcoffset() == timedelta(0)


BAD_INSTANTS = [
    "",
    "now",
    "yesterday",
    "2026-05-01",
    "2026-05-01T12:00:00",
    "2026-02-30T12:00:00Z",
    "2026-05-01T25:00:00Z",
    "2026-05-01T12:00:00+99:00",
    " 2026-05-01T12:00:00Z",
    "2026-05-01T12:00:00Z ",
    "1777636800",
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "2026-05-01T12:00:00Z\x00",
    "２026-05-01T12:00:00Z",
    "\ud800",
]


@pytest.mark.parametrize("value", [*BAD_INSTANTS, 1777636800, 1.5, True, None, [], {}])
def test_anything_else_is_no_instant(value: object) -> None:
    with pytest.raises(NotAValue, match="ISO 8601"):
        INSTANT.parse_value(value)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_an_instant_out_of_range_in_utc_is_told_so(text: str) -> None:
    with pytest.raises(NotAValue, match="out of range"):
        INSTANT.parse_value(text)


def test_an_instant_in_the_query_is_text() -> None:
    found = INSTANT.parse_literal(parse_value('"2026-05-01T12:00:00Z"'))

    assert found == datetime(2026, 5, 1, 12, tzinfo=UTC)
    with pytest.raises(NotAValue):
        INSTANT.parse_literal(parse_value("2026"))


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 5, 1, 12, tzinfo=UTC), "2026-05-01T12:00:00Z"),
        (datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=8))), "2026-05-01T04:00:00Z"),
        (datetime(2026, 5, 1, 12, 0, 0, 5, tzinfo=UTC), "2026-05-01T12:00:00.000005Z"),
    ],
)
def test_an_instant_is_shown_in_utc(moment: datetime, text: str) -> None:
    assert INSTANT.serialize(moment) == text

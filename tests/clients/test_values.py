"""Single values: what can be used is read exactly, everything else is None."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from clients import values
from clients.aliexpress import parse
from clients.aliexpress.parse import PACIFIC


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("15.68", Decimal("15.68")),
        (Decimal("15.68"), Decimal("15.68")),
        ("0", Decimal(0)),
        ("1e3", None),
        (Decimal("1E+9999999"), None),
        ("NaN", None),
        ("1,50", None),
        ("-1", None),
        ("１５", None),
        ("1234567890123456", None),
        ("", None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_amounts(value: Any, found: Decimal | None) -> None:
    assert values.amount(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [("93.9%", Decimal("93.9")), ("7", Decimal(7)), ("101%", None), ("", None), ("%", None)],
)
def test_percents(value: str, found: Decimal | None) -> None:
    assert values.percent(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("http://a.test/x", "https://a.test/x"),
        ("//a.test/x", "https://a.test/x"),
        ("HTTPS://a.test/x", "https://a.test/x"),
        ("ftp://a.test/x", None),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("https://[", None),
        ("https://a.test/ x", None),
        ("https://a.test/" + "x" * 5_000, None),
        ("", None),
        (7, None),
    ],
)
def test_links_are_https(value: Any, found: str | None) -> None:
    assert values.link(value) == found


def test_texts_lose_what_no_database_stores() -> None:
    assert values.text(" a\x00b\ud83d c ") == "ab c"
    assert values.text("💡" * 600, 10) == "💡" * 10
    assert values.text("\x00 ") is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-07-01 10:00:00", datetime(2026, 7, 1, 17, tzinfo=UTC)),
        ("2026-01-15 10:00:00", datetime(2026, 1, 15, 18, tzinfo=UTC)),
        ("2026-01-15", datetime(2026, 1, 15, 8, tzinfo=UTC)),
        ("9999-12-31 23:59:59", None),
        ("2026-02-30 10:00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_pacific_times_become_utc(value: str, found: datetime | None) -> None:
    assert values.local_moment(value, PACIFIC) == found


def test_times_are_unknown_without_time_zone_data() -> None:
    assert values.local_moment("2026-07-01 10:00:00", "Nowhere/At_All") is None


@pytest.mark.parametrize(
    "holder",
    [
        {"list": {"item": [{"a": 1}]}},
        {"list": {"item": {"a": 1}}},
        {"list": [{"a": 1}, None, "x"]},
        {"list": {"a": 1}},
    ],
)
def test_lists_come_in_many_wrappings(holder: dict[str, Any]) -> None:
    assert parse.read_rows(holder, "list", "item", dict)[0] == ({"a": 1},)


@pytest.mark.parametrize(
    "holder", [{}, {"list": {}}, {"list": None}, {"list": []}, {"list": {"item": None}}, None]
)
def test_empty_lists_come_in_many_wrappings(holder: Any) -> None:
    assert parse.read_rows(holder, "list", "item", dict) == ((), 0)

"""Instants as callers read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain import moments


@pytest.mark.parametrize(
    ("_case", "moment", "shown"),
    [
        ("in UTC", datetime(2026, 5, 1, 12, tzinfo=UTC), "2026-05-01T12:00:00Z"),
        (
            "elsewhere",
            datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=-7))),
            "2026-05-01T19:00:00Z",
        ),
        (
            "with a fraction",
            datetime(2026, 5, 1, 12, 0, 0, 5, tzinfo=UTC),
            "2026-05-01T12:00:00.000005Z",
        ),
    ],
)
def test_instants_are_shown_in_utc(_case: str, moment: datetime, shown: str) -> None:
    assert moments.shown(moment) == shown


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Sat, 21 Nov 2026 12:00:00 GMT", datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ("Sat, 21 Nov 2026 12:00:00 -0000", datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ("soon", None),
        ("", None),
    ],
)
def test_instants_of_headers(written: str, moment: datetime | None) -> None:
    assert moments.of_http(written) == moment


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120.0),
        (" 1.5 ", 1.5),
        ("86400", 86_400.0),
        ("86401", 86_400.0),
        ("9" * 18, 86_400.0),
        ("9" * 19, None),
        ("-3", None),
        ("\u0661", None),
        ("1e3", None),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2099 12:00:00 GMT", 86_400.0),
        ("soon", None),
        ("", None),
    ],
)
def test_wait_that_a_header_asks_for_is_a_day_at_most(written: str, seconds: float | None) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    assert moments.wait_of_http(written, now) == seconds

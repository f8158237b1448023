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

"""Quota rules know the marketplace's day; accounts show nothing."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from domain.credentials import Secret
from domain.marketplaces import Account, AccountKey, HealthState, QuotaRule, StoredCredential
from domain.products import Mode

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def rule(offset: int) -> QuotaRule:
    return QuotaRule(calls_per_day=5000, calls_per_second=Decimal(1), reset_offset_hours=offset)


@pytest.mark.parametrize(
    ("_case", "offset", "now", "day", "resets_at"),
    [
        ("utc noon", 0, NOON, date(2026, 5, 1), datetime(2026, 5, 2, tzinfo=UTC)),
        (
            "utc, the last moment",
            0,
            datetime(2026, 5, 1, 23, 59, 59, 999999, tzinfo=UTC),
            date(2026, 5, 1),
            datetime(2026, 5, 2, tzinfo=UTC),
        ),
        (
            "utc midnight",
            0,
            datetime(2026, 5, 2, tzinfo=UTC),
            date(2026, 5, 2),
            datetime(2026, 5, 3, tzinfo=UTC),
        ),
        (
            "Beijing, the last moment",
            8,
            datetime(2026, 5, 1, 15, 59, 59, tzinfo=UTC),
            date(2026, 5, 1),
            datetime(2026, 5, 1, 16, tzinfo=UTC),
        ),
        (
            "Beijing midnight",
            8,
            datetime(2026, 5, 1, 16, tzinfo=UTC),
            date(2026, 5, 2),
            datetime(2026, 5, 2, 16, tzinfo=UTC),
        ),
        (
            "Beijing is in the next year first",
            8,
            datetime(2026, 12, 31, 20, tzinfo=UTC),
            date(2027, 1, 1),
            datetime(2027, 1, 1, 16, tzinfo=UTC),
        ),
        (
            "west of Greenwich",
            -8,
            datetime(2026, 5, 1, 7, 59, tzinfo=UTC),
            date(2026, 4, 30),
            datetime(2026, 5, 1, 8, tzinfo=UTC),
        ),
    ],
)
def test_a_day_ends_at_the_marketplaces_midnight(
    _case: str, offset: int, now: datetime, day: date, resets_at: datetime
) -> None:
    assert rule(offset).day(now) == day
    assert rule(offset).resets_at(now) == resets_at


@pytest.mark.parametrize("offset", [-8, 0, 8])
def test_the_reset_is_ahead_by_a_day_at_most(offset: int) -> None:
    moments = [NOON + timedelta(minutes=17 * n) for n in range(200)]

    waits = [rule(offset).resets_at(now) - now for now in moments]

    assert all(timedelta(0) < wait <= timedelta(days=1) for wait in waits)


def test_the_reset_is_told_in_utc() -> None:
    assert rule(8).resets_at(NOON).tzinfo == timezone.utc  # noqa: UP017


def test_an_account_reveals_secrets_and_prints_none() -> None:
    account = Account(
        key=AccountKey("default", "aliexpress", "", Mode.LIVE),
        credentials={
            "appSecret": StoredCredential(
                name="appSecret", value=Secret("pssst-1234"), updated_at=NOON
            )
        },
    )

    assert account.reveal() == {"appSecret": Secret("pssst-1234")}
    assert "pssst" not in repr(account)


def test_an_account_without_evidence_is_unverified() -> None:
    account = Account(key=AccountKey("default", "amazon", "www.amazon.de", Mode.SANDBOX))

    assert account.health.state is HealthState.UNVERIFIED
    assert account.reveal() == {}

"""Booking the calls of a day: all of it or nothing, and giving back never stands in the way."""

from decimal import Decimal

import pytest

from db import quota as stored_quota
from db.exceptions import DatabaseUnavailable
from domain.exceptions import AllowanceUsedUp, QuotaExhausted
from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from resolvers.quota import DayLedger
from tests.fakes import NOW
from upstream.budget import Allowance

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("graph")]

ACCOUNT = AccountKey("default", "aliexpress", "", Mode.LIVE)
RULE = QuotaRule(calls_per_day=1, calls_per_second=Decimal(1), reset_offset_hours=0)


async def away(*_: object, **__: object) -> bool:
    """What the storage says of an account's day while it does not answer."""
    raise DatabaseUnavailable("The database does not answer.", retryable=True)


async def used() -> tuple[int, int]:
    """Calls that are booked for the account and for the key."""
    of_keys = await stored_quota.used_by_keys(["k"], day=NOW.date())
    return await stored_quota.used(ACCOUNT, day=RULE.day(NOW)), of_keys["k"]


async def test_a_key_books_with_the_account_and_no_further_than_its_own_limit() -> None:
    rule = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=0)
    allowance = Allowance(key="k", calls_per_day=1)
    await DayLedger().book(ACCOUNT, rule, allowance, NOW)

    with pytest.raises(AllowanceUsedUp):
        await DayLedger().book(ACCOUNT, rule, allowance, NOW)

    assert await used() == (1, 1)
    await DayLedger().give_back(ACCOUNT, rule, allowance, NOW)
    assert await used() == (0, 0)


async def test_a_key_pays_nothing_where_the_account_has_no_call_left() -> None:
    await DayLedger().book(ACCOUNT, RULE, None, NOW)

    with pytest.raises(QuotaExhausted):
        await DayLedger().book(ACCOUNT, RULE, Allowance(key="k", calls_per_day=9), NOW)

    assert await used() == (1, 0)


async def test_a_key_pays_nothing_where_the_account_cannot_be_booked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book = stored_quota.book

    async def only_keys(key: AccountKey, **more: object) -> bool:
        return await (away() if key == ACCOUNT else book(key, **more))  # type: ignore[arg-type]

    monkeypatch.setattr(stored_quota, "book", only_keys)
    allowance = Allowance(key="k", calls_per_day=9)

    with pytest.raises(DatabaseUnavailable):
        await DayLedger().book(ACCOUNT, RULE, allowance, NOW)

    assert await used() == (0, 0)


async def test_what_cannot_be_given_back_stays_booked_and_hides_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allowance = Allowance(key="k", calls_per_day=9)
    await DayLedger().book(ACCOUNT, RULE, allowance, NOW)
    monkeypatch.setattr(stored_quota, "give_back", away)

    await DayLedger().give_back(ACCOUNT, RULE, allowance, NOW)

    assert await used() == (1, 1)

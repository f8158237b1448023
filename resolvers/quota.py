"""Books marketplace calls against the account's day, for upstream/http.py."""

from collections.abc import Iterable
from datetime import datetime

from clients.base import Upstream
from clients.registry import BY_CODE
from db import quota as stored_quota
from domain.marketplaces import AccountKey, QuotaRule


class DayLedger:
    """Implements `upstream.http.Ledger` over the storage, so that every process books together."""

    async def book(
        self, account: AccountKey, rule: QuotaRule, now: datetime, *, is_background: bool
    ) -> bool:
        """Book one call. False: the day's calls for that kind of work are used up."""
        limit = rule.limit(is_background=is_background)
        return await stored_quota.book(account, day=rule.day(now), limit=limit)

    async def give_back(self, account: AccountKey, rule: QuotaRule, booked_at: datetime) -> None:
        """A call that was booked at that moment is not made."""
        await stored_quota.give_back(account, day=rule.day(booked_at))


async def left_today(account: AccountKey, rule: QuotaRule, now: datetime) -> int | None:
    """Calls that the account has left on its marketplace's present day; None without a limit."""
    if rule.calls_per_day is None:
        return None
    used = await stored_quota.used(account, day=rule.day(now))
    return max(0, rule.calls_per_day - used)


async def fewest_left(accounts: Iterable[AccountKey], upstream: Upstream) -> dict[str, int]:
    """By marketplace: the calls left today of that account which has the fewest.

    Marketplaces without a limit are absent. Raises DatabaseUnavailable.
    """
    left: dict[str, int] = {}
    for account in accounts:
        rule = upstream.quota(BY_CODE[account.marketplace])
        calls = await left_today(account, rule, upstream.now())
        if calls is not None:
            left[account.marketplace] = min(calls, left.get(account.marketplace, calls))
    return left

"""Books marketplace calls against the account's day, for upstream/http.py."""

from collections.abc import Mapping
from datetime import datetime

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


async def left_today(
    rules: Mapping[AccountKey, QuotaRule], now: datetime
) -> dict[AccountKey, int | None]:
    """Calls that each account has left on its marketplace's present day; None without a limit."""
    limits = {account: rule.calls_per_day for account, rule in rules.items()}
    used = await stored_quota.used_by(
        {account: rules[account].day(now) for account, most in limits.items() if most is not None}
    )
    return {
        account: None if most is None else max(0, most - used[account])
        for account, most in limits.items()
    }

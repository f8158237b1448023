"""Books marketplace calls against the account's day, for clients/http.py."""

from datetime import datetime

from db import quota as stored_quota
from domain.marketplaces import AccountKey, QuotaRule


class DayLedger:
    """Implements `clients.http.Ledger` over the storage, so that every process books together."""

    async def book(self, account: AccountKey, rule: QuotaRule, now: datetime) -> bool:
        """Book one call. False: the day's calls are used up."""
        return await stored_quota.book(account, day=rule.day(now), limit=rule.calls_per_day)

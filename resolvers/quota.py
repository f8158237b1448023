"""Books marketplace calls against the account's day, and the API key's own, for the pipeline; tells
what a request has spent, and what is left."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta

from clients.registry import BY_CODE
from db import quota as stored_quota
from db.exceptions import DatabaseUnavailable
from domain import moments
from domain.exceptions import AllowanceUsedUp, QuotaExhausted
from domain.marketplaces import AccountKey, QuotaRule
from resolvers.context import Context
from upstream.budget import Allowance
from upstream.contract import Upstream

log = logging.getLogger("affiliate_graph.quota")


class DayLedger:
    """Implements `upstream.contract.QuotaLedger` over the storage: all processes book together."""

    async def book(
        self,
        account: AccountKey,
        rule: QuotaRule,
        allowance: Allowance | None,
        now: datetime,
        *,
        is_background: bool = False,
    ) -> None:
        """Book one call. Raises QuotaExhausted or DatabaseUnavailable; then nothing is booked."""
        if allowance is not None:
            await _book_key(allowance, now)
        try:
            limit = rule.limit(is_background=is_background)
            if not await stored_quota.book(
                account,
                day=rule.day(now),
                limit=limit,
                calls_per_day=rule.calls_per_day,
                now=now,
            ):
                raise _used_up(rule, now, is_background=is_background)
        except BaseException:
            await _give_back_key(allowance, now)
            raise

    async def give_back(
        self,
        account: AccountKey,
        rule: QuotaRule,
        allowance: Allowance | None,
        booked_at: datetime,
    ) -> None:
        """A call that was booked at that moment is not made. What cannot be told stays booked."""
        with _lost_at_worst():
            await stored_quota.give_back(account, day=rule.day(booked_at))
        await _give_back_key(allowance, booked_at)


@contextmanager
def _lost_at_worst() -> Iterator[None]:
    """Why a call is not made matters more than that its booking cannot be taken back now."""
    try:
        yield
    except DatabaseUnavailable as error:
        log.warning("a call that was not made stays booked: %s", error)


async def _give_back_key(allowance: Allowance | None, booked_at: datetime) -> None:
    if allowance is not None:
        with _lost_at_worst():
            await stored_quota.give_back_key(allowance.key, day=booked_at.date())


async def _book_key(allowance: Allowance, now: datetime) -> None:
    """The key's day is that of UTC, whatever marketplace it calls."""
    limit = allowance.calls_per_day
    if not await stored_quota.book_key(allowance.key, day=now.date(), limit=limit):
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=UTC)
        raise AllowanceUsedUp(
            f"This API key may cause {limit} marketplace calls a day, and they are used up. They "
            "begin again at retryAt; what is stored can still be read.",
            retry_at=midnight,
        )


def _used_up(rule: QuotaRule, now: datetime, *, is_background: bool) -> QuotaExhausted:
    message = "The account's calls of today are used up. They begin again at retryAt."
    if is_background and rule.reserve_percent:
        message = (
            f"Background work has used its part of the account's calls of today; the last "
            f"{rule.reserve_percent} % are kept for people who wait. They begin again at retryAt."
        )
    return QuotaExhausted(message, retry_at=rule.resets_at(now))


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


async def spent(context: Context) -> dict[str, object]:
    """`extensions.cost.upstream`: calls made and saved, and what is left today of who was called.

    The counts of all requests add up to the calls made: one that several requests share is counted
    for the request that opened its batch, and as saved for the others. A key for everybody is not
    told what is left.
    """
    budget = context.budget
    rules = dict(budget.accounts)  # a shared call can still be paid from it meanwhile
    if context.caller.is_public:
        rules = {}
    now = context.now
    left = await left_today(rules, now)
    return {
        "calls": budget.calls,
        "savedByBatching": budget.saved_by_batching,
        "savedByCache": budget.saved_by_cache,
        "leftToday": [
            {
                "marketplace": account.marketplace.upper(),
                "calls": left[account],
                "resetsAt": moments.shown(rule.resets_at(now)),
            }
            for account, rule in rules.items()
        ],
    }


async def fewest_left(accounts: Iterable[AccountKey], upstream: Upstream) -> dict[str, int]:
    """By marketplace: the calls left today of that account which has the fewest.

    Marketplaces without a limit are absent. Raises DatabaseUnavailable.
    """
    rules = {
        account: upstream.quotas.get(account.marketplace, BY_CODE[account.marketplace].quota)
        for account in accounts
    }
    fewest: dict[str, int] = {}
    for account, calls in (await left_today(rules, upstream.now())).items():
        if calls is not None:
            fewest[account.marketplace] = min(calls, fewest.get(account.marketplace, calls))
    return fewest

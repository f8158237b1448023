"""Permits for calls: who waits too long is told so, and leaves nothing behind."""

import asyncio
import gc
from decimal import Decimal
from typing import Any

import pytest

from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from upstream.accounts import AccountState
from upstream.rate_limit import (
    ARRIVAL_GRACE,
    PERMIT_TIMEOUT,
    SECOND,
    Permit,
    PermitAccount,
    RateLimit,
    WindowPermits,
)

pytestmark = pytest.mark.anyio

A_SECOND_EACH = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=0)


async def test_permits_that_do_not_come_leave_no_uncollected_errors() -> None:
    uncollected: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, found: uncollected.append(found))

    async def first_and_second(number: int) -> tuple[bool, Permit | float]:
        account = AccountState(AccountKey("default", "aliexpress", str(number), Mode.LIVE))
        limit = RateLimit()
        return (
            isinstance(await limit.acquire(account, A_SECOND_EACH, within=1), Permit),
            await limit.acquire(account, A_SECOND_EACH, within=0.01 + number / 100_000),
        )

    outcomes = await asyncio.gather(*map(first_and_second, range(400)))
    gc.collect()
    await asyncio.sleep(0)

    assert set(outcomes) == {(True, 1.0)}
    assert uncollected == []


class Seconds:
    """A monotonic clock that is told to go on."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Limit:
    """The limit of one account; `clock` is told to go on."""

    def __init__(self, rule: QuotaRule = A_SECOND_EACH) -> None:
        self.clock = Seconds()
        self.rule = rule
        self.limit = RateLimit(monotonic=self.clock)
        key = AccountKey("default", "aliexpress", "", Mode.LIVE)
        self.account = AccountState(key, self.clock)

    async def acquire(self, *, within: float = 0.01, **who: Any) -> Permit | float:
        """A permit, or the seconds to wait."""
        return await self.limit.acquire(self.account, self.rule, within=within, **who)


async def comes(limit: Limit, *, is_background: bool = False) -> bool:
    """Whether a permit comes at once."""
    return isinstance(await limit.acquire(is_background=is_background), Permit)


async def taken(limit: Limit) -> Permit:
    """A permit that comes at once."""
    permit = await limit.acquire()
    assert isinstance(permit, Permit)
    return permit


async def test_a_permit_counts_for_a_second_from_its_answer() -> None:
    limit = Limit()
    permit = await taken(limit)
    await permit.sent()
    limit.clock.now += ARRIVAL_GRACE / 2
    await permit.over()

    limit.clock.now += SECOND - 0.001
    is_early = await comes(limit)
    limit.clock.now += 0.002

    assert not is_early
    assert await comes(limit)


async def test_a_slow_answer_holds_up_nobody_for_longer_than_the_way_there() -> None:
    limit = Limit()
    permit = await taken(limit)
    limit.clock.now += 5  # the connection was slow
    await permit.sent()

    limit.clock.now += ARRIVAL_GRACE + SECOND - 0.001
    is_early = await comes(limit)
    limit.clock.now += 0.002
    next_permit = await taken(limit)
    await permit.over()  # late: it changes nothing any more
    await next_permit.sent()

    assert not is_early
    assert not await comes(limit)


async def test_a_permit_whose_call_is_never_sent_ends_with_its_lease() -> None:
    limit = Limit()
    await taken(limit)

    limit.clock.now += PERMIT_TIMEOUT
    is_early = await comes(limit)
    limit.clock.now += SECOND

    assert not is_early
    assert await comes(limit)


async def test_a_pause_holds_for_everybody_and_is_told_at_once() -> None:
    limit = Limit()
    await limit.limit.pause(limit.account, 7)

    wait = await limit.acquire(within=5)
    limit.clock.now += 7

    assert wait == 7
    assert await comes(limit)


async def test_background_work_lets_everybody_else_go_first() -> None:
    limit = Limit()
    first = await taken(limit)
    waiting = asyncio.ensure_future(limit.acquire(within=5))
    await asyncio.sleep(0)

    is_passed = await comes(limit, is_background=True)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await first.over()
    limit.clock.now += SECOND

    assert not is_passed
    assert await comes(limit, is_background=True)


class OneByOne(WindowPermits):
    """Gives out a permit each time it is told to."""

    def __init__(self) -> None:
        self.given = asyncio.Semaphore(0)

    async def take(self, account: PermitAccount, rule: QuotaRule) -> Permit | float:
        await self.given.acquire()
        return Permit()


async def granted_to(callers: list[tuple[str, bool]], count: int) -> list[str]:
    """Who gets the next permits, one after the other, when these wait in this order."""
    source, order = OneByOne(), list[str]()
    limit, account = RateLimit(source), AccountState(AccountKey("w", "m", "", Mode.LIVE))

    async def wait(caller: str, is_background: bool) -> None:
        await limit.acquire(account, FAST, within=99, caller=caller, is_background=is_background)
        order.append(caller)

    waits = [asyncio.ensure_future(wait(*caller)) for caller in callers]
    for _ in range(count):
        await asyncio.sleep(0.001)
        source.given.release()
    await asyncio.sleep(0.001)
    for each in waits:
        each.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    return order


FAST = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1000), reset_offset_hours=0)


async def test_callers_get_permits_in_turn_however_many_calls_one_of_them_has() -> None:
    flood = [("flood", False)] * 25

    order = await granted_to([*flood, ("owner", False), ("other", False)], 6)

    assert order.index("owner") <= 2
    assert order.index("other") <= 3
    assert order.count("flood") == 4


async def test_background_work_stands_behind_people_and_never_starves() -> None:
    people = [("person", False)] * 40

    order = await granted_to([("worker", True)] * 9 + people, 31)

    assert order[1:10] == ["person"] * 9  # the first stood at the head already
    assert 2 <= order.count("worker") <= 4


async def test_a_line_of_one_caller_is_not_anothers_wait() -> None:
    limit = Limit()
    await taken(limit)
    waits = [asyncio.ensure_future(limit.acquire(within=60, caller="flood")) for _ in range(20)]
    await asyncio.sleep(0)

    of_flood = await limit.acquire(within=5, caller="flood")
    of_owner = limit.limit.expected_wait(
        limit.account, A_SECOND_EACH, caller="owner", is_background=False
    )
    for each in waits:
        each.cancel()
    await asyncio.gather(*waits, return_exceptions=True)

    assert of_flood == pytest.approx(19)
    assert of_owner == pytest.approx(1)


async def test_who_goes_away_leaves_the_line_to_the_others() -> None:
    limit = Limit(FAST)
    first = await taken(limit)
    gone = asyncio.ensure_future(limit.acquire(within=99, caller="gone"))
    stays = asyncio.ensure_future(limit.acquire(within=99, caller="stays"))
    await asyncio.sleep(0)

    gone.cancel()
    await first.release()

    assert isinstance(await stays, Permit)
    assert await comes(limit)


async def test_permits_keep_to_the_limit_in_every_second() -> None:
    limit, times = RateLimit(), []
    account = AccountState(AccountKey("default", "aliexpress", "", Mode.LIVE))
    rule = QuotaRule(calls_per_day=None, calls_per_second=Decimal(20), reset_offset_hours=0)
    clock = asyncio.get_running_loop()

    async def call() -> None:
        permit = await limit.acquire(account, rule, within=5)
        assert isinstance(permit, Permit)
        times.append(clock.time())
        await permit.over()

    await asyncio.gather(*(call() for _ in range(30)))

    assert max(sum(1 for t in times if start <= t < start + 0.99) for start in times) <= 20


async def test_accounts_do_not_wait_for_each_other() -> None:
    limit = RateLimit()
    rule = QuotaRule(calls_per_day=None, calls_per_second=Decimal("0.5"), reset_offset_hours=0)
    account = AccountState(AccountKey("default", "aliexpress", "", Mode.LIVE))
    other = AccountState(AccountKey("default", "amazon", "www.amazon.de", Mode.LIVE))

    assert isinstance(await limit.acquire(account, rule, within=0.01), Permit)
    assert isinstance(await limit.acquire(other, rule, within=0.01), Permit)
    assert not isinstance(await limit.acquire(account, rule, within=0.01), Permit)

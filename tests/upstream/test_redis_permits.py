"""Permits shared by processes: each limit here is one, with connections of its own."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from redis.asyncio import Redis

from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from tests.redis_server import line_to
from upstream.accounts import AccountState
from upstream.rate_limit import ARRIVAL_GRACE, PERMIT_TIMEOUT, SECOND, Permit, RateLimit
from upstream.redis_permits import RedisPermits, _key
from upstream.redis_server import redis_client

pytestmark = pytest.mark.anyio

ACCOUNT = AccountKey("default", "aliexpress", "", Mode.LIVE)
OTHER = AccountKey("other", "aliexpress", "", Mode.LIVE)
PERMITS = _key("turns", ACCOUNT)


def rule(calls_per_second: int = 1) -> QuotaRule:
    """So many calls a second."""
    return QuotaRule(
        calls_per_day=None, calls_per_second=Decimal(calls_per_second), reset_offset_hours=0
    )


class Process:
    """The rate limit of one process, with what it knows of accounts."""

    def __init__(self, client: Redis) -> None:
        self.limit = RateLimit(RedisPermits(client))
        self.accounts = {key: AccountState(key) for key in (ACCOUNT, OTHER)}

    async def acquire(self, rule: QuotaRule, *, within: float, account: AccountKey) -> object:
        """A permit, or the seconds to wait."""
        return await self.limit.acquire(self.accounts[account], rule, within=within)

    async def permit(self, calls_per_second: int = 1, *, within: float = 1) -> Permit:
        """A permit of the account, which comes within that time."""
        permit = await self.acquire(rule(calls_per_second), within=within, account=ACCOUNT)
        assert isinstance(permit, Permit)
        return permit


@asynccontextmanager
async def processes(url: str, count: int) -> AsyncIterator[list[Process]]:
    """Limits that know of each other by Redis only."""
    clients = [redis_client(url) for _ in range(count)]
    try:
        yield [Process(client) for client in clients]
    finally:
        for client in clients:
            await client.aclose()


async def comes(
    process: Process, account: AccountKey = ACCOUNT, *, calls_per_second: int = 1
) -> bool:
    """Whether a permit comes at once."""
    permit = await process.acquire(rule(calls_per_second), within=0.2, account=account)
    return isinstance(permit, Permit)


async def only_permit(redis: Redis) -> str:
    """The name of the only permit that Redis knows."""
    [name] = await redis.zrange(PERMITS, 0, -1)
    return name.decode() if isinstance(name, bytes) else str(name)


async def test_several_processes_keep_to_one_limit_in_every_second(redis_url: str) -> None:
    loop, arrived = asyncio.get_running_loop(), []

    async def call(limit: Process, number: int) -> None:
        permit = await limit.permit(20, within=10)
        await asyncio.sleep(0.02 * (number % 5))  # on the way, not always as long
        await permit.sent()
        arrived.append(loop.time())
        await permit.over()

    async with processes(redis_url, 3) as limits:
        await asyncio.gather(*(call(limits[n % 3], n) for n in range(50)))

    assert len(arrived) == 50
    assert max(sum(start <= at < start + 1 for at in arrived) for start in arrived) <= 20


async def test_accounts_do_not_wait_for_each_other(redis_url: str) -> None:
    async with processes(redis_url, 2) as (one, two):
        assert await comes(one)
        assert not await comes(two)
        assert await comes(two, OTHER)


async def test_a_pause_is_everybodys(redis_url: str) -> None:
    async with processes(redis_url, 2) as (one, two):
        await one.limit.pause(one.accounts[ACCOUNT], 60)

        assert not await comes(two)
        assert await comes(two, OTHER)
        async with Redis.from_url(redis_url) as redis:
            assert 59_000 < await redis.pttl(_key("pause", ACCOUNT)) <= 60_000


async def test_a_call_counts_until_it_has_arrived(redis_url: str) -> None:
    async with processes(redis_url, 1) as [limit], Redis.from_url(redis_url) as redis:

        async def arrives_in() -> float:
            seconds, micros = await redis.time()
            score = await redis.zscore(PERMITS, await only_permit(redis))
            return float(score or 0) / 1_000_000 - (seconds + micros / 1_000_000)

        permit = await limit.permit()
        taken = await arrives_in()
        await permit.sent()
        sent = await arrives_in()
        await permit.over()
        over = await arrives_in()

    assert PERMIT_TIMEOUT - 1 < taken <= PERMIT_TIMEOUT
    assert 0 < sent <= ARRIVAL_GRACE
    assert -1 < over <= 0


async def test_an_answer_that_comes_late_changes_nothing(redis_url: str) -> None:
    async with processes(redis_url, 1) as [limit], Redis.from_url(redis_url) as redis:
        permit = await limit.permit()
        await permit.sent()
        name = await only_permit(redis)
        await redis.zadd(PERMITS, {name: 5.0})  # it arrived long ago

        await permit.over()

        assert await redis.zscore(PERMITS, name) == 5.0


async def test_permits_of_a_clock_that_was_set_back_neither_block_nor_vanish(
    redis_url: str,
) -> None:
    async with processes(redis_url, 1) as [limit], Redis.from_url(redis_url) as redis:
        seconds, _ = await redis.time()
        tomorrow = (seconds + 86_400) * 1_000_000
        await redis.zadd(PERMITS, {"a turn of tomorrow": tomorrow})

        is_early = await comes(limit)
        latest = float(await redis.zscore(PERMITS, "a turn of tomorrow") or 0)

    assert not is_early
    assert latest / 1_000_000 <= seconds + PERMIT_TIMEOUT + 2


async def test_a_permit_that_came_to_nobody_is_given_back(redis_url: str) -> None:
    async with processes(redis_url, 2) as (one, two):
        permit = await one.permit()
        is_taken = not await comes(two)

        await permit.release()

        assert is_taken
        assert await comes(two)


async def test_permits_leave_redis_by_themselves(redis_url: str) -> None:
    async with processes(redis_url, 1) as [limit], Redis.from_url(redis_url) as redis:
        await limit.permit()

        assert 0 < await redis.ttl(PERMITS) <= PERMIT_TIMEOUT + SECOND + 1


async def test_without_redis_each_process_keeps_to_its_share(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with line_to(redis_url) as line, processes(line.url, 2) as (one, two):
        both_came = await comes(one, calls_per_second=4), await comes(two, calls_per_second=4)
        assert await comes(one, calls_per_second=4)

        await line.cut()
        with caplog.at_level(logging.WARNING):
            alone = [await one.permit(4, within=5) for _ in range(2)]
            third = await comes(one, calls_per_second=4)

    assert both_came == (True, True)
    assert len(alone) == 2
    assert not third  # its share of four is two
    assert "this process keeps to its share of each limit" in caplog.text


async def test_the_limit_is_shared_again_when_redis_is_back(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with line_to(redis_url) as line, processes(line.url, 1) as [limit]:
        await line.cut()
        own = await limit.permit(within=5)
        await own.over()
        await line.mend()

        with caplog.at_level(logging.WARNING):
            await limit.permit(within=8)

        async with Redis.from_url(redis_url) as redis:
            known = await redis.zcard(PERMITS)

    assert known == 1
    assert "Redis is back: the limits are shared again." in caplog.text

"""Turns shared by processes: each limiter here is one, with connections of its own."""

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
from upstream.rate_limit import LEASE, SECOND, WAY, Permit
from upstream.redis_rate_limit import RedisRateLimit, _key
from upstream.redis_server import redis_client

pytestmark = pytest.mark.anyio

ACCOUNT = AccountKey("default", "aliexpress", "", Mode.LIVE)
OTHER = AccountKey("other", "aliexpress", "", Mode.LIVE)
TURNS = _key("turns", ACCOUNT)


def rule(calls_per_second: int = 1) -> QuotaRule:
    """So many calls a second."""
    return QuotaRule(
        calls_per_day=None, calls_per_second=Decimal(calls_per_second), reset_offset_hours=0
    )


@asynccontextmanager
async def processes(url: str, count: int) -> AsyncIterator[list[RedisRateLimit]]:
    """Limiters that know of each other by Redis only."""
    clients = [redis_client(url) for _ in range(count)]
    try:
        yield [RedisRateLimit(client) for client in clients]
    finally:
        for client in clients:
            await client.aclose()


async def comes(
    limit: RedisRateLimit, account: AccountKey = ACCOUNT, *, calls_per_second: int = 1
) -> bool:
    """Whether a turn comes at once."""
    turn = await limit.turn(account, rule(calls_per_second), patience=0.2)
    return isinstance(turn, Permit)


async def only_turn(redis: Redis) -> str:
    """The name of the only turn that Redis knows."""
    [name] = await redis.zrange(TURNS, 0, -1)
    return name.decode() if isinstance(name, bytes) else str(name)


async def test_several_processes_keep_to_one_limit_in_every_second(redis_url: str) -> None:
    loop, arrived = asyncio.get_running_loop(), []

    async def call(limit: RedisRateLimit, number: int) -> None:
        turn = await limit.turn(ACCOUNT, rule(20), patience=10)
        assert isinstance(turn, Permit)
        await asyncio.sleep(0.02 * (number % 5))  # on the way, not always as long
        await turn.sent()
        arrived.append(loop.time())
        await turn.over()

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
        await one.pause(ACCOUNT, 60)

        assert not await comes(two)
        assert await comes(two, OTHER)
        async with Redis.from_url(redis_url) as redis:
            assert 59_000 < await redis.pttl(_key("pause", ACCOUNT)) <= 60_000


async def test_a_call_counts_until_it_has_arrived(redis_url: str) -> None:
    async with processes(redis_url, 1) as [limit], Redis.from_url(redis_url) as redis:

        async def arrives_in() -> float:
            seconds, micros = await redis.time()
            score = await redis.zscore(TURNS, await only_turn(redis))
            return float(score or 0) / 1_000_000 - (seconds + micros / 1_000_000)

        turn = await limit.turn(ACCOUNT, rule(), patience=1)
        assert isinstance(turn, Permit)
        taken = await arrives_in()
        await turn.sent()
        sent = await arrives_in()
        await turn.over()
        over = await arrives_in()

    assert LEASE - 1 < taken <= LEASE
    assert 0 < sent <= WAY
    assert -1 < over <= 0


async def test_an_answer_that_comes_late_changes_nothing(redis_url: str) -> None:
    async with processes(redis_url, 1) as [limit], Redis.from_url(redis_url) as redis:
        turn = await limit.turn(ACCOUNT, rule(), patience=1)
        assert isinstance(turn, Permit)
        await turn.sent()
        name = await only_turn(redis)
        await redis.zadd(TURNS, {name: 5.0})  # it arrived long ago

        await turn.over()

        assert await redis.zscore(TURNS, name) == 5.0


async def test_turns_of_a_clock_that_was_set_back_neither_block_nor_vanish(redis_url: str) -> None:
    async with processes(redis_url, 1) as [limit], Redis.from_url(redis_url) as redis:
        seconds, _ = await redis.time()
        tomorrow = (seconds + 86_400) * 1_000_000
        await redis.zadd(TURNS, {"a turn of tomorrow": tomorrow})

        is_early = await comes(limit)
        latest = float(await redis.zscore(TURNS, "a turn of tomorrow") or 0)

    assert not is_early
    assert latest / 1_000_000 <= seconds + LEASE + 2


async def test_a_turn_that_came_to_nobody_is_given_back(redis_url: str) -> None:
    async with processes(redis_url, 2) as (one, two), Redis.from_url(redis_url) as redis:
        await redis.zadd(TURNS, {"of nobody": (await redis.time())[0] * 1_000_000 + 5_000_000})
        one._nobodys[ACCOUNT].append("of nobody")

        assert not await comes(two)
        assert await comes(one)


async def test_turns_leave_redis_by_themselves(redis_url: str) -> None:
    async with processes(redis_url, 1) as [limit], Redis.from_url(redis_url) as redis:
        await limit.turn(ACCOUNT, rule(), patience=1)

        assert 0 < await redis.ttl(TURNS) <= LEASE + SECOND + 1


async def test_without_redis_each_process_keeps_to_its_share(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with line_to(redis_url) as line, processes(line.url, 2) as (one, two):
        both_came = await comes(one, calls_per_second=4), await comes(two, calls_per_second=4)
        assert await comes(one, calls_per_second=4)

        await line.cut()
        with caplog.at_level(logging.WARNING):
            alone = [await one.turn(ACCOUNT, rule(4), patience=5) for _ in range(2)]
            third = await comes(one, calls_per_second=4)

    assert both_came == (True, True)
    assert all(isinstance(turn, Permit) for turn in alone)
    assert not third  # its share of four is two
    assert "this process keeps to its share of each limit" in caplog.text


async def test_the_limit_is_shared_again_when_redis_is_back(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with line_to(redis_url) as line, processes(line.url, 1) as [limit]:
        await line.cut()
        own = await limit.turn(ACCOUNT, rule(), patience=5)
        assert isinstance(own, Permit)
        await own.over()
        await line.mend()

        with caplog.at_level(logging.WARNING):
            turn = await limit.turn(ACCOUNT, rule(), patience=8)

        async with Redis.from_url(redis_url) as redis:
            known = await redis.zcard(TURNS)

    assert isinstance(turn, Permit)
    assert known == 1
    assert "Redis is back: the limits are shared again." in caplog.text

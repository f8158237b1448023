"""Buckets that processes share: each object here is a process, with connections of its own."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from domain.limits import Limits
from tests.graph import Clock, running_graph
from tests.redis_server import line_to
from upstream.redis_server import redis_client
from web.redis_throttle import PREFIX, RedisBuckets

pytestmark = pytest.mark.anyio

LIMITS = replace(Limits(), capacity=1_000_000, restore=1)  # hardly anything flows in meanwhile
BUCKET = f"{PREFIX}:key"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def process(url: str, limits: Limits = LIMITS, **more: Clock) -> AsyncIterator[RedisBuckets]:
    """The buckets of one process. `clock`: when it asks again for a Redis that is away."""
    client = redis_client(url)
    monotonic = more["clock"].monotonic if more else asyncio.get_running_loop().time
    buckets = RedisBuckets(client, limits, monotonic)
    try:
        yield buckets
    finally:
        await buckets.close()
        await client.aclose()


async def test_processes_share_the_level_of_a_caller(redis_url: str) -> None:
    async with process(redis_url) as one, process(redis_url) as two:
        first = await one.take("key", 600_000)
        refused = await two.take("key", 500_000)
        other = await two.take("another", 500_000)
        paid_back = await one.give_back("key", 200_000)
        second = await two.take("key", 500_000)

    assert (first.available, first.wait) == (400_000, 0)
    assert refused.available == 400_000
    assert refused.wait == pytest.approx(100_000, abs=5)
    assert other.wait == 0
    assert paid_back.available == 600_000
    assert (second.available, second.wait) == (100_000, 0)


async def test_takers_at_once_never_get_more_than_there_is(redis_url: str) -> None:
    async with process(redis_url) as one, process(redis_url) as two:
        states = await asyncio.gather(
            *(buckets.take("key", 30_000) for _ in range(25) for buckets in (one, two))
        )

    assert sum(state.wait == 0 for state in states) == 33


async def test_a_restart_fills_no_bucket(redis_url: str) -> None:
    async with process(redis_url) as before:
        await before.take("key", 900_000)

    async with process(redis_url) as after:
        state = await after.take("key", 0)

    assert state.available == 100_000


async def test_a_smaller_bucket_holds_no_more_than_it_can(redis_url: str) -> None:
    async with process(redis_url) as before:
        await before.take("key", 100_000)

    async with process(redis_url, replace(LIMITS, capacity=50_000)) as after:
        state = await after.take("key", 0)

    assert (state.capacity, state.available) == (50_000, 50_000)


async def test_a_bucket_fills_itself_by_the_clock_of_redis(redis_url: str) -> None:
    async with process(redis_url) as buckets, Redis.from_url(redis_url) as redis:
        await buckets.take("key", 900_000)
        await redis.hincrby(BUCKET, "at", -40_000_000_000)  # as if 40,000 seconds had passed
        later = await buckets.take("key", 0)
        await redis.hincrby(BUCKET, "at", -4_000_000_000_000)
        full = await buckets.give_back("key", 5)

    assert later.available == 140_000
    assert full.available == 1_000_000


async def test_a_clock_that_was_set_back_takes_nothing_and_stops_nothing(redis_url: str) -> None:
    async with process(redis_url) as buckets, Redis.from_url(redis_url) as redis:
        await buckets.take("key", 900_000)
        await redis.hincrby(BUCKET, "at", 86_400_000_000)  # the level is one of tomorrow
        refused = await buckets.take("key", 200_000)
        await redis.hincrby(BUCKET, "at", -100_000_000_000)
        later = await buckets.take("key", 200_000)

    assert refused.available == 100_000
    assert (later.available, later.wait) == (0, 0)


@pytest.mark.parametrize("taken", [1, 5_000, 1_000_000])
async def test_idle_buckets_are_gone_when_they_would_be_full(redis_url: str, taken: int) -> None:
    async with process(redis_url) as buckets, Redis.from_url(redis_url) as redis:
        await buckets.take("key", taken)
        left = await redis.pttl(BUCKET)

    assert taken * 1000 - 1000 < left <= taken * 1000 + 1000


async def test_without_redis_each_process_has_buckets_of_its_own(
    redis_url: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with line_to(redis_url) as line, process(line.url, clock=clock) as buckets:
        await buckets.take("key", 900_000)
        await line.cut()
        alone = [await buckets.take("key", 600_000) for _ in range(2)]
        clock.advance(seconds=2)
        await buckets.take("key", 0)
        told = [record for record in caplog.records if record.levelno >= logging.WARNING]
        await line.mend()
        async with asyncio.timeout(60):
            while (back := await buckets.take("key", 0)).available != 100_000:
                clock.advance(seconds=2)
                await asyncio.sleep(0.01)

    assert (alone[0].available, alone[0].wait) == (400_000, 0)
    assert alone[1].wait == 200_000
    assert [record.name for record in told] == ["affiliate_graph.throttle"]
    assert back.wait == 0


def dialled(silent: socket.socket) -> int:
    """How many connections were made since it was last asked."""
    silent.setblocking(False)
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            silent.accept()[0].close()
            count += 1
    return count


async def test_nobody_waits_for_a_redis_that_is_known_to_be_away(clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        async with process(url, clock=clock) as buckets:
            await buckets.take("key", 600_000)
            calls = dialled(silent)
            clock.advance(seconds=2)
            state = await buckets.take("key", 300_000)
            more = dialled(silent)

    assert calls
    assert more == 0
    assert state.available == 100_002  # two flowed in


async def test_a_server_with_redis_keeps_the_points_there(
    redis_url: str, migrated_database: str, tmp_path: Path
) -> None:
    settings = {"REDIS_URL": redis_url, "BUCKET_RESTORE": "1"}
    async with (
        running_graph(migrated_database, tmp_path, environ=settings) as graph,
        Redis.from_url(redis_url) as redis,
    ):
        body = await graph.post("{ __typename }")
        level = await redis.hget(f"{PREFIX}:operator of default", "level")

    left = body["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"]
    assert left == 999_999_999
    assert level is not None
    assert float(level) == pytest.approx(left, abs=1)

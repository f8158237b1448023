"""Redis down, lost, hanging and back: no cache, limits by share, never unlimited, one warning."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from tests.faults.asking import RunningClock, aliexpress, outcome, product
from tests.faults.invariants import most_in, unharmed
from tests.faults.redis_process import RedisProcess, redis_process
from tests.figures import Record
from tests.graph import Graph, running_graph
from upstream.accounts import AccountState
from upstream.rate_limit import SECOND, Permit, RateLimit
from upstream.redis_permits import ALL_NOTICED, RedisPermits
from upstream.redis_server import redis_client

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ACCOUNT = AccountKey("default", "aliexpress", "", Mode.LIVE)
# Turns that the processes take by themselves and those that they share never overlap.
UNTIL_SHARED = ALL_NOTICED + SECOND


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisProcess]:
    with redis_process(tmp_path) as server:
        yield server


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield listener.getsockname()[1]


@contextlib.asynccontextmanager
async def graph_with(url: str, database: str, folder: Path) -> AsyncIterator[Graph]:
    """The application with that Redis and its real turns: twenty calls a second."""
    clock = RunningClock()
    settings = {"REDIS_URL": url, "ALIEXPRESS_CALLS_PER_SECOND": "20"}
    overrides = {"rate_limit": None}
    async with (
        running_graph(
            database, folder, clock=clock, environ=settings, overrides=overrides
        ) as graph,
        unharmed(graph, pace=UNTIL_SHARED),
    ):
        await graph.connect_both()
        yield graph


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was warned of Redis, by logger."""
    return [
        record.name.rpartition(".")[2]
        for record in caplog.records
        if record.levelno >= logging.WARNING and "Redis" in record.getMessage()
    ]


async def each_a_call(graph: Graph, ids: list[str]) -> None:
    """Imports one behind the other, so that each is a call."""
    for id in ids:
        assert await outcome(graph, [id]) == [None]


async def test_without_redis_at_the_start_everything_works_within_the_limit(
    redis: RedisProcess,
    migrated_database: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    record_property: Record,
) -> None:
    async with graph_with(redis.url, migrated_database, tmp_path) as graph:
        ids = aliexpress(graph, 40)
        started = time.monotonic()

        await each_a_call(graph, ids[:30])

        took = time.monotonic() - started
        times = [call.at for call in graph.sandbox.calls]
        assert most_in(1.0, times) <= 20
        record_property("30 calls without Redis", f"{took:.1f} s")
        assert sorted(warnings(caplog)) == ["cache", "rate_limit", "throttle"]


@pytest.mark.parametrize("how", ["refuses", "hangs"])
async def test_redis_that_is_lost_in_the_middle_costs_a_moment_and_comes_back(
    redis: RedisProcess,
    migrated_database: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    how: str,
    record_property: Record,
) -> None:
    redis.start()
    async with graph_with(redis.url, migrated_database, tmp_path) as graph:
        ids = aliexpress(graph, 80)
        await each_a_call(graph, ids[:10])
        cached = await product(graph, ids[0])
        redis.kill() if how == "refuses" else redis.hang()
        started = time.monotonic()
        await each_a_call(graph, ids[10:24])
        without = time.monotonic() - started
        redis.start() if how == "refuses" else redis.wake()
        await asyncio.sleep(1.1)
        await each_a_call(graph, ids[24:50])
        calls = [call.at for call in graph.sandbox.calls]

        assert "errors" not in cached
        record_property("14 calls without Redis", f"{without:.1f} s")
        assert most_in(1.0, calls) <= 20
        told = warnings(caplog)
        users = ("rate_limit", "cache", "throttle")
        assert [told.count(user) for user in users] == [2, 2, 2]  # away, and back


async def test_a_server_that_accepts_and_never_answers_is_as_none(
    migrated_database: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    record_property: Record,
) -> None:
    with silent_port() as port:
        url = f"redis://127.0.0.1:{port}/0"
        async with graph_with(url, migrated_database, tmp_path) as graph:
            ids = aliexpress(graph, 20)
            started = time.monotonic()

            await each_a_call(graph, ids[:20])

            took = time.monotonic() - started
            record_property("20 calls without an answer of Redis", f"{took:.1f} s")
            assert most_in(1.0, [call.at for call in graph.sandbox.calls]) <= 20
            assert sorted(warnings(caplog)) == ["cache", "rate_limit", "throttle"]


async def test_what_is_cached_is_there_again_when_redis_is(
    redis: RedisProcess, migrated_database: str, tmp_path: Path
) -> None:
    redis.start()
    async with graph_with(redis.url, migrated_database, tmp_path) as graph:
        first, second = aliexpress(graph, 2)
        await product(graph, first)
        redis.kill()
        without = await product(graph, second)
        redis.start()
        await asyncio.sleep(1.1)
        await product(graph, first)
        graph.sandbox.clear_calls()

        again = await product(graph, first)

        assert "errors" not in without
        assert graph.calls("aliexpress") == 0
        assert again["extensions"]["cost"]["upstream"]["savedByCache"] == 1


async def test_several_processes_never_exceed_the_limit_when_redis_comes_and_goes(
    redis: RedisProcess,
) -> None:
    rule = QuotaRule(calls_per_day=None, calls_per_second=Decimal(10), reset_offset_hours=0)
    turns: list[float] = []
    redis.start()
    async with contextlib.AsyncExitStack() as stack:
        limits = []
        for _ in range(3):
            client = redis_client(redis.url)
            stack.push_async_callback(client.aclose)
            limits.append(RateLimit(RedisPermits(client)))
        until = time.monotonic() + 8

        resting_until = [0.0] * 3

        async def work(number: int, limit: RateLimit) -> None:
            account = AccountState(ACCOUNT)
            while time.monotonic() < until:
                await asyncio.sleep(max(0.0, resting_until[number] - time.monotonic()))
                turn = await limit.acquire(account, rule, within=5)
                if isinstance(turn, Permit):
                    turns.append(time.monotonic())
                    await turn.over()

        working = [asyncio.ensure_future(work(*each)) for each in enumerate(limits)]
        await asyncio.sleep(1.3)
        shared = len(turns)
        redis.kill()
        # Each notices at its own time that it is gone, and so that it is back.
        resting_until = [time.monotonic() + 0.4 * number for number in range(3)]
        await asyncio.sleep(2.6)
        alone = len(turns) - shared
        redis.start()
        await asyncio.gather(*working)

    together = len(turns) - shared - alone
    fullest = max(sum(1 for t in turns if start <= t < start + 1) for start in turns)
    assert fullest <= 10
    assert shared >= 10
    assert alone >= 6
    assert together >= 10

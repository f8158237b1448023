"""Too fast, overloaded, used up, away for an hour: we wait as told, and never hurry afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.faults.asking import (
    BACKGROUND,
    RunningClock,
    aliexpress,
    amazon,
    code_of,
    imported,
    outcome,
    product,
)
from tests.faults.invariants import most_in, unharmed
from tests.graph import ALIEXPRESS, Graph, running_graph
from upstream.pipeline import Timeouts
from upstream.rate_limit import RateLimit

pytestmark = pytest.mark.anyio

A_SECOND = [("status", {"code": 429, "retry_after": 1}), ("throttle_body", {"seconds": 1})]
AN_HOUR = [("status", {"code": 429, "retry_after": 3600}), ("throttle_body", {"seconds": 3600})]


@asynccontextmanager
async def paced_graph(database: str, folder: Path, **settings: str) -> AsyncIterator[Graph]:
    """The application with its real turns, on a clock that goes on and can jump."""
    clock = RunningClock()
    overrides = {
        "rate_limit": RateLimit(monotonic=clock.monotonic),
        "timeouts": Timeouts(attempt=5, first_pause=0.1),
    }
    async with (
        running_graph(
            database, folder, clock=clock, environ=settings, overrides=overrides
        ) as graph,
        unharmed(graph),
    ):
        await graph.connect_both()
        yield graph


@pytest.mark.parametrize(("fault", "options"), A_SECOND)
async def test_everybody_waits_as_one_caller_was_told_to(
    migrated_database: str, tmp_path: Path, fault: str, options: dict[str, Any]
) -> None:
    settings = {"ALIEXPRESS_CALLS_PER_SECOND": "20"}
    async with paced_graph(migrated_database, tmp_path, **settings) as graph:
        ids = aliexpress(graph, 8)
        graph.sandbox.faults.inject(fault, calls=1, **options)

        first = asyncio.ensure_future(outcome(graph, ids[:1]))
        await asyncio.sleep(0.3)
        others = await asyncio.gather(*(outcome(graph, [id]) for id in ids[1:]))

        times = [call.at for call in graph.sandbox.calls]
        assert [await first, *others] == [[None]] * 8
        assert min(times[1:]) - times[0] >= timedelta(seconds=1)


@pytest.mark.parametrize(("fault", "options"), AN_HOUR)
async def test_a_long_ban_is_told_to_everybody_at_once_and_costs_one_call(
    graph: Graph, fault: str, options: dict[str, Any]
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 20)
    await outcome(graph, ids[:1])
    graph.sandbox.clear_calls()
    graph.sandbox.faults.inject(fault, calls=1, **options)
    graph.clock.advance(minutes=20)

    bodies = [await product(graph, id) for id in ids]
    graph.clock.advance(minutes=50)
    stored_late = await product(graph, ids[0])
    graph.clock.advance(minutes=20)
    after = await product(graph, ids[1])

    assert bodies[0]["data"]["product"]["offer"]["isExpired"] is True  # the stored one
    assert {code_of(body) for body in bodies[1:]} == {"THROTTLED"}
    assert bodies[1]["errors"][0]["extensions"]["retryAt"] == "2026-11-21T13:20:00Z"
    assert bodies[-1]["errors"][0]["extensions"]["retryAt"] == "2026-11-21T13:20:00Z"
    assert stored_late["data"]["product"]["offer"]["isExpired"] is True
    assert "errors" not in after
    assert graph.calls("aliexpress") == 2


async def test_who_waits_in_line_sits_out_a_ban_that_comes_meanwhile(
    migrated_database: str, tmp_path: Path
) -> None:
    settings = {"AMAZON_CALLS_PER_SECOND": "10"}
    async with paced_graph(migrated_database, tmp_path, **settings) as graph:
        await outcome(graph, amazon(graph, 1))  # the token is there
        await asyncio.sleep(1)
        graph.sandbox.clear_calls()
        # The first answer comes when ten have had their turn and six stand in the line.
        graph.sandbox.faults.inject("latency", seconds=0.5, calls=1)
        graph.sandbox.faults.inject("status", code=429, retry_after=2, calls=1)

        codes = await outcome(graph, amazon(graph, 160))

        times = [call.at for call in graph.sandbox.calls]
        early = [at for at in times if at < times[0] + timedelta(seconds=1.9)]
        assert set(codes) == {None}
        assert len(early) <= 10  # those whose turn had come together with the first
        assert most_in(1.0, times) <= 10


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_overloaded_marketplace_is_tried_three_times(graph: Graph, status: int) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    stored, new = aliexpress(graph, 2)
    await outcome(graph, [stored])
    graph.clock.advance(minutes=20)
    graph.sandbox.clear_calls()
    graph.sandbox.faults.inject("status", code=status)

    told = await product(graph, new)
    calls = graph.calls("aliexpress")
    shown = await product(graph, stored)

    assert code_of(told) == "MARKETPLACE_UNAVAILABLE"
    assert calls == 3
    assert "errors" not in shown
    assert shown["data"]["product"]["offer"]["isExpired"] is True


@pytest.mark.parametrize("retry_after", [None, 0])
async def test_one_failure_of_the_moment_is_not_seen(graph: Graph, retry_after: int | None) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    graph.sandbox.faults.inject("status", code=503, retry_after=retry_after, calls=2)

    assert await outcome(graph, aliexpress(graph, 1)) == [None]
    assert graph.calls("aliexpress") == 3


async def test_the_days_calls_are_kept_for_people_and_counted_across_restarts(
    migrated_database: str, tmp_path: Path
) -> None:
    settings = {"ALIEXPRESS_CALLS_PER_DAY": "10", "QUOTA_RESERVE_PERCENT": "20"}
    async with running_graph(migrated_database, tmp_path, environ=settings, wiped=False) as graph:
        await graph.connect("ALIEXPRESS", ALIEXPRESS)
        ids = aliexpress(graph, 20)
        background = [await outcome(graph, [id], BACKGROUND) for id in ids[:9]]
        first_person = await outcome(graph, [ids[9]])
        refused = await imported(graph, [ids[10]], BACKGROUND)

    async with (
        running_graph(
            migrated_database,
            tmp_path,
            environ=settings,
            sandbox=graph.sandbox,
            clock=graph.clock,
            keyring=graph.keyring,
        ) as restarted,
        unharmed(restarted),
    ):
        background += [await outcome(restarted, [ids[11]], BACKGROUND)]
        people = [await outcome(restarted, [id]) for id in ids[12:14]]
        restarted.clock.advance(minutes=20)
        stored = await product(restarted, ids[0])
        calls = restarted.calls("aliexpress")
        restarted.clock.advance(hours=3, minutes=40)  # midnight in Beijing is 16:00 UTC
        resumed = await outcome(restarted, [ids[15]], BACKGROUND)

        assert background == [[None]] * 8 + [["QUOTA_EXHAUSTED"]] * 2
        assert refused[0]["errors"][0]["message"].startswith("Background work has used its part")
        assert (first_person, people) == ([None], [[None], ["QUOTA_EXHAUSTED"]])
        assert calls == 10
        assert stored["data"]["product"]["offer"]["isExpired"] is True
        assert resumed == [None]


async def test_an_hour_of_outage_is_probed_once_a_pause(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 2)
    await outcome(graph, ids)
    graph.sandbox.clear_calls()
    graph.sandbox.faults.inject("status", code=503)
    graph.clock.advance(minutes=30)

    for _ in range(120):
        shown = await asyncio.gather(*(product(graph, id) for id in ids))
        graph.clock.advance(seconds=30)

    times = [call.at for call in graph.sandbox.calls]
    settled = [at for at in times if at >= times[0] + timedelta(minutes=2)]
    gaps = [later - earlier for earlier, later in pairwise(settled)]
    assert all(one["data"]["product"]["offer"]["isExpired"] for one in shown)
    assert min(gaps) >= timedelta(seconds=30)
    assert len(times) <= 5 + 6 + 3600 // 30
    graph.sandbox.faults.clear()
    graph.clock.advance(seconds=30)
    assert "errors" not in await product(graph, ids[0])
    assert (await product(graph, ids[0]))["data"]["product"]["offer"]["isExpired"] is False


@pytest.mark.slow
async def test_after_an_outage_the_limit_holds_and_people_come_first(
    migrated_database: str, tmp_path: Path
) -> None:
    settings = {"AMAZON_CALLS_PER_SECOND": "3"}
    async with paced_graph(migrated_database, tmp_path, **settings) as graph:
        urls = amazon(graph, 160)
        graph.sandbox.faults.inject("status", marketplace="amazon", code=503)
        for _ in range(3):
            await outcome(graph, urls[:1])
        graph.sandbox.faults.clear()
        graph.clock.advance(minutes=1)
        graph.sandbox.clear_calls()

        refresh = asyncio.ensure_future(outcome(graph, urls[:150], BACKGROUND))
        await asyncio.sleep(0.3)
        person = await product(graph, urls[155])
        was_under_way = not refresh.done()
        before = graph.calls("amazon", "getItems")
        codes = await refresh

        times = [call.at for call in graph.sandbox.calls if call.operation == "getItems"]
        assert "errors" not in person
        assert was_under_way
        assert before < len(times) - 3
        assert set(codes) == {None}
        assert most_in(1.0, times) <= 3

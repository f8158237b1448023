"""The benchmarks run: a small row, with little latency."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks import refresh, report, rows
from benchmarks.fleet import FleetRun, most_in_a_second
from benchmarks.runs import Ask, Run, again, aliexpress_product, search, together
from benchmarks.stalls import watched

pytestmark = pytest.mark.anyio


async def quick(asks: Sequence[Ask], *, naive: bool) -> Run:
    return await together(asks, naive=naive, latency=0.01)


@pytest.mark.slow
async def test_a_small_row_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upstream.coalescing.WINDOW", 10.0)  # on a busy machine all come too late

    row = await rows.measured(replace(rows.lookups(10, over=5), run=quick))

    assert row.naive.startswith("10 calls, ")
    assert row.ours.startswith("1 call, ")
    assert row.is_met


async def test_a_block_of_the_loop_is_seen_though_nobody_has_a_turn_before_its_end() -> None:
    async with watched() as waits:
        began = time.thread_time()
        while time.thread_time() < began + 0.03:
            pass

    assert max(waits) >= 0.03


@pytest.mark.slow
async def test_asking_again_costs_the_naive_client_only() -> None:
    asks = [aliexpress_product(1), aliexpress_product(2), search("ALIEXPRESS", "case")]

    naive = await again(asks, naive=True, latency=0.01)
    ours = await again(asks, naive=False, latency=0.01)

    assert (len(naive.calls), len(ours.calls)) == (3, 0)
    assert (naive.unanswered, ours.unanswered) == (0, 0)


def test_what_was_missed_or_not_measured_is_told() -> None:
    missed = Run(requests=9, calls=(), tokens=0, seconds=2, unanswered=3)
    row = rows.Row(work="w", naive="-", ours=rows.calls_text(missed), must="1 call", is_met=False)

    nothing = rows.Row(work="v", naive="-", ours="not measured: no redis-server here", must="0")

    text = report.document([row, nothing], datetime(2026, 1, 2, tzinfo=UTC))

    assert "| w | - | 0 calls, 2.00 s, 3 of 9 NOT ANSWERED | 1 call | **no** |" in text
    assert "| v | - | not measured: no redis-server here | 0 | - |" in text


@pytest.mark.parametrize(
    ("_case", "moments", "most"),
    [
        ("none", [], 0),
        ("a second apart", [1000, 2000, 3000], 1),
        ("just less than a second apart", [1000, 1500, 1999], 3),
        ("across the border of two seconds", [900, 950, 1000, 1050, 1899, 1900], 5),
    ],
)
def test_the_most_calls_in_a_second_are_found_wherever_the_second_begins(
    _case: str, moments: list[int], most: int
) -> None:
    start = datetime(2026, 1, 2, tzinfo=UTC)

    assert most_in_a_second([start + timedelta(milliseconds=at) for at in moments]) == most


def test_a_limit_that_was_passed_or_a_lost_answer_is_told() -> None:
    run = FleetRun(calls=200, most=51, seconds=4, lost=2)

    assert rows.fleet_text(run) == "200 calls, at most 51 in a second, 4.00 s, 2 lost"


def test_refreshes_of_a_small_trace_are_measured_and_stay_within_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"PRODUCTS": 200, "CALLS": 17, "SHOPS": 4, "SEEDS": (1,)}.items():
        monkeypatch.setattr(refresh, name, value)

    text = refresh.document(refresh.measure(), *refresh.over_budget(2000))

    assert "| the planner | " in text
    assert "budget: 0 of " in text

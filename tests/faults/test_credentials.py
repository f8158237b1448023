"""Keys that no longer work: said once, to everybody, while other accounts go on."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox, demo_accounts
from sandbox.aliexpress.accounts import DEMO_ACCOUNT as DEMO_ALIEXPRESS
from sandbox.amazon.accounts import DEMO_ACCOUNT as DEMO_AMAZON
from tests.faults.asking import RunningClock, aliexpress, amazon, outcome
from tests.faults.invariants import unharmed
from tests.graph import ALIEXPRESS, AMAZON, Graph, running_graph
from tests.schema.test_health import health_of
from upstream.rate_limit import SECOND, RateLimit

pytestmark = pytest.mark.anyio

UNKNOWN_ASINS = [f"https://www.amazon.com/dp/B0NONE{number:04}" for number in range(250)]


@pytest.fixture
async def paced(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """The application with real turns, one in two seconds: the first call's answer is there by then
    on a busy machine too."""
    clock = RunningClock()
    settings = {f"{name}_CALLS_PER_SECOND": "0.5" for name in ("ALIEXPRESS", "AMAZON")}
    overrides = {"rate_limit": RateLimit(monotonic=clock.monotonic)}
    async with (
        running_graph(
            migrated_database, tmp_path, clock=clock, environ=settings, overrides=overrides
        ) as graph,
        unharmed(graph, pace=2 * SECOND),
    ):
        await graph.connect_both()
        yield graph
        graph.sandbox.accounts = demo_accounts()


def changed(**aliexpress_or_amazon: dict[str, Any]) -> tuple[object, ...]:
    """The accounts after the marketplace's side has changed something."""
    return (
        replace(DEMO_ALIEXPRESS, **aliexpress_or_amazon.get("aliexpress", {})),
        replace(DEMO_AMAZON, **aliexpress_or_amazon.get("amazon", {})),
    )


async def test_a_secret_that_was_changed_is_refused_once_and_for_all_who_wait(
    paced: Graph,
) -> None:
    paced.sandbox.accounts = changed(aliexpress={"app_secret": "another-one"})

    codes = await outcome(paced, aliexpress(paced, 250))

    other = await outcome(paced, amazon(paced, 1))
    again = await outcome(paced, aliexpress(paced, 1))
    assert set(codes) == {"CREDENTIALS_REJECTED"}
    assert again == ["CREDENTIALS_REJECTED"]
    assert paced.calls("aliexpress") == 1
    assert other == [None]
    assert (await health_of(paced, "ALIEXPRESS"))["state"] == "CREDENTIALS_REJECTED"
    assert (await health_of(paced, "AMAZON"))["state"] == "HEALTHY"


async def test_a_wrong_secret_of_amazon_costs_one_token_request(paced: Graph) -> None:
    await paced.connect("AMAZON", AMAZON | {"credentialSecret": "sandbox-credential-other"})

    codes = await outcome(paced, UNKNOWN_ASINS)

    assert set(codes) == {"CREDENTIALS_REJECTED"}
    assert (paced.calls("amazon", "token"), paced.calls("amazon")) == (1, 1)


async def test_an_account_that_is_shut_out_is_asked_once_however_many_wait_for_their_turn(
    paced: Graph,
) -> None:
    paced.sandbox.accounts = changed(amazon={"is_eligible": False})
    started = time.monotonic()

    codes = await outcome(paced, UNKNOWN_ASINS[:120])  # 24 seconds of turns

    assert set(codes) == {"NOT_ELIGIBLE"}
    assert paced.calls("amazon", "getItems") == 1
    assert time.monotonic() - started < 12
    assert (await health_of(paced, "AMAZON"))["state"] == "NOT_ELIGIBLE"


async def test_new_credentials_are_tried_at_once(paced: Graph) -> None:
    paced.sandbox.accounts = changed(aliexpress={"app_secret": "another-one"})
    [id] = aliexpress(paced, 1)
    refused = await outcome(paced, [id])

    await paced.connect("ALIEXPRESS", ALIEXPRESS | {"appSecret": "another-one"})
    good = await outcome(paced, [id])

    assert (refused, good) == (["CREDENTIALS_REJECTED"], [None])


async def test_a_token_that_expires_under_way_is_replaced_once_for_all(
    migrated_database: str, tmp_path: Path
) -> None:
    clock = RunningClock()
    box = Sandbox(public_url="http://127.0.0.1:8000", now=clock, latency=0.05)
    async with (
        running_graph(migrated_database, tmp_path, clock=clock, sandbox=box) as graph,
        unharmed(graph),
    ):
        await graph.connect("AMAZON", AMAZON)
        urls = amazon(graph, 160)
        await outcome(graph, urls[:1])
        tokens = graph.calls("amazon", "token")
        graph.sandbox.faults.inject("stale_token", operation="getItems", calls=1)

        codes = await outcome(graph, urls[1:])

        assert set(codes) == {None}
        assert graph.calls("amazon", "token") == tokens + 1
        stale = [call for call in box.calls if call.refusal == "TokenExpired"]
        assert 1 < len(stale) <= 16


async def test_a_caller_without_time_does_not_spoil_the_token_for_the_others(
    migrated_database: str, tmp_path: Path
) -> None:
    clock = RunningClock()
    box = Sandbox(public_url="http://127.0.0.1:8000", now=clock)
    settings = {"LIMIT_MARKETPLACE_QUERY_SECONDS": "1"}
    async with (
        running_graph(
            migrated_database, tmp_path, clock=clock, sandbox=box, environ=settings
        ) as graph,
        unharmed(graph),
    ):
        await graph.connect("AMAZON", AMAZON)
        first, second = amazon(graph, 2)
        graph.sandbox.faults.inject("latency", operation="token", seconds=1.5, calls=1)
        query = "query P($url: String!) { product(by: {url: $url}) { externalId } }"

        hasty = asyncio.ensure_future(graph.post(query, {"url": first}))
        await asyncio.sleep(0.3)
        patient = await outcome(graph, [second])

        assert "errors" in await hasty
        assert patient == [None]


@pytest.mark.parametrize(
    ("_case", "minutes", "told"),
    [
        ("behind", 180, "It is 3 hours behind AliExpress's."),
        ("ahead", -300, "It is 5 hours ahead of AliExpress's."),
    ],
)
async def test_a_clock_that_is_off_is_told_with_the_measured_difference(
    graph: Graph, _case: str, minutes: float, told: str
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    graph.sandbox.faults.inject("clock_skew", minutes=minutes)

    codes = await outcome(graph, aliexpress(graph, 60))
    health = await health_of(graph, "ALIEXPRESS")

    assert set(codes) == {"MARKETPLACE_UNAVAILABLE"}
    assert graph.calls("aliexpress") == 2  # one for each batch, none again
    assert health["state"] == "CLOCK_SKEWED"
    assert told in str(health["cure"])


def test_the_accounts_of_these_tests_are_the_sandboxes() -> None:
    assert DEMO_AMAZON.credential_secret == AMAZON["credentialSecret"]

"""A marketplace that takes its time, over real connections: deadlines hold, nobody else waits."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.faults.asking import aliexpress, amazon, code_of, imported, product
from tests.faults.invariants import unharmed
from tests.faults.serving import Wired, gateways
from tests.graph import ALIEXPRESS, Clock, Graph, running_graph
from upstream.accounts import CONNECTIONS
from upstream.pipeline import Timeouts

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

# Far behind the deadline, so that a busy machine is not taken for one that waits.
MOST = 15.0  # seconds
SLOW = [("latency", {"seconds": 30}), ("hang", {}), ("trickle", {"seconds": 1})]


@pytest.fixture
async def wired(
    migrated_database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Wired]:
    """Parametrised indirectly: LIMIT_MARKETPLACE_QUERY_SECONDS."""
    clock = Clock()
    box = Sandbox(public_url="http://127.0.0.1:8000", now=clock)
    async with gateways(box) as (server, address):
        settings = box.addresses(address) | {
            "LIMIT_MARKETPLACE_QUERY_SECONDS": getattr(request, "param", "1")
        }
        overrides = {"timeouts": Timeouts(first_pause=0.001)}
        async with (
            running_graph(
                migrated_database,
                tmp_path,
                sandbox=box,
                clock=clock,
                environ=settings,
                overrides=overrides,
            ) as graph,
            unharmed(graph),
        ):
            await graph.connect_both()
            yield Wired(graph, server)


async def timed(graph: Graph, url: str) -> tuple[str | None, float]:
    """The error code of one product's query, and how long the answer took."""
    started = time.monotonic()
    body = await product(graph, url)
    return code_of(body), time.monotonic() - started


@pytest.mark.parametrize("wired", ["4"], indirect=True)
@pytest.mark.parametrize(("fault", "options"), SLOW)
async def test_the_answer_comes_by_the_deadline_and_nobody_else_waits(
    wired: Wired, fault: str, options: dict[str, Any]
) -> None:
    graph = wired.graph
    slow, _ = aliexpress(graph, 2)
    [item] = amazon(graph, 1)
    search = (
        '{ searchProducts(marketplace: ALIEXPRESS, search: {keywords: "lamp"}) { nodes {id} } }'
    )
    graph.sandbox.faults.inject(fault, operation="productdetail.get", **options)

    waiting = asyncio.ensure_future(timed(graph, slow))
    await asyncio.sleep(0.1)
    found = await graph.run(search)
    other, _ = await timed(graph, item)
    was_waiting = not waiting.done()
    code, took = await waiting

    assert (code, took <= MOST) == ("MARKETPLACE_UNAVAILABLE", True)
    assert was_waiting
    assert found["searchProducts"]["nodes"]
    assert other is None
    assert await wired.calls_in_the_air() == 0


@pytest.mark.parametrize(("fault", "options"), SLOW)
async def test_a_stored_product_is_shown_with_its_age_instead(
    wired: Wired, fault: str, options: dict[str, Any]
) -> None:
    graph = wired.graph
    [id] = aliexpress(graph, 1)
    await imported(graph, [id])
    graph.clock.advance(minutes=20)
    graph.sandbox.faults.inject(fault, operation="productdetail.get", **options)

    started = time.monotonic()
    body = await product(graph, id)
    took = time.monotonic() - started

    assert "errors" not in body
    assert body["data"]["product"]["offer"]["isExpired"] is True
    assert took <= MOST
    assert await wired.calls_in_the_air() == 0


@pytest.mark.parametrize("wired", ["6"], indirect=True)
async def test_a_marketplace_that_hangs_for_many_accounts_leaves_room_for_the_other(
    wired: Wired,
) -> None:
    graph = wired.graph
    keys = [await graph.make_workspace(f"shop-{number}") for number in range(44)]
    for key in keys:
        await graph.connect("ALIEXPRESS", ALIEXPRESS, key=key)
    [id], [item] = aliexpress(graph, 1), amazon(graph, 1)
    query = "query P($url: String!) { product(by: {url: $url}) { externalId } }"
    graph.sandbox.faults.inject("hang", marketplace="aliexpress")

    hanging = [asyncio.ensure_future(graph.post(query, {"url": id}, key=key)) for key in keys]
    in_the_air = await wired.most_in_the_air(for_seconds=1.5)
    code, _ = await timed(graph, item)
    were_hanging = not all(task.done() for task in hanging)
    bodies = await asyncio.gather(*hanging)

    assert in_the_air == CONNECTIONS  # these workspaces share one account of the marketplace
    assert (code, were_hanging) == (None, True)
    assert {code_of(body) for body in bodies} <= {"MARKETPLACE_UNAVAILABLE", "THROTTLED"}
    assert await wired.calls_in_the_air() == 0


@pytest.mark.parametrize("fault", ["reset", "close_before", "truncated"])
async def test_a_broken_connection_is_replaced_by_a_new_one(wired: Wired, fault: str) -> None:
    graph = wired.graph
    ids = aliexpress(graph, 2)
    await imported(graph, ids[:1])  # the connection that breaks is one that was kept
    graph.sandbox.faults.inject(fault, operation="productdetail.get", calls=1)

    body = await product(graph, ids[1])

    assert body["data"]["product"]["externalId"] == ids[1]
    assert graph.calls("aliexpress", "productdetail.get") == 3

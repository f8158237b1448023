"""Many callers of one thing, and callers that go away."""

import asyncio
import json
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.faults.asking import PRODUCT, RunningClock, aliexpress, code_of, product
from tests.faults.invariants import unharmed
from tests.faults.serving import Wired, gateways, serving
from tests.graph import ALIEXPRESS, API_KEY, Graph, running_graph

pytestmark = pytest.mark.anyio


async def test_hundreds_of_callers_of_one_product_cost_one_call(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = aliexpress(graph, 1)

    bodies = await asyncio.gather(*(product(graph, id) for _ in range(250)))

    assert {body["data"]["product"]["externalId"] for body in bodies} == {id}
    assert graph.calls("aliexpress") == 1
    spent = [body["extensions"]["cost"]["upstream"]["calls"] for body in bodies]
    assert sum(spent) == 1


async def test_a_failure_is_shared_too_and_asked_for_no_more_often(
    migrated_database: str, tmp_path: Path
) -> None:
    clock = RunningClock()
    # Three tries of this take long enough for all callers to come, also on a busy machine.
    box = Sandbox(public_url="http://127.0.0.1:8000", now=clock, latency=1)
    async with (
        running_graph(migrated_database, tmp_path, clock=clock, sandbox=box) as graph,
        unharmed(graph),
    ):
        await graph.connect("ALIEXPRESS", ALIEXPRESS)
        [id] = aliexpress(graph, 1)
        graph.sandbox.faults.inject("status", code=503)

        bodies = await asyncio.gather(*(product(graph, id) for _ in range(50)))

        assert {code_of(body) for body in bodies} == {"MARKETPLACE_UNAVAILABLE"}
        assert graph.calls("aliexpress") == 3


@pytest.mark.parametrize("leavers", [1, 5, 10])
async def test_callers_that_go_away_harm_nobody_who_stays(
    migrated_database: str, tmp_path: Path, leavers: int
) -> None:
    clock = RunningClock()
    box = Sandbox(public_url="http://127.0.0.1:8000", now=clock, latency=0.2)
    async with (
        running_graph(migrated_database, tmp_path, clock=clock, sandbox=box) as graph,
        unharmed(graph),
    ):
        await graph.connect("ALIEXPRESS", ALIEXPRESS)
        [id] = aliexpress(graph, 1)
        # Connections of the database are open, so that none is left while it is being opened.
        await asyncio.gather(*(graph.run("{ products { totalCount } }") for _ in range(10)))

        asking = [asyncio.ensure_future(product(graph, id)) for _ in range(10)]
        await asyncio.sleep(0.1)
        for one in asking[:leavers]:
            one.cancel()
        found = await asyncio.gather(*asking, return_exceptions=True)
        late = await product(graph, id)

        gone = {code_of(one) if isinstance(one, dict) else one for one in found[:leavers]}
        assert gone == {"SERVER_ENDING"}
        assert all(
            isinstance(one, dict) and one["data"]["product"]["externalId"] == id
            for one in found[leavers:]
        )
        assert late["data"]["product"]["externalId"] == id
        assert graph.calls("aliexpress") == 1


async def test_an_import_that_is_left_in_the_middle_holds_nothing(
    migrated_database: str, tmp_path: Path
) -> None:
    clock = RunningClock()
    box = Sandbox(public_url="http://127.0.0.1:8000", now=clock, latency=0.1)
    mutation = """mutation M($p: [ProductLookup!]!) {
        importProducts(input: {products: $p}) { results { errors { code } } } }"""
    async with (
        running_graph(migrated_database, tmp_path, clock=clock, sandbox=box) as graph,
        unharmed(graph),
    ):
        await graph.connect("ALIEXPRESS", ALIEXPRESS)
        given = {"p": [{"url": id} for id in aliexpress(graph, 50)]}
        for moment in (0.0, 0.05, 0.1, 0.11, 0.12, 0.13, 0.15):
            left = asyncio.ensure_future(graph.post(mutation, given))
            await asyncio.sleep(moment)
            left.cancel()
            await asyncio.gather(left, return_exceptions=True)

        kept = await graph.run("{ products { totalCount } }")
        body = await graph.post(mutation, given)
        all_kept = await graph.run("{ products { totalCount } }")

        assert kept["products"]["totalCount"] in (0, 50)  # never half a batch
        assert {str(row["errors"]) for row in body["data"]["importProducts"]["results"]} == {"[]"}
        assert all_kept["products"]["totalCount"] == 50


async def test_a_connection_that_is_closed_in_the_middle_of_a_request_leaves_the_rest_alone(
    migrated_database: str, tmp_path: Path
) -> None:
    clock = RunningClock()
    box = Sandbox(public_url="http://127.0.0.1:8000", now=clock, latency=0.2)
    async with (
        gateways(box) as (server, address),
        running_graph(
            migrated_database,
            tmp_path,
            clock=clock,
            sandbox=box,
            environ=box.addresses(address),
        ) as graph,
        unharmed(graph),
        serving(graph.app) as (_, port),
    ):
        wired = Wired(graph, server)
        await graph.connect("ALIEXPRESS", ALIEXPRESS)
        [id] = aliexpress(graph, 1)

        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_for(id))
        await writer.drain()
        await asyncio.sleep(0.1)
        staying = asyncio.ensure_future(product(graph, id))
        writer.transport.abort()
        body = await staying

        assert body["data"]["product"]["externalId"] == id
        assert graph.calls("aliexpress") == 1
        assert await wired.calls_in_the_air() == 0
        assert reader.at_eof() or reader.exception()


def request_for(id: str) -> bytes:
    """A query of one product as its bytes."""
    body = json.dumps({"query": PRODUCT, "variables": {"lookup": {"url": id}}}).encode()
    head = (
        "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {API_KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body

"""Our host's clock jumps back an hour: waits go by another clock, nothing looks fresh for it."""

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest

from domain.jobs import Batch, BatchResult
from resolvers import job_batches
from resolvers.context import Context
from tests.faults.asking import BACKGROUND, aliexpress, amazon, code_of, imported, outcome, product
from tests.graph import ALIEXPRESS, AMAZON, Graph
from tests.networks import Answer, FakeNetwork, Received, taken
from tests.schema.test_products import SYNC
from tests.webhooks import are_told, deliveries, made, until

pytestmark = pytest.mark.anyio

HOUR = 3600.0


def jump_back(graph: Graph) -> None:
    """The wall clock loses an hour; the other clock does not."""
    graph.clock.advance(seconds=-HOUR)
    graph.clock.seconds += HOUR


async def test_a_pause_lasts_as_long_as_it_was_told_to(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 3)
    graph.sandbox.faults.inject("throttle_body", seconds=600, calls=1)
    banned = await outcome(graph, ids[:1])

    jump_back(graph)
    graph.clock.advance(minutes=9)
    still = await outcome(graph, ids[1:2])
    graph.clock.advance(minutes=2)
    after = await outcome(graph, ids[2:])

    assert (banned, still, after) == (["THROTTLED"], ["THROTTLED"], [None])
    assert graph.calls("aliexpress") == 2


async def test_a_circuit_closes_when_its_time_is_over(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 6)
    graph.sandbox.faults.inject("status", code=503)
    for id in ids[:4]:
        await outcome(graph, [id])
    graph.sandbox.faults.clear()

    jump_back(graph)
    refused = await outcome(graph, [ids[4]])
    graph.clock.advance(seconds=30)
    after = await outcome(graph, [ids[5]])

    assert refused == ["MARKETPLACE_UNAVAILABLE"]
    assert after == [None]


async def test_a_refusal_is_forgotten_in_time(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 2)
    graph.sandbox.faults.inject("ae_error", code="InvalidAppKey", calls=1)
    refused = await outcome(graph, ids[:1])

    jump_back(graph)
    graph.clock.advance(minutes=2)
    after = await outcome(graph, ids[1:])

    assert (refused, after) == (["CREDENTIALS_REJECTED"], [None])


async def test_what_is_cached_is_asked_for_once_more_and_then_kept_again(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 20)
    await asyncio.gather(*(product(graph, id) for id in ids))
    graph.sandbox.clear_calls()

    jump_back(graph)
    for _ in range(5):
        bodies = await asyncio.gather(*(product(graph, id) for id in ids))

    assert all("errors" not in body for body in bodies)
    assert graph.calls("aliexpress") <= 3  # few batches, once: no storm


async def test_a_stored_price_of_the_future_is_not_taken_for_fresh(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = aliexpress(graph, 1)
    [row] = await imported(graph, [id])
    graph.sandbox.catalog.set_price(id, "3.21")

    jump_back(graph)
    seen = (await product(graph, id))["data"]["product"]
    synced = (await graph.run(SYNC, {"id": row["product"]["id"]}))["syncProduct"]
    stored = await graph.run("{ products { nodes { offer { price { amount } } } } }")

    assert seen["offer"]["price"]["amount"] == "3.21"
    assert synced["product"]["offer"]["price"]["amount"] == "3.21"
    assert stored["products"]["nodes"][0]["offer"]["price"]["amount"] == "3.21"


async def test_a_stored_price_of_the_future_is_shown_as_expired(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = aliexpress(graph, 1)
    await imported(graph, [id])
    graph.sandbox.faults.inject("status", code=503)

    jump_back(graph)
    seen = (await product(graph, id))["data"]["product"]

    assert seen["offer"]["isExpired"] is True


async def test_a_product_that_is_missing_is_told_at_once_and_marked_when_the_hour_is_made_up(
    graph: Graph,
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = aliexpress(graph, 1)
    [row] = await imported(graph, [id])
    graph.sandbox.faults.inject("drop_ids", ids=[id])

    jump_back(graph)
    early = (await graph.run(SYNC, {"id": row["product"]["id"]}))["syncProduct"]
    graph.clock.advance(hours=1)
    late = (await graph.run(SYNC, {"id": row["product"]["id"]}))["syncProduct"]

    assert [error["code"] for error in early["errors"]] == ["NOT_FOUND"]
    assert (early["product"]["state"], late["product"]["state"]) == ("ACTIVE", "UNAVAILABLE")


async def test_a_token_of_the_future_is_used_while_the_marketplace_takes_it(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)
    urls = amazon(graph, 20)
    await outcome(graph, urls[:10])

    jump_back(graph)
    same = await outcome(graph, urls[10:15])
    graph.sandbox.faults.inject("stale_token", operation="getItems", calls=1)
    fresh = await outcome(graph, urls[15:])

    assert (set(same), set(fresh)) == ({None}, {None})
    assert graph.calls("amazon", "token") == 2


async def test_the_days_calls_are_never_given_out_twice(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 3)
    await outcome(graph, ids[:1])

    jump_back(graph)
    codes = await outcome(graph, ids[1:2], BACKGROUND)
    left = await graph.run("{ marketplaces { code quota { usedToday } } }")

    assert codes == [None]
    used = {market["code"]: market["quota"]["usedToday"] for market in left["marketplaces"]}
    assert used["ALIEXPRESS"] == 2
    assert code_of(await product(graph, ids[2])) is None


START = """mutation($id: ID!) {
  startImport(input: {products: [{ref: {marketplace: ALIEXPRESS, externalId: $id}}]}) {
    job { id } errors { message } } }"""
JOB = """query($id: ID!) { job(id: $id) { status results { nodes {
  errors { code } product { priceHistory { totalCount } } } } } }"""


@pytest.mark.slow
async def test_an_hour_forth_and_back_leaves_no_work_undone_and_none_done_twice(
    delivering: Graph, receivers: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    await delivering.connect("ALIEXPRESS", ALIEXPRESS)
    jumps = itertools.cycle([timedelta(hours=hours) for hours in (1, -1, -1, 1)])
    real = job_batches.work

    async def work(context: Context, batch: Batch) -> BatchResult:
        done = await real(context, batch)
        delivering.clock.time += next(jumps)
        return done

    def answer(request: Received) -> Answer:
        delivering.clock.time += next(jumps)
        return taken(request)

    monkeypatch.setattr(job_batches, "work", work)
    receivers.answer = answer
    webhook = (await made(delivering, "JOB_FINISHED"))["webhook"]["id"]
    started = [
        (await delivering.run(START, {"id": each}))["startImport"]["job"]["id"]
        for each in aliexpress(delivering, 4)
    ]

    def all_told(found: dict[str, Any]) -> bool:
        delivering.clock.time += timedelta(minutes=1)  # what waits comes due in the end
        return len(deliveries(found)) == len(started) and are_told(found)

    told = await until(delivering, webhook, all_told)

    jobs = [(await delivering.run(JOB, {"id": each}))["job"] for each in started]
    assert [job["status"] for job in jobs] == ["SUCCEEDED"] * 4
    assert [job["results"]["nodes"] for job in jobs] == [
        [{"errors": [], "product": {"priceHistory": {"totalCount": 1}}}]
    ] * 4
    ids = {request.headers["webhook-id"] for request in receivers.received}
    assert len(ids) == len(deliveries(told)) == 4

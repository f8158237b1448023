"""events and productChanged: what is told as it happens."""

import pytest

from schema import ids
from tests.graph import Graph
from tests.schema.test_events import imported, synced
from tests.schema.test_jobs import CANCEL, START_IMPORT
from tests.streaming import CHANGED, EVENTS, quicken, subscribed

pytestmark = pytest.mark.anyio

PROGRESS = "subscription P($id: ID!) { jobProgress(id: $id) { id status progress { total } } }"
FINISHED = """{ events(types: [JOB_FINISHED]) {
  nodes { type jobId job { status } marketplace { code } productId } } }"""

UPDATE = """
mutation U($id: ID!, $notes: String) {
  updateProduct(input: {id: $id, notes: $notes}) { errors { message } }
}
"""


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


async def test_an_event_comes_as_it_happens_with_what_it_asks_for(graph: Graph) -> None:
    product = await imported(graph)
    async with subscribed(graph, EVENTS) as stream:
        graph.sandbox.catalog.set_price(product["externalId"], "1.00")
        await synced(graph, product)
        [body] = await stream.bodies(1)

    event = body["data"]["events"]
    assert event["type"] == "PRODUCT_PRICE_DROPPED"
    assert event["product"]["offer"]["price"] == {"amount": "1.00"}
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert stream.headers["x-accel-buffering"] == "no"
    assert stream.headers["cache-control"] == "no-store"
    assert "content-encoding" not in stream.headers


async def test_a_reader_that_was_away_reads_on_from_its_cursor(graph: Graph) -> None:
    product = await imported(graph)
    graph.sandbox.catalog.remove(product["externalId"])
    await synced(graph, product, times=3)
    graph.sandbox.catalog.restore(product["externalId"])
    await synced(graph, product)
    listed = (await graph.run("{ events { nodes { type cursor } } }"))["events"]["nodes"]

    async with subscribed(graph, EVENTS, {"after": listed[0]["cursor"]}) as stream:
        [body] = await stream.bodies(1)
    async with subscribed(
        graph, EVENTS, {"after": listed[0]["cursor"], "types": ["PRODUCT_GONE"]}
    ) as other:
        graph.sandbox.catalog.remove(product["externalId"])
        await synced(graph, product, times=3)
        [later] = await other.bodies(1)

    assert [each["type"] for each in listed] == ["PRODUCT_GONE", "PRODUCT_RETURNED"]
    assert body["data"]["events"]["type"] == "PRODUCT_RETURNED"
    assert later["data"]["events"]["type"] == "PRODUCT_GONE"


async def test_a_product_is_told_as_it_is_and_when_it_changes(graph: Graph) -> None:
    product = await imported(graph)
    async with subscribed(graph, CHANGED, {"ids": [product["id"]]}) as stream:
        await stream.bodies(1)
        await graph.run(UPDATE, {"id": product["id"], "notes": "mine"})
        first, second = await stream.bodies(2)

    assert first["data"]["productChanged"]["notes"] is None
    assert second["data"]["productChanged"] == {
        **first["data"]["productChanged"],
        "notes": "mine",
    }


async def test_a_price_that_may_not_be_tracked_is_no_change(graph: Graph) -> None:
    await graph.connect_both()
    search = """{ searchProducts(marketplace: AMAZON, search: {keywords: "lamp"}, first: 1) {
                    nodes { externalId } } }"""
    [found] = (await graph.run(search))["searchProducts"]["nodes"]
    ref = {"marketplace": "AMAZON", "externalId": found["externalId"]}
    imports = """mutation I($ref: ProductRefInput!) {
                   importProduct(input: {product: {ref: $ref}}) { product { id } } }"""
    product = (await graph.run(imports, {"ref": ref}))["importProduct"]["product"]

    async with subscribed(graph, CHANGED, {"ids": [product["id"]]}) as stream:
        await stream.bodies(1)
        graph.sandbox.catalog.set_price(found["externalId"], "1.00")
        await synced(graph, product)
        await graph.run(UPDATE, {"id": product["id"], "notes": "after the price"})
        bodies = await stream.bodies(2)

    assert [body["data"]["productChanged"]["notes"] for body in bodies] == [
        None,
        "after the price",
    ]


async def test_a_job_is_told_until_it_has_ended(graph: Graph) -> None:
    given = {"input": {"text": "https://www.aliexpress.com/item/1005000000000001.html"}}
    started = await graph.run(START_IMPORT, given)
    job = started["startImport"]["job"]["id"]

    async with subscribed(graph, PROGRESS, {"id": job}) as stream:
        await stream.bodies(1)
        await graph.run(CANCEL, {"id": job})
        bodies = await stream.bodies(2)
        await stream.end()
    [event] = (await graph.run(FINISHED))["events"]["nodes"]

    told = [body["data"]["jobProgress"] for body in bodies]
    assert [(each["id"], each["status"]) for each in told] == [(job, "QUEUED"), (job, "CANCELLED")]
    assert event == {
        "type": "JOB_FINISHED",
        "jobId": job,
        "job": {"status": "CANCELLED"},
        "marketplace": None,
        "productId": None,
    }


async def test_a_job_that_is_not_there_is_not_told(graph: Graph) -> None:
    missing = str(ids.of_job("00000000-0000-0000-0000-000000000001"))
    async with subscribed(graph, PROGRESS, {"id": missing}) as stream:
        await stream.end()

    [body] = await stream.bodies(1)
    assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("scope", ["PUBLIC", "SYNC"])
async def test_a_key_that_may_not_read_is_refused(graph: Graph, scope: str) -> None:
    async with subscribed(graph, EVENTS, key=await graph.make_key(scope)) as stream:
        await stream.end()

    [body] = await stream.bodies(1)
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"

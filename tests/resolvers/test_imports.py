"""Syncs beside deletions, and products that come back."""

import asyncio

import pytest

from tests.graph import Graph
from tests.schema.test_products import SYNC, imported

pytestmark = pytest.mark.anyio

DELETE = "mutation D($id: ID!) { deleteProduct(input: {id: $id}) { deletedId } }"
COUNT = "{ products { totalCount } }"


async def call_under_way(graph: Graph) -> None:
    """Wait until a call has arrived at the gateway, where a fault holds it up."""
    while not graph.calls("aliexpress"):  # noqa: ASYNC110 - the gateway has no event to wait for
        await asyncio.sleep(0)


@pytest.mark.parametrize("is_shown", [True, False])
async def test_a_product_that_is_deleted_during_its_sync_stays_deleted(
    is_shown: bool, graph: Graph
) -> None:
    [product] = await imported(graph)
    if not is_shown:
        graph.sandbox.catalog.remove(product["externalId"])
    graph.clock.advance(minutes=20)
    graph.sandbox.faults.inject("latency", calls=1, seconds=0.3)
    syncing = asyncio.create_task(graph.run(SYNC, {"id": product["id"]}))
    await call_under_way(graph)

    await graph.run(DELETE, {"id": product["id"]})
    payload = (await syncing)["syncProduct"]

    assert payload["product"] is None
    assert payload["changed"] == []
    assert payload["errors"][0]["code"] == "NOT_FOUND"
    assert "deleted meanwhile" in payload["errors"][0]["message"]
    assert (await graph.run(COUNT))["products"]["totalCount"] == 0


async def test_a_product_that_comes_back_has_changed_its_state(graph: Graph) -> None:
    [product] = await imported(graph)
    graph.sandbox.catalog.remove(product["externalId"])
    graph.clock.advance(minutes=20)
    away = (await graph.run(SYNC, {"id": product["id"]}))["syncProduct"]

    graph.sandbox.catalog.restore(product["externalId"])
    graph.clock.advance(minutes=1)
    back = (await graph.run(SYNC, {"id": product["id"]}))["syncProduct"]
    again = (await graph.run(SYNC, {"id": product["id"]}))["syncProduct"]

    assert away["changed"] == ["state"]
    assert back["product"]["state"] == "ACTIVE"
    assert back["changed"] == ["state"]
    assert again["changed"] == []

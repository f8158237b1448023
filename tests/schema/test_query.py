"""Several things by their ids: what cannot be had is null at its place and nowhere else."""

import pytest

from domain.products import ProductRef
from resolvers import products
from resolvers.context import Context
from resolvers.products import Listing
from schema.errors import UNEXPECTED
from tests.graph import Graph
from tests.schema.test_products import aliexpress_ids

pytestmark = pytest.mark.anyio

NODES = "query N($ids: [ID!]!) { nodes(ids: $ids) { id ... on Product { externalId title } } }"


async def product_id(graph: Graph, marketplace: str, external_id: str) -> str:
    """The id of a product that is not in the catalogue."""
    data = await graph.run(
        """query P($ref: ProductRefInput!) { product(by: {ref: $ref}) { id } }""",
        {"ref": {"marketplace": marketplace, "externalId": external_id}},
    )
    id: str = data["product"]["id"]
    return id


async def one_of_each(graph: Graph) -> list[str]:
    """The ids of an AliExpress and of an Amazon product."""
    await graph.connect_both()
    [number] = await aliexpress_ids(graph, 1)
    found = await graph.run(
        """{ searchProducts(marketplace: AMAZON, search: {keywords: "lamp"}, first: 1) {
               nodes { externalId } } }"""
    )
    asin = found["searchProducts"]["nodes"][0]["externalId"]
    return [
        await product_id(graph, "ALIEXPRESS", number),
        await product_id(graph, "AMAZON", asin),
    ]


async def test_an_id_that_is_none_is_null_at_its_place_only(graph: Graph) -> None:
    good, _ = await one_of_each(graph)

    body = await graph.post(NODES, {"ids": [good, "nonsense"]})

    [error] = body["errors"]
    assert error["path"] == ["nodes", 1]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert [node and node["id"] for node in body["data"]["nodes"]] == [good, None]


async def test_a_marketplace_that_fails_is_null_at_its_places_only(graph: Graph) -> None:
    ali, amazon = await one_of_each(graph)
    graph.clock.advance(days=2)
    graph.sandbox.faults.inject("status", marketplace="amazon", code=500)

    body = await graph.post(NODES, {"ids": [amazon, ali, amazon]})

    assert [error["path"] for error in body["errors"]] == [["nodes", 0], ["nodes", 2]]
    assert {error["extensions"]["code"] for error in body["errors"]} == {"MARKETPLACE_UNAVAILABLE"}
    assert [node and node["id"] for node in body["data"]["nodes"]] == [None, ali, None]


async def test_an_unexpected_failure_is_masked_and_logged_at_its_place(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ali, amazon = await one_of_each(graph)
    seen = products.get_or_none

    async def breaks(context: Context, ref: ProductRef) -> Listing | None:
        if ref.marketplace == "amazon":
            raise KeyError("an inner detail")
        return await seen(context, ref)

    monkeypatch.setattr(products, "get_or_none", breaks)

    body = await graph.post(NODES, {"ids": [ali, amazon]})

    [error] = body["errors"]
    assert error["path"] == ["nodes", 1]
    assert error["message"] == UNEXPECTED
    assert body["data"]["nodes"][0]["id"] == ali
    assert "unexpected failure at ['nodes', 1]" in caplog.text

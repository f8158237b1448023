"""Short links through the graph: refused by default, read where the operator allows it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.graph import ALIEXPRESS, AMAZON, Graph, running_graph

pytestmark = pytest.mark.anyio

REAL = "https://s.click.aliexpress.com/e/_abcDEF1"
SEARCH = """
query S($marketplace: MarketplaceCode!) {
  searchProducts(marketplace: $marketplace, search: {keywords: "case", minOrders: 0}, first: 1) {
    nodes { externalId }
  }
}
"""
GENERATE = """
mutation G($url: String!) {
  generateLink(input: {product: {url: $url}}) { affiliateLink { url } errors { code message } }
}
"""
PREVIEW = "query P($url: String!) { product(by: {url: $url}) { externalId importedAt } }"
IMPORT = """
mutation I($products: [ProductLookup!]!, $key: String) {
  importProducts(input: {products: $products, idempotencyKey: $key}) {
    results { product { externalId } errors { code message path } }
  }
}
"""


@pytest.fixture
async def reading_graph(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """The application with short links switched on."""
    async with running_graph(migrated_database, tmp_path, environ={"SHORT_LINKS": "on"}) as running:
        yield running


async def made_link(graph: Graph, marketplace: str) -> tuple[str, str]:
    """The id of a product, and a tracked link of it that the sandbox made."""
    found = await graph.run(SEARCH, {"marketplace": marketplace})
    id: str = found["searchProducts"]["nodes"][0]["externalId"]
    pages = {"ALIEXPRESS": id, "AMAZON": f"https://www.amazon.com/dp/{id}"}
    payload = (await graph.run(GENERATE, {"url": pages[marketplace]}))["generateLink"]
    assert payload["errors"] == []
    return id, payload["affiliateLink"]["url"]


async def test_a_key_for_everybody_has_none_opened(reading_graph: Graph) -> None:
    await reading_graph.connect_both()
    _, link = await made_link(reading_graph, "ALIEXPRESS")
    key = await reading_graph.make_key("PUBLIC", marketplaceCallsPerDay=10)

    body = await reading_graph.post(
        "query P($url: String!) { product(by: {url: $url}) { id } }", {"url": link}, key=key
    )

    assert body["errors"][0]["extensions"]["code"] == "SHORT_LINK"


@pytest.mark.parametrize("marketplace", ["ALIEXPRESS", "AMAZON"])
async def test_a_link_of_the_sandbox_leads_back_to_its_product(
    reading_graph: Graph, marketplace: str
) -> None:
    await reading_graph.connect_both()
    id, link = await made_link(reading_graph, marketplace)

    preview = await reading_graph.run(PREVIEW, {"url": link})
    linked = (await reading_graph.run(GENERATE, {"url": link}))["generateLink"]

    assert preview["product"]["externalId"] == id
    assert linked == {"affiliateLink": {"url": link}, "errors": []}


async def test_rows_of_a_bulk_may_be_short_links(reading_graph: Graph) -> None:
    await reading_graph.connect("ALIEXPRESS", ALIEXPRESS)
    id, link = await made_link(reading_graph, "ALIEXPRESS")
    rows = [{"url": link}, {"url": REAL}, {"url": link}, {"url": f"{link}X"}, {"url": id}]

    data = await reading_graph.run(IMPORT, {"products": rows})

    results = data["importProducts"]["results"]
    assert [row["product"] and row["product"]["externalId"] for row in results] == [
        id,
        None,
        id,
        None,
        id,
    ]
    assert [row["errors"][0]["code"] for row in results if row["errors"]] == [
        "SHORT_LINK",
        "SHORT_LINK_DEAD",
    ]
    assert results[1]["errors"][0]["path"] == ["input", "products", "1", "url"]
    assert "contacts no marketplace" in results[1]["errors"][0]["message"]
    assert reading_graph.calls("aliexpress", "productdetail.get") == 1


async def test_an_answer_is_replayed_without_opening_links_again(reading_graph: Graph) -> None:
    await reading_graph.connect("ALIEXPRESS", ALIEXPRESS)
    _, link = await made_link(reading_graph, "ALIEXPRESS")
    given = {"products": [{"url": link}, {"url": f"{link}X"}], "key": "once"}
    first = await reading_graph.run(IMPORT, given)
    reading_graph.sandbox.clear_calls()

    again = await reading_graph.run(IMPORT, given)

    assert again == first
    assert reading_graph.calls("aliexpress") == 0


async def test_by_default_a_short_link_is_refused_with_what_to_do(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)

    body = await graph.post(PREVIEW, {"url": REAL})

    [error] = body["errors"]
    assert error["extensions"] == {"code": "SHORT_LINK", "inputPath": ["by", "url"]}
    assert "SHORT_LINKS=on" in error["message"]
    assert body["data"] == {"product": None}

"""The main job at Bazaar, through the graph, over its gateway in the sandbox."""

import pytest

from tests.bazaar.sample import CREDENTIALS
from tests.graph import Graph

pytestmark = pytest.mark.anyio

SEARCH = """
{ searchProducts(marketplace: BAZAAR, first: 3, search: {keywords: "lamp", minOrders: 0}) {
    nodes { title url offer { price { amount } } marketplace { name mode } } errors { message } } }
"""
IMPORT = """
mutation Import($url: String!) { importProduct(input: {product: {url: $url}}) {
  product { id externalId importedAt } errors { message } } }
"""
LINK = """
mutation Link($url: String!) { generateLink(input: {product: {url: $url}}) {
  affiliateLink { url trackingId mode } errors { message } } }
"""


async def test_a_product_is_found_imported_and_linked(graph: Graph) -> None:
    payload = await graph.connect("BAZAAR", CREDENTIALS)
    hits = (await graph.run(SEARCH))["searchProducts"]
    url = hits["nodes"][1]["url"]
    entry = (await graph.run(IMPORT, {"url": url}))["importProduct"]
    link = (await graph.run(LINK, {"url": url}))["generateLink"]

    assert payload["marketplace"]["status"] == "CONNECTED"
    assert [node["title"] for node in hits["nodes"]] == ["Lamp 1", "Lamp 2", "Lamp 3"]
    assert hits["nodes"][1]["offer"] == {"price": {"amount": "2.50"}}
    assert hits["nodes"][1]["marketplace"] == {"name": "Bazaar", "mode": "SANDBOX"}
    assert (entry["errors"], entry["product"]["externalId"]) == ([], "BZ00000002")
    assert entry["product"]["importedAt"]
    assert link["affiliateLink"] == {
        "url": f"{url}?partner=lamps",
        "trackingId": "lamps",
        "mode": "SANDBOX",
    }
    assert graph.calls("bazaar", "search") == 1

"""Every list that is stored: read to its end from both sides, and counted."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.graph import Graph
from tests.schema.test_events import imported, synced
from tests.schema.test_watches import CREATE as CREATE_WATCH
from tests.webhooks import answered, made

pytestmark = pytest.mark.anyio

ROWS = 3
PAGE = """(%s) {
  totalCount edges { cursor } nodes { __typename }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
}"""
LISTS = {
    "Query.products": "{ products%s }",
    "Query.affiliateLinks": "{ affiliateLinks%s }",
    "Query.apiKeys": "{ apiKeys%s }",
    "Query.jobs": "{ jobs%s }",
    "Query.watches": "{ watches%s }",
    "Query.webhooks": "{ webhooks%s }",
    "Query.events": "{ events%s }",
    "Query.tags": "{ tags%s }",
    "Product.affiliateLinks": '{ product(by: {id: "{product}"}) { affiliateLinks%s } }',
    "Product.priceHistory": '{ product(by: {id: "{product}"}) { priceHistory%s } }',
    "Job.results": '{ job(id: "{job}") { results%s } }',
    "Webhook.deliveries": '{ webhook(id: "{webhook}") { deliveries%s } }',
}
TAG = """mutation($input: UpdateProductInput!) {
  updateProduct(input: $input) { errors { message } } }"""
LINK = """mutation Link($id: ID!, $subId: String!) {
  generateLink(input: {product: {id: $id}, subId: $subId}) { errors { message } } }"""
IMPORT = "mutation($input: StartImportInput!) { startImport(input: $input) { job { id } } }"


async def filled(graph: Graph) -> dict[str, str]:
    """At least three rows in every list; the ids that documents name, by kind."""
    found = [await made(graph, "PRODUCT_PRICE_DROPPED", "WATCH_FIRED") for _ in range(ROWS)]
    product = await imported(graph)
    listings = [each.id for each in graph.sandbox.catalog["aliexpress"].listings()[:ROWS]]
    several = [{"ref": {"marketplace": "ALIEXPRESS", "externalId": id}} for id in listings]
    await answered(graph, TAG, id=product["id"], addTags=[f"tag {n}" for n in range(ROWS)])
    for number in range(ROWS):
        await graph.make_key("READ")
        await graph.run(LINK, {"id": product["id"], "subId": f"place{number}"})
        job = await answered(graph, IMPORT, products=several)
        price = {"amount": str(number + 1), "currencyCode": "USD"}
        await answered(graph, CREATE_WATCH, condition={"belowPrice": price}, filter={})
        graph.sandbox.catalog.set_price(product["externalId"], f"0.{ROWS - number}0")
        await synced(graph, product)
    rows = await answered(
        graph,
        "mutation($input: ImportProductsInput!) {"
        " importProducts(input: $input) { errors { message } } }",
        products=several,
    )
    assert rows["errors"] == []
    ids = {"product": product, "job": job["job"], "webhook": found[0]["webhook"]}
    return {name: record["id"] for name, record in ids.items()}


async def page(graph: Graph, document: str, ids: Mapping[str, str], arguments: str) -> Any:
    """One page of a list."""
    asked = document % (PAGE % arguments)
    for name, id in ids.items():
        asked = asked.replace(f"{{{name}}}", id)
    found = await graph.run(asked)
    while "edges" not in found:
        [found] = found.values()
    return found


async def walked(
    graph: Graph, document: str, ids: Mapping[str, str], *, is_back: bool
) -> list[str]:
    """The cursors of a list, two rows a page, as they come."""
    arguments, cursors = "last: 2" if is_back else "first: 2", list[str]()
    while True:
        found = await page(graph, document, ids, arguments)
        read = [edge["cursor"] for edge in found["edges"]]
        assert len(read) == len(found["nodes"]) <= 2
        cursors += reversed(read) if is_back else read
        if not found["pageInfo"]["hasPreviousPage" if is_back else "hasNextPage"]:
            return cursors
        side, cursor = ("before", "startCursor") if is_back else ("after", "endCursor")
        arguments = f'{arguments.split(",")[0]}, {side}: "{found["pageInfo"][cursor]}"'


async def test_it_is_read_from_both_sides_and_counted(graph: Graph) -> None:
    ids = await filled(graph)

    for name, document in LISTS.items():
        whole = await page(graph, document, ids, "first: 100")
        cursors = [edge["cursor"] for edge in whole["edges"]]
        assert len(cursors) >= ROWS, name
        assert whole["totalCount"] == len(set(cursors)), name
        assert await walked(graph, document, ids, is_back=False) == cursors, name
        assert await walked(graph, document, ids, is_back=True) == cursors[::-1], name

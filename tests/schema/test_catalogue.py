"""The catalogue through the graph: each filter reaches it, each sort has two directions."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from domain.catalog import CatalogSort
from tests.graph import Graph
from tests.schema.test_products import imported

pytestmark = pytest.mark.anyio

FIND = "query F($filter: CatalogFilter) { products(filter: $filter) { nodes { id } totalCount } }"
PRODUCT = "{ products { nodes { id title categories { externalId } offer { price { amount } } } } }"
EARLIER, LATER = "2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z"
AMAZON = """mutation I($ref: ProductRefInput!) {
  importProduct(input: {product: {ref: $ref}}) { product { id } errors { message } } }"""
SELL = """mutation U($id: ID!) {
  updateProduct(input: {
    id: $id, notes: "Querfeldein", sellingPrice: {amount: "9999", currencyCode: "USD"}
  }) { errors { message } } }"""
LINK = """mutation L($id: ID!) {
  generateLink(input: {product: {id: $id}}) { errors { message } } }"""
SEARCH = """{ searchProducts(marketplace: AMAZON, search: {keywords: "a"}, first: 1) {
  nodes { externalId } } }"""

BESIDE = {  # what some filters are asked with
    "locale": {"marketplace": "AMAZON"},
    "minPrice": {"currencyCode": "USD"},
    "maxPrice": {"currencyCode": "USD"},
}


async def two(graph: Graph) -> tuple[dict[str, Any], dict[str, Any]]:
    """A product of AliExpress that is noted, sold and linked; and one of Amazon, an hour later."""
    [ours] = await imported(graph)
    await graph.run(SELL, {"id": ours["id"]})
    await graph.run(LINK, {"id": ours["id"]})
    await graph.connect_both()
    graph.clock.advance(hours=1)
    [found] = (await graph.run(SEARCH))["searchProducts"]["nodes"]
    ref = {"marketplace": "AMAZON", "externalId": found["externalId"]}
    await graph.run(AMAZON, {"ref": ref})
    rows = (await graph.run(PRODUCT))["products"]["nodes"]
    first, second = sorted(rows, key=lambda row: row["id"] != ours["id"])
    return first, second


async def test_each_filter_finds_the_product_that_meets_it(graph: Graph) -> None:
    first, second = await two(graph)
    price = Decimal(first["offer"]["price"]["amount"])
    dear = Decimal(second["offer"]["price"]["amount"]) > price
    of_first = {
        "marketplace": "ALIEXPRESS",
        "text": first["title"][:20].upper(),
        "notes": "QUERFELD",
        "minMarginPercent": "10",
        "hasSellingPrice": True,
        "hasLink": True,
        "importedBefore": LATER,
        "syncedBefore": LATER,
        "maxPrice" if dear else "minPrice": str(price),
    }
    of_second: dict[str, object] = {
        "locale": "www.amazon.com",
        "hasSellingPrice": False,
        "hasLink": False,
        "importedAfter": LATER,
        "syncedAfter": LATER,
        "minPrice" if dear else "maxPrice": second["offer"]["price"]["amount"],
    }
    of_both: dict[str, object] = {"currencyCode": "USD", "state": "ACTIVE", "minDiscountPercent": 0}
    of_both["categoryId"] = first["categories"][0]["externalId"]
    of_none = {"locale": "www.amazon.de", "categoryId": "none", "state": "GONE", "notes": "none"}
    asked = [
        *((name, value, [first]) for name, value in of_first.items()),
        *((name, value, [second]) for name, value in of_second.items()),
        *((name, value, [first, second]) for name, value in of_both.items()),
        *((name, value, []) for name, value in of_none.items()),
    ]

    for name, value, expected in asked:
        found = (await graph.run(FIND, {"filter": {name: value} | BESIDE.get(name, {})}))[
            "products"
        ]
        ids = {node["id"] for node in found["nodes"]}
        assert (name, ids) == (name, {product["id"] for product in expected})
        assert (name, found["totalCount"]) == (name, len(expected))


VALUES: dict[str, Callable[[Any], Any]] = {
    "IMPORTED": lambda node: node["importedAt"],
    "SYNCED": lambda node: node["syncedAt"],
    "TITLE": lambda node: node["title"].casefold(),
    "PRICE": lambda node: Decimal(node["offer"]["price"]["amount"]),
    "DISCOUNT": lambda node: node["offer"]["discountPercent"],
    "ORDERS": lambda node: node["ordersLast30Days"],
}


@pytest.mark.parametrize("sort", CatalogSort, ids=lambda sort: sort.name)
async def test_a_sort_goes_in_its_direction(graph: Graph, sort: CatalogSort) -> None:
    noun, _, direction = sort.name.rpartition("_")
    for count in (3, 7):  # of which three are there
        await imported(graph, count)
        graph.clock.advance(minutes=1)

    found = await graph.run(
        f"{{ products(sort: {sort.name}) {{ nodes {{ title importedAt syncedAt ordersLast30Days"
        " offer { discountPercent price { amount } } } } }"
    )

    values = [VALUES[noun](node) for node in found["products"]["nodes"]]
    known = [value for value in values if value is not None]
    assert len(values) == 7
    assert values[: len(known)] == sorted(known, reverse=direction == "DESC")


@pytest.mark.parametrize(
    "document",
    [
        "mutation($ids: [ID!]!) { deleteProducts(input: {ids: $ids}) { errors { message } } }",
        "mutation($rows: [UpdateProductInput!]!) {"
        " updateProducts(input: {products: $rows}) { errors { message } } }",
    ],
)
async def test_no_more_than_250_are_changed_at_once(graph: Graph, document: str) -> None:
    [product] = await imported(graph)
    rows = [{"id": product["id"], "notes": "x"}] * 251

    body = await graph.post(document, {"ids": [product["id"]] * 251, "rows": rows})

    [error] = body["errors"] if "errors" in body else next(iter(body["data"].values()))["errors"]
    assert "250" in error["message"]
    assert (await graph.run(PRODUCT))["products"]["nodes"][0]["id"] == product["id"]

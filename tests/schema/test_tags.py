"""Tags in the graph: set, found, listed, and not shown to readers of web pages."""

from typing import Any

import pytest

from tests.graph import Graph
from tests.schema.test_plan import both_ways, told
from tests.schema.test_products import imported

pytestmark = pytest.mark.anyio

UPDATE = """
mutation Tag($products: [UpdateProductInput!]!) {
  updateProducts(input: {products: $products}) {
    results { product { tags } errors { code message path } }
  }
}
"""
ONE = 'mutation ($id: ID!) { updateProduct(input: {id: $id, addTags: "x"}) { errors { path } } }'
BY_TAG = "query ($tag: String) { products(filter: {tag: $tag}) { nodes { id tags } totalCount } }"


async def tag(graph: Graph, *products: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = (await graph.run(UPDATE, {"products": list(products)}))[
        "updateProducts"
    ]["results"]
    return results


async def test_products_are_found_by_tags_that_were_added(graph: Graph) -> None:
    one, other = await imported(graph, 2)

    await tag(graph, {"id": one["id"], "addTags": ["Gifts", " beach "]})
    [row] = await tag(graph, {"id": one["id"], "addTags": ["gifts"], "removeTags": ["Beach"]})

    assert row["product"]["tags"] == ["Gifts"]
    data = await graph.run(BY_TAG, {"tag": "gIFTS"})
    assert data["products"] == {"nodes": [{"id": one["id"], "tags": ["Gifts"]}], "totalCount": 1}
    data = await graph.run(f'{{ node(id: "{other["id"]}") {{ ... on Product {{ tags }} }} }}')
    assert data["node"]["tags"] == []


async def test_tags_are_listed_with_counts_by_pages(graph: Graph) -> None:
    products = await imported(graph, 2)
    await tag(graph, *({"id": each["id"], "addTags": ["all"]} for each in products))
    await tag(graph, {"id": products[0]["id"], "addTags": ["one"]})
    query = """query ($after: String) { tags(first: 1, after: $after) {
      nodes { name productCount } pageInfo { hasNextPage endCursor } totalCount } }"""

    first = (await graph.run(query))["tags"]
    second = (await graph.run(query, {"after": first["pageInfo"]["endCursor"]}))["tags"]

    assert first["nodes"] == [{"name": "all", "productCount": 2}]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    assert second["nodes"] == [{"name": "one", "productCount": 1}]
    assert not second["pageInfo"]["hasNextPage"]


async def test_errors_of_tags_name_their_place(graph: Graph) -> None:
    [product] = await imported(graph)
    many = [f"tag {number}" for number in range(20)]

    rows = await tag(
        graph,
        {"id": product["id"], "addTags": ["a, b"]},
        {"id": product["id"], "addTags": many},
    )
    [full] = await tag(graph, {"id": product["id"], "addTags": ["more"]})
    one = (await graph.run(ONE, {"id": product["id"]}))["updateProduct"]

    [comma] = rows[0]["errors"]
    assert comma["path"] == ["input", "products", "0", "addTags"]
    assert rows[1]["errors"] == []
    [error] = full["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", "products", "0"])
    assert "at most 20 tags" in error["message"]
    assert one["errors"] == [{"path": ["input", "addTags"]}]


async def test_readers_of_web_pages_see_no_tags(graph: Graph) -> None:
    await imported(graph)
    key = await graph.make_key("PUBLIC", origins=["https://blog.example"])
    queries = (
        "{ products { nodes { tags } } }",
        '{ products(filter: {tag: "a"}) { nodes { id } } }',
        "{ tags { nodes { name } } }",
    )

    for query in queries:
        answer = await graph.http.post(
            "/graphql",
            json={"query": query},
            headers={"X-Api-Key": key, "Origin": "https://blog.example"},
        )

        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN", query


async def test_plans_answer_tags_as_without_them(graph: Graph) -> None:
    [product] = await imported(graph)
    await tag(graph, {"id": product["id"], "addTags": ["Gifts"]})

    without, by_plan = await both_ways(
        graph, "{ tags { nodes { name productCount } } products { nodes { title tags } } }"
    )

    assert told(by_plan) == told(without)
    assert by_plan["data"]["products"]["nodes"][0]["tags"] == ["Gifts"]

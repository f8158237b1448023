"""events: what happened, read on from a cursor."""

from typing import Any

import pytest

from db import statements
from tests.database import count_statements
from tests.graph import Graph

pytestmark = pytest.mark.anyio

EVENTS = """
query Events(
  $after: String $types: [EventType!] $productId: ID $since: DateTime $last: Int
) {
  events(
    first: 2 after: $after types: $types productId: $productId since: $since last: $last
  ) {
    nodes {
      id type sequence cursor occurredAt productId linkId upstreamCode callsPerDay
      marketplace { code }
      product { title }
      link { url }
      price { amount currencyCode }
      previousPrice { amount }
    }
    edges { cursor node { id } }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
}
"""
IMPORT = """
mutation Import($ref: ProductRefInput!) {
  importProduct(input: {product: {ref: $ref}}) { product { id } errors { message } }
}
"""
SYNC = "mutation Sync($id: ID!) { syncProduct(input: {id: $id}) { changed errors { code } } }"
LINK = """
mutation Link($id: ID!) {
  generateLink(input: {product: {id: $id}}) { affiliateLink { id } errors { message } }
}
"""


async def imported(graph: Graph) -> dict[str, Any]:
    """A product of the sandbox, with its price."""
    await graph.connect_both()
    [product] = (
        await graph.run(
            """{ searchProducts(marketplace: ALIEXPRESS, search: {keywords: "lamp"}, first: 1) {
                 nodes { externalId offer { price { amount } } } } }"""
        )
    )["searchProducts"]["nodes"]
    ref = {"marketplace": "ALIEXPRESS", "externalId": product["externalId"]}
    kept = (await graph.run(IMPORT, {"ref": ref}))["importProduct"]
    return {**product, **kept["product"]}


async def synced(graph: Graph, product: dict[str, Any], *, times: int = 1) -> None:
    for _ in range(times):
        graph.clock.advance(minutes=20)
        await graph.run(SYNC, {"id": product["id"]})


async def test_a_sync_tells_what_happened_to_a_product_and_its_links(graph: Graph) -> None:
    product = await imported(graph)
    await graph.run(LINK, {"id": product["id"]})
    graph.sandbox.catalog.set_price(product["externalId"], "1.00")
    await synced(graph, product)
    graph.sandbox.catalog.remove(product["externalId"])
    await synced(graph, product, times=3)

    first = (await graph.run(EVENTS))["events"]
    second = (await graph.run(EVENTS, {"after": first["pageInfo"]["endCursor"]}))["events"]

    drop, gone, broken = first["nodes"] + second["nodes"]
    assert (drop["type"], drop["price"]) == (
        "PRODUCT_PRICE_DROPPED",
        {"amount": "1.00", "currencyCode": "USD"},
    )
    assert drop["previousPrice"] == {"amount": product["offer"]["price"]["amount"]}
    assert (gone["type"], gone["price"]) == ("PRODUCT_GONE", None)
    assert (broken["type"], broken["link"] is None) == ("LINK_BROKEN", False)
    assert {event["productId"] for event in (drop, gone, broken)} == {product["id"]}
    assert drop["product"]["title"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert (first["totalCount"], second["totalCount"]) == (3, 3)
    assert [edge["cursor"] for edge in first["edges"]] == [drop["cursor"], gone["cursor"]]


async def test_events_are_asked_for_by_type_product_time_and_from_the_end(graph: Graph) -> None:
    product = await imported(graph)
    graph.sandbox.catalog.remove(product["externalId"])
    await synced(graph, product, times=3)
    since = graph.clock.time.isoformat()
    graph.sandbox.catalog.restore(product["externalId"])
    await synced(graph, product)

    for asked, types in (
        ({"types": ["PRODUCT_GONE"]}, ["PRODUCT_GONE"]),
        ({"types": []}, []),
        ({"productId": product["id"]}, ["PRODUCT_GONE", "PRODUCT_RETURNED"]),
        ({"since": since.replace(":00:00", ":00:01")}, ["PRODUCT_RETURNED"]),
        ({"last": 1}, ["PRODUCT_RETURNED"]),
    ):
        found = (await graph.run(EVENTS, asked))["events"]["nodes"]
        assert [event["type"] for event in found] == types


async def test_what_was_deleted_since_is_still_named(graph: Graph) -> None:
    product = await imported(graph)
    graph.sandbox.catalog.set_price(product["externalId"], "1.00")
    await synced(graph, product)
    delete = "mutation D($id: ID!) { deleteProduct(input: {id: $id}) { deletedId } }"
    await graph.run(delete, {"id": product["id"]})

    [event] = (await graph.run(EVENTS))["events"]["nodes"]

    assert (event["productId"], event["product"]) == (product["id"], None)


async def test_an_event_is_a_node_for_those_who_may_read(graph: Graph) -> None:
    product = await imported(graph)
    graph.sandbox.catalog.set_price(product["externalId"], "1.00")
    await synced(graph, product)
    [event] = (await graph.run(EVENTS))["events"]["nodes"]
    node = "query N($id: ID!) { node(id: $id) { id } }"

    assert (await graph.run(node, {"id": event["id"]}))["node"] == {"id": event["id"]}
    for asked in (EVENTS, node):
        refused = await graph.post(asked, {"id": event["id"]}, key=await graph.make_key("PUBLIC"))
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_rejected_credentials_are_an_event(graph: Graph) -> None:
    await imported(graph)
    await graph.connect("ALIEXPRESS", {"appSecret": "wrong"})
    await graph.run(
        "mutation { verifyMarketplace(input: {marketplace: ALIEXPRESS}) { errors { code } } }"
    )

    [event] = (await graph.run(EVENTS))["events"]["nodes"]

    assert event["type"] == "CREDENTIALS_REJECTED"
    assert event["marketplace"] == {"code": "ALIEXPRESS"}
    assert event["upstreamCode"]


async def test_the_jobs_of_a_page_are_read_in_one_statement(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):  # an id that names nothing is a job that has failed at once
        await graph.run('mutation { startSync(input: {ids: ["nothing"]}) { job { id } } }')
    told = count_statements(monkeypatch)

    events = (await graph.run("{ events { nodes { jobId job { id } } } }"))["events"]["nodes"]

    assert [event["job"] for event in events] == [{"id": event["jobId"]} for event in events]
    assert len(events) == 3
    assert len([sql for sql in told if '"jobs"' in sql]) == 1


async def test_a_cursor_from_before_a_backup_was_put_back_is_refused(graph: Graph) -> None:
    await graph.run('mutation { startSync(input: {ids: ["nothing"]}) { job { id } } }')
    [edge] = (await graph.run(EVENTS))["events"]["edges"]
    await statements.rows("UPDATE event_sequences SET last_number = 0 RETURNING id")
    await statements.rows("DELETE FROM events RETURNING id")

    body = await graph.post(EVENTS, {"after": edge["cursor"]})

    [error] = body["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert error["extensions"]["inputPath"] == ["after"]
    assert "backup" in error["message"]

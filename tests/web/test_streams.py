"""Subscriptions over HTTP: two encodings, limits, keep-alives, and every way to end."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from resolvers import following
from tests.graph import API_KEY, Graph, running_graph
from tests.schema.test_events import imported, synced
from tests.streaming import subscribed
from web import streams
from web.health import Shutdown

pytestmark = pytest.mark.anyio

EVENTS = """
subscription S($types: [EventType!], $after: String) {
  events(types: $types, after: $after) { type cursor product { title offer { price { amount } } } }
}
"""
CHANGED = "subscription C($ids: [ID!]!) { productChanged(ids: $ids) { id title notes } }"
APOLLO = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'
UPDATE = """
mutation U($id: ID!, $notes: String) {
  updateProduct(input: {id: $id, notes: $notes}) { errors { message } }
}
"""
REVOKE = "mutation R($id: ID!) { revokeApiKey(input: {id: $id}) { errors { message } } }"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real time, but less of it."""
    for module, name in (
        (following, "LOOK_EVERY"),
        (following, "COMPARE_EVERY"),
        (streams, "LOOK_EVERY"),
    ):
        monkeypatch.setattr(module, name, 0.02)


@pytest.fixture
async def narrow(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """A server with room for two streams of a key, and three in all."""
    environ = {"LIMIT_STREAMS": "2", "LIMIT_ALL_STREAMS": "3"}
    async with running_graph(migrated_database, tmp_path, environ=environ) as running:
        yield running


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


async def test_apollo_gets_parts(graph: Graph) -> None:
    product = await imported(graph)
    async with subscribed(graph, CHANGED, {"ids": [product["id"]]}, accept=APOLLO) as stream:
        await stream.until("payload")

    assert stream.headers["content-type"] == (
        'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
    )
    empty, part, rest = stream.text.split("\r\n--graphql")
    head, _, body = part.partition("\r\n\r\n")
    assert (empty, head, rest) == ("", "\r\nContent-Type: application/json", "")
    assert orjson.loads(body)["payload"]["data"]["productChanged"]["id"] == product["id"]


@pytest.mark.parametrize("accept", ["text/event-stream", APOLLO])
async def test_a_stream_that_is_still_keeps_alive(
    graph: Graph, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.02)
    async with subscribed(graph, EVENTS, accept=accept) as stream:
        await stream.until(":\n\n" if accept == "text/event-stream" else "{}", 3)

    assert "next" not in stream.text


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { events { type } productChanged(ids: []) { id } }", None),
        ('subscription { events(after: "x") { type } }', "INVALID_INPUT"),
        ('subscription { productChanged(ids: ["x"]) { id } }', "INVALID_INPUT"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
    ],
)
async def test_what_cannot_be_subscribed_to_is_told_in_the_stream(
    graph: Graph, query: str, code: str | None
) -> None:
    async with subscribed(graph, query) as stream:
        await stream.end()

    assert stream.status == 200
    [body] = await stream.bodies(1)
    assert body["errors"][0]["extensions"]["code"] == (code or "GRAPHQL_VALIDATION_FAILED")
    assert stream.text.endswith("event: complete\ndata:\n\n")


async def test_a_query_can_be_answered_as_a_stream_of_one(graph: Graph) -> None:
    async with subscribed(graph, "{ __typename }") as stream:
        await stream.end()

    [body] = await stream.bodies(1)
    assert body["data"] == {"__typename": "Query"}


async def test_who_takes_both_gets_a_query_as_json_and_a_subscription_as_a_stream(
    graph: Graph,
) -> None:
    accept = "application/json, text/event-stream, multipart/mixed"
    async with subscribed(graph, "{ __typename }", accept=accept) as answer:
        await answer.end()
    async with subscribed(graph, EVENTS, accept=accept) as stream:
        await stream.until(":")

    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"


async def test_who_takes_no_stream_is_told_what_to_send(graph: Graph) -> None:
    body = await graph.post(EVENTS)

    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "text/event-stream" in body["errors"][0]["message"]


@pytest.mark.parametrize("scope", ["PUBLIC", "SYNC"])
async def test_a_key_that_may_not_read_is_refused(graph: Graph, scope: str) -> None:
    async with subscribed(graph, EVENTS, key=await graph.make_key(scope)) as stream:
        await stream.end()

    [body] = await stream.bodies(1)
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_streams_are_counted_by_key_and_in_all_until_they_end(narrow: Graph) -> None:
    key = await narrow.make_key("READ")
    async with (
        subscribed(narrow, EVENTS) as _,
        subscribed(narrow, EVENTS) as _,
    ):
        async with subscribed(narrow, EVENTS) as third:
            await third.end()
        async with (
            subscribed(narrow, EVENTS, key=key) as other,
            subscribed(narrow, EVENTS, key=key) as fourth,
        ):
            await fourth.end()
    async with subscribed(narrow, EVENTS) as again:
        await again.until(":")

    for refused, setting in ((third, "LIMIT_STREAMS"), (fourth, "LIMIT_ALL_STREAMS")):
        assert refused.status == 429
        [error] = orjson.loads(refused.text)["errors"]
        assert error["extensions"] == {
            "code": "THROTTLED",
            "limit": 2 if setting == "LIMIT_STREAMS" else 3,
            "setting": setting,
        }
    assert (other.status, again.status) == (200, 200)


async def test_a_revoked_key_is_cut_off(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.02)
    key = await graph.make_key("READ")
    [node] = (await graph.run("{ apiKeys { nodes { id } } }"))["apiKeys"]["nodes"]
    async with subscribed(graph, EVENTS, key=key) as stream:
        await stream.until(":\n\n", 2)
        await graph.run(REVOKE, {"id": node["id"]})
        await stream.end()

    assert "UNAUTHENTICATED" in stream.text
    assert stream.text.endswith("event: complete\ndata:\n\n")


async def test_the_end_of_the_server_ends_streams_and_opens_no_more(
    migrated_database: str, tmp_path: Path
) -> None:
    shutdown = Shutdown()
    async with running_graph(
        migrated_database, tmp_path, overrides={"shutdown": shutdown}
    ) as graph:
        async with subscribed(graph, EVENTS) as stream:
            shutdown.is_requested = True
            await stream.end()
        async with subscribed(graph, EVENTS) as late:
            await late.end()

    assert "SERVER_ENDING" in stream.text
    assert stream.text.endswith("event: complete\ndata:\n\n")
    assert late.status == 503


async def test_nothing_is_left_of_a_stream_whose_caller_went_away(graph: Graph) -> None:
    before = {task for task in asyncio.all_tasks() if not task.done()}
    for _ in range(3):
        async with subscribed(graph, EVENTS) as stream:
            await stream.until(":")
    gc.collect()

    assert {task for task in asyncio.all_tasks() if not task.done()} <= before


async def test_each_event_is_paid_for(migrated_database: str, tmp_path: Path) -> None:
    environ = {"BUCKET_CAPACITY": "100000", "BUCKET_RESTORE": "1"}
    async with running_graph(migrated_database, tmp_path, environ=environ) as graph:
        product = await imported(graph)
        async with subscribed(graph, CHANGED, {"ids": [product["id"]]}) as stream:
            [_] = await stream.bodies(1)
        left = (await graph.post("{ __typename }"))["extensions"]["cost"]["throttleStatus"]
        async with subscribed(graph, CHANGED, {"ids": [product["id"]]}) as stream:
            [_] = await stream.bodies(1)
        then = (await graph.post("{ __typename }"))["extensions"]["cost"]["throttleStatus"]

    # The opening, the event, and the question about what is left.
    assert left["currentlyAvailable"] - then["currentlyAvailable"] == 3
    assert API_KEY not in stream.text

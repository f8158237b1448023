"""Subscriptions over HTTP: two encodings, limits, keep-alives, and every way to end."""

import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.types import Message

from tests.graph import Graph, running_graph
from tests.schema.test_events import imported
from tests.streaming import CHANGED, EVENTS, quicken, subscribed
from web import streams
from web.health import Shutdown

pytestmark = pytest.mark.anyio

APOLLO = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'
REVOKE = "mutation R($id: ID!) { revokeApiKey(input: {id: $id}) { errors { message } } }"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


@pytest.fixture
async def narrow(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """A server with room for two streams of a key, and three in all."""
    environ = {"LIMIT_STREAMS": "2", "LIMIT_ALL_STREAMS": "3"}
    async with running_graph(migrated_database, tmp_path, environ=environ) as running:
        yield running


async def no_bodies() -> AsyncGenerator[dict[str, object], None]:
    await never()
    yield {}


async def never() -> Any:
    await asyncio.Event().wait()


async def taking_the_head_alone(message: Message) -> None:
    if message["type"] == "http.response.body":
        await never()


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


async def test_who_takes_nothing_is_given_up_as_no_failure_of_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "STUCK", 0.0)
    open_streams = streams.Streams()
    response = open_streams.response(no_bodies(), streams.SSE, "a", is_valid=never)

    await response({"type": "http"}, never, taking_the_head_alone)

    assert open_streams.open == {}


async def test_nothing_is_left_of_a_stream_whose_caller_went_away(graph: Graph) -> None:
    before = {task for task in asyncio.all_tasks() if not task.done()}
    for _ in range(3):
        async with subscribed(graph, EVENTS) as stream:
            await stream.until(":")
    gc.collect()

    assert {task for task in asyncio.all_tasks() if not task.done()} <= before

"""A caller that hangs up: its query is stopped, its mutation finished, and nothing left behind."""

import asyncio
import contextlib
import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn
from starlette.types import Message, Scope

from commands.serve import Server
from resolvers import products
from tests.graph import API_KEY, Graph, running_graph
from web.health import Shutdown

pytestmark = pytest.mark.anyio

QUERY = "{ products { nodes { title } } }"
MUTATION = """mutation { importProducts(input: {products: [{url: "1005000000001016"}]}) {
  results { errors { code } } } }"""
SEARCH = """{ searchProducts(marketplace: AMAZON, search: {keywords: "lamp %d"}, first: 3) {
  nodes { title } errors { code } } }"""
PATIENCE = 60  # seconds until a test fails that would hang


@dataclass
class Slow:
    """What stands for a resolver that takes long."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    how: str = ""

    async def __call__(self, *_: object, **__: object) -> list[object]:
        self.begun.set()
        try:
            await self.may_end.wait()
            self.how = "finished"
        except asyncio.CancelledError:
            self.how = "cancelled"
            raise
        finally:
            self.ended.set()
        return []


@dataclass
class Client:
    """One request by hand, whose caller may hang up."""

    scope: Scope
    messages: list[Message]
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[Message] = field(default_factory=list)

    async def receive(self) -> Message:
        if self.messages:
            return self.messages.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


def posting(document: str) -> Client:
    """A POST whose body comes in two pieces."""
    body = json.dumps({"query": document}).encode()
    return Client(
        _scope("POST", b""),
        [
            {"type": "http.request", "body": body[:9], "more_body": True},
            {"type": "http.request", "body": body[9:], "more_body": False},
        ],
    )


def getting(document: str) -> Client:
    query_string = urlencode({"query": document}).encode()
    return Client(_scope("GET", query_string), [{"type": "http.request", "body": b""}])


def _scope(method: str, query_string: bytes) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": query_string,
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"content-type", b"application/json"),
            (b"authorization", f"Bearer {API_KEY}".encode()),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    """The catalogue's resolver never ends by itself, nor does that of imports."""
    resolver = Slow()
    monkeypatch.setattr(products, "page", resolver)
    monkeypatch.setattr("resolvers.imports.import_products", resolver)
    return resolver


@pytest.fixture
async def graph(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """Points hardly flow in, so that it is seen what was paid."""
    settings = {"BUCKET_RESTORE": "1", "BUCKET_CAPACITY": "100000"}
    async with running_graph(migrated_database, tmp_path, environ=settings) as running:
        yield running


async def hang_up(graph: Graph, client: Client, slow: Slow) -> "asyncio.Task[None]":
    """Send the request, and hang up in the middle of its work."""
    assert graph.app is not None
    request = asyncio.create_task(graph.app(client.scope, client.receive, client.send))
    async with asyncio.timeout(PATIENCE):
        await slow.begun.wait()
    client.gone.set()
    return request


async def nothing_is_left(before: set[asyncio.Task[Any]]) -> None:
    """What has begun since then ends, such as the way of a connection back into its pool."""
    if new := asyncio.all_tasks() - before:
        _, left = await asyncio.wait(new, timeout=PATIENCE)
        assert not left


@pytest.mark.parametrize("client", [posting(QUERY), getting(QUERY)], ids=["POST", "GET"])
async def test_a_query_is_stopped(
    graph: Graph, slow: Slow, caplog: pytest.LogCaptureFixture, client: Client
) -> None:
    caplog.set_level(logging.INFO)
    before = asyncio.all_tasks()

    async with asyncio.timeout(PATIENCE):
        await (await hang_up(graph, client, slow))

    [line] = [
        vars(record) for record in caplog.records if record.name == "affiliate_graph.requests"
    ]
    assert slow.how == "cancelled"
    assert line["status"] == 499
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
    await nothing_is_left(before)


async def test_the_next_request_is_answered_and_has_the_points(graph: Graph, slow: Slow) -> None:
    async with asyncio.timeout(PATIENCE):
        await (await hang_up(graph, posting(QUERY), slow))

    body = await graph.post("{ __typename }")

    left = body["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"]
    assert body["data"] == {"__typename": "Query"}
    assert 99_998 <= left < 100_000  # a point each; all that the first could have cost is back


async def test_a_mutation_is_finished(graph: Graph, slow: Slow) -> None:
    client = posting(MUTATION)
    request = await hang_up(graph, client, slow)
    await asyncio.sleep(0)
    assert slow.how == ""

    slow.may_end.set()
    async with asyncio.timeout(PATIENCE):
        await request

    assert slow.how == "finished"
    assert client.sent[0]["status"] == 200


async def test_a_client_that_stays_leaves_nobody_watching(graph: Graph) -> None:
    before = asyncio.all_tasks()
    client = posting("{ __typename }")

    assert graph.app is not None
    await graph.app(client.scope, client.receive, client.send)

    assert client.sent[0]["status"] == 200
    await nothing_is_left(before)


async def test_calls_that_were_not_sent_are_not_sent_when_everybody_hung_up(
    migrated_database: str, tmp_path: Path
) -> None:
    real = {"rate_limit": None, "monotonic": time.monotonic}  # Amazon's one call a second
    async with running_graph(migrated_database, tmp_path, overrides=real) as graph:
        await graph.connect_both()
        assert graph.app is not None
        clients = [posting(SEARCH % number) for number in range(7)]
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as requests:
            for client in clients:
                requests.create_task(graph.app(client.scope, client.receive, client.send))
            while not graph.calls("amazon", "searchItems"):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
            for client in clients:
                client.gone.set()

    # What is under way is waited for at the end of the application.
    assert graph.calls("amazon", "searchItems") == 1
    assert sorted(client.sent[0]["status"] for client in clients)[-6:] == [499] * 6


class Quiet(Server):
    """Signals are the test's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def test_a_connection_that_is_closed_stops_its_query(graph: Graph, slow: Slow) -> None:
    assert graph.app is not None
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(graph.app, log_config=None, lifespan="off")
    server = Quiet(config, Shutdown(), drain=0)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    body = json.dumps({"query": QUERY}).encode()
    async with asyncio.timeout(PATIENCE):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b"
            % (API_KEY.encode(), len(body), body)
        )
        await slow.begun.wait()

        writer.close()
        await slow.ended.wait()
        server.should_exit = True
        await running

    assert slow.how == "cancelled"

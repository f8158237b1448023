"""A caller of a subscription, over the application in process.

httpx' own transport gives an answer out when it is whole; this one reads as it comes.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.types import Message

from resolvers import following
from tests.graph import API_KEY, Graph
from web import streams

EVENTS = """
subscription S($types: [EventType!], $after: String) {
  events(types: $types, after: $after) { type cursor product { title offer { price { amount } } } }
}
"""
CHANGED = "subscription C($ids: [ID!]!) { productChanged(ids: $ids) { id title notes } }"


def quicken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real time, but less of it."""
    for module, name in (
        (following, "LOOK_EVERY"),
        (following, "COMPARE_EVERY"),
        (streams, "LOOK_EVERY"),
    ):
        monkeypatch.setattr(module, name, 0.02)


class Stream:
    """An answer that goes on. `status` and `headers` are there once it was begun."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.text = ""
        self.is_complete = False
        self.hung_up = asyncio.Event()
        self._request: list[Message] = []
        self._changed = asyncio.Event()

    async def receive(self) -> Message:
        """The request, then that the caller went away."""
        if self._request:
            return self._request.pop()
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """What the server sends."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.text += message.get("body", b"").decode()
            self.is_complete = not message.get("more_body", False)
        self._changed.set()

    async def until(self, text: str, times: int = 1) -> None:
        """Wait for a text, so many times."""
        await self._until(lambda: self.text.count(text) >= times)

    async def begun(self) -> None:
        """Wait for the status."""
        await self._until(lambda: self.status > 0)

    async def bodies(self, count: int) -> list[dict[str, Any]]:
        """The first so many bodies of server-sent events."""
        await self.until("event: next\n", count)
        await self._until(lambda: self.text.endswith("\n\n"))
        return [
            orjson.loads(block.partition("data: ")[2])
            for block in self.text.split("\n\n")
            if block.startswith("event: next")
        ]

    async def end(self) -> None:
        """Wait until the server has ended it."""
        await self._until(lambda: self.is_complete)

    async def _until(self, holds: Any) -> None:
        async with asyncio.timeout(15):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    def ask(self, body: object) -> None:
        """What is sent."""
        self._request = [{"type": "http.request", "body": orjson.dumps(body), "more_body": False}]


@contextlib.asynccontextmanager
async def subscribed(
    graph: Graph,
    query: str,
    variables: Mapping[str, object] | None = None,
    *,
    key: str = API_KEY,
    accept: str = "text/event-stream",
    method: str = "POST",
) -> AsyncIterator[Stream]:
    """The answer to a subscription, until the end of the block, where the caller hangs up."""
    assert isinstance(graph.app, Starlette)
    stream = Stream()
    stream.ask({"query": query, "variables": dict(variables or {})})
    headers = {
        "host": "127.0.0.1:8000",
        "authorization": f"Bearer {key}",
        "accept": accept,
        "accept-encoding": "gzip, zstd",
        "content-type": "application/json",
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    serving = asyncio.create_task(graph.app(scope, stream.receive, stream.send))
    try:
        await stream.begun()
        yield stream
    finally:
        stream.hung_up.set()
        async with asyncio.timeout(15):
            await serving

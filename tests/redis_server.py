"""The Redis server of the tests, and a line to it that can be cut.

async def test_something(redis_url: str) -> None: ...  # the fixture of tests/conftest.py
"""

import asyncio
import contextlib
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from tests.run import locked

SERVER = os.environ.get("TEST_REDIS_URL", "")
PREFIX = "affiliate-graph:"


def server_url() -> str:
    """The address of the Redis server; without one the test is skipped, or fails in CI."""
    if SERVER:
        return SERVER
    message = "TEST_REDIS_URL is not set: what several processes share is not tested here."
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@contextlib.asynccontextmanager
async def own_redis() -> AsyncIterator[str]:
    """The server's address; it holds nothing of ours, and no other process of tests uses it.

    What the code writes has fixed names, so tests take turns at a server.
    """
    url = server_url()
    name = hashlib.sha256(url.encode()).hexdigest()[:16]
    with locked(Path(tempfile.gettempdir()) / f"affiliate-graph-redis-{name}.lock"):
        await _forget_ours(url)
        try:
            yield url
        finally:
            await _forget_ours(url)


async def _forget_ours(url: str) -> None:
    """Delete what the server under test wrote, and nothing else."""
    async with Redis.from_url(url) as redis:
        names = [name async for name in redis.scan_iter(match=f"{PREFIX}*")]
        if names:
            await redis.delete(*names)


class Line:
    """Carries bytes between the server under test and Redis until it is cut."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._ends: set[asyncio.StreamWriter] = set()
        self._carriers: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Redis, as reached by this line."""
        return self._target._replace(netloc=f"127.0.0.1:{self._port}").geturl()

    async def mend(self) -> None:
        """From now on connections are carried."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in self._ends:
            end.close()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._target.hostname or "127.0.0.1", self._target.port or 6379
        far_reader, far_writer = await asyncio.open_connection(host, port)
        self._ends |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.ensure_future(self._copy(source, sink))
            self._carriers.add(task)
            task.add_done_callback(self._carriers.discard)

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()
        self._ends.discard(sink)


@contextlib.asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    """A whole line, which is cut at the end."""
    line = Line(url)
    await line.mend()
    try:
        yield line
    finally:
        await line.cut()

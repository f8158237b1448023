"""Servers inside the test's own loop, so that what they still do is seen."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from sandbox import Sandbox
from sandbox.standalone import Standalone
from tests.graph import Graph


class Quiet(uvicorn.Server):
    """A server inside the test's own loop; signals are the test's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class Wired:
    """The application, and the gateways behind real sockets."""

    graph: Graph
    server: Quiet

    async def most_in_the_air(self, *, for_seconds: float) -> int:
        """The most calls at once that the gateways work at from now on."""
        until, most = time.monotonic() + for_seconds, 0
        while time.monotonic() < until:
            most = max(most, len(self.server.server_state.tasks))
            await asyncio.sleep(0.01)
        return most

    async def calls_in_the_air(self) -> int:
        """Calls that the gateways have not answered, after a moment to notice who is gone."""
        for _ in range(50):
            if not self.server.server_state.tasks:
                break
            await asyncio.sleep(0.01)
        return len(self.server.server_state.tasks)


@contextlib.asynccontextmanager
async def gateways(sandbox: Sandbox) -> AsyncIterator[tuple[Quiet, str]]:
    """The sandbox on a free port, and its address."""
    async with serving(Standalone(sandbox)) as (server, port):
        yield server, f"http://127.0.0.1:{port}"


@contextlib.asynccontextmanager
async def serving(app: ASGIApp | None) -> AsyncIterator[tuple[Quiet, int]]:
    """An application on a free port; its lifespan is somebody else's."""
    assert app is not None
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http="h11", ws="none", log_config=None, lifespan="off")
    server = Quiet(config)
    running = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        while not server.started:  # noqa: ASYNC110 - it has nothing to wait for
            await asyncio.sleep(0.01)
        yield server, listener.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await running

"""Connections that owe a request: cut off when they are late, never in the midst of one."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from commands import connections
from commands.serve import Server, http_parser
from web.health import Shutdown

pytestmark = pytest.mark.anyio


class Quiet(Server):
    """Signals are the test's; each tick looks after the connections."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter * 10)


async def answer(request: Request) -> Response:
    await asyncio.sleep(float(request.query_params.get("seconds", 0)))
    return PlainTextResponse("done")


@pytest.fixture(params=["h11", http_parser()])
async def port(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[int]:
    """A server that waits 0.3 seconds for headers, with either parser."""
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/", answer)])
    config = uvicorn.Config(app, http=request.param, log_config=None, lifespan="off")
    server = Quiet(config, Shutdown(), drain=0)
    running = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await running


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: local"])
async def test_a_connection_without_a_whole_request_is_cut_off(port: int, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)

    async with asyncio.timeout(60):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()

    assert reader.at_eof() or reader.exception() is not None


async def test_a_slow_answer_and_a_busy_connection_are_left_alone(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        slow = await http.get("/", params={"seconds": 0.8})
        for _ in range(8):
            await asyncio.sleep(0.1)
            assert (await http.get("/")).text == "done"

    assert slow.text == "done"

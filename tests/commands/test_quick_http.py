"""The quick parser: headers have an end, and what other clients send is understood."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from commands.quick_http import MOST_HEADER_BYTES
from commands.serve import http_parser

pytestmark = pytest.mark.anyio

UPGRADING = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"


class Quiet(uvicorn.Server):
    """Signals are the test's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def answer(request: Request) -> Response:
    return JSONResponse({"body": (await request.body()).decode()})


@pytest.fixture
async def connection() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
    server = Quiet(uvicorn.Config(app, http=http_parser(), log_config=None, lifespan="off"))
    running = asyncio.ensure_future(server.serve(sockets=[listener]))
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        server.should_exit = server.force_exit = True
        await running


async def read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of the next answer."""
    async with asyncio.timeout(60):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head.split()[1]), await reader.readexactly(length)


async def test_headers_that_never_end_are_refused(
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    reader, writer = connection
    writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n")
    writer.write(b"X-Long: xxxxxxxx\r\n" * (MOST_HEADER_BYTES // 10))

    status, body = await read(reader)

    assert status == 400
    assert body == b"The headers of the request have no end."


async def test_a_long_body_in_the_same_pieces_is_none_of_the_headers(
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    reader, writer = connection
    size = 2 * MOST_HEADER_BYTES
    for _ in range(2):
        writer.write(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % size)
        writer.write(b"x" * size)

        status, body = await read(reader)

        assert status == 200
        assert len(json.loads(body)["body"]) == size


async def test_a_client_that_offers_http2_gets_its_answers(
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    # Java's client offers to go on in HTTP/2 with its first request, and sends the body along.
    reader, writer = connection
    answers = []
    for extra in (UPGRADING, b""):
        writer.write(
            b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n" + extra + b"\r\nbody"
        )
        answers.append(await read(reader))

    assert answers == [(200, b'{"body":"body"}')] * 2


@pytest.mark.parametrize("second", [b"Content-Length: 4", b"Transfer-Encoding: identity"])
async def test_a_body_of_two_lengths_is_refused(
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], second: bytes
) -> None:
    reader, writer = connection
    writer.write(
        b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n" + second + b"\r\n\r\n"
        b"0\r\n\r\n"
    )

    status, _ = await read(reader)

    assert status == 400
    assert await reader.read() == b""

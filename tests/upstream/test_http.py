"""Requests over the network: what is refused of an answer, and what a permit is told."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
import respx

from domain.exceptions import AnswerInvalid, MarketplaceUnavailable
from upstream.http import MAX_BODY_BYTES, HTTPTransport, http_client
from upstream.rate_limit import Permit

pytestmark = pytest.mark.anyio

URL = "https://gateway.example/sync"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http_client() as made:
        yield made


async def send(client: httpx.AsyncClient, permit: Permit | None = None, url: str = URL) -> bytes:
    """The body of the answer to a POST."""
    request = httpx.Request("POST", url, data={"a": "1"})
    transport = HTTPTransport(client, lambda: NOW)
    return (await transport.send(request, permit or Permit(), seconds=5)).body


@respx.mock
async def test_a_redirect_is_refused_and_not_followed(client: httpx.AsyncClient) -> None:
    inner = respx.get("http://169.254.169.254/")
    respx.post(URL).respond(302, headers={"location": "http://169.254.169.254/"})

    with pytest.raises(AnswerInvalid, match="redirect"):
        await send(client)

    assert not inner.called


@respx.mock
async def test_a_packed_body_is_unpacked(client: httpx.AsyncClient) -> None:
    respx.post(URL).respond(
        200, headers={"content-encoding": "gzip"}, content=gzip.compress(b"hello")
    )

    assert await send(client) == b"hello"


@respx.mock
@pytest.mark.parametrize("packed", [True, False])
async def test_a_body_without_end_is_cut_at_the_limit(
    client: httpx.AsyncClient, packed: bool
) -> None:
    body = b"\0" * (MAX_BODY_BYTES * 2)
    headers = {"content-encoding": "gzip"} if packed else {}
    respx.post(URL).respond(200, headers=headers, content=gzip.compress(body) if packed else body)

    with pytest.raises(AnswerInvalid, match="8 MiB"):
        await send(client)


@respx.mock
async def test_a_body_packed_wrongly_is_refused(client: httpx.AsyncClient) -> None:
    stream = Chunks(b"not gzip")
    headers = {"content-encoding": "gzip"}
    respx.post(URL).mock(return_value=httpx.Response(200, headers=headers, stream=stream))

    with pytest.raises(AnswerInvalid, match="packed wrongly"):
        await send(client)


class Chunks(httpx.AsyncByteStream):
    """A body as it comes over the wire, which httpx does not look into beforehand."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk


class Told(Permit):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    async def sent(self) -> None:
        self.events.append("sent")


async def test_a_permit_is_told_when_its_call_is_sent() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"a=1")
        permit.events.append("arrived")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    permit = Told()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, http_client() as client:
        body = await send(client, permit, url)

    assert body == b"ok"
    assert sorted(permit.events) == ["arrived", "sent"]


@respx.mock
@pytest.mark.parametrize(
    ("failure", "was_sent"),
    [
        (httpx.ConnectError("no"), False),
        (httpx.ConnectTimeout("no"), False),
        (httpx.ReadError("reset"), True),
        (httpx.ReadTimeout("late"), True),
    ],
)
async def test_a_failure_tells_whether_a_connection_came_about(
    client: httpx.AsyncClient, failure: httpx.TransportError, was_sent: bool
) -> None:
    respx.post(URL).mock(side_effect=failure)

    permit = Permit()
    permit.is_sent = True

    with pytest.raises(MarketplaceUnavailable):
        await send(client, permit)

    assert permit.is_sent is was_sent


async def test_a_call_that_is_given_up_while_it_connects_was_not_sent() -> None:
    permit, connected = Told(), asyncio.Event()
    permit.is_sent = True

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()  # and no handshake follows
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with asyncio.timeout(60), server, http_client() as client:
        call = asyncio.create_task(send(client, permit, url))
        await connected.wait()

        call.cancel()
        await asyncio.wait([call])

    assert call.cancelled()
    assert (permit.is_sent, permit.events) == (False, [])

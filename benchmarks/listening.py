"""How many requests a second a server process answers, by the loop and the parser below it."""

import asyncio
import json
import time
from urllib.parse import urlsplit

from benchmarks.runs import server
from tests.graph import API_KEY

CONNECTIONS = 32
REQUESTS = 6_000
QUERY = "{ __typename }"  # nothing but the way through the server


async def requests_a_second(manner: str, requests: int = REQUESTS) -> float:
    """Of a new server process, over connections that are kept; a warm-up is not counted."""
    async with server(manner) as address:
        await _ask(address, requests // 10)
        started = time.perf_counter()
        await _ask(address, requests)
        return requests / (time.perf_counter() - started)


async def _ask(address: str, requests: int) -> None:
    each = -(-requests // CONNECTIONS)
    await asyncio.gather(*(_connection(address, each) for _ in range(CONNECTIONS)))


async def _connection(address: str, requests: int) -> None:
    """One request after the other."""
    place = urlsplit(address)
    body = json.dumps({"query": QUERY})
    sent = (
        f"POST /graphql HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {API_KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    for _ in range(requests):
        writer.write(sent)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()

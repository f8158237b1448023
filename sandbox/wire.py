"""From a reply to bytes, and everything that can go wrong on the way."""

import asyncio
import contextlib
import struct
import zlib
from collections.abc import AsyncIterator
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from sandbox.answers import Reply
from sandbox.faults import ActiveFaults, FaultKind

MIB = 1024 * 1024
BOMB_SIZE = 200  # MiB of zeros
INNER_ADDRESS = "http://169.254.169.254/"
WEB_PAGE = (
    "<!DOCTYPE html><html><head><title>Access check</title></head><body>One moment.</body></html>"
)
JSON = "application/json"


class ConnectionBroken(Exception):
    """The connection ends here: reset, or closed in silence. The transport acts on it."""

    def __init__(self, *, is_reset: bool) -> None:
        super().__init__("reset" if is_reset else "closed")
        self.is_reset = is_reset


async def before_answer(request: Request, active: ActiveFaults) -> Response | None:
    """Faults that come instead of an answer. None: go on."""
    latency = active.get(FaultKind.LATENCY)
    if latency:
        await _delay(request, latency.seconds or 0)
    if FaultKind.HANG in active:
        await _delay(request, None)
    if FaultKind.RESET in active:
        raise ConnectionBroken(is_reset=True)
    if FaultKind.CLOSE_BEFORE in active:
        raise ConnectionBroken(is_reset=False)
    if FaultKind.REDIRECT in active:
        return Response(status_code=302, headers={"location": INNER_ADDRESS})
    if FaultKind.HTML in active:
        return Response(WEB_PAGE, media_type="text/html")
    if FaultKind.GZIP_BOMB in active:
        return Response(gzip_bomb(), headers={"content-encoding": "gzip"}, media_type=JSON)
    if FaultKind.HUGE in active:
        return StreamingResponse(_endless(), media_type=JSON)
    status = active.get(FaultKind.STATUS)
    if status is None:
        return None
    headers = {} if status.retry_after is None else {"retry-after": str(status.retry_after)}
    return Response("", status_code=int(status.code or 503), headers=headers)


async def _delay(request: Request, seconds: float | None) -> None:
    """Wait so long (None: for ever), as long as the caller waits too."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass
            raise ConnectionBroken(is_reset=False)


def response(reply: Reply, active: ActiveFaults) -> Response:
    """The reply as bytes, as the active faults want them."""
    body, kind = reply.body(), JSON
    if FaultKind.MALFORMED in active:
        body = body[: len(body) // 2]
    if FaultKind.WRONG_TYPE in active:
        kind = "text/html; charset=iso-8859-1"
    headers = {"content-type": kind, "content-length": str(len(body))} | reply.headers
    trickle = active.get(FaultKind.TRICKLE)
    if trickle:
        drops = _drops(body, 1.0 if trickle.seconds is None else trickle.seconds)
        return StreamingResponse(drops, status_code=reply.status, headers=headers)
    if FaultKind.TRUNCATED in active:
        return TruncatedResponse(body, status_code=reply.status, headers=headers)
    return Response(body, status_code=reply.status, headers=headers)


def stamp(answer: Response, clock: datetime) -> Response:
    """Date the answer by the gateway's clock."""
    answer.headers["date"] = format_datetime(clock, usegmt=True)
    return answer


class TruncatedResponse(Response):
    """Promises the whole body and breaks off in the middle."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start"} | start)
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        raise ConnectionBroken(is_reset=False)


async def _drops(body: bytes, seconds: float) -> AsyncIterator[bytes]:
    for byte in body:
        yield bytes([byte])
        await asyncio.sleep(seconds)


async def _endless() -> AsyncIterator[bytes]:
    yield b'{"endless": "'
    while True:
        yield b"x" * 65536
        await asyncio.sleep(0)  # lets a reader that has enough end it


@lru_cache(maxsize=1)
def gzip_bomb() -> bytes:
    """200 MiB of zeros as one gzip member of some 200 KiB (RFC 1952)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    zeros = bytes(MIB)
    # After a full flush each MiB packs into the same bytes, so one is packed and then repeated.
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(BOMB_SIZE):
        checksum = zlib.crc32(zeros, checksum)
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    return (
        header + block * BOMB_SIZE + packer.flush() + struct.pack("<II", checksum, BOMB_SIZE * MIB)
    )

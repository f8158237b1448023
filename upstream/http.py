"""Requests over the network, bounded: time, bytes, connections. Nothing of ours is decided here.

Protects against: a marketplace that hangs, trickles, floods, redirects or unpacks without end. Does
not protect against one that lies in a well-formed answer; the clients check what they asked for.
"""

import asyncio
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Protocol

import httpx

from domain.exceptions import AnswerInvalid, MarketplaceUnavailable
from upstream.contract import Answer
from upstream.rate_limit import Permit

MAX_BODY_BYTES = 8 * 1024 * 1024
# As httpx calls the steps.
CONNECTING = "connection.connect_tcp.started"
SENDING = "http11.send_request_headers.started"
SENT = "http11.send_request_body.complete"
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Transport(Protocol):
    """Sends one request."""

    async def send(self, request: httpx.Request, permit: Permit, *, seconds: float) -> Answer:
        """The answer within so many seconds.

        `permit` is told when the request is on its way, and that nothing of it is sent as long as
        no connection has come about. Raises MarketplaceUnavailable or AnswerInvalid.
        """
        ...


class HTTPTransport:
    """Implements `Transport` over an httpx client."""

    def __init__(self, client: httpx.AsyncClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now

    async def send(self, request: httpx.Request, permit: Permit, *, seconds: float) -> Answer:
        """See `Transport`."""
        request.extensions = dict(request.extensions) | {"trace": _tell_when_sent(permit)}
        request.headers["accept-encoding"] = "gzip"
        try:
            async with asyncio.timeout(seconds):
                response = await self._client.send(request, stream=True, follow_redirects=False)
                try:
                    body = await _bounded_body(response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TransportError, httpx.StreamError) as error:
            if isinstance(error, NEVER_SENT):
                permit.is_sent = False
            if isinstance(error, TimeoutError | httpx.TimeoutException):
                event = "did not answer in time"
            else:
                event = f"could not be reached ({type(error).__name__})"
            raise MarketplaceUnavailable(f"The marketplace {event}. Try again later.") from None
        if response.is_redirect:
            raise AnswerInvalid("The marketplace answered with a redirect, which is not followed.")
        return Answer(
            status=response.status_code,
            headers=response.headers,
            body=body,
            received_at=self._now(),
        )


def _tell_when_sent(permit: Permit) -> Callable[[str, Mapping[str, object]], Awaitable[None]]:
    """What httpx tells each step of a call to. Connecting can take a while."""

    async def trace(step: str, _info: Mapping[str, object]) -> None:
        if step == CONNECTING:
            permit.is_sent = False
        elif step == SENDING:
            permit.is_sent = True
        elif step == SENT:
            await permit.sent()

    return trace


async def _bounded_body(response: httpx.Response) -> bytes:
    """The unpacked body, read raw and unpacked in small steps so that a bomb stays small."""
    packed = response.headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip")
    unpack = zlib.decompressobj(wbits=31) if packed else None
    body = bytearray()
    async for chunk in response.aiter_raw():
        room = MAX_BODY_BYTES + 1 - len(body)
        body += _unpacked(unpack, chunk, room) if unpack else chunk[:room]
        if len(body) > MAX_BODY_BYTES:
            raise AnswerInvalid("The marketplace's answer is larger than 8 MiB.")
    return bytes(body)


def _unpacked(unpack: "zlib._Decompress", chunk: bytes, room: int) -> bytes:
    try:
        return unpack.decompress(chunk, room)
    except zlib.error:
        raise AnswerInvalid("The marketplace's answer is packed wrongly.") from None


@cache
def _certificates() -> ssl.SSLContext:
    """Whom we trust: read once, since reading takes long and every client may share them."""
    return httpx.create_ssl_context(trust_env=False)


def http_client(
    mounts: Mapping[str, httpx.AsyncBaseTransport] | None = None,
) -> httpx.AsyncClient:
    """The process's connection pool: no redirects, no proxies or .netrc of the environment.

    `mounts`: base address -> what stands in for the network there (the in-process gateways).
    """
    return httpx.AsyncClient(
        mounts=dict(mounts or {}),
        verify=_certificates(),
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(15.0, connect=5.0),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
    )

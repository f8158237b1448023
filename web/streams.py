"""Answers that go on: how many there may be, in which form they are sent, and when they end.

A stream ends when its source does, when the caller goes away or takes nothing for a while, when its
key is not valid any more (looked at with every keep-alive), and when the server ends. What is sent
is never packed, and proxies are asked not to hold it back.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.limits import Limits
from schema.answers import Outcome, request_error
from web.accept import media_ranges

log = logging.getLogger("affiliate_graph.streams")
KEEP_ALIVE = 12.0  # seconds
LOOK_EVERY = 1.0  # seconds after which the end of the server is seen
STUCK = 30.0  # seconds in which a caller takes nothing
EVENTS, PARTS = "text/event-stream", "multipart/mixed"
JSON_TYPES = ("application/json", "application/graphql-response+json", "*/*", "application/*")
Body = dict[str, object]
ENDING = request_error("The server ends. Subscribe again in a moment.", "SERVER_ENDING")
CUT_OFF = request_error(
    "This API key is not valid any more, or may do other things by now. Subscribe again with one "
    "that is.",
    "UNAUTHENTICATED",
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How bodies are written. `alive`: what says that the stream goes on."""

    media_type: str
    begin: bytes
    before: bytes
    behind: bytes
    alive: bytes
    end: bytes

    def part(self, body: Body) -> bytes:
        """One body."""
        if self.media_type.startswith(PARTS):
            body = {"payload": body} if "data" in body else {"payload": None, **body}
        return self.before + orjson.dumps(body) + self.behind


# graphql-sse's protocol, "distinct connections".
SSE = Encoding(
    EVENTS,
    begin=b":\n\n",
    before=b"event: next\ndata: ",
    behind=b"\n\n",
    alive=b":\n\n",
    end=b"event: complete\ndata:\n\n",
)
# Apollo's "multipart HTTP protocol for GraphQL subscriptions". The mark behind a part is sent with
# it, so that it is read at once.
_PART, _MARK = b"\r\nContent-Type: application/json\r\n\r\n", b"\r\n--graphql"
MULTIPART = Encoding(
    f'{PARTS};boundary="graphql";subscriptionSpec=1.0',
    begin=_MARK,
    before=_PART,
    behind=_MARK,
    alive=_PART + b"{}" + _MARK,
    end=b"--\r\n",
)


def encoding_for(accept: str) -> Encoding | None:
    """The form of streams that the caller takes; None where it takes none."""
    if not any(name in accept.lower() for name in (EVENTS, PARTS)):
        return None
    ranges = media_ranges(accept)
    for encoding, name in ((SSE, EVENTS), (MULTIPART, PARTS)):
        if ranges.get(name, 0.0) > 0:
            return encoding
    return None


def takes_streams_alone(accept: str) -> bool:
    """Whether the caller takes nothing but a stream, also where there is only one body."""
    ranges = media_ranges(accept)
    return encoding_for(accept) is not None and not any(
        ranges.get(kind, 0.0) > 0 for kind in JSON_TYPES
    )


def of_one(outcome: Outcome, encoding: Encoding) -> Response:
    """A stream of the one body."""
    content = encoding.begin + encoding.part(outcome.body) + encoding.end
    return Response(content, media_type=encoding.media_type)


@dataclass(kw_only=True)
class Streams:
    """Those that are open in this process. `ends`: whether the server was told to end."""

    limits: Limits = field(default_factory=Limits)
    ends: Callable[[], bool] = lambda: False
    open: Counter[str] = field(default_factory=Counter)

    def refusal(self, caller: str) -> Outcome | None:
        """Why one more stream of that caller is not opened; None where it can be."""
        if self.ends():
            return ENDING
        for name, number in (("streams", self.open[caller]), ("all_streams", self.open.total())):
            if number >= (limit := getattr(self.limits, name)):
                return request_error(
                    f"At most {limit:,} streams may be open at once. End one of them, or let the "
                    f"operator raise {Limits.setting(name)}.",
                    "THROTTLED",
                    limit=limit,
                    setting=Limits.setting(name),
                )
        return None

    def response(
        self,
        bodies: AsyncGenerator[Body, None],
        encoding: Encoding,
        caller: str,
        *,
        is_valid: Callable[[], Awaitable[bool]],
    ) -> Response:
        """The stream, which counts from now on until it has been sent. `is_valid`: whether the
        caller may still read."""
        self.open[caller] += 1
        return _Stream(bodies, encoding, is_valid, self.ends, lambda: self._leave(caller))

    def _leave(self, caller: str) -> None:
        self.open[caller] -= 1
        self.open += Counter()  # drops those that have none


class _Stream(Response):
    def __init__(
        self,
        bodies: AsyncGenerator[Body, None],
        encoding: Encoding,
        is_valid: Callable[[], Awaitable[bool]],
        ends: Callable[[], bool],
        leave: Callable[[], None],
    ) -> None:
        self.status_code = 200
        self.media_type = encoding.media_type
        self.background = None
        self.init_headers({"X-Accel-Buffering": "no"})
        self._bodies, self._encoding = bodies, encoding
        self._is_valid, self._ends, self._leave = is_valid, ends, leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until somebody makes an end."""
        gone, sent = asyncio.create_task(_gone(receive)), asyncio.create_task(self._send(send))
        try:
            await asyncio.wait({gone, sent}, return_when=asyncio.FIRST_COMPLETED)
            if sent.done():
                sent.result()
        finally:
            for task in (gone, sent):
                task.cancel()
            await asyncio.gather(gone, sent, return_exceptions=True)
            self._leave()

    async def _send(self, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        async with aclosing(self._chunks()) as chunks:
            async for chunk in chunks:
                try:
                    async with asyncio.timeout(STUCK):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                except TimeoutError:
                    log.info("The caller of a stream took nothing for %g s", STUCK)
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        """The bodies as they come, with what keeps proxies from giving up between them."""
        yield self._encoding.begin
        looked_at = time.monotonic()
        async with aclosing(self._bodies) as bodies, _ahead(bodies) as following:
            while True:
                body = await following(LOOK_EVERY)
                if isinstance(body, dict):
                    yield self._encoding.part(body)
                elif body is Following.END:
                    break
                if self._ends():
                    yield self._encoding.part(ENDING.body)
                    break
                if time.monotonic() - looked_at >= KEEP_ALIVE:
                    looked_at = time.monotonic()
                    if not await self._is_valid():
                        yield self._encoding.part(CUT_OFF.body)
                        break
                    yield self._encoding.alive
        yield self._encoding.end


class Following(Enum):
    """What there is instead of a body."""

    LATER = "LATER"
    END = "END"


@asynccontextmanager
async def _ahead(
    bodies: AsyncGenerator[Body, None],
) -> AsyncIterator[Callable[[float], Awaitable[Body | Following]]]:
    """Waits for the next body so many seconds; it goes on being made when they are over."""
    task: asyncio.Task[Body | None] | None = None

    async def following(seconds: float) -> Body | Following:
        nonlocal task
        task = task or asyncio.create_task(_next(bodies))
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            return Following.LATER
        body, task = task.result(), None
        return Following.END if body is None else body

    try:
        yield following
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _next(bodies: AsyncGenerator[Body, None]) -> Body | None:
    return await anext(bodies, None)


async def _gone(receive: Receive) -> None:
    """Returns when the caller goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass

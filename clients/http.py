"""The one way out: turns, quota, deadlines, bounded bodies, retries, redacted logs.

Protects against: a marketplace that hangs, trickles, floods, redirects or unpacks without end; a
retry that reuses an old signature; a URL, body or header in the log. Does not protect against a
marketplace that lies in a well-formed answer; the clients check what they asked for.
"""

import asyncio
import logging
import random
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import httpx
import stamina

from clients.base import Answer
from clients.rate_limit import RateLimit
from domain.exceptions import (
    AnswerInvalid,
    MarketplaceError,
    MarketplaceUnavailable,
    QuotaExhausted,
    Throttled,
)
from domain.marketplaces import AccountKey, QuotaRule

T = TypeVar("T")

MAX_BODY_BYTES = 8 * 1024 * 1024
log = logging.getLogger("affiliate_graph.clients")


class Ledger(Protocol):
    """Books calls against the account's day; kept by the storage."""

    async def book(self, account: AccountKey, rule: QuotaRule, now: datetime) -> bool:
        """Book one call. False: the day's calls are used up."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long we wait, in seconds: for one attempt, for our turn, and between attempts."""

    attempt: float = 15.0
    turn: float = 30.0
    longest_pause: float = 30.0
    first_pause: float = 1.0
    attempts: int = 3


@dataclass(kw_only=True)
class HTTPSender:
    """Implements `clients.base.Sender` over an httpx client. One for the process."""

    client: httpx.AsyncClient
    ledger: Ledger
    now: Callable[[], datetime]
    patience: Patience = field(default_factory=Patience)
    rate_limit: RateLimit = field(default_factory=RateLimit)

    async def send(
        self,
        build: Callable[[], httpx.Request],
        read: Callable[[Answer], T],
        *,
        account: AccountKey,
        operation: str,
        quota: QuotaRule | None,
    ) -> T:
        """See `clients.base.Sender.send`. Raises MarketplaceError."""
        tries = stamina.retry_context(
            on=_Judge(self.patience).pause,
            attempts=self.patience.attempts,
            timeout=None,
            wait_initial=self.patience.first_pause,
            wait_max=4 * self.patience.first_pause,
            wait_jitter=self.patience.first_pause / 4,
        )
        try:
            async for attempt in tries:
                with attempt:
                    if quota is not None:
                        await self._take_turn(account, quota)
                    answer = await self._attempt(build, account, operation)
                    return read(answer)
        except MarketplaceError as error:
            if error.retry_after is not None and error.retry_at is None:
                error.retry_at = self.now() + timedelta(seconds=error.retry_after)
            raise
        raise AssertionError("a retry context ends by returning or raising")

    async def _take_turn(self, account: AccountKey, quota: QuotaRule) -> None:
        if not await self.rate_limit.turn(account, quota, patience=self.patience.turn):
            raise _no_turn(self.now() + timedelta(seconds=self.patience.turn))
        if not await self.ledger.book(account, quota, self.now()):
            raise QuotaExhausted(
                "The account's calls of today are used up. They begin again at retryAt.",
                retry_at=quota.resets_at(self.now()),
            )

    async def _attempt(
        self, build: Callable[[], httpx.Request], account: AccountKey, operation: str
    ) -> Answer:
        request = build()
        started = time.monotonic()
        outcome = "no answer"
        try:
            answer = await self._exchange(request)
            outcome = str(answer.status)
            return answer
        finally:
            log.info(
                "call %s %s at %s: %s in %d ms",
                account.marketplace,
                operation,
                request.url.host,
                outcome,
                (time.monotonic() - started) * 1000,
            )

    async def _exchange(self, request: httpx.Request) -> Answer:
        request.headers["accept-encoding"] = "gzip"
        try:
            async with asyncio.timeout(self.patience.attempt):
                response = await self.client.send(request, stream=True, follow_redirects=False)
                try:
                    body = await _bounded_body(response)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TimeoutException):
            raise MarketplaceUnavailable(
                "The marketplace did not answer in time. Try again later."
            ) from None
        except (httpx.TransportError, httpx.StreamError) as error:
            raise MarketplaceUnavailable(
                f"The marketplace could not be reached ({type(error).__name__}). Try again later."
            ) from None
        if response.is_redirect:
            raise AnswerInvalid("The marketplace answered with a redirect, which is not followed.")
        return Answer(
            status=response.status_code,
            headers=response.headers,
            body=body,
            received_at=self.now(),
        )


class _Judge:
    """Decides after each failure of one call whether, and after which pause, to try again."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._tries = 0

    def pause(self, error: Exception) -> bool | float:
        self._tries += 1
        if not isinstance(error, MarketplaceError) or not error.retryable:
            return False
        if self._tries >= error.most_tries or error.retry_at is not None:
            return False
        if error.retry_after is None:
            return True
        if error.retry_after > self._patience.longest_pause:
            return False
        # A little later than asked, each caller at its own moment: not all at once again.
        return error.retry_after + random.uniform(0.25, 1) * self._patience.first_pause


def _no_turn(retry_at: datetime) -> Throttled:
    return Throttled(
        "Too many calls wait for this account already. Try again at retryAt.", retry_at=retry_at
    )


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


def http_client(
    mounts: Mapping[str, httpx.AsyncBaseTransport] | None = None,
) -> httpx.AsyncClient:
    """The process's connection pool: no redirects, no proxies or .netrc of the environment.

    `mounts`: base address -> what stands in for the network there (the in-process gateways).
    """
    return httpx.AsyncClient(
        mounts=dict(mounts or {}),
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(15.0, connect=5.0),
        limits=httpx.Limits(max_connections=40, max_keepalive_connections=20),
    )

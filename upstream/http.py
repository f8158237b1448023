"""The one way out: turns, quota, deadlines, bounded bodies, retries, breakers, redacted logs.

Protects against: a marketplace that hangs, trickles, floods, redirects or unpacks without end; a
retry that reuses an old signature; a URL, body or header in the log. Does not protect against a
marketplace that lies in a well-formed answer; the clients check what they asked for.
"""

import asyncio
import logging
import ssl
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol, TypeVar

import httpx
import stamina

from clients.base import Answer
from domain.exceptions import (
    AnswerInvalid,
    MarketplaceError,
    MarketplaceUnavailable,
    QuotaExhausted,
    Throttled,
)
from domain.marketplaces import AccountKey, QuotaRule
from domain.metering import Meter, NoMeter
from upstream.budget import Budget, Priority, purse
from upstream.circuit import Breakers
from upstream.clock_skew import ClockSkew
from upstream.negative_cache import NegativeCache
from upstream.rate_limit import Permit, RateLimit
from upstream.retries import RetryBudget, RetryPolicy, Timeouts

T = TypeVar("T")

MAX_BODY_BYTES = 8 * 1024 * 1024
MOST_AT_ONCE = 40  # calls in the air for a marketplace: one that hangs takes none from another
QUOTA_PAUSE = 600.0  # seconds
# Of the time that is left: a call sent in the last moment is spent, and its answer comes too late.
FOR_THE_TURN = 0.8
SENT = "http11.send_request_body.complete"  # as httpx calls the step
log = logging.getLogger("affiliate_graph.clients")


class Ledger(Protocol):
    """Books calls against the account's day; kept by the storage."""

    async def book(
        self, account: AccountKey, rule: QuotaRule, now: datetime, *, is_background: bool
    ) -> bool:
        """Book one call. False: the day's calls for that kind of work are used up."""
        ...

    async def give_back(self, account: AccountKey, rule: QuotaRule, booked_at: datetime) -> None:
        """A call that was booked at that moment is not made."""
        ...


@dataclass(kw_only=True)
class HTTPSender:
    """Implements `clients.base.Sender` over an httpx client. One for the process."""

    client: httpx.AsyncClient
    ledger: Ledger
    now: Callable[[], datetime]
    patience: Timeouts = field(default_factory=Timeouts)
    rate_limit: RateLimit = field(default_factory=RateLimit)
    breakers: Breakers = field(default_factory=Breakers)
    refusals: NegativeCache = field(default_factory=NegativeCache)
    budget: RetryBudget = field(default_factory=RetryBudget)
    clocks: ClockSkew = field(default_factory=ClockSkew)
    meter: Meter = field(default_factory=NoMeter)
    _slots: dict[str, asyncio.Semaphore] = field(init=False, default_factory=dict)

    async def send(
        self,
        build: Callable[[], httpx.Request],
        read: Callable[[Answer], T],
        *,
        account: AccountKey,
        credentials: str,
        operation: str,
        quota: QuotaRule | None,
    ) -> T:
        """See `clients.base.Sender.send`. Raises MarketplaceError."""
        call = _Call(
            build=build,
            account=account,
            credentials=credentials,
            operation=operation,
            quota=quota,
            paid_by=purse(),
        )
        judge = RetryPolicy(self.patience, call.paid_by, self.budget, account)
        tries = stamina.retry_context(
            on=judge.pause, attempts=self.patience.attempts, timeout=None, wait_max=0
        )
        try:
            async for attempt in tries:
                with attempt:
                    return await self._try(call, read)
        except MarketplaceError as error:
            if error.retry_after is not None and error.retry_at is None:
                error.retry_at = self.now() + timedelta(seconds=error.retry_after)
            raise
        raise AssertionError("a retry context ends by returning or raising")

    def forgive(self, account: AccountKey, credentials: str) -> None:
        """See `clients.base.Sender.forgive`."""
        self.refusals.forget(account, credentials)

    @contextmanager
    def _metered(self, call: "_Call") -> Iterator[None]:
        started, outcome = time.monotonic(), "cancelled"
        try:
            yield
            outcome = "ok"
        except MarketplaceError as error:
            outcome = error.code
            raise
        finally:
            seconds = time.monotonic() - started
            self.meter.called(call.account, call.operation, outcome, seconds)

    async def _try(self, call: "_Call", read: Callable[[Answer], T]) -> T:
        """Once: what it meets is told to all callers of the account before anybody tries again."""
        self.refusals.check(call.account, call.credentials, call.operation)
        try:
            with self.breakers.guard((call.account, call.operation)):
                turn = Permit() if call.quota is None else await self._admit(call, call.quota)
                with self._metered(call):
                    return read(await self._attempt(call, turn))
        except MarketplaceError as error:
            self.refusals.note(call.account, call.credentials, call.operation, error)
            await self._slow_down(call, error)
            raise

    async def _slow_down(self, call: "_Call", error: MarketplaceError) -> None:
        """What the marketplace asked of one caller holds for all callers of the account."""
        if error.retry_at is not None:
            return  # our own word, not the marketplace's
        if isinstance(error, Throttled) and error.retry_after is not None:
            await self.rate_limit.pause(call.account, error.retry_after)
        elif isinstance(error, QuotaExhausted):
            await self.rate_limit.pause(call.account, self._until_more(call.quota))

    def _until_more(self, quota: QuotaRule | None) -> float:
        """Seconds until a used-up quota is tried again: it may have been raised meanwhile."""
        if quota is None:
            return QUOTA_PAUSE
        return min(QUOTA_PAUSE, (quota.resets_at(self.now()) - self.now()).total_seconds())

    async def _admit(self, call: "_Call", quota: QuotaRule) -> Permit:
        """A call of the day, then a turn: nothing waits between a turn and its call, so that the
        marketplace sees the pace that the turns have."""
        call.paid_by.check()  # what is not made must not be booked
        patience = min(self.patience.turn, FOR_THE_TURN * call.paid_by.seconds_left())
        expected = self.rate_limit.expected_wait(call.account, quota)
        if expected > patience:
            raise self._too_many(expected)
        booked_at, turn = await self._book(call, quota), Permit()
        try:
            async with self.refusals.heeded(call.account, call.credentials, call.operation):
                turn = await self._take_turn(call, quota, patience)
            if quota.day(self.now()) != quota.day(booked_at):  # midnight has passed in the line
                yesterday, booked_at = booked_at, await self._book(call, quota)
                await self.ledger.give_back(call.account, quota, yesterday)
            call.paid_by.pay(call.account, quota)
        except MarketplaceError:
            await turn.over()
            await self.ledger.give_back(call.account, quota, booked_at)
            raise
        return turn

    async def _take_turn(self, call: "_Call", quota: QuotaRule, patience: float) -> Permit:
        turn = await self.rate_limit.turn(
            call.account,
            quota,
            patience=patience,
            is_background=call.paid_by.priority is Priority.BACKGROUND,
        )
        if not isinstance(turn, Permit):
            raise self._too_many(turn)
        return turn

    def _too_many(self, wait: float) -> Throttled:
        return Throttled(
            "Too many calls wait for this account already, or the marketplace asked for a "
            "pause. Try again at retryAt.",
            retry_at=self.now() + timedelta(seconds=wait),
        )

    async def _book(self, call: "_Call", quota: QuotaRule) -> datetime:
        """The moment for which a call was booked."""
        is_background = call.paid_by.priority is Priority.BACKGROUND
        now = self.now()
        if not await self.ledger.book(call.account, quota, now, is_background=is_background):
            raise _used_up(quota, now, is_background=is_background)
        return now

    async def _attempt(self, call: "_Call", turn: Permit) -> Answer:
        request = call.build()
        request.extensions = dict(request.extensions) | {"trace": _tell_when_sent(turn)}
        started = time.monotonic()
        outcome = "no answer"
        try:
            longest = min(self.patience.attempt, call.paid_by.seconds_left())
            answer = await self._exchange(request, longest, call.account.marketplace)
            outcome = str(answer.status)
            return answer
        finally:
            await turn.over()
            log.info(
                "call %s %s at %s: %s in %d ms",
                call.account.marketplace,
                call.operation,
                request.url.host,
                outcome,
                (time.monotonic() - started) * 1000,
            )

    async def _exchange(self, request: httpx.Request, longest: float, marketplace: str) -> Answer:
        request.headers["accept-encoding"] = "gzip"
        slots = self._slots.setdefault(marketplace, asyncio.Semaphore(MOST_AT_ONCE))
        try:
            async with asyncio.timeout(longest), slots:
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
        received_at = self.now()
        self.clocks.note(marketplace, response.headers, received_at)
        if response.is_redirect:
            raise AnswerInvalid("The marketplace answered with a redirect, which is not followed.")
        return Answer(
            status=response.status_code,
            headers=response.headers,
            body=body,
            received_at=received_at,
        )


def _tell_when_sent(turn: Permit) -> Callable[[str, Mapping[str, object]], Awaitable[None]]:
    """What httpx tells each step of a call to. Connecting can take a while."""

    async def trace(step: str, _info: Mapping[str, object]) -> None:
        if step == SENT:
            await turn.sent()

    return trace


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """What is asked and for whom. See `HTTPSender.send`."""

    build: Callable[[], httpx.Request]
    account: AccountKey
    credentials: str
    operation: str
    quota: QuotaRule | None
    paid_by: Budget


def _used_up(quota: QuotaRule, now: datetime, *, is_background: bool) -> QuotaExhausted:
    message = "The account's calls of today are used up. They begin again at retryAt."
    if is_background and quota.reserve_percent:
        message = (
            f"Background work has used its part of the account's calls of today; the last "
            f"{quota.reserve_percent} % are kept for people who wait. They begin again at retryAt."
        )
    return QuotaExhausted(message, retry_at=quota.resets_at(now))


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

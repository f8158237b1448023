"""How a call to a marketplace is made, from top to bottom. The stages, in their order:

    fetch   1  fresh enough in the cache?                    cache.py
            2  join an equal call in flight                  coalescing.py
            3  gather a batch                                coalescing.py
    send    4  circuit and remembered refusals               accounts.py
            5  may it be paid? the day's quota is booked     budget.py, QuotaLedger of resolvers/
            6  a permit of the rate limit                    rate_limit.py
            7  a connection slot, and the budget pays        accounts.py, budget.py
            8  sign: the request is built                    Call.build of clients/
            9  send                                          http.py
           10  classify the answer                           Call.classify of clients/
           11  note what was met                             accounts.py
    fetch      record the evidence, once for the batch       Fetch.record of resolvers/
           12  keep the answers, answer every waiter         cache.py, coalescing.py

Between `fetch` and `send` stands the client of the marketplace (clients/), which says what to send
for a batch of keys. A failed call goes through 4 to 11 again (RetryPolicy). What was reserved in 5,
6 and 7 is given back whenever nothing is sent: such a call costs nothing and proves nothing. A call
for an access token has no quota: it needs neither 5 nor 6, and nobody pays for it.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import stamina

from domain.exceptions import (
    AffiliateGraphError,
    AllowanceUsedUp,
    MarketplaceError,
    MarketplaceNotConnected,
    NotInProgram,
    ProductNotFound,
    QuotaExhausted,
    Throttled,
)
from domain.marketplaces import QuotaRule
from domain.metering import Meter, NoMeter
from upstream.accounts import AccountState, AccountStates, RetryBudget
from upstream.budget import Allowance, Budget, CallBudget, Priority, cap_reached
from upstream.cache import CacheEntry
from upstream.contract import Call, Fetch, Fetched, K, QuotaLedger, Upstream, V
from upstream.http import Transport
from upstream.rate_limit import PERMIT_TIMEOUT, Permit, RateLimit

T = TypeVar("T")

MAX_CONNECTIONS = 100  # of the process, unless the settings say otherwise
QUOTA_PAUSE = 600.0  # seconds
# The permit must still count when its call is sent; the other half is for connecting.
LONGEST_WAIT_FOR_SLOT = PERMIT_TIMEOUT / 2
# Of the time that is left: a call sent in the last moment is spent, and its answer comes too late.
SHARE_FOR_PERMIT = 0.8
# Failures that are the answer itself, or that an old answer must not hide.
_FINAL = (MarketplaceNotConnected, NotInProgram, ProductNotFound)
log = logging.getLogger("affiliate_graph.upstream")


async def fetch(
    upstream: Upstream, wanted: Fetch[K, V], keys: Sequence[K], budget: CallBudget
) -> dict[K, Fetched[V]]:
    """An answer or error for each key that was answered; others are absent.

    An answer that is past its time stands in for one that cannot be had now.
    """
    group = (wanted.operation, wanted.account, wanted.credentials, wanted.circumstances)
    kept = await _kept(upstream, wanted, group, keys, budget)
    fresh = {
        key: Fetched(entry.value, entry.since) for key, entry in kept.items() if entry.is_fresh
    }
    missing = [key for key in keys if key not in fresh]

    async def call(batch: Sequence[K], paid_by: Budget) -> Mapping[K, V | AffiliateGraphError]:
        upstream.meter.batch(wanted.account, wanted.operation, len(batch))
        try:
            answers = await wanted.call(batch, paid_by)
        except MarketplaceError as failure:
            await wanted.record(failure)
            raise
        await wanted.record(None)
        if wanted.policy is not None:
            asked = {key: answers[key] for key in batch if key in answers}
            await upstream.cache.put(group, asked, wanted.policy, now=upstream.now())
        return answers

    answers = await upstream.coalescer.get(group, missing, budget, size=wanted.size, call=call)
    return fresh | {key: _best(answer, kept.get(key)) for key, answer in answers.items()}


async def _kept(
    upstream: Upstream,
    wanted: Fetch[K, V],
    group: Hashable,
    keys: Sequence[K],
    budget: CallBudget,
) -> dict[K, CacheEntry[V]]:
    if wanted.policy is None or wanted.is_refresh:
        return {}
    kept = await upstream.cache.get(group, keys, wanted.policy, now=upstream.now())
    hits = sum(entry.is_fresh for entry in kept.values())
    budget.saved_by_cache += hits
    upstream.meter.cache(wanted.account, wanted.operation, hits=hits, misses=len(keys) - hits)
    return kept


def _best(answer: V | AffiliateGraphError, entry: CacheEntry[V] | None) -> Fetched[V]:
    """The answer, or the kept one where the marketplace could not be asked."""
    is_failure = isinstance(answer, MarketplaceError) and not isinstance(answer, _FINAL)
    if not is_failure or entry is None or isinstance(entry.value, AffiliateGraphError):
        return Fetched(answer)
    return Fetched(entry.value, entry.since.astimezone(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long we wait, in seconds: for one attempt, for a permit, and between attempts."""

    attempt: float = 15.0
    permit: float = 30.0
    longest_pause: float = 30.0
    first_pause: float = 1.0
    attempts: int = 3


@dataclass(kw_only=True)
class Pipeline:
    """Implements `upstream.contract.Sender`: stages 4 to 11. One for the process."""

    transport: Transport
    ledger: QuotaLedger
    now: Callable[[], datetime]
    accounts: AccountStates = field(default_factory=AccountStates)
    rate_limit: RateLimit = field(default_factory=RateLimit)
    timeouts: Timeouts = field(default_factory=Timeouts)
    meter: Meter = field(default_factory=NoMeter)
    max_connections: int = MAX_CONNECTIONS

    def __post_init__(self) -> None:
        self._connections = asyncio.Semaphore(self.max_connections)

    async def send(self, call: Call[T]) -> T:
        """See `Sender.send`."""
        with self.accounts.use(call.account) as account:
            policy = RetryPolicy(self.timeouts, call.budget, account.retries)
            tries = stamina.retry_context(
                on=policy.pause, attempts=self.timeouts.attempts, timeout=None, wait_max=0
            )
            try:
                async for attempt in tries:
                    with attempt:
                        return await self._once(call, account)
            except MarketplaceError as error:
                if error.retry_after is not None and error.retry_at is None:
                    error.retry_at = self.now() + timedelta(seconds=error.retry_after)
                raise
        raise AssertionError("a retry context ends by returning or raising")

    async def _once(self, call: Call[T], account: AccountState) -> T:
        """What it meets is told to all callers of the account before anybody tries again."""
        reserved = _Reserved(ledger=self.ledger, call=call)
        account.refusals.check(call.credentials, call.operation)
        try:
            with account.circuit.guard(call.operation):
                try:
                    async with AsyncExitStack() as slots:
                        if call.quota is None:
                            await self._connect(call, account, slots)
                        else:
                            async with call.budget.turns[call.account, call.budget.priority]:
                                await self._reserve(call, call.quota, account, reserved)
                                await self._connect(call, account, slots)
                        if call.quota is not None:
                            reserved.payer = call.budget.spend(call.account, call.quota)
                        return await self._exchange(call, account, reserved.permit)
                except BaseException:
                    if not reserved.permit.is_sent:
                        await _to_the_end(reserved.give_back())
                    raise
        except MarketplaceError as error:
            account.refusals.note(call.credentials, call.operation, error)
            await self._slow_down(call, account, error)
            raise

    async def _reserve(
        self, call: Call[T], quota: QuotaRule, account: AccountState, reserved: "_Reserved"
    ) -> None:
        """A call of the day, then a permit.

        The day is booked before the permit: nothing but a free connection is waited for between a
        permit and its call, so that the marketplace sees the pace that the permits have.
        """
        budget = call.budget
        if not budget.may_spend():  # what is not made must not be booked
            raise cap_reached(budget)
        caller, is_background = budget.caller, budget.priority is Priority.BACKGROUND
        within = min(self.timeouts.permit, SHARE_FOR_PERMIT * budget.seconds_left())
        expected = self.rate_limit.expected_wait(
            account, quota, caller=caller, is_background=is_background
        )
        if expected > within:
            raise self._too_many(expected)
        await _to_the_end(reserved.book(quota, self.now()))
        async with account.refusals.guard(call.credentials, call.operation):
            permit = await self.rate_limit.acquire(
                account, quota, within=within, caller=caller, is_background=is_background
            )
        if not isinstance(permit, Permit):
            raise self._too_many(permit)
        reserved.permit = permit
        if reserved.day != quota.day(self.now()):  # midnight has passed in the line
            await _to_the_end(reserved.book(quota, self.now()))

    async def _connect(self, call: Call[T], account: AccountState, slots: AsyncExitStack) -> None:
        """Take a slot of the account, then one of the process. Raises Throttled."""
        longest = min(self.timeouts.permit, LONGEST_WAIT_FOR_SLOT, call.budget.seconds_left())
        try:
            async with asyncio.timeout(longest):
                await slots.enter_async_context(account.connections)
                await slots.enter_async_context(self._connections)
        except TimeoutError:
            raise Throttled(
                "This server has too many calls under way. Try again at retryAt.",
                retry_at=self.now() + timedelta(seconds=1),
            ) from None

    async def _exchange(self, call: Call[T], account: AccountState, permit: Permit) -> T:
        """Sign, send, classify; the call's line in the log, and its numbers."""
        request = call.build()
        seconds = min(self.timeouts.attempt, call.budget.seconds_left())
        started, outcome = time.monotonic(), "cancelled"
        status: int | None = None
        failure: MarketplaceError | None = None
        permit.is_sent = True  # from here on, unless the transport finds that it is not
        try:
            try:
                answer = await self.transport.send(request, permit, seconds=seconds)
            finally:
                await permit.over()
            status = answer.status
            account.clock.note(answer.headers, answer.received_at)
            result = call.classify(answer)
            outcome = "ok"
            return result
        except MarketplaceError as error:
            outcome, failure = error.code, error
            raise
        finally:
            took = time.monotonic() - started
            self.meter.called(call.account, call.operation, outcome, took)
            log.log(
                logging.INFO if failure is None or isinstance(failure, _FINAL) else logging.WARNING,
                "call %s %s: %s",
                *(call.account.marketplace, call.operation, outcome),
                extra={
                    "host": request.url.host,
                    "status": status,
                    "upstreamCode": failure and failure.upstream_code,
                    "ms": round(took * 1000, 1),
                },
            )

    async def _slow_down(
        self, call: Call[T], account: AccountState, error: MarketplaceError
    ) -> None:
        """What the marketplace asked of one caller holds for all callers of the account."""
        if error.retry_at is not None:
            return  # our own word, not the marketplace's
        if isinstance(error, Throttled | QuotaExhausted) and error.retry_after is not None:
            await self.rate_limit.pause(account, error.retry_after)
        elif isinstance(error, QuotaExhausted):
            await self.rate_limit.pause(account, self._until_more(call.quota))

    def _until_more(self, quota: QuotaRule | None) -> float:
        """Seconds until a used-up quota is tried again: it may have been raised meanwhile."""
        if quota is None:
            return QUOTA_PAUSE
        return min(QUOTA_PAUSE, (quota.resets_at(self.now()) - self.now()).total_seconds())

    def _too_many(self, wait: float) -> Throttled:
        return Throttled(
            "Too many calls wait for this account already, or the marketplace asked for a "
            "pause. Try again at retryAt.",
            retry_at=self.now() + timedelta(seconds=wait),
        )


@dataclass(kw_only=True)
class _Reserved:
    """What is laid aside for one call, to be given back unless it is sent.

    `booked`: the moment of the booking, and the allowance that it was booked on: the call may count
    for another caller by the time that it is given back. `day`: of the account, on which it is.
    """

    ledger: QuotaLedger
    call: Call[object]
    permit: Permit = field(default_factory=Permit)
    booked: tuple[datetime, Allowance | None] | None = None
    day: date | None = None
    payer: CallBudget | None = None

    async def book(self, quota: QuotaRule, now: datetime) -> None:
        """A call of the account's present day, instead of one of the day before."""
        if self.booked is not None:  # first, since the day of an API key may still be the same one
            await self._unbook(quota)
        budget = self.call.budget
        is_background = budget.priority is Priority.BACKGROUND
        while self.booked is None:
            allowance = budget.allowance
            try:
                await self.ledger.book(
                    self.call.account, quota, allowance, now, is_background=is_background
                )
                self.booked, self.day = (now, allowance), quota.day(now)
            except AllowanceUsedUp:
                if not budget.pass_on(allowance):
                    raise

    async def give_back(self) -> None:
        """Nothing was sent: it costs nothing."""
        if self.payer is not None:
            self.payer.refund()
        await self.permit.release()
        if self.call.quota is not None:
            await self._unbook(self.call.quota)

    async def _unbook(self, quota: QuotaRule) -> None:
        if self.booked is not None:
            (booked_at, allowance), self.booked = self.booked, None
            await self.ledger.give_back(self.call.account, quota, allowance, booked_at)


class RetryPolicy:
    """Decides after each failure of one call whether it is made again, and after which pause.

    By class of failure: what cannot get better is not tried again. Within the request's deadline,
    its cap, and a budget of repetitions for the account, so that a marketplace in trouble is not
    asked even more than usual.
    """

    def __init__(self, timeouts: Timeouts, budget: Budget, retries: RetryBudget) -> None:
        self._timeouts = timeouts
        self._budget = budget
        self._retries = retries
        self._tries = 0
        retries.earn()

    def pause(self, error: Exception) -> bool | float:
        """The seconds to wait before the next try; False: there is none. For stamina's `on`."""
        self._tries += 1
        if not isinstance(error, MarketplaceError) or not self._can_help(error):
            return False
        wait = self._wait(error)
        if wait > self._timeouts.longest_pause + self._timeouts.first_pause:
            return False
        if wait >= self._budget.seconds_left() or not self._budget.may_spend():
            return False
        return wait if self._retries.take() else False

    def _can_help(self, error: MarketplaceError) -> bool:
        most = min(error.most_tries, self._timeouts.attempts)
        return error.retryable and self._tries < most and error.retry_at is None

    def _wait(self, error: MarketplaceError) -> float:
        """A little later than asked, each caller at its own moment: not all at once again."""
        first = self._timeouts.first_pause
        if error.retry_after is not None:
            return error.retry_after + random.uniform(0.25, 1) * first
        return first * float(2 ** (self._tries - 1)) + random.uniform(0, first / 4)


async def _to_the_end(work: Coroutine[object, object, None]) -> None:
    """Who is cancelled meanwhile still learns what was booked: the storage does not stop for it."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # seen
        raise

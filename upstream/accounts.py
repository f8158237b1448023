"""What this process knows of each account at a marketplace: one object per account, one table.

An account is whatever the marketplace counts together (`Marketplace.quota_account`), so several
workspaces may share one. States of accounts that nobody has used for a while are forgotten; what
they knew is either over by then or told anew by the next answer.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain import moments
from domain.exceptions import (
    AnswerInvalid,
    APIRetired,
    CallCapReached,
    CircuitOpen,
    ClockSkewed,
    CredentialsRejected,
    MarketplaceError,
    MarketplaceUnavailable,
    NotEligible,
    PermissionMissing,
    QuotaExhausted,
    Throttled,
)
from domain.marketplaces import AccountKey
from upstream.budget import Monotonic
from upstream.rate_limit import FairLine, WindowPermit

FORGET_AFTER = 900.0  # seconds without a call; more than any pause, refusal or open circuit lasts
CONNECTIONS = 10  # that one account may have open at once, unless the settings say otherwise

FAILURES_TO_OPEN = 5
# Short at first, so that a hiccup is over soon; doubled with every probe that fails.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0

REFUSAL_HOLDS = 60.0  # seconds
_REFUSALS_OF_ACCOUNT = (CredentialsRejected, NotEligible, APIRetired)

SHARE = 0.1  # repetitions for each call
RESERVE = 10.0  # repetitions that a quiet account may make at once

LARGE_SKEW = timedelta(minutes=1)  # what an answer's way and a date in whole seconds never explain


@dataclass(slots=True)
class _Circuit:
    """`pause` 0: closed, with some failures in a row."""

    failures: int = 0
    pause: float = 0.0
    open_until: float = 0.0
    is_probed: bool = False


class CircuitBreaker:
    """An operation that keeps failing is left alone, but for one probe at a time.

    One circuit for each operation of an account. It opens after five failures in a row of the kind
    that says that nobody is there: no answer, a server error, an answer that is none. While it is
    open, calls fail at once and cost nothing. When its time is over one caller probes, and the
    others go on failing until that one knows more. A refusal is an answer, so it closes the
    circuit; throttling says nothing about it.
    """

    def __init__(self, monotonic: Monotonic = time.monotonic) -> None:
        self._monotonic = monotonic
        self._circuits: dict[str, _Circuit] = {}

    @contextmanager
    def guard(self, operation: str) -> Iterator[None]:
        """Around one call, whose outcome is noted. Raises CircuitOpen when it must not be made."""
        circuit = self._circuits.get(operation)
        is_probe = circuit is not None and circuit.pause > 0
        if circuit is not None and is_probe:
            wait = circuit.open_until - self._monotonic()
            if wait > 0 or circuit.is_probed:
                raise CircuitOpen(
                    "The marketplace failed to answer several times in a row, so it is not asked "
                    "at the moment. Try again at retryAt.",
                    retry_after=max(wait, FIRST_PAUSE),
                )
            circuit.is_probed = True
        try:
            yield
        except BaseException as failure:
            self._note(operation, failure, is_probe=is_probe)
            raise
        self._circuits.pop(operation, None)

    def _note(self, operation: str, failure: BaseException, *, is_probe: bool) -> None:
        is_outage = isinstance(failure, (MarketplaceUnavailable, AnswerInvalid))
        if is_outage and not isinstance(failure, ClockSkewed):
            self._fail(operation, is_probe=is_probe)
        elif isinstance(failure, MarketplaceError) and not isinstance(
            failure, (Throttled, QuotaExhausted, CallCapReached)
        ):
            self._circuits.pop(operation, None)
        elif is_probe and (circuit := self._circuits.get(operation)):
            circuit.is_probed = False  # the next caller probes

    def _fail(self, operation: str, *, is_probe: bool) -> None:
        circuit = self._circuits.setdefault(operation, _Circuit())
        circuit.failures += 1
        if is_probe:
            circuit.is_probed = False
        if is_probe or (circuit.pause == 0 and circuit.failures >= FAILURES_TO_OPEN):
            circuit.pause = min(LONGEST_PAUSE, circuit.pause * 2 or FIRST_PAUSE)
            circuit.open_until = self._monotonic() + circuit.pause


@dataclass(slots=True, eq=False)
class _Wait:
    """Somebody who waits to make a call, and the refusal that ended the wait."""

    credentials: str
    operation: str
    limit: asyncio.Timeout
    refusal: MarketplaceError | None = None

    def end(self, refusal: MarketplaceError) -> None:
        """Wake whoever waits."""
        self.refusal = refusal
        self.limit.reschedule(asyncio.get_running_loop().time())


@dataclass(slots=True)
class NegativeCache:
    """The refusals of an account, by credentials and, for permissions, operation.

    A refusal holds for the same credentials for a while, so that 25 batches of one import, or a
    hundred requests, do not each collect the same answer. Saving other credentials, or testing the
    connection, asks anew. Who waits for a permit when the refusal comes is told at once: there is
    nothing left to wait for.
    """

    monotonic: Monotonic = time.monotonic
    _refusals: dict[tuple[str, str], tuple[float, MarketplaceError]] = field(default_factory=dict)
    _waits: set[_Wait] = field(default_factory=set)

    def check(self, credentials: str, operation: str) -> None:
        """Raises the refusal that still holds, as a failure that no new call was made for."""
        for name in ((credentials, ""), (credentials, operation)):
            until, failure = self._refusals.get(name, (0.0, None))
            if failure is None:
                continue
            if self.monotonic() < until:
                raise failure.at(failure.path)
            del self._refusals[name]

    def note(self, credentials: str, operation: str, failure: MarketplaceError) -> None:
        """Remember a refusal; other failures are none."""
        if isinstance(failure, _REFUSALS_OF_ACCOUNT):
            self._remember(credentials, "", failure)
        elif isinstance(failure, PermissionMissing):
            self._remember(credentials, operation, failure)

    @asynccontextmanager
    async def guard(self, credentials: str, operation: str) -> AsyncIterator[None]:
        """Around a wait before a call: a refusal that holds, or comes meanwhile, is raised."""
        self.check(credentials, operation)
        wait = _Wait(credentials, operation, asyncio.timeout(None))
        self._waits.add(wait)
        try:
            async with wait.limit:
                yield
        except TimeoutError:
            if wait.refusal is None:
                raise
            raise wait.refusal.at(wait.refusal.path) from None
        finally:
            self._waits.discard(wait)

    def reset(self, credentials: str) -> None:
        """The next call with these credentials is really made."""
        for name in [name for name in self._refusals if name[0] == credentials]:
            del self._refusals[name]

    def _remember(self, credentials: str, operation: str, failure: MarketplaceError) -> None:
        until = self.monotonic() + REFUSAL_HOLDS
        self._refusals.setdefault((credentials, operation), (until, failure))
        for wait in self._waits:
            is_meant = wait.credentials == credentials and operation in ("", wait.operation)
            if is_meant and wait.refusal is None:
                wait.end(failure)


@dataclass(slots=True)
class RetryBudget:
    """Repetitions that an account may still make: a tenth of its calls, and a few to begin."""

    left: float = RESERVE

    def earn(self) -> None:
        """A call was begun."""
        self.left = min(RESERVE, self.left + SHARE)

    def take(self) -> bool:
        """Use one repetition; False when none is left."""
        if self.left < 1:
            return False
        self.left -= 1
        return True


class ClockSkew:
    """How far this server's clock is from the marketplace's, by the dates of its answers.

    Signed requests carry the time, so a clock that is off by minutes looks like a refusal. It is a
    matter of this server, not of an account, so it is measured and not stored. `ahead`: of this
    server's clock; None while it is little.
    """

    def __init__(self) -> None:
        self.ahead: timedelta | None = None

    def note(self, headers: Mapping[str, str], received_at: datetime) -> None:
        """An answer came; one without a readable date tells nothing."""
        sent_at = moments.of_http(headers.get("date", ""))
        if sent_at is not None:
            ahead = received_at - sent_at
            self.ahead = ahead if abs(ahead) >= LARGE_SKEW else None


def skew_in_words(ahead: timedelta) -> str:
    """ "20 minutes behind", "5 hours ahead of"."""
    minutes = round(abs(ahead) / timedelta(minutes=1))
    if minutes < 120:
        amount = f"{minutes} minute{'s' if minutes > 1 else ''}"
    elif minutes < 48 * 60:
        amount = f"{round(minutes / 60)} hours"
    else:
        amount = f"{round(minutes / 60 / 24)} days"
    return f"{amount} {'ahead of' if ahead > timedelta() else 'behind'}"


class AccountState:
    """An account's circuits, refusals, retries, pause, clock, permits, connections and line."""

    def __init__(
        self,
        key: AccountKey,
        monotonic: Monotonic = time.monotonic,
        *,
        connections: int = CONNECTIONS,
    ) -> None:
        self.key = key
        self.circuit = CircuitBreaker(monotonic)
        self.refusals = NegativeCache(monotonic)
        self.retries = RetryBudget()
        self.clock = ClockSkew()
        self.line = FairLine()
        self.permits: list[WindowPermit] = []  # that count, of this process
        self.connections = asyncio.Semaphore(connections)
        self.paused_until = 0.0  # on the monotonic clock
        self.used_at = monotonic()
        self.users = 0  # calls under way


class AccountStates:
    """All accounts of a process."""

    def __init__(
        self, monotonic: Monotonic = time.monotonic, *, connections: int = CONNECTIONS
    ) -> None:
        self._monotonic = monotonic
        self._connections = connections
        self._states: dict[AccountKey, AccountState] = {}  # the one used longest ago first

    def __len__(self) -> int:
        return len(self._states)

    @contextmanager
    def use(self, key: AccountKey) -> Iterator[AccountState]:
        """The account's state, which is not forgotten meanwhile."""
        state = self._states.pop(key, None)
        if state is None:
            state = AccountState(key, self._monotonic, connections=self._connections)
        self._states[key] = state
        state.users += 1
        try:
            yield state
        finally:
            state.users -= 1
            state.used_at = self._monotonic()
            self._forget_idle()

    def find(self, key: AccountKey) -> AccountState | None:
        """The account's state, if there is one."""
        return self._states.get(key)

    def _forget_idle(self) -> None:
        """Look at the longest unused ones only: each look forgets at least one or ends."""
        now = self._monotonic()
        while self._states:
            key, state = next(iter(self._states.items()))
            if now - state.used_at < FORGET_AFTER:
                return
            del self._states[key]
            if state.users or state.paused_until > now:
                self._states[key] = state  # to the end; it is looked at again later
                state.used_at = now

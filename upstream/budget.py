"""What a request may spend on marketplace calls, and what it has spent.

Every request has a `CallBudget`: who asks, a deadline, perhaps a cap, a priority, and its counts.
It is handed from the resolvers down to the call. A call that several requests share (`SharedCall`,
see coalescing.py) is paid by the one that opened it, which has reserved it, and a
repetition by whoever of them may still pay. So the counts of all requests add up to the calls made,
and nobody's cap is ever exceeded.
"""

import asyncio
import math
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, Protocol, TypeVar

from domain.exceptions import AffiliateGraphError, CallCapReached
from domain.marketplaces import AccountKey, QuotaRule

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Monotonic = Callable[[], float]
BatchCall = Callable[[Sequence[K], "Budget"], Awaitable[Mapping[K, V | AffiliateGraphError]]]


class Priority(Enum):
    """Whether somebody waits for the answer. Background work leaves a share of the quota alone."""

    INTERACTIVE = "INTERACTIVE"
    BACKGROUND = "BACKGROUND"


Turns = defaultdict[tuple[AccountKey, Priority], asyncio.Lock]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The marketplace calls a day that one API key was given. `key`: the id of its row."""

    key: str
    calls_per_day: int


class Budget(Protocol):
    """Who pays for a call that is about to be made.

    `caller`: whose place in the rotation is used: the callers of an account get a permit each.
    `allowance`: the caller's own limit a day, None where there is none. `max_calls`: the cap of the
    request. `turns`: each held from where a call of the account's day is booked until it is sent: a
    request has one such call at a time, since a process that is killed leaves them booked.
    """

    caller: str
    allowance: Allowance | None
    max_calls: int | None
    turns: Turns

    @property
    def priority(self) -> Priority:
        """For whose sake the call is made."""
        ...

    def seconds_left(self) -> float:
        """Until nobody waits for the answer any longer; may be infinite."""
        ...

    def may_spend(self) -> bool:
        """Whether one more call can be paid."""
        ...

    def spend(self, account: AccountKey, rule: QuotaRule) -> "CallBudget":
        """Pay for one call that is sent now. Returns who paid. Raises CallCapReached."""
        ...

    def pass_on(self, used_up: Allowance | None) -> bool:
        """That allowance is used up: let somebody else be the caller. False: there is nobody."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class CallBudget:
    """The budget of one request, or of a piece of work outside of requests.

    `workspace` and `caller` say for whom. `max_calls` None: no cap. `deadline`: on `monotonic`'s
    clock. Calls that are reserved will be made for this request and are not counted yet. `is_used`:
    something was asked, of marketplaces or of what they answered before.
    """

    workspace: str = ""
    caller: str = ""
    allowance: Allowance | None = None
    max_calls: int | None = None
    deadline: float = math.inf
    priority: Priority = Priority.INTERACTIVE
    monotonic: Monotonic = time.monotonic
    is_used: bool = False
    calls: int = 0
    saved_by_batching: int = 0
    saved_by_cache: int = 0
    accounts: dict[AccountKey, QuotaRule] = field(default_factory=dict)
    pending: int = 0  # answers that it waits for at the moment
    reserved: int = 0
    turns: Turns = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def seconds_left(self) -> float:
        """See `Budget`."""
        return max(0.0, self.deadline - self.monotonic())

    def wait_at_most(self, seconds: float) -> None:
        """Set the deadline: so many seconds from now."""
        self.deadline = self.monotonic() + seconds

    def may_spend(self) -> bool:
        """See `Budget`."""
        return self.max_calls is None or self.calls + self.reserved < self.max_calls

    def spend(self, account: AccountKey, rule: QuotaRule) -> "CallBudget":
        """See `Budget`."""
        if not self.may_spend():
            raise cap_reached(self)
        self.calls += 1
        self.accounts[account] = rule
        return self

    def pass_on(self, used_up: Allowance | None) -> bool:
        """See `Budget`."""
        return False

    def refund(self) -> None:
        """The call that was paid was not sent after all."""
        self.calls -= 1

    def reserve(self) -> bool:
        """Lay one call aside for a batch that this request opens. False: the cap is reached."""
        is_possible = self.may_spend()
        self.reserved += is_possible
        return is_possible

    def release(self) -> None:
        """The call that was reserved is paid now, or not made."""
        self.reserved -= 1


def cap_reached(budget: Budget) -> CallCapReached:
    """What a capped request is told when it would need one more call."""
    return CallCapReached(
        f"This request may make {budget.max_calls} marketplace calls (X-Max-Upstream-Calls), and "
        "needs more. What fits in is answered; raise the cap, or ask for less."
    )


class SharedCall(Generic[K, V]):
    """A call for a batch of keys: what is asked, who waits for it, who pays, how far it is.

    Implements `Budget`. `opener` has reserved the call, asks with what it has loaded, and counts as
    the caller, even when it has gone away meanwhile; but one whose allowance is used up fails
    nobody else: another one is the caller then. A repetition is paid by whoever waits and may still
    pay; nothing may be spent once nobody waits. `when_paid` is called once, when the call has its
    permit and its payer: it no longer holds up the next one.
    """

    def __init__(
        self,
        opener: CallBudget,
        ask: "BatchCall[K, V]",
        *,
        when_paid: Callable[[], None] = lambda: None,
    ) -> None:
        self.opener = opener
        self.ask = ask
        self.caller, self.allowance = opener.caller, opener.allowance
        self.max_calls, self.turns = opener.max_calls, opener.turns
        self.places: dict[K, Pending[K, V]] = {}
        self.members: Counter[CallBudget] = Counter()  # by the number of places they wait at
        self.context = copy_context()  # whose request id the log lines of the call show
        self.run: asyncio.Task[None] | None = None
        self.is_paid = False
        self._when_paid = when_paid
        self._is_reserved = True
        self._used_up: set[Allowance | None] = set()

    @property
    def priority(self) -> Priority:
        """See `Budget`: one request that somebody waits for is enough."""
        is_waited_for = any(one.priority is Priority.INTERACTIVE for one in self.members)
        return Priority.INTERACTIVE if is_waited_for else Priority.BACKGROUND

    def seconds_left(self) -> float:
        """See `Budget`: until the most patient one gives up."""
        return max((member.seconds_left() for member in self.members), default=0.0)

    def may_spend(self) -> bool:
        """See `Budget`."""
        if self._is_reserved:
            return bool(self.members)
        return any(member.may_spend() for member in self.members)

    def spend(self, account: AccountKey, rule: QuotaRule) -> CallBudget:
        """See `Budget`."""
        if not self.may_spend():
            raise cap_reached(self)
        is_reserved = self._is_reserved
        self.release()
        payer = self.opener if is_reserved else next(one for one in self.members if one.may_spend())
        payer.spend(account, rule)
        if not self.is_paid:
            self.is_paid = True
            self._when_paid()
        return payer

    def pass_on(self, used_up: Allowance | None) -> bool:
        """See `Budget`."""
        self._used_up.add(used_up)
        if self.allowance not in self._used_up:
            return True  # another call of this batch has found it out before
        other = next((one for one in self.members if one.allowance not in self._used_up), None)
        if other is None:
            return False
        self.caller, self.allowance = other.caller, other.allowance
        return True

    def release(self) -> None:
        """The call is over, or not made: a reservation that was not needed is given back."""
        if self._is_reserved:
            self._is_reserved = False
            self.opener.release()


@dataclass(slots=True)
class Pending(Generic[K, V]):
    """A key's place in a call: the answer that will come, and how many wait for it."""

    call: SharedCall[K, V]
    answer: "asyncio.Future[V | AffiliateGraphError | None]"
    waiters: int = 0

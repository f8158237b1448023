"""What a request may spend on marketplace calls, and what it has spent.

Every request has a `CallBudget`: a deadline, perhaps a cap, a priority, and its counts. A call that
several requests share is made in a task of its own, for a `BatchBudget` of them: the request that
opened the batch pays for the call, and a repetition is paid by whoever of them may still pay. So
the counts of all requests add up to the calls made, and nobody's cap is ever exceeded.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from domain.exceptions import CallCapReached
from domain.marketplaces import AccountKey, QuotaRule

Monotonic = Callable[[], float]


class Priority(Enum):
    """Whether somebody waits for the answer. Background work leaves a share of the quota alone."""

    INTERACTIVE = "INTERACTIVE"
    BACKGROUND = "BACKGROUND"


class Budget(Protocol):
    """Who pays for a call that is about to be made."""

    @property
    def priority(self) -> Priority:
        """For whose sake the call is made."""
        ...

    def seconds_left(self) -> float:
        """Until nobody waits for the answer any longer; may be infinite."""
        ...

    def may_pay(self) -> bool:
        """Whether one more call can be paid."""
        ...

    def check(self) -> None:
        """Raises CallCapReached when no more call can be paid."""
        ...

    def pay(self, account: AccountKey, rule: QuotaRule) -> None:
        """Pay for one call that is sent now. Raises CallCapReached."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class CallBudget:
    """The purse of one request. `most_calls` None: no cap. `deadline`: on `monotonic`'s clock."""

    most_calls: int | None = None
    deadline: float = math.inf
    priority: Priority = Priority.INTERACTIVE
    monotonic: Monotonic = time.monotonic
    calls: int = 0
    saved_by_batching: int = 0
    saved_by_cache: int = 0
    accounts: dict[AccountKey, QuotaRule] = field(default_factory=dict)
    waits: int = 0  # answers that it waits for at the moment
    _promised: int = 0  # calls that will be made for this request and are not counted yet

    def seconds_left(self) -> float:
        """See `Budget`."""
        return max(0.0, self.deadline - self.monotonic())

    def wait_at_most(self, seconds: float) -> None:
        """Set the deadline: so many seconds from now."""
        self.deadline = self.monotonic() + seconds

    def may_pay(self) -> bool:
        """See `Budget`."""
        return self.most_calls is None or self.calls + self._promised < self.most_calls

    def check(self) -> None:
        """See `Budget`."""
        if not self.may_pay():
            raise cap_reached(self.most_calls)

    def pay(self, account: AccountKey, rule: QuotaRule) -> None:
        """See `Budget`."""
        self.check()
        self._count(account, rule)

    def promise(self) -> bool:
        """Lay one call aside for a batch that this request opens. False: the cap is reached."""
        if not self.may_pay():
            return False
        self._promised += 1
        return True

    def keep_promise(self, account: AccountKey, rule: QuotaRule) -> None:
        """The call that was laid aside is sent now."""
        self._promised -= 1
        self._count(account, rule)

    def take_back(self) -> None:
        """The call that was laid aside is not made."""
        self._promised -= 1

    @contextmanager
    def active(self) -> Iterator[None]:
        """Meanwhile calls of this task, and of tasks that it starts, are paid from this purse."""
        token = _purse.set(self)
        try:
            yield
        finally:
            _purse.reset(token)

    def _count(self, account: AccountKey, rule: QuotaRule) -> None:
        self.calls += 1
        self.accounts[account] = rule


class BatchBudget:
    """The requests that wait for one shared call. The first one opened it and has promised it.

    `when_sent` is called once, when the call has had its turn and is paid.
    """

    def __init__(
        self, members: Iterable[CallBudget], *, when_sent: Callable[[], None] = lambda: None
    ) -> None:
        self._members = list(dict.fromkeys(members))
        self._when_sent = when_sent
        self._is_promised = True
        self.is_sent = False

    def join(self, spending: CallBudget) -> None:
        """One more request waits for the call."""
        if spending not in self._members:
            self._members.append(spending)

    @property
    def priority(self) -> Priority:
        """See `Budget`: one request that somebody waits for is enough."""
        wanted = {member.priority for member in self._members}
        return Priority.INTERACTIVE if Priority.INTERACTIVE in wanted else Priority.BACKGROUND

    def seconds_left(self) -> float:
        """See `Budget`: until the most patient one gives up."""
        return max(member.seconds_left() for member in self._members)

    def may_pay(self) -> bool:
        """See `Budget`."""
        return self._is_promised or any(member.may_pay() for member in self._members)

    def check(self) -> None:
        """See `Budget`."""
        if not self.may_pay():
            raise cap_reached(self._members[0].most_calls)

    def pay(self, account: AccountKey, rule: QuotaRule) -> None:
        """See `Budget`."""
        self.check()
        if self._is_promised:
            self._is_promised = False
            self._members[0].keep_promise(account, rule)
        else:
            next(member for member in self._members if member.may_pay()).pay(account, rule)
        if not self.is_sent:
            self.is_sent = True
            self._when_sent()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Meanwhile calls of this task are paid by the party; what was not needed is given back."""
        token = _purse.set(self)
        try:
            yield
        finally:
            _purse.reset(token)
            if self._is_promised:
                self._is_promised = False
                self._members[0].take_back()


_purse: ContextVar[Budget | None] = ContextVar("purse", default=None)


def purse() -> Budget:
    """Who pays for the calls of the present task; a purse without bounds outside of requests."""
    return _purse.get() or CallBudget()


def spending() -> CallBudget:
    """The present request's; one without bounds outside of requests and inside shared calls."""
    found = _purse.get()
    return found if isinstance(found, CallBudget) else CallBudget()


def cap_reached(most_calls: int | None) -> CallCapReached:
    """What a capped request is told when it would need one more call."""
    return CallCapReached(
        f"This request may make {most_calls} marketplace calls (X-Max-Upstream-Calls), and needs "
        "more. What fits in is answered; raise the cap, or ask for less."
    )

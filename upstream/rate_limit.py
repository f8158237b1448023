"""Calls a second of an account: who gets the next permit, and when it counts no longer.

What a marketplace counts is when calls arrive, and the way there is not always as long: this
process may be busy, and the network slow. So a permit counts from when its call has arrived at the
latest: when its answer is here, or `ARRIVAL_GRACE` after it was sent, whichever comes first. So the
pace is exact in any window of the marketplace's.

`FairLine` decides whose turn it is, `RateLimit` who is told at once that it takes too long.
`WindowPermits` keeps the windows of one process, `upstream/redis_permits.py` those of several.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Protocol

from domain.marketplaces import AccountKey, QuotaRule
from upstream.budget import Monotonic

SECOND = 1.005  # a second, and a little for clocks that do not go alike
ARRIVAL_GRACE = 0.25  # seconds after which a call that was sent has arrived
PERMIT_TIMEOUT = 10.0  # seconds for which a permit counts whose call was not sent yet
BACKGROUND_EVERY = 10  # permits, while background work and people both wait

Lines = dict[str, "deque[asyncio.Future[None]]"]  # by caller, the next one first


class Permit:
    """Leave to send one call. This one counts for nothing; see `PermitSource` for others.

    `is_sent`: whether anything of the call may have left; if not, it costs nothing.
    """

    is_sent = False

    async def sent(self) -> None:
        """The call is on its way."""

    async def over(self) -> None:
        """The call was answered, or failed."""

    async def release(self) -> None:
        """The call was not made after all: somebody else may have the permit."""


class PermitAccount(Protocol):
    """What counts of an account here (upstream/accounts.py). `paused_until`: on the clock."""

    key: AccountKey
    permits: "list[WindowPermit]"
    line: "FairLine"
    paused_until: float


class PermitSource(Protocol):
    """Where the permits of accounts come from. Asked by one caller of an account at a time."""

    async def take(self, account: PermitAccount, rule: QuotaRule) -> Permit | float:
        """A permit, or the seconds after which it is worth asking again."""
        ...

    async def pause(self, account: PermitAccount, seconds: float) -> None:
        """Tell others than this process that nobody may call for so long."""
        ...


class WindowPermit(Permit):
    """A permit of this process. `arrives_by`: when its call has arrived at the latest."""

    def __init__(self, monotonic: Monotonic, counted: "list[WindowPermit]") -> None:
        self._monotonic = monotonic
        self._counted = counted
        self.arrives_by = monotonic() + PERMIT_TIMEOUT
        counted.append(self)

    async def sent(self) -> None:
        """See `Permit`."""
        self.arrives_by = self._monotonic() + ARRIVAL_GRACE

    async def over(self) -> None:
        """See `Permit`."""
        self.arrives_by = min(self.arrives_by, self._monotonic())

    async def release(self) -> None:
        """See `Permit`."""
        if self in self._counted:
            self._counted.remove(self)


class WindowPermits:
    """Implements `PermitSource` for one process."""

    def __init__(self, monotonic: Monotonic = time.monotonic) -> None:
        self._monotonic = monotonic

    async def take(self, account: PermitAccount, rule: QuotaRule) -> Permit | float:
        """See `PermitSource`."""
        limit, second = window(rule.calls_per_second)
        now = self._monotonic()
        counted = account.permits
        counted[:] = [permit for permit in counted if now < permit.arrives_by + second]
        if len(counted) < limit:
            return WindowPermit(self._monotonic, counted)
        ends = sorted(permit.arrives_by + second - now for permit in counted)
        # One that is under way may end sooner than it says, yet no sooner than after a second.
        return min(second, ends[len(ends) - limit])

    async def pause(self, account: PermitAccount, seconds: float) -> None:
        """See `PermitSource`: there are no others."""


def window(calls_per_second: Decimal) -> tuple[int, float]:
    """Permits in a window, and its length in seconds."""
    if calls_per_second >= 1:
        return int(calls_per_second), SECOND
    return 1, SECOND / float(calls_per_second)


class FairLine:
    """Who waits for the permits of an account: its callers in rotation, one permit each.

    However many calls one caller has waiting, another one's next call stands behind one of each
    other caller only. Background work stands behind people; every tenth permit is its own, so that
    it never starves. Whoever is at the head waits for the permit itself; the others wait to be the
    head.
    """

    def __init__(self) -> None:
        self._people: Lines = {}
        self._background: Lines = {}
        self._has_head = False
        self._since_background = 0

    @asynccontextmanager
    async def head(self, caller: str, *, is_background: bool) -> AsyncIterator[None]:
        """Wait to be at the head, and stay there as long as the context lasts."""
        if self._has_head:
            await self._wait(self._background if is_background else self._people, caller)
        self._has_head = True
        try:
            yield
        finally:
            self._next()

    def ahead_of(self, caller: str, *, is_background: bool) -> int:
        """How many permits are given out before the next one who comes gets one."""
        lines = self._background if is_background else self._people
        own = len(lines.get(caller, ()))
        ahead = own + sum(min(len(line), own + 1) for name, line in lines.items() if name != caller)
        if is_background:
            people = sum(len(line) for line in self._people.values())
            ahead += min(people, (ahead + 1) * (BACKGROUND_EVERY - 1))
        return ahead + self._has_head

    async def _wait(self, lines: Lines, caller: str) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lines.setdefault(caller, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it had just become the head
                self._next()
            elif place in lines.get(caller, ()):
                lines[caller].remove(place)
                if not lines[caller]:
                    del lines[caller]
            raise

    def _next(self) -> None:
        """Make the next one the head who still waits."""
        place = self._pop()
        while place is not None and place.done():  # given up, and not yet out of the line
            place = self._pop()
        self._has_head = place is not None
        if place is not None:
            place.set_result(None)

    def _pop(self) -> "asyncio.Future[None] | None":
        is_for_background = bool(self._background) and (
            not self._people or self._since_background >= BACKGROUND_EVERY - 1
        )
        self._since_background = 0 if is_for_background else self._since_background + 1
        lines = self._background if is_for_background else self._people
        if not lines:
            return None
        caller = next(iter(lines))
        line = lines.pop(caller)
        place = line.popleft()
        if line:
            lines[caller] = line  # behind the others
        return place


class RateLimit:
    """Hands out permits, to the callers of each account in rotation. One for the process."""

    def __init__(
        self, source: PermitSource | None = None, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._source = source or WindowPermits(monotonic)
        self._monotonic = monotonic

    async def acquire(
        self,
        account: PermitAccount,
        rule: QuotaRule,
        *,
        within: float,
        caller: str = "",
        is_background: bool = False,
    ) -> Permit | float:
        """Wait for a permit of the account, at most `within` so many seconds.

        The permit is to be told when its call is sent and when it is over. A number: the seconds
        after which it may come; known at once where the account is paused, or where the line is
        longer than that.
        """
        wait = self.expected_wait(account, rule, caller=caller, is_background=is_background)
        if wait > within:
            return wait
        try:
            async with (
                asyncio.timeout(within),
                account.line.head(caller, is_background=is_background),
            ):
                while True:
                    taken = self._pause_left(account) or await self._source.take(account, rule)
                    if isinstance(taken, Permit):
                        return taken
                    await asyncio.sleep(taken)
        except TimeoutError:
            wait = self.expected_wait(account, rule, caller=caller, is_background=is_background)
            return max(wait, 1.0)

    async def pause(self, account: PermitAccount, seconds: float) -> None:
        """Nobody may call for so long: the marketplace has asked for a pause."""
        account.paused_until = max(account.paused_until, self._monotonic() + seconds)
        await self._source.pause(account, seconds)

    def expected_wait(
        self, account: PermitAccount, rule: QuotaRule, *, caller: str, is_background: bool
    ) -> float:
        """Seconds of pause that are left, and of those who go first (less a second's permits)."""
        pace = float(rule.calls_per_second)
        ahead = account.line.ahead_of(caller, is_background=is_background)
        return self._pause_left(account) + max(0.0, (ahead - pace) / pace)

    def _pause_left(self, account: PermitAccount) -> float:
        return max(0.0, account.paused_until - self._monotonic())

"""Calls a second, per account. Exact in any window of the marketplace's, first come first served.

What a marketplace counts is when calls arrive, and the way there is not always as long: this
process may be busy, and the network slow. So a turn counts from when its call has arrived at the
latest: when its answer is here, or `WAY` after it was sent, whichever comes first.

`RateLimit` keeps the lines of one process. `upstream/redis_rate_limit.py` keeps them for several.
"""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from domain.marketplaces import AccountKey, QuotaRule
from upstream.budget import Monotonic

SECOND = 1.005  # a second, and a little for clocks that do not go alike
WAY = 0.25  # seconds after which a call that was sent has arrived
LEASE = 10.0  # seconds for which a turn counts whose call was not sent yet
YIELD = 0.05  # seconds between two looks of background work at the line


class Permit:
    """A turn that came. This one counts for nothing; see `RateLimit.turn` for others."""

    async def sent(self) -> None:
        """The call is on its way."""

    async def over(self) -> None:
        """The call was answered, or failed, or was not made after all."""


class OwnPermit(Permit):
    """A turn of this process. `arrives_by`: when its call has arrived at the latest."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self.arrives_by = monotonic() + LEASE

    async def sent(self) -> None:
        """See `Permit`."""
        self.arrives_by = self._monotonic() + WAY

    async def over(self) -> None:
        """See `Permit`."""
        self.arrives_by = min(self.arrives_by, self._monotonic())


@dataclass(slots=True)
class _Line:
    """The turns of an account that count, and the place of the first who waits."""

    turns: list[OwnPermit] = field(default_factory=list)
    head: asyncio.Lock = field(default_factory=asyncio.Lock)

    def wait(self, limit: int, second: float, now: float) -> float:
        """Seconds until a turn can come; 0: it can."""
        self.turns = [turn for turn in self.turns if now < turn.arrives_by + second]
        if len(self.turns) < limit:
            return 0
        ends = sorted(turn.arrives_by + second - now for turn in self.turns)
        # One that is under way may end sooner than it says, yet no sooner than after a second.
        return min(second, ends[len(ends) - limit])


class RateLimit:
    """Hands out turns. One for the process; every account has its own line."""

    def __init__(self, monotonic: Monotonic = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lines: defaultdict[tuple[AccountKey, Decimal], _Line] = defaultdict(_Line)
        self._waiting: dict[AccountKey, int] = {}
        self._background: defaultdict[AccountKey, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._paused_until: dict[AccountKey, float] = {}

    async def turn(
        self, account: AccountKey, rule: QuotaRule, *, patience: float, is_background: bool = False
    ) -> Permit | float:
        """Wait for the account's turn, at most `patience` seconds.

        The turn is to be told when its call is sent and when it is over. A number: the seconds
        after which the turn may come; known at once where the account is paused, or where the line
        is longer than the patience. Background work lets everybody else go first.
        """
        wait = self.expected_wait(account, rule)
        if wait > patience:
            return wait
        line = 0 if is_background else 1
        self._waiting[account] = self._waiting.get(account, 0) + line
        try:
            async with asyncio.timeout(patience):
                if is_background:
                    return await self._take_behind_others(account, rule)
                return await self._take(account, rule)
        except TimeoutError:
            return max(self.expected_wait(account, rule), 1.0)
        finally:
            self._waiting[account] -= line

    async def pause(self, account: AccountKey, seconds: float) -> None:
        """Nobody's turn comes for so long: the marketplace has asked for a pause."""
        until = self._monotonic() + seconds
        self._paused_until[account] = max(until, self._paused_until.get(account, 0.0))

    def expected_wait(self, account: AccountKey, rule: QuotaRule) -> float:
        """Seconds of pause that are left, and of those who wait already (less a second's turns)."""
        in_line = self._waiting.get(account, 0) - float(rule.calls_per_second)
        return self._pause_left(account) + max(0.0, in_line / float(rule.calls_per_second))

    def _pause_left(self, account: AccountKey) -> float:
        return max(0.0, self._paused_until.get(account, 0.0) - self._monotonic())

    async def _take(self, account: AccountKey, rule: QuotaRule) -> Permit:
        """The turn, when it has come."""
        line = self._lines[account, rule.calls_per_second]
        limit, second = window(rule.calls_per_second)
        async with line.head:
            while True:
                now = self._monotonic()
                wait = self._pause_left(account) or line.wait(limit, second, now)
                if wait == 0:
                    turn = OwnPermit(self._monotonic)
                    line.turns.append(turn)
                    return turn
                await asyncio.sleep(wait)

    async def _take_behind_others(self, account: AccountKey, rule: QuotaRule) -> Permit:
        """Only the first of the background stands in the line, so nobody is far behind it."""
        async with self._background[account]:
            while True:
                if not self._waiting[account]:
                    break
                await asyncio.sleep(YIELD)
            return await self._take(account, rule)


def window(calls_per_second: Decimal) -> tuple[int, float]:
    """Turns in a window, and its length in seconds."""
    if calls_per_second >= 1:
        return int(calls_per_second), SECOND
    return 1, SECOND / float(calls_per_second)

"""Calls a second, per account. Exact in any window, first come first served.

`RateLimit` keeps the lines of one process. `clients/shared_limit.py` keeps them for several.
"""

import asyncio
import time
from decimal import Decimal
from time import monotonic_ns

from pyrate_limiter import InMemoryBucket, Limiter, Rate, SingleBucketFactory

from clients.spending import Monotonic
from domain.marketplaces import AccountKey, QuotaRule

# A second, and a little for the way from the turn to the marketplace, which is not always as long:
# gaps of 0.994 s were seen at the gateway without it.
SECOND_MS = 1020
YIELD = 0.05  # seconds between two looks of background work at the line


class RateLimit:
    """Hands out turns. One for the process; every account has its own line."""

    def __init__(self, monotonic: Monotonic = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lines: dict[tuple[AccountKey, Decimal], tuple[Limiter, InMemoryBucket]] = {}
        self._waiting: dict[AccountKey, int] = {}
        self._background: dict[AccountKey, asyncio.Lock] = {}
        self._paused_until: dict[AccountKey, float] = {}

    async def turn(
        self, account: AccountKey, rule: QuotaRule, *, patience: float, is_background: bool = False
    ) -> float | None:
        """Wait for the account's turn, at most `patience` seconds.

        None: it came. Else the seconds after which it may come: known at once where the account is
        paused, or where the line is longer than the patience. Background work lets everybody else
        go first.
        """
        wait = self.expected_wait(account, rule)
        if wait > patience:
            return wait
        line = 0 if is_background else 1
        self._waiting[account] = self._waiting.get(account, 0) + line
        try:
            # The library's own timeout is two nested ones; when they race, one is never collected.
            async with asyncio.timeout(patience):
                if is_background:
                    await self._take_behind_others(account, rule)
                else:
                    await self._take(account, rule)
        except TimeoutError:
            return max(self.expected_wait(account, rule), 1.0)
        finally:
            self._waiting[account] -= line
        return None

    async def pause(self, account: AccountKey, seconds: float) -> None:
        """Nobody's turn comes for so long: the marketplace has asked for a pause."""
        until = self._monotonic() + seconds
        self._paused_until[account] = max(until, self._paused_until.get(account, 0.0))

    def expected_wait(self, account: AccountKey, rule: QuotaRule) -> float:
        """Seconds of pause that are left, and of those who wait already (less a second's turns)."""
        in_line = self._waiting.get(account, 0) - float(rule.calls_per_second)
        return self._pause_left(account) + max(0.0, in_line / float(rule.calls_per_second))

    async def _take(self, account: AccountKey, rule: QuotaRule) -> None:
        """Return when the turn has come. One that comes during a pause is not used."""
        limiter, bucket = self._line(account, rule.calls_per_second)
        while True:
            await self._sit_out_pause(account)
            try:
                await limiter.try_acquire_async(name="call")
            finally:
                # By hand: the library would start a thread.
                bucket.leak(monotonic_ns() // 1_000_000)
            if self._pause_left(account) <= 0:
                return

    async def _sit_out_pause(self, account: AccountKey) -> None:
        while True:
            left = self._pause_left(account)
            if left <= 0:
                return
            await asyncio.sleep(left)

    def _pause_left(self, account: AccountKey) -> float:
        return max(0.0, self._paused_until.get(account, 0.0) - self._monotonic())

    async def _take_behind_others(self, account: AccountKey, rule: QuotaRule) -> None:
        """Only the first of the background stands in the line, so nobody is far behind it."""
        async with self._background.setdefault(account, asyncio.Lock()):
            while True:
                if not self._waiting[account]:
                    break
                await asyncio.sleep(YIELD)
            await self._take(account, rule)

    def _line(
        self, account: AccountKey, calls_per_second: Decimal
    ) -> tuple[Limiter, InMemoryBucket]:
        line = self._lines.get((account, calls_per_second))
        if line is None:
            bucket = InMemoryBucket([_rate(calls_per_second)])
            line = Limiter(SingleBucketFactory(bucket, schedule_leak=False), buffer_ms=1), bucket
            self._lines[account, calls_per_second] = line
        return line


def _rate(calls_per_second: Decimal) -> Rate:
    if calls_per_second >= 1:
        return Rate(int(calls_per_second), SECOND_MS)
    return Rate(1, int(SECOND_MS / calls_per_second))

"""Calls a second, per account. Exact in any window, first come first served."""

import asyncio
from decimal import Decimal
from time import monotonic_ns

from pyrate_limiter import InMemoryBucket, Limiter, Rate, SingleBucketFactory

from domain.marketplaces import AccountKey, QuotaRule

# A second, and a little for the way from the turn to the marketplace, which is not always as long:
# gaps of 0.994 s were seen at the gateway without it.
SECOND_MS = 1020


class RateLimit:
    """Hands out turns. One for the process; every account has its own line."""

    def __init__(self) -> None:
        self._lines: dict[AccountKey, tuple[Limiter, InMemoryBucket]] = {}

    async def turn(self, account: AccountKey, rule: QuotaRule, *, patience: float) -> bool:
        """Wait for the account's turn, at most `patience` seconds. False: it did not come."""
        limiter, bucket = self._line(account, rule.calls_per_second)
        try:
            # The library's own timeout is two nested ones; when they race, one is never collected.
            async with asyncio.timeout(patience):
                return await limiter.try_acquire_async(name="call")
        except TimeoutError:
            return False
        finally:
            bucket.leak(monotonic_ns() // 1_000_000)  # by hand: the library would start a thread

    def _line(
        self, account: AccountKey, calls_per_second: Decimal
    ) -> tuple[Limiter, InMemoryBucket]:
        line = self._lines.get(account)
        if line is None:
            bucket = InMemoryBucket([_rate(calls_per_second)])
            line = Limiter(SingleBucketFactory(bucket, schedule_leak=False), buffer_ms=1), bucket
            self._lines[account] = line
        return line


def _rate(calls_per_second: Decimal) -> Rate:
    if calls_per_second >= 1:
        return Rate(int(calls_per_second), SECOND_MS)
    return Rate(1, int(SECOND_MS / calls_per_second))

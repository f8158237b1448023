"""How fast each caller may spend points: a bucket that fills itself again, one for each caller.

Here they are kept in the process. Where several server processes share a Redis, they share the
buckets too: see web/redis_throttle.py.
"""

import time
from collections.abc import Callable

from domain.limits import Limits
from schema.answers import BucketState


class OwnBuckets:
    """Implements `schema.answers.Buckets` in this process.

    `monotonic`: seconds of a clock that never goes back. Several processes that use it have as
    many buckets for one caller.
    """

    def __init__(self, limits: Limits, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._levels: dict[str, tuple[float, float]] = {}  # points, at that second
        self._next_sweep = 0.0

    async def take(self, caller: str, points: int) -> BucketState:
        """See `Buckets`."""
        now = self._monotonic()
        if now >= self._next_sweep:
            self._forget_full(now)
        level = self._level(caller, now)
        if points > level:
            return state_of(self._limits, level, wait=(points - level) / self._limits.restore)
        self._levels[caller] = level - points, now
        return state_of(self._limits, level - points)

    async def give_back(self, caller: str, points: int) -> BucketState:
        """See `Buckets`."""
        now = self._monotonic()
        level = min(self._level(caller, now) + points, self._limits.capacity)
        self._levels[caller] = level, now
        return state_of(self._limits, level)

    def __len__(self) -> int:
        """How many buckets are kept: those that are not full, and perhaps some that are."""
        return len(self._levels)

    def _level(self, caller: str, now: float) -> float:
        level, since = self._levels.get(caller, (float(self._limits.capacity), now))
        return min(level + (now - since) * self._limits.restore, self._limits.capacity)

    def _forget_full(self, now: float) -> None:
        """Once in the time that the emptiest takes to fill: a full bucket is as good as none."""
        self._next_sweep = now + self._limits.capacity / self._limits.restore
        full = [key for key in self._levels if self._level(key, now) >= self._limits.capacity]
        for key in full:
            del self._levels[key]


def state_of(limits: Limits, level: float, *, wait: float = 0.0) -> BucketState:
    """The bucket of that level. `wait`: seconds until it can pay what it could not."""
    return BucketState(
        capacity=limits.capacity, available=int(level), restore=limits.restore, wait=wait
    )

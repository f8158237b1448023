"""How fast each API key may spend points: a bucket that fills itself again, one for each key.

In this process only: several server processes have as many buckets for one key.
"""

from dataclasses import dataclass

from domain.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A bucket at one moment. `wait`: seconds until what was asked can be paid, 0 where it was."""

    capacity: int
    available: int
    restore: int
    wait: float = 0.0

    @property
    def seconds_to_full(self) -> float:
        """Seconds until the bucket is full again."""
        return (self.capacity - self.available) / self.restore


class Buckets:
    """One bucket for each caller. `now`: seconds of a clock that never goes back."""

    def __init__(self, limits: Limits) -> None:
        self._capacity = limits.capacity
        self._restore = limits.restore
        self._levels: dict[str, tuple[float, float]] = {}  # points, at that second
        self._swept = 0.0

    def take(self, caller: str, points: int, *, now: float) -> Standing:
        """Pay that many points, or nothing: then the answer's `wait` is above 0."""
        self._sweep(now)
        level = self._level(caller, now)
        if points > level:
            return self._standing(level, wait=(points - level) / self._restore)
        self._levels[caller] = level - points, now
        return self._standing(level - points)

    def give_back(self, caller: str, points: int, *, now: float) -> Standing:
        """Pay back what was not used."""
        level = min(self._level(caller, now) + points, self._capacity)
        self._levels[caller] = level, now
        return self._standing(level)

    def standing(self, caller: str, *, now: float) -> Standing:
        """The bucket as it is, without taking anything."""
        return self._standing(self._level(caller, now))

    def _level(self, caller: str, now: float) -> float:
        level, since = self._levels.get(caller, (float(self._capacity), now))
        return min(level + (now - since) * self._restore, self._capacity)

    def _standing(self, level: float, wait: float = 0.0) -> Standing:
        return Standing(
            capacity=self._capacity, available=int(level), restore=self._restore, wait=wait
        )

    def _sweep(self, now: float) -> None:
        """Forget full buckets, once in the time that the emptiest takes to fill."""
        if now - self._swept < self._capacity / self._restore:
            return
        self._swept = now
        full = [key for key in self._levels if self._level(key, now) >= self._capacity]
        for key in full:
            del self._levels[key]

"""The points of a caller: a bucket that operations are paid from, and that fills itself again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketState:
    """A bucket at one moment. `wait`: seconds until what was asked can be paid, 0 where it was."""

    capacity: int
    available: int
    restore: int
    wait: float = 0.0

    @property
    def seconds_to_full(self) -> float:
        """Seconds until the bucket is full again."""
        return (self.capacity - self.available) / self.restore

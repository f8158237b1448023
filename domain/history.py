"""How a product has changed, as far as looks at it have seen."""

from bisect import bisect
from dataclasses import dataclass
from datetime import timedelta

from domain.money import Money

HOUR = timedelta(hours=1)
REMEMBERED = 240.0  # hours, after which what was seen counts half
USUAL_CHANGES, USUAL_HOURS = 0.4, 96.0  # what is assumed before anything was seen
PACES = (1 / 16, 1 / 4, 1.0, 4.0)  # changes a day, between two paces
RARELY = -1  # the pace of what its marketplace no longer shows
NOTICED = 100  # a hundredth of the price: what changed by less, has not changed


@dataclass(frozen=True, slots=True)
class History:
    """Changes that were seen, in how many hours; older ones fade."""

    changes: float = 0.0
    hours: float = 0.0

    @property
    def rate(self) -> float:
        """Changes an hour that are to be expected."""
        return (self.changes + USUAL_CHANGES) / (self.hours + USUAL_HOURS)

    @property
    def pace(self) -> int:
        """Products of one pace change about as often."""
        return bisect(PACES, self.rate * 24)

    def after(self, since: timedelta, *, changed: bool) -> "History":
        """With another look, so long after the one before."""
        hours = max(since / HOUR, 0.0)
        kept = 0.5 ** (hours / REMEMBERED)
        return History(self.changes * kept + changed, self.hours * kept + hours)


def has_changed(before: Money | None, after: Money | None) -> bool:
    """Whether the price has, by more than what is not worth a look."""
    if before is None or after is None or before.currency != after.currency:
        return before != after
    return abs(after.amount - before.amount) * NOTICED >= before.amount

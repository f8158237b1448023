"""Refresh under a quota: which products are looked at next, and when the next call may go.

Each product has an index: what one look at it is worth now. It is Whittle's index of a product that
costs something for every hour that it is shown wrongly: a look ends that until it ages again, so
its worth at an age is (age x what an hour costs by then) - (what all hours until then have cost).
A call takes those products whose index is highest. What an hour costs, by the product's value:

- that it is older than the programme's bound, after which its price is withheld;
- that it is older than an offer may be believed, while somebody asks for it;
- that its price has changed since, by its own history.

So nothing is spent on what can still wait, nor on what changes faster than anybody could look.
"""

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum

from domain.history import HOUR, History
from domain.marketplaces import OfferPolicy, QuotaRule

DEFAULT_PERCENT = 10  # of a published limit
DEFAULT_CALLS = 250  # where none is published
MOST_CALLS = 1_000_000
FARTHEST = timedelta(days=3)  # that a call is put off; what is later, the clock was set back since

USUAL_BOUND = timedelta(hours=24)  # where the programme names none
MARGIN = 0.02  # of the bound: so much before it, a look is not too early
TIRED = timedelta(days=30)  # past the bound, after which any product is worth as much again
PRICE_WEIGHT = 10.0  # of an hour since a change, against one past the bound: benchmarks/REFRESH.md
LINK, SELLING_PRICE = 1.0, 2.0  # values
MOST_ASKED = 20.0
ASKED_LATELY = 1.0  # a day: asked once, for six hours

RARE_LOOKS = timedelta(days=2)  # at what its marketplace no longer shows
DUE_CHANCE = 0.3  # that it has changed: then a look is due before the bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a programme asks: how long an offer may be believed, and shown."""

    fresh_for: timedelta = HOUR
    shown_for: timedelta = USUAL_BOUND

    @classmethod
    def of(cls, policy: OfferPolicy) -> "Bounds":
        """By the marketplace's terms."""
        return cls(fresh_for=policy.fresh_for, shown_for=policy.withheld_after or USUAL_BOUND)

    @property
    def soon(self) -> timedelta:
        """The age from which a look keeps the product within the bound, and is not too early."""
        return self.shown_for * (1 - MARGIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A product that may be looked at. `asked`: how often it is asked for in a day.

    `is_missing`: the last answer lacked it.
    """

    id: str
    seen_at: datetime
    due_at: datetime
    history: History = History()
    has_link: bool = False
    has_selling_price: bool = False
    asked: float = 0.0
    is_missing: bool = False

    @property
    def value(self) -> float:
        """What an hour of the product counts, against that of another one."""
        asked = min(self.asked, MOST_ASKED)
        return LINK * self.has_link + SELLING_PRICE * self.has_selling_price + asked

    def worth(self, bounds: Bounds, now: datetime) -> float:
        """The index: what a look at it is worth now, in hours times value."""
        age = max((now - self.seen_at) / HOUR, 0.0)  # the clock may have been set back
        if self.is_missing:
            return self.value * max(age - RARE_LOOKS / HOUR, 0.0)
        fresh, shown = bounds.fresh_for / HOUR, bounds.shown_for / HOUR
        worth = PRICE_WEIGHT * math.sqrt(self.value) * _wrong(self.history.rate, age)
        if age >= bounds.soon / HOUR:
            worth += self.value * shown + max(age - shown, 0.0) * shown / (TIRED / HOUR)
        if age >= fresh:
            worth += min(self.asked, MOST_ASKED) * fresh
        return worth

    def is_due(self, bounds: Bounds, now: datetime) -> bool:
        """Whether a call may go for its sake; what people are shown, as soon as it is not fresh."""
        is_shown = self.asked >= ASKED_LATELY and not self.is_missing
        return self.due_at <= now or (is_shown and now - self.seen_at >= bounds.fresh_for)


def _wrong(rate: float, age: float) -> float:
    """The index of hours since a change that nobody has seen."""
    expected = rate * age
    return (1 - (1 + expected) * math.exp(-expected)) / rate


def choose(
    candidates: Iterable[Candidate], size: int, bounds: Bounds, now: datetime
) -> list[Candidate]:
    """The products of the next call, the worthiest first; none where not one is due.

    A call costs the same with any number: what is not due fills it up.
    """
    chosen = heapq.nlargest(size, candidates, key=lambda each: each.worth(bounds, now))
    return chosen if any(each.is_due(bounds, now) for each in chosen) else []


def due_after(history: History, bounds: Bounds) -> timedelta:
    """How long after a look the next one is due, however many calls are left."""
    likely_changed = HOUR * (-math.log(1 - DUE_CHANCE) / history.rate)
    return max(bounds.fresh_for, min(likely_changed, bounds.soon))


def default_calls(rule: QuotaRule) -> int:
    """The calls a day of a new connection."""
    if rule.calls_per_day is None:
        return DEFAULT_CALLS
    return max(1, rule.calls_per_day * DEFAULT_PERCENT // 100)


class RefreshState(Enum):
    """What the refresh of an account does at the moment."""

    OFF = "OFF"
    ACTIVE = "ACTIVE"
    DAY_USED_UP = "DAY_USED_UP"
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The refresh of an account. `used`: calls of `day`, the marketplace's; `next_at`: when it may
    go on. `failures`: calls in a row that brought nothing."""

    calls_per_day: int = 0
    state: RefreshState = RefreshState.OFF
    next_at: datetime | None = None
    day: date | None = None
    used: int = 0
    failures: int = 0

    def set(self, calls_per_day: int, now: datetime) -> "Plan":
        """With another number of calls a day; 0: off. What was used stays used."""
        is_on = calls_per_day > 0
        return replace(
            self,
            calls_per_day=calls_per_day,
            state=RefreshState.ACTIVE if is_on else RefreshState.OFF,
            next_at=now if is_on else None,
            failures=0,
        )

    def used_on(self, day: date) -> int:
        """Calls of that day. A clock that was set back gives no day a second time."""
        return self.used if self.day is not None and self.day >= day else 0

    def is_waiting(self, now: datetime) -> bool:
        """Whether no call may be made before a later time, or at all."""
        return self.next_at is None or now < self.next_at <= now + FARTHEST

    def begun(self, now: datetime, rule: QuotaRule) -> "Plan | None":
        """With one call more, which is made now; None where it may not be made.

        Counted before: a process that is killed leaves calls unused.
        """
        today = rule.day(now)
        used = self.used_on(today)
        if self.is_waiting(now) or used >= self.calls_per_day:
            return None
        return replace(self, day=max(today, self.day or today), used=used + 1)

    def went_well(self, now: datetime, rule: QuotaRule) -> "Plan":
        """After a call that was answered: the next one, spread over what is left of the day."""
        left = self.calls_per_day - self.used_on(rule.day(now))
        rest = rule.resets_at(now) - now
        if left <= 0:
            return self._at(now + rest, RefreshState.DAY_USED_UP)
        evenly = timedelta(days=1) / self.calls_per_day
        # After a rest it catches up, at twice the pace and no faster.
        return self._at(now + max(rest / left, evenly / 2), RefreshState.ACTIVE)

    def waiting(self, until: datetime) -> "Plan":
        """Nothing is due before."""
        return self._at(until, RefreshState.ACTIVE)

    def refused(
        self, now: datetime, *, pause: timedelta, most: timedelta, until: datetime | None
    ) -> "Plan":
        """After a call that brought nothing: more and more rarely, and not before `until`."""
        wait = min(pause * 2 ** min(self.failures, 10), most)
        return replace(
            self,
            state=RefreshState.PAUSED,
            next_at=max(now + wait, until or now),
            failures=self.failures + 1,
        )

    def _at(self, moment: datetime, state: RefreshState) -> "Plan":
        return replace(self, next_at=moment, state=state, failures=0)

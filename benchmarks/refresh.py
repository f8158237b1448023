"""`python -m benchmarks.refresh`: the planner of refreshes against two others, on one budget.

A trace of seven days of 10,000 products whose prices stand still for long, fall in sales of whole
shops, and jump in bursts; each policy gets the same calls at the same times. What chooses is
`domain.refresh` itself. Writes benchmarks/REFRESH.md.
"""

import heapq
import math
import random
import sys
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from statistics import mean

from domain import refresh
from domain.history import HOUR, History, has_changed
from domain.marketplaces import QuotaRule
from domain.money import Money
from domain.refresh import Bounds, Candidate, Plan, RefreshState

RESULTS = Path(__file__).resolve().parent / "REFRESH.md"
START = datetime(2026, 3, 2, tzinfo=UTC)
PRODUCTS, DAYS, SHOPS = 10_000, 7, 200
WARM_DAYS = 7  # before, in which each policy does what it does; not measured
BEGIN, END = -WARM_DAYS * 24.0, DAYS * 24.0
BATCH, CALLS = 10, 864  # of 8,640 a day, 10 %
BOUND = 24.0
BOUNDS = Bounds(fresh_for=timedelta(hours=1), shown_for=timedelta(hours=BOUND))
DROP = 0.97
SEEDS = (1, 2, 3)
TICKS = 1_000_000


@dataclass(slots=True)
class Item:
    """A product of the trace. Hours since its start; `times` and `prices`: what was true from when.

    `looks`: when it was looked at, and the price that was seen.
    """

    has_link: bool
    has_selling_price: bool
    views: float  # a day
    times: list[float]
    prices: list[float]
    looks: list[tuple[float, float]] = field(default_factory=list)

    @property
    def value(self) -> float:
        """What an hour of it counts, whoever chooses."""
        return self.has_link + 2 * self.has_selling_price + self.views

    def price(self, hour: float) -> float:
        """What was true then."""
        return self.prices[max(bisect_right(self.times, hour) - 1, 0)]


def made(seed: int) -> list[Item]:
    """The trace: the same for one seed."""
    chance = random.Random(seed)
    sales = [_sales(chance) for _ in range(SHOPS)]
    return [_item(chance, number, sales[number % SHOPS]) for number in range(PRODUCTS)]


def _sales(chance: random.Random) -> list[tuple[float, float, float]]:
    """When a shop has sales, until when, and by how much: one in ten days, of one to three days."""
    found, hour = [], BEGIN - 72
    while (hour := hour + chance.expovariate(1 / 240)) < END:
        ends = hour + chance.uniform(24, 72)
        found.append((hour, ends, chance.uniform(0.6, 0.85)))
        hour = ends
    return found


def _item(chance: random.Random, number: int, sales: Sequence[tuple[float, float, float]]) -> Item:
    kind = chance.random()
    base = math.exp(chance.gauss(3, 1))
    # By when a change comes, in hours: seven of ten products stand still for a month.
    every = 720.0 if kind < 0.7 else 72.0
    moves = _moves(chance, base, every)
    factors = [sale for sale in sales if chance.random() < 0.5]
    if kind > 0.9:
        factors += _bursts(chance)
    points = sorted(
        {BEGIN - 100, *(hour for hour, _ in moves), *(hour for one in factors for hour in one[:2])}
    )
    hours = [hour for hour in points if hour < END]
    prices = [_at(hour, base, moves, factors) for hour in hours]
    linked = chance.random() < 0.8
    return Item(
        has_link=linked,
        has_selling_price=not linked or chance.random() < 0.2,
        views=min(20.0, 30.0 / (1 + (number * 7919) % PRODUCTS) ** 0.8),
        times=hours,
        prices=prices,
    )


def _moves(chance: random.Random, base: float, every: float) -> list[tuple[float, float]]:
    """Prices that stay until the next one."""
    found, hour, price = [], BEGIN, base
    while (hour := hour + chance.expovariate(1 / every)) < END:
        price *= math.exp(chance.gauss(0, 0.1))
        found.append((hour, price))
    return found


def _bursts(chance: random.Random) -> list[tuple[float, float, float]]:
    """Flash sales: some in a row within half a day, then two days of rest."""
    found: list[tuple[float, float, float]] = []
    hour = BEGIN
    while (hour := hour + chance.expovariate(1 / 48)) < END:
        for _ in range(chance.randint(1, 4)):
            lasts = chance.uniform(1, 8)
            found.append((hour, hour + lasts, chance.uniform(0.7, 0.95)))
            hour += lasts + chance.uniform(0.5, 2)
    return found


def _at(
    hour: float,
    base: float,
    moves: Sequence[tuple[float, float]],
    factors: Sequence[tuple[float, float, float]],
) -> float:
    price = next((price for at, price in reversed(moves) if at <= hour), base)
    for begins, ends, factor in factors:
        price *= factor if begins <= hour < ends else 1
    return price


def _money(price: float) -> Money:
    return Money(Decimal(price), "USD")


Chooser = Callable[[float], list[int]]


class Oldest:
    """Looks at what was looked at longest ago."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._queue = [(item.looks[-1][0], number) for number, item in enumerate(items)]
        heapq.heapify(self._queue)

    def __call__(self, hour: float) -> list[int]:
        chosen = [heapq.heappop(self._queue)[1] for _ in range(BATCH)]
        for number in chosen:
            heapq.heappush(self._queue, (hour, number))
        return chosen


class AtRandom:
    """Looks at any of them."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def __call__(self, _hour: float) -> list[int]:
        return self._chance.sample(range(PRODUCTS), BATCH)


class Planned:
    """Looks at what `domain.refresh` chooses among the first of each pace, as the server does."""

    popular = 500  # that people ask for again and again

    def __init__(self, items: Sequence[Item], seed: int) -> None:
        self._items = items
        self._chance = random.Random(seed)
        self._history = [History() for _ in items]
        self._queues: dict[tuple[bool, bool, int], list[tuple[float, int]]] = {}
        self._due = [0.0] * len(items)
        by_views = sorted(range(len(items)), key=lambda number: -items[number].views)
        self._popular = by_views[: self.popular]
        for number, item in enumerate(items):
            self._put(number, item.looks[-1][0])

    def __call__(self, hour: float) -> list[int]:
        heads = [number for queue in self._queues.values() for number in self._first(queue)]
        heads += self._lately_asked(hour)
        candidates = [self._candidate(number) for number in dict.fromkeys(heads)]
        now = START + timedelta(hours=hour)
        chosen = [int(each.id) for each in refresh.choose(candidates, BATCH, BOUNDS, now)]
        for number in chosen:
            self._learn(number, hour)
        return chosen

    def _first(self, queue: list[tuple[float, int]]) -> list[int]:
        """Those of one pace that are due first; an entry from before a look is passed over."""
        while queue and self._due[queue[0][1]] != queue[0][0]:
            heapq.heappop(queue)
        first = heapq.nsmallest(BATCH, queue)
        return [number for due, number in first if self._due[number] == due]

    def _learn(self, number: int, hour: float) -> None:
        item = self._items[number]
        before, seen = item.looks[-1]
        changed = has_changed(_money(seen), _money(item.price(hour)))
        since = timedelta(hours=hour - before)
        self._history[number] = self._history[number].after(since, changed=changed)
        self._put(number, hour)

    def _lately_asked(self, hour: float) -> list[int]:
        """Some that people have looked at, and nobody has refreshed for an hour."""
        asked = self._chance.sample(self._popular, BATCH * 2)
        return [number for number in asked if self._items[number].looks[-1][0] < hour - 1]

    def _candidate(self, number: int) -> Candidate:
        item = self._items[number]
        return Candidate(
            id=str(number),
            seen_at=START + timedelta(hours=item.looks[-1][0]),
            due_at=START + timedelta(hours=self._due[number]),
            history=self._history[number],
            has_link=item.has_link,
            has_selling_price=item.has_selling_price,
            asked=item.views,
        )

    def _put(self, number: int, hour: float) -> None:
        item, history = self._items[number], self._history[number]
        self._due[number] = hour + refresh.due_after(history, BOUNDS) / HOUR
        key = (item.has_link, item.has_selling_price, history.pace)
        queue = self._queues.setdefault(key, [])
        heapq.heappush(queue, (self._due[number], number))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Shares of product-hours within the bound, mean error of the price shown, drops missed."""

    within: float
    within_by_value: float
    error: float
    error_by_value: float
    missed: float


POLICIES: dict[str, Callable[[Sequence[Item], int], Chooser]] = {
    "the planner": Planned,
    "oldest first": lambda items, _seed: Oldest(items),
    "at random": lambda _items, seed: AtRandom(seed),
}


def run(seed: int, policy: str) -> Outcome:
    """One policy over one trace."""
    items = made(seed)
    chance = random.Random(seed)
    for item in items:
        seen = BEGIN - chance.uniform(0, PRODUCTS / (BATCH * CALLS) * 24)
        item.looks.append((seen, item.price(seen)))
    chooser = POLICIES[policy](items, seed)
    for call in range(CALLS * (WARM_DAYS + DAYS)):
        hour = BEGIN + call * 24 / CALLS
        for number in chooser(hour):
            items[number].looks.append((hour, items[number].price(hour)))
    return measured(items)


def measured(items: Sequence[Item]) -> Outcome:
    """What the looks have achieved."""
    within = [_within(item) / END for item in items]
    errors = [_error(item) / END for item in items]
    values = [item.value for item in items]
    drops = [seen for item in items for seen in _drops_seen(item)]
    return Outcome(
        within=mean(within),
        within_by_value=_weighted(within, values),
        error=mean(errors),
        error_by_value=_weighted(errors, values),
        missed=1 - sum(drops) / len(drops),
    )


def _weighted(figures: Sequence[float], weights: Sequence[float]) -> float:
    weighted = (figure * weight for figure, weight in zip(figures, weights, strict=True))
    return sum(weighted) / sum(weights)


def _within(item: Item) -> float:
    """Hours in which it was seen within the bound."""
    hours = [hour for hour, _ in item.looks] + [END]
    return sum(
        max(0.0, min(end, begin + BOUND) - max(begin, 0.0)) for begin, end in pairwise(hours)
    )


def _error(item: Item) -> float:
    """Hours times the error of the price shown, as a part of the true one."""
    hours = [*(hour for hour, _ in item.looks), *item.times]
    points = sorted({0.0, END, *(hour for hour in hours if hour > 0)})
    total, look = 0.0, 0
    for begin, end in pairwise(points):
        while look + 1 < len(item.looks) and item.looks[look + 1][0] <= begin:
            look += 1
        true = item.price(begin)
        total += (end - begin) * abs(item.looks[look][1] - true) / true
    return total


def _drops_seen(item: Item) -> list[bool]:
    """For each fall of the price: whether it was looked at while it lasted, within a day."""
    looks = [hour for hour, _ in item.looks]
    seen = []
    for place in range(1, len(item.times)):
        at = item.times[place]
        ends = item.times[place + 1] if place + 1 < len(item.times) else END
        if at < 0 or item.prices[place] > DROP * item.prices[place - 1] or at + 24 > END:
            continue
        first = bisect_right(looks, at)
        seen.append(first < len(looks) and looks[first] < min(ends, at + 24))
    return seen


def over_budget(ticks: int, seed: int = 1) -> tuple[int, int]:
    """Calls, and those over the day's budget, in so many ticks of clocks that jump about."""
    chance = random.Random(seed)
    rule = QuotaRule(calls_per_day=8640, calls_per_second=Decimal(1), reset_offset_hours=-8)
    plan = Plan(calls_per_day=CALLS, state=RefreshState.ACTIVE, next_at=START)
    now, counts, over = START, dict[object, int](), 0
    for _ in range(ticks):
        now += timedelta(seconds=chance.expovariate(1 / 40))
        if chance.random() < 0.001:
            now += timedelta(seconds=chance.uniform(-3600, 7200))
        begun = plan.begun(now, rule)
        if begun is None:
            continue
        day = rule.day(now)
        counts[day] = counts.get(day, 0) + 1
        over += counts[day] > CALLS
        plan = begun.went_well(now, rule) if chance.random() < 0.99 else begun
    return sum(counts.values()), over


def measure() -> dict[str, Outcome]:
    """Each policy, the mean over the traces."""
    found = {}
    for policy in POLICIES:
        outcomes = [run(seed, policy) for seed in SEEDS]
        found[policy] = Outcome(
            **{
                each.name: mean(getattr(outcome, each.name) for outcome in outcomes)
                for each in fields(Outcome)
            }
        )
    return found


def document(found: Mapping[str, Outcome], calls: int, over: int) -> str:
    """What is written: the table, whether the planner is better, and what was measured."""
    rows = [
        f"| {policy} | {one.within:.2%} | {one.within_by_value:.2%} | {one.error:.3%} |"
        f" {one.error_by_value:.3%} | {one.missed:.2%} |"
        for policy, one in found.items()
    ]
    planner, oldest, chance = found.values()
    better = {
        "share by value": planner.within_by_value
        > max(oldest.within_by_value, chance.within_by_value),
        "price error": planner.error < min(oldest.error, chance.error),
        "drops missed": planner.missed < min(oldest.missed, chance.missed),
        "share within 5 % of oldest first": planner.within >= oldest.within * 0.95,
    }
    verdicts = [
        f"- {what}: {'reached' if is_met else '**not reached**'}" for what, is_met in better.items()
    ]
    return TEXT.format(
        today=f"{datetime.now(UTC):%Y-%m-%d}",
        most=f"{BATCH * CALLS / PRODUCTS * BOUND / 24:.1%}",
        rows="\n".join(rows),
        verdicts="\n".join(verdicts),
        over=f"{over} of {calls:,}",
    )


TEXT = f"""# Refresh under a quota

`make bench-refresh`, {{today}}. {PRODUCTS:,} products, {DAYS} days after {WARM_DAYS} that are not
measured, {CALLS} calls of {BATCH} products a day, a bound of {BOUND:.0f} hours; the mean of
{len(SEEDS)} traces. With so many calls no policy can keep more than {{most}} within it.

| | within the bound | by value | price error | by value | drops missed |
| --- | --- | --- | --- | --- | --- |
{{rows}}

{{verdicts}}
- calls over the day's budget: {{over}}, in {TICKS:,} ticks of clocks that jump forth and back

Price error: how far the price last seen is from the true one, over all product-hours. A drop is a
fall by 3 % or more; it is missed when nobody looked while it lasted, or within a day. Value: links,
selling prices and views a day, the same for all policies.

Of the trace, seven of ten products change once a month, the others every three days; half of a
shop's products fall for one to three days when it has a sale, every ten days; one product in ten
has flash sales of hours. The planner is `domain/refresh.py`, which the server runs; it knows
nothing of a product but what its own looks have seen.
The first days teach it: on one trace without them its price error was 2 % above oldest first.
"""


def main() -> None:
    """Measure, print, write."""
    text = document(measure(), *over_budget(TICKS))
    RESULTS.write_text(text, "utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()

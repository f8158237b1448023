"""Prices of days that are long over: of each day of a product its first, last, lowest and highest
stay, the others go.

A day is settled once, in slices that are short enough to stand between two other writes. What is
settled is marked in its rows, so a slice that was broken off is simply done again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from db import product_rows, rows, statements
from db.availability import resilient
from db.models import PriceObservation as Observation
from domain.products import PriceObservation

SLICE = 100  # products of one day, at most
LOCK = 0x7072696365  # of PostgreSQL: one process at a time
OLDEST = (
    "SELECT product_id, observed_at FROM price_observations"
    " WHERE NOT is_settled AND observed_at < $1 ORDER BY observed_at LIMIT $2"
)


@resilient
async def settle(before: datetime) -> int:
    """Settle some prices of the oldest day that has any, of days (UTC) that were over by then.

    How many were looked at; 0: there is nothing left, or another process is at it.
    """
    async with statements.transaction():
        observed = await _of_oldest_day(_midnight(before)) if await _is_ours() else {}
        every = [each for day in observed.values() for each in day]
        kept = {each.id for day in observed.values() for each in worth_keeping(day)}
        if every:
            await Observation.filter(id__in=[e.id for e in every if e.id not in kept]).delete()
            await Observation.filter(id__in=list(kept)).update(is_settled=True)
    return len(every)


def worth_keeping(day: Sequence[PriceObservation]) -> Iterable[PriceObservation]:
    """Of the prices of one day, in order, the first and the last; in each currency the lowest and
    the highest, of equal ones the last."""
    yield from (day[0], day[-1])
    for currency in {each.price.currency for each in day}:
        latest = [each for each in reversed(day) if each.price.currency == currency]
        yield min(latest, key=lambda each: each.price.amount)
        yield max(latest, key=lambda each: each.price.amount)


async def _is_ours() -> bool:
    if not statements.is_postgres():
        return True  # the transaction is the only one that writes
    [row] = await statements.rows("SELECT pg_try_advisory_xact_lock($1) AS ours", [LOCK])
    return bool(row["ours"])


async def _of_oldest_day(before: datetime) -> dict[str, list[PriceObservation]]:
    """All prices of that day of some products that have unsettled ones, by product, in order."""
    oldest = await statements.rows(OLDEST, [before, SLICE])
    if not oldest:
        return {}
    begin = _midnight(rows.moment(oldest[0]["observed_at"]))
    end = begin + timedelta(days=1)
    some = {row["product_id"] for row in oldest if rows.moment(row["observed_at"]) < end}
    found = Observation.filter(
        product_id__in=list(some), observed_at__gte=begin, observed_at__lt=end
    ).order_by("observed_at", "id")
    observed = defaultdict[str, list[PriceObservation]](list)
    for row in await found.values():
        observed[str(row["product_id"])].append(product_rows.observation(row))
    return observed


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC), time(), UTC)

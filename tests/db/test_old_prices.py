"""Of days that are long over, few prices are kept: no question about extremes is answered worse."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from db import old_prices, prices, products, statements
from domain.catalog import PageArgs
from domain.money import Money
from domain.products import PriceObservation
from tests.db.records import HOUR, NOW, OURS, keep, product, ref, usd

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

DAY = timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0)


async def seen(*amounts: str, on: datetime = MIDNIGHT, number: int = 1) -> None:
    """The product costs so much, two hours after two hours."""
    for turn, amount in enumerate(amounts):
        at = on + 2 * turn * HOUR
        await keep([product(number, price=usd(amount), at=at)], history=True)


async def told(number: int = 1) -> list[str]:
    """Prices and hours, oldest first."""
    pages = await products.price_history(OURS, [ref(number)], PageArgs(250))
    rows = reversed(pages[ref(number)].rows)
    return [f"{each.price.text} {each.observed_at:%d %H}" for _, each in rows]


async def settled(before: datetime) -> list[int]:
    """How many prices each slice looked at."""
    slices = []
    while looked_at := await old_prices.settle(before):
        slices.append(looked_at)
    return slices


async def test_first_last_lowest_and_highest_of_a_day_stay() -> None:
    await seen("5", "7", "9", "9", "7", "3", "3", "4", "6")

    await settled(MIDNIGHT + DAY)

    assert await told() == ["5.00 21 00", "9.00 21 06", "3.00 21 12", "6.00 21 16"]


async def test_a_still_day_keeps_its_ends_and_currencies_are_not_compared() -> None:
    await seen("5", "5", "5")
    for turn, amount in enumerate(("7", "8", "9", "8")):
        price = Money(Decimal(amount), "EUR")
        at = MIDNIGHT + DAY + 2 * turn * HOUR
        await keep([product(2, price=usd("5"), at=at)], history=True)
        await keep([product(2, price=price, at=at + HOUR)], history=True)

    await settled(MIDNIGHT + 2 * DAY)

    assert await told() == ["5.00 21 00", "5.00 21 04"]
    assert await told(2) == ["5.00 22 00", "7.00 22 01", "9.00 22 05", "5.00 22 06", "8.00 22 07"]


async def test_days_that_are_not_over_by_then_are_left_alone() -> None:
    await seen("5", "6", "7", "8")
    await seen("5", "6", "7", "8", on=MIDNIGHT + DAY)
    whole = await told()

    none = await settled(MIDNIGHT + DAY - HOUR)
    one = await settled(MIDNIGHT + 2 * DAY - HOUR)

    assert (none, one) == ([], [4])
    assert await told() == ["5.00 21 00", "8.00 21 06", *whole[4:]]


async def test_it_goes_on_in_slices_and_what_is_settled_is_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(old_prices, "SLICE", 3)
    for number in (1, 2, 3):
        await seen("5", "6", "7", number=number)
    await seen("5", "6", "7", on=MIDNIGHT + DAY)

    slices = await settled(MIDNIGHT + 9 * DAY)
    again = await settled(MIDNIGHT + 9 * DAY)
    await seen("4", on=MIDNIGHT + 5 * HOUR)  # of a marketplace's late answer
    late = await settled(MIDNIGHT + 9 * DAY)

    assert (sum(slices), len(slices) > 1, again) == (12, True, [])
    assert late == [3]
    assert await told() == [
        *("5.00 21 00", "7.00 21 04", "4.00 21 05"),
        *("5.00 22 00", "7.00 22 04"),
    ]


async def test_what_is_asked_of_whole_days_is_answered_as_before() -> None:
    chance = random.Random(7)
    await seen(*(str(chance.randint(1, 99)) for _ in range(100)))
    end = MIDNIGHT + 10 * DAY
    whole = await _answers()

    await settled(end)

    assert len(await told()) < 50
    assert await _answers() == whole


async def _answers() -> list[PriceObservation | None]:
    found = []
    for day in range(9):
        at = MIDNIGHT + day * DAY
        lowest = await prices.lowest_since(OURS, [ref(1)], at)
        last = await prices.as_of(OURS, [ref(1)], at)
        found += [lowest[ref(1)], last[ref(1)]]
    return found


async def test_the_index_finds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    await seen("5", "6")
    plans: list[Any] = []
    real = statements.rows
    ahead = "EXPLAIN " if statements.is_postgres() else "EXPLAIN QUERY PLAN "

    async def explained(sql: str, values: Any = ()) -> list[dict[str, Any]]:
        if sql == old_prices.OLDEST:
            if statements.is_postgres():
                await real("SET LOCAL enable_seqscan = off")  # which it prefers for so few
            plans.extend(await real(ahead + sql, values))
        return await real(sql, values)

    monkeypatch.setattr(statements, "rows", explained)

    await old_prices.settle(NOW)

    assert "idx_prices_unsettled" in str(plans)

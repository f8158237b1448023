"""The history of prices."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from db import prices, products
from domain.catalog import PageArgs
from domain.money import Money
from domain.products import Availability
from tests.db.records import (
    HOUR,
    NOW,
    OURS,
    keep,
    product,
    ref,
    usd,
)

TEN = PageArgs(10)
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def observed(args: PageArgs = TEN, since: datetime | None = None) -> list[str]:
    pages = await products.price_history(OURS, [ref(1)], args, since=since)
    return [f"{seen.price.text} {seen.observed_at:%H}" for _, seen in pages[ref(1)].rows]


async def test_prices_are_observed_when_new_changed_or_old() -> None:
    minute = HOUR / 60
    out = replace(product(price=usd("6"), at=NOW + 3 * minute))
    out = replace(out, offer=replace(out.offer, availability=Availability.OUT_OF_STOCK))

    for seen in (
        product(price=usd("5")),
        product(price=usd("5"), at=NOW + minute),
        product(price=usd("6"), at=NOW + 2 * minute),
        out,
        replace(out, offer=replace(out.offer, observed_at=NOW + HOUR)),
        replace(out, offer=replace(out.offer, observed_at=NOW + 2 * HOUR)),
        replace(product(price=None, at=NOW + 3 * HOUR)),
    ):
        await keep([seen], history=True)

    assert await observed() == ["6.00 14", "6.00 12", "6.00 12", "5.00 12"]


async def test_prices_are_kept_only_where_they_may_be() -> None:
    await keep([product(price=usd("5"))])
    await keep([product(price=usd("6"), at=NOW + HOUR)])

    assert await observed() == []

    await keep([product(price=usd("6"), at=NOW + 2 * HOUR)], history=True)

    assert await observed() == ["6.00 14"]


async def test_histories_of_many_products_come_page_by_page() -> None:
    for hour in range(5):
        both = [product(n, price=usd(f"{n}.{hour}"), at=NOW + hour * HOUR) for n in (1, 2)]
        await keep(both, history=True)

    asked = [ref(1), ref(2), ref(3)]
    pages = await products.price_history(OURS, asked, PageArgs(2))
    after = pages[ref(1)].rows[-1][0]
    rest = await observed(PageArgs(10, after))

    assert [seen.price.text for _, seen in pages[ref(2)].rows] == ["2.40", "2.30"]
    assert [page.has_next for page in pages.values()] == [True, True, False]
    assert rest == ["1.20 14", "1.10 13", "1.00 12"]
    assert await observed(since=NOW + 3 * HOUR) == ["1.40 16", "1.30 15"]
    assert await observed(PageArgs(2, before=after, from_end=True)) == ["1.40 16"]
    assert await observed(PageArgs(2, from_end=True)) == ["1.10 13", "1.00 12"]


async def test_prices_of_many_products_are_counted_in_one_statement() -> None:
    for hour in range(3):
        await keep([product(1, price=usd(f"1.{hour}"), at=NOW + hour * HOUR)], history=True)
    await keep([product(2, price=usd("2"))], history=True)

    counts = await prices.counts_of(OURS, [ref(1), ref(2), ref(3)])
    later = await prices.counts_of(OURS, [ref(1), ref(2)], NOW + HOUR)

    assert counts == {ref(1): 3, ref(2): 1, ref(3): 0}
    assert later == {ref(1): 2, ref(2): 0}


async def seen_at(number: int, *amounts: str, currency: str = "USD") -> None:
    """Prices of a product, one each hour."""
    for hours, amount in enumerate(amounts):
        at = NOW + hours * HOUR
        money = Money(Decimal(amount), currency)
        await keep([product(number, price=money, at=at)], now=at, history=True)


async def test_the_lowest_price_is_found_by_its_value_and_of_equal_ones_the_last() -> None:
    await seen_at(1, "9", "100", "9.00", "20")
    await seen_at(2, "12", "7")
    await keep([product(3)], history=True)
    refs = [ref(1), ref(2), ref(3), ref(4)]

    all_of_them = await prices.lowest_since(OURS, refs, NOW)
    lately = await prices.lowest_since(OURS, refs, NOW + 3 * HOUR)

    assert [found and found.price.text for found in all_of_them.values()] == [
        *("9.00", "7.00"),
        *(None, None),
    ]
    lowest = all_of_them[ref(1)]
    assert lowest is not None
    assert lowest.observed_at == NOW + 2 * HOUR
    assert [found and found.price.text for found in lately.values()] == ["20.00", None, None, None]


async def test_the_lowest_price_is_of_the_present_currency() -> None:
    await seen_at(1, "1", currency="EUR")
    at = NOW + HOUR
    await keep([product(1, price=usd("5"), at=at)], now=at, history=True)

    found = (await prices.lowest_since(OURS, [ref(1)], NOW))[ref(1)]

    assert found is not None
    assert found.price == usd("5")


async def test_the_price_at_a_time_is_the_last_one_that_had_been_seen() -> None:
    await seen_at(1, "9", "8", "7")
    moments = [NOW - HOUR, NOW, NOW + 1.5 * HOUR, NOW + 9 * HOUR]

    found = [(await prices.as_of(OURS, [ref(1)], at))[ref(1)] for at in moments]

    assert [seen and seen.price.text for seen in found] == [None, "9.00", "8.00", "7.00"]

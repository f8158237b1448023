"""The history of prices."""

from dataclasses import replace
from datetime import datetime

import pytest

from db import prices, products
from domain.catalog import PageArgs
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

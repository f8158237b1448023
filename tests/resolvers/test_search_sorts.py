"""Searches in an order that the marketplace does not know."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from clients.registry import BY_CODE
from domain.exceptions import Throttled
from domain.money import Money
from domain.products import Offer, Reviews, SourceProduct
from domain.search import ProductSearchSort
from tests.fakes import NOW, FakeMarketplaceClient, product
from tests.resolvers.conftest import MakeContext
from tests.resolvers.test_search import LAMPS, WANTED, ask, sources

pytestmark = pytest.mark.anyio


def shuffled() -> list[SourceProduct]:
    """Rows with discounts and ratings in no order; some without."""
    chance = random.Random(7)

    def one(number: int) -> SourceProduct:
        price = Money(Decimal(chance.randrange(1, 100)), "USD")
        percent = Decimal(chance.randrange(800, 1000)) / 10
        return product(
            number,
            offer=Offer(observed_at=NOW, price=price, list_price=Money(Decimal(100), "USD")),
            reviews=Reviews(positive_percent=percent) if number % 3 else None,
        )

    return [one(number) for number in range(137)]


RATED = replace(WANTED, sort=ProductSearchSort.RATING_DESC)


def unsorted(grid: Sequence[SourceProduct], **shape: Any) -> FakeMarketplaceClient:
    """A marketplace that knows no order but its own."""
    return FakeMarketplaceClient(grid=grid, sorts=(ProductSearchSort.RELEVANCE,), **shape)


def best_first(rows: Sequence[SourceProduct]) -> list[SourceProduct]:
    def rating(row: SourceProduct) -> Decimal:
        return -(row.reviews.positive_percent or Decimal(0)) if row.reviews else Decimal(0)

    return sorted(rows, key=rating)


async def test_a_sort_of_ours_orders_the_rows_that_were_gathered(make_context: MakeContext) -> None:
    grid = shuffled()
    fake = unsorted(grid)

    page = await ask(make_context(aliexpress=fake), wanted=RATED, first=20)

    assert sources(page) == best_first(grid[:40])[:20]  # of fifty: two whole pages
    assert (page.sorted_rows, page.unknown_rows) == (40, 14)
    assert (page.post_filters, len(fake.calls)) == (("sort",), 1)


async def test_a_sort_of_the_marketplace_is_left_to_it(make_context: MakeContext) -> None:
    grid = shuffled()

    page = await ask(make_context(aliexpress=FakeMarketplaceClient(grid=grid)), wanted=RATED)

    assert sources(page) == grid[:20]
    assert (page.sorted_rows, page.unknown_rows, page.post_filters) == (None, None, ())


async def test_what_is_put_in_order_together_is_given_out_page_by_page(
    make_context: MakeContext,
) -> None:
    grid = shuffled()
    context = make_context(aliexpress=unsorted(grid))
    start = await ask(context, wanted=RATED, first=20)
    second = await ask(context, wanted=RATED, first=20, after=start.end_cursor)

    third = await ask(context, wanted=RATED, first=20, after=second.end_cursor)

    assert [*sources(start), *sources(second)] == best_first(grid[:40])
    assert (second.sorted_rows, third.sorted_rows) == (40, 60)
    assert sources(third) == best_first(grid[40:100])[:20]


@pytest.mark.parametrize("sort", ProductSearchSort)
@pytest.mark.parametrize("code", ["aliexpress", "amazon"])
async def test_every_sort_can_be_asked_for_everywhere(
    make_context: MakeContext, code: str, sort: ProductSearchSort
) -> None:
    own = BY_CODE[code].search_sorts
    fake = FakeMarketplaceClient(grid=shuffled(), sorts=own)

    page = await ask(make_context(aliexpress=fake), wanted=replace(WANTED, sort=sort))

    assert (page.error, len(page.listings)) == (None, 20)
    assert (page.sorted_rows is None) is (sort in own)


async def test_where_nothing_is_known_the_order_is_the_marketplaces(
    make_context: MakeContext,
) -> None:
    newest = replace(WANTED, sort=ProductSearchSort.NEWEST)

    page = await ask(make_context(aliexpress=unsorted(LAMPS)), wanted=newest, first=20)

    assert sources(page) == LAMPS[:20]
    assert (page.sorted_rows, page.unknown_rows) == (40, 40)


async def test_half_an_order_is_none(make_context: MakeContext) -> None:
    grid = shuffled()
    start = await ask(make_context(aliexpress=unsorted(grid)), wanted=RATED, first=60)
    spoilt = unsorted(grid, spoiling={"2": Throttled("Too fast.")})

    page = await ask(
        make_context(aliexpress=spoilt), wanted=RATED, first=60, after=start.cursors[9]
    )

    assert isinstance(page.error, Throttled)
    assert (page.listings, page.end_cursor) == ((), None)

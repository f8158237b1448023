"""Searches whose filters the marketplace does not know: pages are filled up."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.exceptions import Throttled
from domain.money import Money
from domain.products import Offer, Reviews, Shipping, SourceProduct
from domain.search import ProductSearch, SearchPage, SearchPlan
from tests.fakes import NOW, FakeMarketplaceClient, product
from tests.resolvers.conftest import MakeContext
from tests.resolvers.test_search import LAMPS, WANTED, ask, sources

pytestmark = pytest.mark.anyio


ENOUGH = replace(WANTED, min_orders=10)


def selling(*orders: int) -> list[SourceProduct]:
    """Lamps with so many orders each."""
    return [product(number, orders_last_30_days=count) for number, count in enumerate(orders)]


def filtering(grid: Sequence[SourceProduct], **shape: Any) -> FakeMarketplaceClient:
    """A marketplace that does not know orders, with pages of ten rows."""
    return FakeMarketplaceClient(
        grid=grid, post_filters=("minOrders",), **({"page_size": 10} | shape)
    )


async def test_a_page_that_filters_shorten_is_filled_up(make_context: MakeContext) -> None:
    grid = selling(*(number % 20 for number in range(60)))
    fake = filtering(grid)

    page = await ask(make_context(aliexpress=fake), wanted=ENOUGH, first=12)

    assert sources(page) == [*grid[10:20], *grid[30:32]]
    assert (page.post_filters, page.has_next) == (("minOrders",), True)
    assert fake.calls == [("search_products", [number]) for number in "1234"]


@pytest.mark.parametrize(("further", "calls"), [(0, 1), (1, 2), (3, 4), (20, 10)])
async def test_no_more_calls_than_the_setting_says_are_made_to_fill_a_page(
    make_context: MakeContext, further: int, calls: int
) -> None:
    fake = filtering(selling(*[0] * 95, *[50] * 5))
    context = make_context(aliexpress=fake)
    context.upstream = replace(context.upstream, search_further_calls=further)

    page = await ask(context, wanted=ENOUGH, first=5)

    assert len(fake.calls) == calls
    assert (len(page.listings), page.has_next) == ((5, False) if calls == 10 else (0, True))


async def test_pages_that_are_kept_cost_none_of_the_further_calls(
    make_context: MakeContext,
) -> None:
    grid = selling(*[0] * 60, *[50] * 30)
    fake = filtering(grid)
    context = make_context(aliexpress=fake)
    await ask(context, wanted=WANTED, first=50)  # the same search but for our filter

    page = await ask(context, wanted=ENOUGH, first=5)

    assert sources(page) == grid[60:65]
    assert [number for _, [number] in fake.calls] == ["1", "2", "3", "4", "5", "6", "7"]


async def test_a_page_ends_honestly_where_the_calls_are_used_up(make_context: MakeContext) -> None:
    grid = selling(*[0] * 60, *[50] * 7)
    context = make_context(aliexpress=filtering(grid))

    start = await ask(context, wanted=ENOUGH, first=20)
    rest = await ask(context, wanted=ENOUGH, first=20, after=start.end_cursor)

    assert (start.listings, start.cursors, start.has_next, start.error) == ([], [], True, None)
    assert (sources(rest), rest.has_next) == (grid[60:], False)


async def test_where_all_that_follows_is_filtered_away_the_list_has_ended(
    make_context: MakeContext,
) -> None:
    grid = selling(*[50] * 5, *[0] * 25)

    page = await ask(make_context(aliexpress=filtering(grid)), wanted=ENOUGH, first=5)
    longer = await ask(make_context(aliexpress=filtering(grid)), wanted=ENOUGH, first=6)

    assert (len(page.listings), page.has_next) == (5, True)  # nobody has looked at the next page
    assert (len(longer.listings), longer.has_next) == (5, False)


async def test_the_cap_of_the_request_ends_the_filling(make_context: MakeContext) -> None:
    fake = filtering(selling(*[50, 0] * 50))
    context = make_context(aliexpress=fake)
    context.budget.max_calls = 2

    page = await ask(context, wanted=ENOUGH, first=10)

    assert (len(page.listings), page.has_next, page.error) == (10, True, None)
    assert len(fake.calls) == 2


async def test_a_further_page_that_fails_leaves_what_is_there(make_context: MakeContext) -> None:
    grid = selling(*[50, 0] * 50)
    fake = filtering(grid, spoiling={"2": Throttled("Too fast.")})

    page = await ask(make_context(aliexpress=fake), wanted=ENOUGH, first=10)
    healed = make_context(aliexpress=filtering(grid))
    rest = await ask(healed, wanted=ENOUGH, first=10, after=page.end_cursor)

    assert (len(page.listings), page.has_next, page.error) == (5, True, None)
    assert [*sources(page), *sources(rest)] == grid[:30:2]


async def test_a_further_page_that_fails_is_told_where_there_is_nothing_else(
    make_context: MakeContext,
) -> None:
    fake = filtering(selling(*[0] * 50), spoiling={"2": Throttled("Too fast.")})

    page = await ask(make_context(aliexpress=fake), wanted=ENOUGH, first=10)

    assert (page.listings, page.has_next) == ([], True)
    assert isinstance(page.error, Throttled)


async def test_a_short_page_of_the_marketplace_alone_is_not_filled_up(
    make_context: MakeContext,
) -> None:
    class Gappy(FakeMarketplaceClient):
        async def search_products(self, plan: SearchPlan, *, page: int) -> SearchPage:
            found = await super().search_products(plan, page=page)
            return replace(found, products=found.products[:40])

    fake = Gappy(grid=LAMPS)

    page = await ask(make_context(aliexpress=fake), first=50)

    assert (len(page.listings), page.has_next, len(fake.calls)) == (40, True, 1)


def lamp(number: int, *, days: int | None = None) -> SourceProduct:
    offer = Offer(
        observed_at=NOW,
        price=Money(Decimal(75), "USD"),
        list_price=Money(Decimal(100), "USD") if number else None,
        shipping=Shipping(max_days=days),
    )
    return product(number, offer=offer)


@pytest.mark.parametrize(
    ("name", "wanted", "row", "stays"),
    [
        ("minOrders", {"min_orders": 10}, product(1, orders_last_30_days=10), True),
        ("minOrders", {"min_orders": 10}, product(1, orders_last_30_days=9), False),
        ("minOrders", {"min_orders": 10}, product(1), True),
        ("minOrders", {"min_orders": 0}, product(1, orders_last_30_days=0), True),
        (
            "minPositivePercent",
            {"min_positive_percent": Decimal(95)},
            product(1, reviews=Reviews(positive_percent=Decimal("95.0"))),
            True,
        ),
        (
            "minPositivePercent",
            {"min_positive_percent": Decimal(95)},
            product(1, reviews=Reviews(positive_percent=Decimal("94.9"))),
            False,
        ),
        ("minPositivePercent", {"min_positive_percent": Decimal(95)}, product(1), True),
        ("minDiscountPercent", {"min_discount_percent": 25}, lamp(1), True),
        ("minDiscountPercent", {"min_discount_percent": 26}, lamp(1), False),
        ("minDiscountPercent", {"min_discount_percent": 1}, lamp(0), False),
        ("maxDeliveryDays", {"max_delivery_days": 7}, lamp(1, days=7), True),
        ("maxDeliveryDays", {"max_delivery_days": 7}, lamp(1, days=8), False),
        ("maxDeliveryDays", {"max_delivery_days": 7}, lamp(1), True),
        ("maxDeliveryDays", {"max_delivery_days": 7}, product(1), True),
    ],
)
async def test_a_filter_of_ours_keeps_what_fits(
    make_context: MakeContext, name: str, wanted: dict[str, object], row: SourceProduct, stays: bool
) -> None:
    fake = FakeMarketplaceClient(grid=[row], post_filters=(name,))

    page = await ask(
        make_context(aliexpress=fake),
        wanted=ProductSearch(keywords="lamp", **wanted),  # type: ignore[arg-type]
    )

    assert sources(page) == ([row] if stays else [])


async def test_a_filter_that_the_marketplace_applied_is_left_to_it(
    make_context: MakeContext,
) -> None:
    row = product(1, orders_last_30_days=0)

    page = await ask(
        make_context(aliexpress=FakeMarketplaceClient(grid=[row])),
        wanted=replace(WANTED, min_orders=10),
    )

    assert sources(page) == [row]
    assert page.post_filters == ()

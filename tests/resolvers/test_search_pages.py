"""Walking a search page by page shows what it shows at once, whatever the lists and the sizes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from clients.registry import BY_CODE
from domain.products import Reviews, SourceProduct
from domain.search import ProductSearch, ProductSearchSort, sort_value
from resolvers.context import Context
from resolvers.search import SearchResult, search
from tests.fakes import FIRST, FakeMarketplaceClient, product
from tests.resolvers.conftest import MakeContext

pytestmark = pytest.mark.anyio

WANTED = ProductSearch(keywords="lamp", min_orders=10)
RATED = replace(WANTED, sort=ProductSearchSort.RATING_DESC)


@dataclass(frozen=True)
class Case:
    """A marketplace's list and how somebody pages through it."""

    grid: Sequence[SourceProduct]
    page_size: int
    last_page: int
    further: int
    sizes: Sequence[int]
    is_kept: bool

    @property
    def filtered(self) -> list[SourceProduct]:
        """What of the list can be reached and has enough orders, or may have."""
        reachable = self.grid[: self.page_size * self.last_page]
        return [row for row in reachable if (row.orders_last_30_days or 10) >= 10]

    def client(self, *sorts: ProductSearchSort) -> FakeMarketplaceClient:
        """The marketplace."""
        return FakeMarketplaceClient(
            grid=self.grid,
            page_size=self.page_size,
            last_page=self.last_page,
            sorts=sorts,
            post_filters=("minOrders",),
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from([1, 9, 10, 500, None]),
                st.one_of(st.none(), st.integers(0, 100)),
            ),
            max_size=40,
        )
    )
    grid = [
        product(
            number,
            orders_last_30_days=orders,
            reviews=None if percent is None else Reviews(positive_percent=Decimal(percent)),
        )
        for number, (orders, percent) in enumerate(rows)
    ]
    return Case(
        grid=grid,
        page_size=draw(st.integers(1, 12)),
        last_page=draw(st.integers(1, 10)),
        further=draw(st.integers(0, 4)),
        sizes=draw(st.lists(st.integers(1, 15), min_size=1, max_size=4)),
        is_kept=draw(st.booleans()),
    )


async def pages(
    make: MakeContext, case: Case, wanted: ProductSearch, after: str | None = None
) -> list[SearchResult]:
    """Every page to the end, of the sizes of the case in turn."""
    sorts = () if wanted is RATED else (wanted.sort,)
    context: Context = make(**{FIRST: case.client(*sorts)})
    context.upstream = replace(
        context.upstream,
        search_further_calls=case.further,
        search_fresh_for=timedelta(minutes=5 * case.is_kept),
    )
    found: list[SearchResult] = []
    for number in range(200):
        size = case.sizes[number % len(case.sizes)]
        page = await search(context, BY_CODE[FIRST], None, wanted, first=size, after=after)
        assert page.error is None
        assert len(page.listings) <= size
        found.append(page)
        after = page.end_cursor
        if not page.has_next:
            return found
    raise AssertionError("the search has no end")


def sources(page: SearchResult) -> list[SourceProduct]:
    return [listing.source for listing in page.listings]


def titles(found: Sequence[SearchResult], *, sort: bool = True) -> list[str]:
    rows = [row.title for page in found for row in sources(page)]
    return sorted(rows) if sort else rows


anything = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(case=cases())
@anything
async def test_all_pages_together_are_the_filtered_list(
    make_context: MakeContext, case: Case
) -> None:
    found = await pages(make_context, case, WANTED)

    assert [row for page in found for row in sources(page)] == case.filtered


@given(case=cases())
@anything
async def test_a_page_is_full_unless_the_list_or_the_calls_have_ended(
    make_context: MakeContext, case: Case
) -> None:
    case = replace(case, further=case.last_page)  # so the calls never end

    found = await pages(make_context, case, WANTED)

    for number, page in enumerate(found[:-1]):
        assert len(page.listings) == case.sizes[number % len(case.sizes)]


@given(case=cases(), wanted=st.sampled_from([WANTED, RATED]), number=st.integers(0, 39))
@anything
async def test_reading_on_behind_any_row_loses_and_repeats_none(
    make_context: MakeContext, case: Case, wanted: ProductSearch, number: int
) -> None:
    found = await pages(make_context, case, wanted)
    marks = [mark for page in found for mark in page.cursors]
    assume(number < len(marks))

    rest = await pages(make_context, case, wanted, after=marks[number])

    assert titles(rest) == sorted(titles(found, sort=False)[number + 1 :])


@given(case=cases())
@anything
async def test_a_sort_of_ours_shows_every_row_once_in_blocks_that_are_in_order(
    make_context: MakeContext, case: Case
) -> None:
    found = await pages(make_context, case, RATED)

    assert titles(found) == sorted(row.title for row in case.filtered)
    for page in found:
        values = [sort_value(row, RATED.sort) for row in sources(page)]
        known = [value for value in values if value is not None]
        assert values == [*sorted(known), *[None] * (len(values) - len(known))]

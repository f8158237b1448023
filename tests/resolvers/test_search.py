"""Windows cut out of a marketplace's grid: every row once, whatever the page size."""

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from clients.registry import BY_CODE
from domain.exceptions import InvalidInput, MarketplaceNotConnected, Throttled, WrongLocale
from domain.products import SourceProduct
from domain.search import ProductSearch, ProductSearchSort, SearchPage, SearchPlan
from resolvers import cursors
from resolvers.context import Context
from resolvers.search import SearchResult, search
from tests.fakes import FakeMarketplaceClient, product
from tests.resolvers.conftest import MakeContext

pytestmark = pytest.mark.anyio

WANTED = ProductSearch(keywords="lamp", min_orders=0)
LAMPS = [product(number) for number in range(137)]


async def ask(
    context: Context,
    *,
    wanted: ProductSearch = WANTED,
    first: int | None = 20,
    after: str | None = None,
    locale: str | None = None,
) -> SearchResult:
    market = BY_CODE["aliexpress"]
    return await search(context, market, locale, wanted, first=first, after=after)


async def walk(
    context: Context, *, wanted: ProductSearch = WANTED, first: int = 20, after: str | None = None
) -> list[SourceProduct]:
    """Every row from `after` to the end, page by page."""
    rows: list[SourceProduct] = []
    for _ in range(300):
        page = await ask(context, wanted=wanted, first=first, after=after)
        assert page.error is None
        rows += sources(page)
        after = page.end_cursor
        if not page.has_next:
            return rows
    raise AssertionError("the search has no end")


def sources(page: SearchResult) -> list[SourceProduct]:
    return [listing.source for listing in page.listings]


@pytest.mark.parametrize("first", [1, 7, 20, 49, 50, 51, 100, 136, 137, 138, 250])
async def test_walking_to_the_end_shows_every_row_once(
    make_context: MakeContext, first: int
) -> None:
    context = make_context(aliexpress=FakeMarketplaceClient(grid=LAMPS))

    assert await walk(context, first=first) == LAMPS


async def test_120_rows_are_three_calls(make_context: MakeContext) -> None:
    fake = FakeMarketplaceClient(grid=LAMPS)

    page = await ask(make_context(aliexpress=fake), first=120)

    assert sources(page) == LAMPS[:120]
    assert sorted(fake.calls) == [("search_products", [number]) for number in "123"]


async def test_windows_of_one_page_of_the_grid_are_one_call(make_context: MakeContext) -> None:
    fake = FakeMarketplaceClient(grid=LAMPS)
    context = make_context(aliexpress=fake)
    start = await ask(context, first=20)

    page = await ask(context, first=30, after=start.end_cursor)

    assert sources(page) == LAMPS[20:50]
    assert fake.calls == [("search_products", ["1"])]


async def test_a_page_tells_where_it_stands(make_context: MakeContext) -> None:
    context = make_context(aliexpress=FakeMarketplaceClient(grid=LAMPS))

    start = await ask(context, first=100)
    end = await ask(context, first=100, after=start.end_cursor)

    assert (start.has_previous, start.has_next, start.total) == (False, True, 137)
    assert (end.has_previous, end.has_next, end.total) == (True, False, 137)
    assert start.end_cursor == start.cursors[-1]


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100])
async def test_the_last_page_is_the_last(make_context: MakeContext, count: int) -> None:
    context = make_context(aliexpress=FakeMarketplaceClient(grid=LAMPS[:count]))

    page = await ask(context, first=100)

    assert sources(page) == LAMPS[:count]
    assert page.has_next is False


async def test_nothing_found_is_an_empty_page(make_context: MakeContext) -> None:
    page = await ask(make_context(aliexpress=FakeMarketplaceClient()))

    assert (page.listings, page.cursors, page.total, page.error) == ([], [], 0, None)


@pytest.mark.parametrize("read", [1, 5, 19, 20])
async def test_reading_on_behind_any_row_repeats_and_loses_none(
    make_context: MakeContext, read: int
) -> None:
    context = make_context(aliexpress=FakeMarketplaceClient(grid=LAMPS))
    start = await ask(context, first=20)

    rest = await walk(context, first=20, after=start.cursors[read - 1])

    assert rest == LAMPS[read:]


@pytest.mark.parametrize("first", [1, 5, 16])
async def test_behind_an_inner_row_no_more_rows_come_than_were_asked(
    make_context: MakeContext, first: int
) -> None:
    context = make_context(aliexpress=FakeMarketplaceClient(grid=LAMPS))
    start = await ask(context, first=20)

    page = await ask(context, first=first, after=start.cursors[2])

    assert sources(page) == LAMPS[3 : 3 + first]


async def test_a_product_on_two_pages_of_the_grid_is_shown_once(make_context: MakeContext) -> None:
    grid = [*LAMPS[:50], LAMPS[3], LAMPS[49], *LAMPS[50:98]]

    page = await ask(make_context(aliexpress=FakeMarketplaceClient(grid=grid)), first=100)

    assert sources(page) == LAMPS[:98]


async def test_more_rows_than_a_page_holds_move_nothing(make_context: MakeContext) -> None:
    class Generous(FakeMarketplaceClient):
        async def search_products(self, plan: SearchPlan, *, page: int) -> SearchPage:
            found = await super().search_products(plan, page=page)
            return replace(found, products=(*found.products, product(9_000 + page)))

    page = await ask(make_context(aliexpress=Generous(grid=LAMPS)), first=100)

    assert sources(page) == LAMPS[:100]


@pytest.mark.parametrize("total", [5, 100, 137])
async def test_a_marketplaces_cap_ends_the_list(make_context: MakeContext, total: int) -> None:
    fake = FakeMarketplaceClient(grid=LAMPS[:total], page_size=10, last_page=10)
    context = make_context(aliexpress=fake)

    rows = await walk(context, first=30)

    assert rows == LAMPS[: min(total, 100)]
    assert max(int(page) for _, [page] in fake.calls) <= 10


async def test_behind_the_cap_nobody_is_asked(make_context: MakeContext) -> None:
    fake = FakeMarketplaceClient(grid=LAMPS, page_size=10, last_page=10)
    context = make_context(aliexpress=fake)
    whole = await ask(context, first=100)
    fake.calls.clear()

    page = await ask(context, first=100, after=whole.end_cursor)

    assert (page.listings, page.has_next, page.has_previous) == ([], False, True)
    assert fake.calls == []


async def test_a_short_page_that_is_not_the_last_ends_nothing(make_context: MakeContext) -> None:
    class Gappy(FakeMarketplaceClient):
        async def search_products(self, plan: SearchPlan, *, page: int) -> SearchPage:
            found = await super().search_products(plan, page=page)
            return replace(found, products=found.products[:40])

    context = make_context(aliexpress=Gappy(grid=LAMPS))

    rows = await walk(context, first=25)

    assert rows == [*LAMPS[:40], *LAMPS[50:90], *LAMPS[100:137]]


async def test_a_marketplace_that_fails_is_data(make_context: MakeContext) -> None:
    failure = Throttled("Too fast.")

    page = await ask(make_context(aliexpress=FakeMarketplaceClient(failure=failure)))

    assert isinstance(page.error, Throttled)
    assert (page.listings, page.end_cursor, page.has_next, page.total) == ((), None, False, None)


async def test_a_later_page_that_fails_loses_no_earlier_one(make_context: MakeContext) -> None:
    failure = Throttled("Too fast.")
    fake = FakeMarketplaceClient(grid=LAMPS, spoiling={"2": failure})

    page = await ask(make_context(aliexpress=fake), first=120)
    healed = FakeMarketplaceClient(grid=LAMPS)
    rest = await ask(make_context(aliexpress=healed), first=120, after=page.end_cursor)

    assert isinstance(page.error, Throttled)
    assert len(page.listings) == 50
    assert page.has_next
    shown = [listing.source for listing in (*page.listings, *rest.listings)]
    assert shown == list(LAMPS)


async def test_an_unconnected_marketplace_is_data(make_context: MakeContext) -> None:
    context = make_context()

    page = await ask(context)

    assert isinstance(page.error, MarketplaceNotConnected)
    assert page.listings == ()


@pytest.mark.parametrize("first", [0, -1, 251, 10_000])
async def test_a_bad_page_size_is_refused_before_any_call(
    make_context: MakeContext, first: int
) -> None:
    fake = FakeMarketplaceClient(grid=LAMPS)

    with pytest.raises(InvalidInput) as refusal:
        await ask(make_context(aliexpress=fake), first=first)

    assert refusal.value.path == ("first",)
    assert fake.calls == []


async def test_a_site_that_is_none_is_data(make_context: MakeContext) -> None:
    fake = FakeMarketplaceClient()

    page = await ask(make_context(aliexpress=fake), locale="www.amazon.de")

    assert isinstance(page.error, WrongLocale)
    assert page.error.path == ("locale",)
    assert (page.listings, page.end_cursor, fake.calls) == ((), None, [])


@pytest.mark.parametrize(
    ("name", "search"),
    [
        ("minPrice", replace(WANTED, min_price=Decimal("5.555"))),
        ("maxPrice", replace(WANTED, max_price=Decimal("0.001"), currency="EUR")),
        ("maxPrice", replace(WANTED, max_price=Decimal("900.5"), currency="JPY")),
    ],
)
async def test_a_price_finer_than_its_currency_is_refused(
    make_context: MakeContext, name: str, search: ProductSearch
) -> None:
    fake = FakeMarketplaceClient(grid=LAMPS)

    page = await ask(make_context(aliexpress=fake), wanted=search)

    assert isinstance(page.error, InvalidInput)
    assert (page.error.path, fake.calls) == (("search", name), [])
    assert "decimals" in page.error.message


async def test_a_language_is_two_letters(make_context: MakeContext) -> None:
    fake = FakeMarketplaceClient(grid=LAMPS)

    page = await ask(make_context(aliexpress=fake), wanted=replace(WANTED, language="GERMAN"))

    assert isinstance(page.error, InvalidInput)
    assert (page.error.path, fake.calls) == (("search", "language"), [])


@pytest.mark.parametrize(
    "other",
    [
        replace(WANTED, keywords="lamps"),
        replace(WANTED, min_orders=1),
        replace(WANTED, max_price=Decimal(5)),
        replace(WANTED, sort=ProductSearchSort.PRICE_ASC),
        replace(WANTED, currency="EUR"),
    ],
)
async def test_a_cursor_of_another_search_is_refused(
    make_context: MakeContext, other: ProductSearch
) -> None:
    context = make_context(aliexpress=FakeMarketplaceClient(grid=LAMPS))
    page = await ask(context, wanted=other)

    with pytest.raises(InvalidInput, match="another list") as refusal:
        await ask(context, after=page.end_cursor)

    assert refusal.value.path == ("after",)


def forged(*position: cursors.CursorPart) -> str:
    return cursors.encode(cursors.fingerprint("search", "aliexpress", "", WANTED), position)


@pytest.mark.parametrize(
    "position",
    [
        (1,),
        (1, 20, 3),
        (1, 0, 1, 20),
        (1, 0, 1, 20, 3, 4),
        (0, 20),
        (-1, 20),
        (1, -3),
        (1, 51),
        (102, 0),
        (2**62, 0),
        (2, 0, 1, 20, 3),
        (1, 0, 102, 0, 3),
        (1, 0, 1, 51, 3),
        (1, 0, 1, 20, -3),
        ("1", "20"),
        (None, 20),
        (1, 0, None, 20, 3),
        ("x", 1, 20),
    ],
)
async def test_a_forged_cursor_is_refused(
    make_context: MakeContext, position: tuple[cursors.CursorPart, ...]
) -> None:
    fake = FakeMarketplaceClient(grid=LAMPS)

    with pytest.raises(InvalidInput, match="not a cursor") as refusal:
        await ask(make_context(aliexpress=fake), after=forged(*position))

    assert refusal.value.path == ("after",)
    assert fake.calls == []


@pytest.mark.parametrize("position", [(3, 37), (3, 50), (4, 0), (101, 0), (1, 0, 1, 50, 2**60)])
async def test_a_cursor_behind_the_end_finds_nothing(
    make_context: MakeContext, position: tuple[int, ...]
) -> None:
    fake = FakeMarketplaceClient(grid=LAMPS, sorts=())
    context = make_context(aliexpress=fake)

    page = await ask(context, after=forged(*position))

    assert page.listings == []
    assert (page.has_next, len(fake.calls)) == (len(position) == 5, position[0] <= 100)


async def test_garbage_cursors_are_refused_or_read(make_context: MakeContext) -> None:
    context = make_context(aliexpress=FakeMarketplaceClient(grid=LAMPS))
    whole = (await ask(context)).end_cursor
    assert whole is not None
    chance = random.Random(11)

    for _ in range(500):
        at = chance.randrange(len(whole))
        cursor = whole[:at] + chance.choice("aZ0-_=+ é\x00") + whole[at + 1 :]
        try:
            page = await ask(context, after=cursor)
        except InvalidInput:
            continue
        assert page.error is None

"""Explore: a marketplace's own search, its pages joined behind one connection.

The marketplace is asked in whole pages of its own grid; `first` and `after` cut windows out of it.
Filters that it does not know are applied afterwards and named, so a window may come out shorter:
what is known not to fit is left out, and what is unknown stays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from clients.base import Marketplace, MarketplaceClient
from domain.countries import parse_country
from domain.exceptions import AffiliateGraphError, InvalidInput
from domain.marketplaces import AccountKey
from domain.money import parse_currency
from domain.products import SourceProduct
from domain.search import ProductSearch, ProductSearchSort, SearchPage, SearchPlan
from resolvers import cursors
from resolvers.context import Context
from resolvers.fetching import Kind
from resolvers.marketplaces import locale_of
from resolvers.products import Listing, with_entries
from upstream.cache import CachePolicy
from upstream.contract import Fetched

LONGEST_KEPT = timedelta(minutes=10)  # of an answer, when the marketplace cannot be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A window of a search.

    `cursors` belong to `listings`; `end_cursor` is there even when every row was filtered away, so
    that the reader can go on. `cached_at`: when the oldest page that came from the cache was asked
    for; None when all came just now.
    """

    listings: Sequence[Listing] = ()
    cursors: Sequence[str] = ()
    end_cursor: str | None = None
    has_next: bool = False
    has_previous: bool = False
    total: int | None = None
    post_filters: tuple[str, ...] = ()
    error: AffiliateGraphError | None = None
    cached_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Rows `start` to `start + size` of the grid, of which the first `skip` were already read."""

    start: int
    size: int
    skip: int = 0

    @property
    def end(self) -> int:
        """The first row behind the window."""
        return self.start + self.size


async def search(
    context: Context,
    marketplace: Marketplace,
    locale: str | None,
    wanted: ProductSearch,
    *,
    first: int | None,
    after: str | None,
) -> SearchResult:
    """Search one marketplace.

    A marketplace that cannot answer, or has no such site, is a result with `error` and no rows.
    Raises InvalidInput for a bad page size or cursor, which no other marketplace could answer
    either.
    """
    size = cursors.page_size(first)
    try:
        site = locale_of(marketplace, locale)
        wanted = _with_known_codes(wanted)
    except InvalidInput as error:
        return SearchResult(error=error)
    of_list = cursors.fingerprint("search", marketplace.code, site, wanted)
    window = _window(cursors.decode(of_list, after, path=("after",)), size)
    key = context.account_key(marketplace.code, site)
    try:
        account = await context.dataloaders.account.load(key)
        client = marketplace.connect(account, context.upstream, context.budget)
        plan = client.plan_search(wanted)
        fetched = await _fetch(_Pages(context=context, account=key, plan=plan), marketplace, window)
    except AffiliateGraphError as error:
        return SearchResult(error=error)
    rows = _rows(fetched.pages, marketplace.search_page_size, fetched.window)
    kept = [row for row in rows if _passes(row, wanted, plan.post_filters)]
    if "sort" in plan.post_filters:
        kept = sorted(kept, key=_SORT_KEYS[wanted.sort])
    return await _result(context, of_list, fetched, kept, size, plan.post_filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pages:
    """The pages of one search: equal searches of other requests share the calls and the answers.

    What is sent makes the search, so that filters applied afterwards cost no call.
    """

    context: Context
    account: AccountKey
    plan: SearchPlan

    async def get(self, numbers: Sequence[int]) -> dict[int, Fetched[SearchPage]]:
        """The pages with these numbers, or why one cannot be had."""
        fresh_for = self.context.upstream.search_fresh_for
        kind: Kind[int, SearchPage] = Kind(
            operation="search",
            size=lambda _: 1,
            policy=lambda _: CachePolicy(
                kind=SearchPage,
                fresh_for=fresh_for,
                shown_for=LONGEST_KEPT if fresh_for else fresh_for,
            ),
            ask=self._ask,
        )
        sent = tuple(sorted((name, repr(value)) for name, value in self.plan.parameters.items()))
        way = self.context.dataloaders.way
        return await way.fetch(kind, self.account, numbers, circumstances=sent)

    async def _ask(
        self, client: MarketplaceClient, numbers: Sequence[int]
    ) -> dict[int, SearchPage | AffiliateGraphError]:
        return {number: await client.search_products(self.plan, page=number) for number in numbers}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    """Pages by number, without gaps. `window` ends before the page that failed with `error`."""

    pages: dict[int, SearchPage]
    window: Window
    goes_on: bool
    error: AffiliateGraphError | None = None
    cached_at: datetime | None = None


def _window(position: Sequence[cursors.CursorPart], size: int) -> Window:
    """A cursor holds the window it was given out in and how far it was read."""
    if not position:
        return Window(start=0, size=size)
    numbers = [part for part in position if isinstance(part, int) and part >= 0]
    if len(numbers) != 3 or len(position) != 3 or not 1 <= numbers[1] <= cursors.MAX_PAGE_SIZE:
        raise InvalidInput("This is not a cursor of this search.", path=("after",))
    start, length, read = numbers
    if read >= length:
        return Window(start=start + length, size=size)
    return Window(start=start, size=length, skip=read)


async def _fetch(search: _Pages, marketplace: Marketplace, window: Window) -> _Fetched:
    """The pages under the window. The first one tells how many there are; the rest go together.

    Raises what the first page fails with; a later failure cuts the window short.
    """
    grid = marketplace.search_page_size
    first = window.start // grid + 1
    if first > marketplace.search_last_page:
        return _Fetched(pages={}, window=window, goes_on=False)
    answers = await search.get([first])
    opening = answers[first].value
    if isinstance(opening, AffiliateGraphError):
        raise opening
    last = min((window.end - 1) // grid + 1, _last_page(opening, first, marketplace))
    answers |= await search.get(range(first + 1, last + 1))
    cached_at = min((page.kept_since for page in answers.values() if page.kept_since), default=None)
    pages: dict[int, SearchPage] = {}
    for number in range(first, last + 1):
        page = answers[number].value
        if isinstance(page, AffiliateGraphError):
            cut = replace(window, size=(number - 1) * grid - window.start)
            return _Fetched(pages=pages, window=cut, goes_on=True, error=page, cached_at=cached_at)
        pages[number] = page
        if page.is_last:
            break
    goes_on = _goes_on(pages, marketplace, window)
    return _Fetched(pages=pages, window=window, goes_on=goes_on, cached_at=cached_at)


def _last_page(page: SearchPage, number: int, marketplace: Marketplace) -> int:
    """The last page that can hold rows, as far as this page tells."""
    if page.is_last:
        return number
    if page.total is None:
        return marketplace.search_last_page
    return min(marketplace.search_last_page, -(-page.total // marketplace.search_page_size))


async def _result(
    context: Context,
    of_list: str,
    fetched: _Fetched,
    kept: Sequence[SourceProduct],
    first: int,
    post_filters: tuple[str, ...],
) -> SearchResult:
    """At most `first` of the window's rows that are kept and not yet read."""
    window = fetched.window
    shown = kept[window.skip : window.skip + first]
    read = window.skip + len(shown)
    is_read_up = read >= len(kept)
    marks = [
        cursors.encode(of_list, (window.start, window.size, window.skip + number))
        for number in range(1, len(shown) + 1)
    ]
    end = cursors.encode(of_list, (window.start, window.size, window.size if is_read_up else read))
    return SearchResult(
        listings=await with_entries(context, shown),
        cursors=[*marks[:-1], end] if marks else [],
        end_cursor=end,
        has_next=fetched.goes_on or not is_read_up,
        has_previous=window.start > 0 or window.skip > 0,
        total=next((page.total for page in fetched.pages.values() if page.total is not None), None),
        post_filters=post_filters,
        error=fetched.error,
        cached_at=fetched.cached_at,
    )


def _rows(pages: dict[int, SearchPage], grid: int, window: Window) -> list[SourceProduct]:
    """The window's rows, each product once: a marketplace may show one on two pages."""
    rows: dict[object, SourceProduct] = {}
    for number, page in sorted(pages.items()):
        first = (number - 1) * grid
        for offset, product in enumerate(page.products[:grid]):
            if window.start <= first + offset < window.end:
                rows.setdefault(product.ref, product)
    return list(rows.values())


def _goes_on(pages: dict[int, SearchPage], marketplace: Marketplace, window: Window) -> bool:
    """Whether rows can follow behind the window."""
    grid = marketplace.search_page_size
    number = max(pages)
    if pages[number].is_last:
        return window.end < (number - 1) * grid + len(pages[number].products)
    return window.end < _last_page(pages[number], number, marketplace) * grid


def _passes(product: SourceProduct, wanted: ProductSearch, filters: tuple[str, ...]) -> bool:
    return all(_TESTS[name](product, wanted) for name in filters if name in _TESTS)


def _with_known_codes(search: ProductSearch) -> ProductSearch:
    """The search in a currency and to a country that there are. Raises InvalidInput."""
    currency = parse_currency(search.currency, path=("search", "currencyCode"))
    country = search.ship_to_country
    if country is not None:
        country = parse_country(country, path=("search", "shipToCountry"))
    return replace(search, currency=currency, ship_to_country=country)


def _enough_orders(product: SourceProduct, wanted: ProductSearch) -> bool:
    # Products whose count is unknown stay: a missing figure says nothing against them.
    orders = product.orders_last_30_days
    return orders is None or orders >= wanted.min_orders


def _liked_enough(product: SourceProduct, wanted: ProductSearch) -> bool:
    percent = product.reviews.positive_percent if product.reviews else None
    return percent is None or percent >= (wanted.min_positive_percent or 0)


def _cheap_enough(product: SourceProduct, wanted: ProductSearch) -> bool:
    return _discount(product) >= (wanted.min_discount_percent or 0)


def _soon_enough(product: SourceProduct, wanted: ProductSearch) -> bool:
    shipping = product.offer.shipping
    days = shipping.max_days if shipping else None
    return days is None or days <= (wanted.max_delivery_days or days)


def _ships_free(product: SourceProduct, wanted: ProductSearch) -> bool:
    shipping = product.offer.shipping
    return not wanted.free_shipping_only or shipping is None or shipping.is_free is not False


def _discount(product: SourceProduct) -> int:
    return product.offer.discount_percent


_TESTS: dict[str, Callable[[SourceProduct, ProductSearch], bool]] = {
    "minOrders": _enough_orders,
    "minPositivePercent": _liked_enough,
    "minDiscountPercent": _cheap_enough,
    "maxDeliveryDays": _soon_enough,
    "freeShippingOnly": _ships_free,
}


def _rating_order(product: SourceProduct) -> tuple[bool, Decimal]:
    percent = product.reviews.positive_percent if product.reviews else None
    return percent is None, -(percent or Decimal(0))


_SORT_KEYS: dict[ProductSearchSort, Callable[[SourceProduct], tuple[bool, Decimal]]] = {
    ProductSearchSort.DISCOUNT_DESC: lambda product: (False, Decimal(-_discount(product))),
    ProductSearchSort.RATING_DESC: _rating_order,
}

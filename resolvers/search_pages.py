"""The pages of one search at a marketplace, walked in its order from any place of its list."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clients.base import Marketplace, MarketplaceClient
from domain.exceptions import AffiliateGraphError, CallCapReached
from domain.marketplaces import AccountKey
from domain.products import ProductRef, SourceProduct
from domain.search import SearchPage, SearchPlan
from resolvers.context import Context
from resolvers.fetching import Kind
from upstream.cache import CachePolicy
from upstream.contract import Fetched

LONGEST_KEPT = timedelta(minutes=10)  # of an answer, when the marketplace cannot be asked


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a marketplace's list: behind `offset` rows of its page `page`, from 1."""

    page: int
    offset: int = 0


BEGINNING = Place(1)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a marketplace's list; `end`: the place behind it."""

    product: SourceProduct
    end: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPages:
    """Equal searches of other requests share the calls and the answers.

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

    def is_free(self, page: Fetched[SearchPage]) -> bool:
        """Whether no call was made for the page: it was kept, and not past its time."""
        upstream = self.context.upstream
        since = page.kept_since
        return since is not None and upstream.now() - since < upstream.search_fresh_for

    async def _ask(
        self, client: MarketplaceClient, numbers: Sequence[int]
    ) -> dict[int, SearchPage | AffiliateGraphError]:
        return {number: await client.search_products(self.plan, page=number) for number in numbers}


class Walk:
    """The rows between `start` and `end`, each product once, and what the pages tell.

    `has_more`: rows can follow behind `end`. `error` is why a page could not be had; the rows end
    before it. `cached_at`: when the oldest page that was kept was asked for.
    """

    def __init__(
        self,
        pages: SearchPages,
        marketplace: Marketplace,
        start: Place,
        passes: Callable[[SourceProduct], bool],
    ) -> None:
        self._pages = pages
        self._size = marketplace.search_page_size
        self._last = marketplace.search_last_page  # as far as is known
        self._passes = passes
        self._rows: dict[ProductRef, Row] = {}
        self._start = self.end = start
        self.has_more = start.page <= self._last
        self.total: int | None = None
        self.error: AffiliateGraphError | None = None
        self.cached_at: datetime | None = None

    @property
    def rows(self) -> list[Row]:
        """Those that pass, in the marketplace's order."""
        return list(self._rows.values())

    async def to(self, place: Place) -> None:
        """Read the pages up to there: the first one tells how many there are, the rest go together.

        Raises what the first page fails with.
        """
        await self._read([self._start.page])
        if self.error is not None:
            raise self.error
        last = place.page if place.offset else place.page - 1
        await self._read(range(self._start.page + 1, last + 1))

    async def until(self, count: int, *, calls: int) -> None:
        """Read on, page by page, until there are so many rows; at most so many calls are made.

        A page that cannot be had ends it, and is told only where there is no row at all to show.
        """
        while len(self._rows) < count and self.has_more and self.error is None and calls > 0:
            calls -= await self._read([self.end.page])
        if self._rows or isinstance(self.error, CallCapReached):
            self.error = None

    async def _read(self, numbers: Iterable[int]) -> int:
        """The next pages, as far as there are any. Returns how many of them were no free ones."""
        pages = await self._pages.get([number for number in numbers if number <= self._last])
        for number, page in sorted(pages.items()):
            if isinstance(page.value, AffiliateGraphError):
                self.error = page.value
                break
            if number <= self._last:
                self._add(number, page.value)
            if page.kept_since is not None:
                self.cached_at = min(page.kept_since, self.cached_at or page.kept_since)
        return sum(not self._pages.is_free(page) for page in pages.values())

    def _add(self, number: int, page: SearchPage) -> None:
        if page.is_last:
            self._last = number
        elif page.total is not None:
            self._last = min(self._last, -(-page.total // self._size))
        self.has_more = number < self._last
        if self.total is None:
            self.total = page.total
        products = page.products[: self._size]
        behind = Place(number + 1) if self.has_more else Place(number, len(products))
        for offset, product in enumerate(products, 1):
            end = Place(number, offset) if offset < len(products) else behind
            if end > self._start and self._passes(product):
                self._rows.setdefault(product.ref, Row(product, end))
        self.end = max(self.end, behind)

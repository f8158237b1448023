"""Lists of products: a page of the catalogue and a page of a marketplace's search."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

import strawberry

from domain.catalog import Counted, CountPrecision
from domain.exceptions import AffiliateGraphError
from domain.products import CatalogProduct
from resolvers.context import Context
from resolvers.pasted import PastedProduct
from resolvers.products import Listing
from resolvers.search import SearchResult
from schema.connections import Connection, Edge, PageInfo, StoredPage, edges_of
from schema.errors import UserError, user_errors
from schema.made import stored
from schema.products import Product
from schema.shown import ShownProduct


class ShownEdge(NamedTuple):
    """A product of a page, with its cursor."""

    cursor: str
    node: ShownProduct


class ShownPage(NamedTuple):
    """A page of the catalogue."""

    page: StoredPage[CatalogProduct]
    context: Context

    @property
    def nodes(self) -> list[ShownProduct]:
        """Its products."""
        now = self.context.now
        return [ShownProduct(Listing.of(row), self.context, now) for row in self.page.rows]

    @property
    def edges(self) -> list[ShownEdge]:
        """Its products with their cursors."""
        return list(map(ShownEdge, self.page.cursors, self.nodes))


@strawberry.type(description="A page of the catalogue.")
class ProductConnection(Connection[Product]):
    count: strawberry.Private[Callable[[], Awaitable[Counted]]]

    @classmethod
    def of(
        cls, page: StoredPage[CatalogProduct], count: Callable[[], Awaitable[Counted]]
    ) -> "ProductConnection":
        async def counted() -> int | None:
            return (await count()).total

        def shown(row: CatalogProduct) -> Product:
            return Product.of(Listing.of(row))

        return cls(page=page, shown=shown, counted=counted, count=count)

    def made_from(self, context: Context) -> ShownPage:
        """What its products are made from."""
        return ShownPage(self.page, context)

    @strawberry.field(
        description="How many products the whole list has; counted up to 50,000: see "
        "totalCountPrecision.",
        metadata=stored(),
    )
    async def total_count(self) -> int | None:
        return await self.counted()

    @strawberry.field(
        description="Whether there are as many products as totalCount says, or more of them.",
        metadata=stored(),
    )
    async def total_count_precision(self) -> CountPrecision:
        return (await self.count()).precision


@strawberry.type(description="A page of a marketplace's own search.")
class ProductSearchConnection:
    edges: list[Edge[Product]] = strawberry.field(description="Products with their cursors.")
    nodes: list[Product] = strawberry.field(description="The products alone.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
    total_count: int | None = strawberry.field(
        description="How many products the marketplace says it found for what it was asked: "
        "before `postFilters`, and perhaps more than it lets anybody page through. Null where it "
        "does not say."
    )
    post_filters: list[str] = strawberry.field(
        description='Filters (and "sort") that the marketplace does not know, applied by this '
        "server after the answer. A page that they shorten is filled up from further pages of the "
        "marketplace. Products of which the marketplace does not tell stay."
    )
    unsupported_filters: list[str] = strawberry.field(
        description="Filters that were asked for and could not be applied by anybody: the "
        "marketplace does not know them, and does not tell what they are about."
    )
    sorted_rows: int | None = strawberry.field(
        description="How many of the rows that the marketplace found this server put in order "
        "together, as the marketplace does not know the sort: not the whole list. They are given "
        "out page by page; behind the last of them begin the next ones, in an order of their own. "
        "A larger `first` orders more. Null where the marketplace sorted."
    )
    sorted_rows_unknown: int | None = strawberry.field(
        description="How many of `sortedRows` do not tell what they are sorted by: they come last, "
        "as the marketplace ordered them."
    )
    cached_at: datetime | None = strawberry.field(
        description="Served from the search cache since then; null when it was asked just now."
    )
    errors: list[UserError] = strawberry.field(
        description="A marketplace that cannot answer is data here, with no nodes, so that one "
        "query may ask several marketplaces."
    )

    @classmethod
    def of(cls, result: SearchResult) -> "ProductSearchConnection":
        nodes = [Product.of(listing) for listing in result.listings]
        return cls(
            edges=edges_of(result.cursors, nodes),
            nodes=nodes,
            page_info=PageInfo(
                has_next_page=result.has_next,
                has_previous_page=result.has_previous,
                start_cursor=result.cursors[0] if result.cursors else None,
                end_cursor=result.end_cursor,
            ),
            total_count=result.total,
            post_filters=list(result.post_filters),
            unsupported_filters=list(result.unsupported),
            sorted_rows=result.sorted_rows,
            sorted_rows_unknown=result.unknown_rows,
            cached_at=result.cached_at,
            errors=user_errors(result.error),
        )


@strawberry.type(description="What one place of a text names.")
class ProductInText:
    start: int = strawberry.field(
        description="Where it begins, in characters (code points) from 0."
    )
    end: int = strawberry.field(description="Where it ends: the first character behind it.")
    words: str = strawberry.field(description="What stands there.")
    product: Product | None = strawberry.field(description="The product; null with an error.")
    errors: list[UserError] = strawberry.field(description="Why there is no product; else empty.")

    @classmethod
    def of(cls, found: PastedProduct) -> "ProductInText":
        failure = found.product if isinstance(found.product, AffiliateGraphError) else None
        return cls(
            start=found.start,
            end=found.end,
            words=found.words,
            product=None
            if isinstance(found.product, AffiliateGraphError)
            else Product.of(found.product),
            errors=user_errors(failure),
        )

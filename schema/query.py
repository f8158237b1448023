"""Query: each field hands over to a resolver and wraps the record it gets. Nothing is written."""

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated, cast

import strawberry

from clients.registry import MarketplaceCode
from domain.api_keys import Scope
from domain.catalog import CatalogFilter as FilterRecord
from domain.catalog import CatalogSort, LinkFilter
from domain.events import EventFilter
from domain.exceptions import InvalidInput
from resolvers import (
    api_keys,
    events,
    jobs,
    links,
    lookups,
    marketplaces,
    pasted,
    products,
    search,
    watches,
    webhooks,
)
from resolvers.cursors import MAX_PAGE_SIZE, ConnectionArgs
from schema import ids
from schema import marketplaces as marketplace_types
from schema.access import Needs
from schema.api_keys import ApiKey, ApiKeyQueries
from schema.connections import After, Connection, First, Paged, StoredPage
from schema.events import Event, Types
from schema.inputs import (
    LOCALE,
    OWNER,
    SITE_OF_IDS,
    AffiliateLinkFilter,
    CatalogFilter,
    ProductLookup,
    ProductSearchInput,
)
from schema.jobs import Job, JobQueries
from schema.lists import ProductConnection, ProductInText, ProductSearchConnection
from schema.made import stored
from schema.marketplaces import Marketplace
from schema.naming import ref_of
from schema.node import Info, Node
from schema.products import AffiliateLink, Product
from schema.tags import TagQueries
from schema.watches import Watch, WatchQueries
from schema.webhooks import Webhook, WebhookQueries

Code = Annotated[MarketplaceCode, strawberry.argument(description="Which marketplace.")]
Locale = Annotated[
    str | None,
    strawberry.argument(description=LOCALE),
]


@strawberry.type(description="Everything that can be read. No query changes what is stored.")
class Query(ApiKeyQueries, JobQueries, TagQueries, WatchQueries, WebhookQueries):
    @strawberry.field(
        description="Anything by its id; null when there is nothing by it.",
        extensions=[Needs(Scope.PUBLIC)],
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="As given out here.")],
    ) -> Node | None:
        return await _node(info, id)

    @strawberry.field(
        description="Several things by their ids, in the order asked, at most 250. Products that "
        "must be asked from a marketplace share its calls. What cannot be had is null at its "
        "place, with an error of that path.",
        extensions=[Needs(Scope.PUBLIC)],
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="As given out here.")],
    ) -> list[Node | None]:
        if len(ids) > MAX_PAGE_SIZE:
            raise InvalidInput(f"At most {MAX_PAGE_SIZE} ids; {len(ids)} were sent.", path=("ids",))
        nodes = await asyncio.gather(*(_node(info, id) for id in ids), return_exceptions=True)
        # GraphQL raises an exception that stands in a list at its place, where it costs one null.
        return cast(list[Node | None], nodes)

    @strawberry.field(
        description="Every marketplace; of its country sites the first, and those that have "
        "credentials.",
        extensions=[Needs(Scope.READ)],
    )
    async def marketplaces(self, info: Info) -> list[Marketplace]:
        return [Marketplace.of(each) for each in await marketplaces.get_all(info.context)]

    @strawberry.field(
        description="One marketplace, also when nothing is stored for it.",
        extensions=[Needs(Scope.PUBLIC)],
    )
    async def marketplace(self, info: Info, code: Code, locale: Locale = None) -> Marketplace:
        return Marketplace.of(await marketplaces.get_one(info.context, code.value, locale))

    @strawberry.field(
        description="From the catalogue if it is there and its offer has not expired, else live "
        "from the marketplace; nothing is stored. Null with an error whose extensions.code is an "
        "ErrorCode when it cannot be had.",
        extensions=[Needs(Scope.PUBLIC)],
        metadata=stored(),
    )
    async def product(
        self,
        info: Info,
        by: Annotated[ProductLookup, strawberry.argument(description="Which product.")],
    ) -> Product | None:
        ref = await lookups.find_located(info.context, by.record(), path=("by",))
        return Product.of(await products.get(info.context, ref))

    @strawberry.field(
        description="Every product that a text names, in order: addresses wherever they stand, ids "
        "where they stand alone in a line or cell. At most 250, of at most 100 kB. They share "
        "marketplace calls; nothing is stored.",
        extensions=[Needs(Scope.READ)],
    )
    async def products_in(
        self,
        info: Info,
        text: Annotated[str, strawberry.argument(description="A message, a table, a list.")],
        marketplace: Annotated[
            MarketplaceCode | None,
            strawberry.argument(description=OWNER),
        ] = None,
        locale: Annotated[
            str | None,
            strawberry.argument(description=SITE_OF_IDS),
        ] = None,
    ) -> list[ProductInText]:
        owner = marketplace.value if marketplace else None
        found = await pasted.products_in(info.context, text, owner, locale)
        return [ProductInText.of(each) for each in found]

    @strawberry.field(
        description="The catalogue: what was imported.",
        extensions=[Needs(Scope.PUBLIC), Paged()],
        metadata=stored(),
    )
    async def products(
        self,
        info: Info,
        args: ConnectionArgs,
        filter: Annotated[
            CatalogFilter | None, strawberry.argument(description="Which products; default all.")
        ] = None,
        sort: Annotated[
            CatalogSort | None, strawberry.argument(description="The order of the rows.")
        ] = CatalogSort.IMPORTED_DESC,
    ) -> ProductConnection:
        record = filter.record() if filter else FilterRecord()
        order = sort or CatalogSort.IMPORTED_DESC
        page = StoredPage(*await products.page(info.context, record, order, args))
        counted = partial(products.count, info.context, record)
        return ProductConnection.of(page, counted)

    @strawberry.field(
        description="Explore: the marketplace's own search, its pages joined behind one list.",
        extensions=[Needs(Scope.PUBLIC)],
    )
    async def search_products(
        self,
        info: Info,
        marketplace: Code,
        search: Annotated[ProductSearchInput, strawberry.argument(description="What to look for.")],
        locale: Locale = None,
        first: First = 20,
        after: After = None,
    ) -> ProductSearchConnection:
        return ProductSearchConnection.of(
            await find(info, marketplace, locale, search, first=first, after=after)
        )

    @strawberry.field(
        description="Stored links, newest first.",
        extensions=[Needs(Scope.PUBLIC), Paged()],
    )
    async def affiliate_links(
        self,
        info: Info,
        args: ConnectionArgs,
        filter: Annotated[
            AffiliateLinkFilter | None, strawberry.argument(description="Which links; default all.")
        ] = None,
    ) -> Connection[AffiliateLink]:
        record = filter.record() if filter else LinkFilter()
        page = StoredPage(*await links.page(info.context, record, args))
        counted = partial(links.count, info.context, record)
        return Connection(page=page, shown=AffiliateLink.of, counted=counted)

    @strawberry.field(
        description="What happened, oldest first: `last` gives the newest, `after` reads on.",
        extensions=[Needs(Scope.READ), Paged()],
    )
    async def events(
        self,
        info: Info,
        args: ConnectionArgs,
        types: Types = None,
        product_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only of this product and its links."),
        ] = None,
        since: Annotated[
            datetime | None, strawberry.argument(description="Only what happened since then.")
        ] = None,
    ) -> Connection[Event]:
        filter = EventFilter(
            types=None if types is None else frozenset(types),
            product=None if product_id is None else ref_of(product_id, ("productId",)),
            since=since,
        )
        page = StoredPage(*await events.page(info.context, filter, args))
        counted = partial(events.count, info.context, filter)
        return Connection(page=page, shown=Event.of, counted=counted)


async def find(
    info: Info,
    marketplace: MarketplaceCode,
    locale: str | None,
    input: ProductSearchInput,
    *,
    first: int | None,
    after: str | None,
) -> search.SearchResult:
    """Search one marketplace; see resolvers/search.py."""
    return await search.search(
        info.context, marketplace.value, locale, input.record(), first=first, after=after
    )


async def _node(info: Info, id: str) -> Node | None:
    """The thing with that id; None when nothing is there. Raises InvalidInput for a bad id."""
    kind = ids.kind(id)
    if kind == ids.PRODUCT:
        ref = lookups.checked(ids.product_ref(id))
        listing = await products.get_or_none(info.context, ref)
        return Product.of(listing) if listing else None
    if kind == ids.LINK:
        key = ids.link_key(id)
        lookups.checked(key.ref)
        link = await links.by_key(info.context, key)
        return AffiliateLink.of(link) if link else None
    if kind == ids.API_KEY:
        info.context.caller.require(Scope.ADMIN, "Reading an API key")
        stored = await api_keys.by_id(info.context, ids.api_key(id))
        return ApiKey.of(stored, info.context.now) if stored else None
    if kind == ids.EVENT:
        info.context.caller.require(Scope.READ, "Reading an event")
        event = await events.by_id(info.context, ids.event(id))
        return Event.of(event) if event else None
    if kind == ids.WEBHOOK:
        info.context.caller.require(Scope.SETTINGS, "Reading a webhook")
        webhook = await webhooks.by_id(info.context, ids.webhook(id))
        return Webhook.of(webhook) if webhook else None
    if kind == ids.WATCH:
        info.context.caller.require(Scope.READ, "Reading a watch")
        watch = await watches.by_id(info.context, ids.watch(id))
        return Watch.of(watch) if watch else None
    if kind == ids.DELIVERY:
        return None
    if kind == ids.JOB:
        info.context.caller.require(Scope.READ, "Reading a job")
        job = await jobs.get(info.context, ids.job(id))
        return Job.of(job) if job else None
    code, locale = ids.marketplace(id)
    lookups.checked_site(code, locale)
    return marketplace_types.of_site(info.context, code, locale)

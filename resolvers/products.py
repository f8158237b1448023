"""Products: seen live or in the catalogue, and the catalogue's own list."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from clients.registry import BY_CODE
from db import catalog as stored_catalog
from db import deleted_products
from db import products as stored_products
from domain.api_keys import Scope
from domain.catalog import (
    CatalogFilter,
    CatalogSort,
    Counted,
    Page,
    PublisherFields,
    with_known,
)
from domain.exceptions import (
    AffiliateGraphError,
    InvalidInput,
    MarketplaceError,
    MarketplaceNotConnected,
    NotFound,
    PermissionMissing,
    ProductNotFound,
)
from domain.marketplaces import OfferPolicy
from domain.money import Margin, Money, margin, share_of
from domain.products import (
    CatalogProduct,
    Offer,
    PriceObservation,
    ProductRef,
    ProductState,
    SourceProduct,
    VariantList,
)
from resolvers import cursors
from resolvers.context import Context
from resolvers.cursors import ConnectionArgs
from resolvers.lookups import RefOrError
from resolvers.rows import Row

MAX_DAYS = 3650
NOT_KEPT = "There is nothing to put back: it was not deleted, or too long ago. Import it."
# The product that an input names with what to change of it, or why there is none.
ChangeOrError = tuple[ProductRef, PublisherFields] | AffiliateGraphError


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A product as it is shown: the marketplace's data and, if imported, the catalogue's entry.

    `seen_live`: the data came from the marketplace just now, not from the catalogue.
    """

    source: SourceProduct
    entry: CatalogProduct | None = None
    seen_live: bool = False

    @classmethod
    def of(cls, entry: CatalogProduct) -> "Listing":
        """A product as the catalogue has it."""
        return cls(source=entry.source, entry=entry)

    @property
    def ref(self) -> ProductRef:
        """Which product this is."""
        return self.source.ref

    @property
    def policy(self) -> OfferPolicy:
        """How long its marketplace lets an offer be believed and shown."""
        return BY_CODE[self.source.ref.marketplace].policy

    @property
    def state(self) -> ProductState:
        """ACTIVE for whatever was just seen live; else as the catalogue has it."""
        if self.entry is None or self.seen_live:
            return ProductState.ACTIVE
        return self.entry.state

    @property
    def state_since(self) -> datetime | None:
        """When the marketplace was first found not to show it; None while ACTIVE."""
        if self.entry is None or self.state is ProductState.ACTIVE:
            return None
        return self.entry.state_since

    def is_expired(self, now: datetime) -> bool:
        """Whether the offer is too old to be believed; see `OfferPolicy.is_expired`."""
        return self.policy.is_expired(self.source.offer.observed_at, now)

    def changes_at(self, now: datetime) -> datetime | None:
        """When it is shown otherwise than now; None: never."""
        return self.policy.changes_at(self.source.offer.observed_at, now)

    def is_withheld(self, now: datetime) -> bool:
        """Whether the marketplace's terms forbid to show the data by now."""
        after = self.policy.withheld_after
        return after is not None and now >= self.source.offer.observed_at + after

    def shown(self, now: datetime) -> SourceProduct:
        """What may be shown: when its time is over, only what names the product."""
        if not self.is_withheld(now):
            return self.source
        return SourceProduct(
            ref=self.ref,
            title=self.source.title,
            url=self.source.url,
            offer=Offer(observed_at=self.source.offer.observed_at),
        )

    def offer(self, now: datetime) -> Offer | None:
        """The offer to show: None without a price or when its time is over."""
        offer = self.shown(now).offer
        return None if offer.price is None else offer

    def margin(self, now: datetime, selling: Money | None, shipping: Money | None) -> Margin | None:
        """What is left of `selling`, else of the publisher's selling price; None where unknown."""
        offer = self.offer(now)
        planned = selling or (self.entry.selling_price if self.entry else None)
        if offer is None or offer.price is None or planned is None:
            return None
        known = shipping or (offer.shipping.cost if offer.shipping else None)
        return margin(selling_price=planned, price=offer.price, shipping_cost=known)

    def commission_amount(self, now: datetime) -> Money | None:
        """The commission on one sale at the present price."""
        offer, percent = self.offer(now), self.source.commission_percent
        if offer is None or offer.price is None or percent is None:
            return None
        return share_of(offer.price, percent)


async def get(context: Context, ref: ProductRef) -> Listing:
    """From the catalogue while its offer is fresh, else live; nothing is stored.

    A catalogue product is shown with its age when the marketplace cannot be asked. Raises
    MarketplaceError when the product can be had nowhere.
    """
    entry = await context.dataloaders.catalog_product.load(ref)
    if entry is not None:
        context.note_asked([ref])
        listing = Listing.of(entry)
        now = context.now
        if not listing.is_expired(now):
            context.note_change(listing.changes_at(now))
            return listing
    try:
        source = await context.dataloaders.live_product.load(ref)
    except MarketplaceError:
        if entry is None:
            raise
        return Listing.of(entry)
    return _seen_live(source, entry)


def _seen_live(source: SourceProduct, entry: CatalogProduct | None) -> Listing:
    """What cannot be read in the answer is shown as the catalogue has it."""
    if entry is not None and source.unreadable:
        source = with_known(entry.source, source)
    return Listing(source=source, entry=entry, seen_live=True)


async def get_or_none(context: Context, ref: ProductRef) -> Listing | None:
    """As `get`, but None for a product that the marketplace does not show."""
    try:
        return await get(context, ref)
    except ProductNotFound:
        return None


async def with_entries(context: Context, sources: Sequence[SourceProduct]) -> list[Listing]:
    """Live products, each with its catalogue entry where it was imported."""
    entries = await context.dataloaders.catalog_product.load_many(
        [source.ref for source in sources]
    )
    return [_seen_live(source, entry) for source, entry in zip(sources, entries, strict=True)]


async def page(
    context: Context,
    filter: CatalogFilter,
    sort: CatalogSort,
    args: ConnectionArgs,
) -> tuple[str, Page[CatalogProduct]]:
    """One page of the catalogue with the fingerprint that its cursors carry.

    Raises Forbidden for conditions that are not for everybody, unless the caller may read all.
    """
    if filter.private and context.caller.is_public:
        asked = ", ".join(_in_the_graph(name) for name in filter.private)
        context.caller.require(Scope.READ, f"To filter by {asked}")
    of_list = _fingerprint(filter, sort)
    stored = await stored_catalog.page(
        context.workspace, _as_shown(context, filter), sort, args.page(of_list)
    )
    context.seen += stored.records
    context.note_asked(entry.source.ref for entry in stored.records)
    return of_list, stored


@lru_cache(maxsize=256)
def _fingerprint(filter: CatalogFilter, sort: CatalogSort) -> str:
    return cursors.fingerprint("catalog", filter, sort)


def _in_the_graph(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


async def count(context: Context, filter: CatalogFilter) -> Counted:
    """How many catalogue products the filter lets through, as far as it is counted."""
    return await context.dataloaders.catalog_count.load(_as_shown(context, filter))


def _as_shown(context: Context, filter: CatalogFilter) -> CatalogFilter:
    """Who may not see notes does not search them."""
    return replace(filter, looks_into_notes=False) if context.caller.is_public else filter


async def change(context: Context, changes: Sequence[ChangeOrError]) -> list[Row]:
    """Set the publisher's own fields. One row each, in the order asked; bad ones spoil no other."""
    checked = [_checked(change) for change in changes]
    entries = await stored_products.change(
        context.workspace, [change for change in checked if isinstance(change, tuple)]
    )
    for ref, entry in entries.items():
        if isinstance(entry, CatalogProduct):
            context.dataloaders.catalog_product.prime(ref, entry, force=True)

    def row(change: ChangeOrError) -> Row:
        if isinstance(change, AffiliateGraphError):
            return Row(error=change)
        entry = entries.get(change[0])
        if entry is None:
            return Row(error=NotFound("This product is not in the catalogue. Import it first."))
        return Row(error=entry) if isinstance(entry, InvalidInput) else Row(ref=change[0])

    return [row(change) for change in checked]


async def delete(context: Context, refs: Sequence[RefOrError]) -> list[Row]:
    """Take products out of the catalogue; their links stay. One row each, in the order asked.

    For a while `restore` puts them back. One that is named twice is deleted by both of its rows.
    """
    named = [ref for ref in refs if isinstance(ref, ProductRef)]
    deleted = await deleted_products.delete(context.workspace, named, now=context.now)
    return [_row(ref, deleted, "This product is not in the catalogue.") for ref in refs]


async def restore(context: Context, refs: Sequence[RefOrError]) -> list[Row]:
    """Put deleted products back into the catalogue. One row each, in the order asked."""
    named = [ref for ref in refs if isinstance(ref, ProductRef)]
    present = await deleted_products.restore(context.workspace, named)
    return [_row(ref, present, NOT_KEPT) for ref in refs]


def _row(ref: RefOrError, done: Collection[ProductRef], otherwise: str) -> Row:
    if isinstance(ref, AffiliateGraphError):
        return Row(error=ref)
    return Row(ref=ref) if ref in done else Row(error=NotFound(otherwise))


def _checked(change: ChangeOrError) -> ChangeOrError:
    if isinstance(change, tuple):
        try:
            stored_products.check(change[1])
        except InvalidInput as error:
            return error.at(("input", *error.path))
    return change


async def variants(context: Context, ref: ProductRef) -> VariantList:
    """The buyable forms; empty where there are none or the account may not ask.

    Raises AffiliateGraphError when they could not be had, also for too many products.
    """
    try:
        return await context.dataloaders.variants.load(ref)
    except (ProductNotFound, PermissionMissing, MarketplaceNotConnected):
        return VariantList()


async def price_history(
    context: Context,
    ref: ProductRef,
    args: ConnectionArgs,
    since: datetime | None,
) -> tuple[str, Page[PriceObservation]]:
    """Prices really seen, newest first, with the fingerprint that their cursors carry."""
    of_list = cursors.fingerprint("prices", ref, since)
    page = args.page(of_list, default=100)
    return of_list, await context.dataloaders.prices_of.load((ref, (page, since)))


async def count_prices(context: Context, ref: ProductRef, since: datetime | None) -> int:
    """How many prices were seen from `since` on; products of one turn share the statement."""
    return await context.dataloaders.price_count.load((ref, since))


async def lowest_price(context: Context, ref: ProductRef, days: int) -> PriceObservation | None:
    """The lowest price that was seen in so many days. Raises InvalidInput unless 1 to 3650."""
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInput(f"days is a number from 1 to {MAX_DAYS:,}.", path=("days",))
    # The same for all products of a request, which share the statement.
    since = context.now.replace(second=0, microsecond=0) - timedelta(days=days)
    return await context.dataloaders.lowest_price.load((ref, since))


async def price_as_of(
    context: Context, ref: ProductRef, moment: datetime
) -> PriceObservation | None:
    """The last price that was seen until then."""
    return await context.dataloaders.price_as_of.load((ref, moment))

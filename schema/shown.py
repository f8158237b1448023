"""Records of what is shown: what Strawberry's objects, and plans without them, are made from."""

from datetime import datetime

import strawberry

from domain import products as records
from domain.money import Money
from domain.products import Demand, Image, SourceProduct
from resolvers.context import Context
from resolvers.products import Listing
from schema import ids
from schema.marketplaces import Marketplace, of_product
from schema.values import ShownOffer, shown_offer


class ShownProduct:
    """A product as it is shown at a moment.

    One of the catalogue is shown so until the next of its times is over, which it notes.
    """

    def __init__(self, listing: Listing, context: Context, now: datetime) -> None:
        self.listing = listing
        self.entry = listing.entry
        self.context = context
        self.now = now
        self.source: SourceProduct = listing.shown(now)
        if self.entry is not None and not listing.seen_live:
            context.note_change(listing.changes_at(now))

    @property
    def id(self) -> strawberry.ID:
        """Its global id."""
        return ids.of_product(self.source.ref)

    @property
    def locale(self) -> str | None:
        """None where the marketplace has only one catalogue."""
        return self.source.ref.locale or None

    @property
    def demand(self) -> Demand:
        """How well it sells."""
        return records.demand(self.listing.source.orders_last_30_days)

    @property
    def marketplace(self) -> Marketplace:
        """Who sells it."""
        return of_product(self.context, self.source.ref)

    @property
    def is_withheld(self) -> bool:
        """Whether the marketplace's terms forbid to show most of it by now."""
        return self.source is not self.listing.source

    @property
    def image(self) -> Image | None:
        """The main picture."""
        return self.source.images[0] if self.source.images else None

    @property
    def offer(self) -> ShownOffer | None:
        """None without a price."""
        return shown_offer(self.listing, self.source.offer, self.context, self.now)

    @property
    def imported_at(self) -> datetime | None:
        """None while it is not in the catalogue."""
        return None if self.entry is None else self.entry.imported_at

    @property
    def synced_at(self) -> datetime | None:
        """None while it is not in the catalogue."""
        return None if self.entry is None else self.entry.synced_at

    @property
    def notes(self) -> str | None:
        """The publisher's own."""
        return None if self.entry is None else self.entry.notes

    @property
    def tags(self) -> list[str]:
        """The publisher's own."""
        return [] if self.entry is None else list(self.entry.tags)

    @property
    def selling_price(self) -> Money | None:
        """The publisher's own."""
        return None if self.entry is None else self.entry.selling_price

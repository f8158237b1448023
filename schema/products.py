"""Product and AffiliateLink, which lead to each other, and the list of links."""

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from clients.registry import BY_CODE
from domain import products as records
from domain.catalog import LinkFilter
from domain.exceptions import AffiliateGraphError
from domain.links import Link
from domain.products import Availability, Demand, Mode, ProductState
from resolvers import links, products
from resolvers.context import Context
from resolvers.cursors import ConnectionArgs
from resolvers.products import Listing
from schema import ids
from schema import marketplaces as marketplace_types
from schema.connections import Connection, Paged, StoredPage
from schema.errors import UserError
from schema.inputs import MoneyInput
from schema.made import made, stored
from schema.marketplaces import Marketplace
from schema.node import Info, Node
from schema.prices import PriceObservation
from schema.shown import ShownProduct
from schema.values import (
    Attribute,
    Category,
    Commission,
    Deal,
    Image,
    Margin,
    Money,
    Offer,
    Reviews,
    Seller,
    Variant,
    money,
    shown_offer,
)


@strawberry.type(description="A tracked link: purchases through it earn the publisher commission.")
class AffiliateLink(Node):
    record: strawberry.Private[Link]
    mode: Mode = strawberry.field(description="SANDBOX: the link leads nowhere and earns nothing.")
    url: str = strawberry.field(description="The address that earns the commission.")
    source_url: str = strawberry.field(description="The plain product page that it leads to.")
    tracking_id: str = strawberry.field(description="The tracking id or partner tag that earns.")
    sub_id: str | None = strawberry.field(description="Your own mark, shown in the reports.")
    rel: str = strawberry.field(description="What to put into the anchor's rel attribute.")
    disclosure: str = strawberry.field(description="The sentence to publish beside the link.")
    created_at: datetime = strawberry.field(description="When the link was made.")

    @classmethod
    def of(cls, record: Link) -> "AffiliateLink":
        market = BY_CODE[record.key.ref.marketplace]
        return cls(
            record=record,
            id=ids.of_link(record.key),
            mode=record.mode,
            url=record.url,
            source_url=record.source_url,
            tracking_id=record.key.tracking_id,
            sub_id=record.key.sub_id or None,
            rel=market.rel,
            disclosure=market.disclosure(record.key.ref.locale),
            created_at=record.created_at,
        )

    @strawberry.field(description="The marketplace whose programme pays.")
    def marketplace(self, info: Info) -> Marketplace:
        return marketplace_types.of_product(info.context, self.record.key.ref)

    @strawberry.field(
        description="The product, from the catalogue or else live; null when it cannot be had."
    )
    async def product(self, info: Info) -> "Product | None":
        listing = await products.get_or_none(info.context, self.record.key.ref)
        return None if listing is None else Product.of(listing)


@strawberry.type(
    description="A product of a marketplace: seen live, or kept in the catalogue. What the "
    "marketplace does not tell is null."
)
class Product(Node):
    listing: strawberry.Private[Listing]
    id: strawberry.ID = strawberry.field(
        description="Opaque; the same for ever.",
        metadata=made("id"),
    )
    external_id: strawberry.ID = strawberry.field(
        description="The marketplace's own id of the product.",
        metadata=made("source.ref.external_id"),
    )
    locale: str | None = strawberry.field(
        description="The country site it was read from, for marketplaces that have several.",
        metadata=made("locale"),
    )
    url: str = strawberry.field(
        description="The plain product page, without tracking.",
        metadata=made("source.url"),
    )
    title: str = strawberry.field(
        description="As the marketplace has it.",
        metadata=made("source.title"),
    )
    orders_last_30_days: int | None = strawberry.field(
        name="ordersLast30Days",
        description="Rolling 30 days, not all time; null where unknown.",
        metadata=made("listing.source.orders_last_30_days"),
    )
    demand: Demand = strawberry.field(
        description="500 or more orders in 30 days: STRONG. Under 10: LOW.",
        metadata=made("demand"),
    )
    state: ProductState = strawberry.field(
        description="ACTIVE for what was just seen live.",
        metadata=made("listing.state"),
    )
    state_since: datetime | None = strawberry.field(
        description="When the marketplace was first found not to show it; null while ACTIVE.",
        metadata=made("listing.state_since"),
    )
    imported_at: datetime | None = strawberry.field(
        description="Null while the product is not in the catalogue.",
        metadata=made("imported_at"),
    )
    synced_at: datetime | None = strawberry.field(
        description="When the catalogue's data is from.",
        metadata=made("synced_at"),
    )
    notes: str | None = strawberry.field(
        description="The publisher's own; survives every sync.",
        metadata=made("notes"),
    )
    tags: list[str] = strawberry.field(
        description="The publisher's own, by the alphabet; they survive every sync.",
        metadata=made("tags"),
    )

    @classmethod
    def of(cls, listing: Listing) -> "Product":
        source, entry = listing.source, listing.entry
        return cls(
            listing=listing,
            id=ids.of_product(source.ref),
            external_id=strawberry.ID(source.ref.external_id),
            locale=source.ref.locale or None,
            url=source.url,
            title=source.title,
            orders_last_30_days=source.orders_last_30_days,
            demand=records.demand(source.orders_last_30_days),
            state=listing.state,
            state_since=listing.state_since,
            imported_at=entry.imported_at if entry else None,
            synced_at=entry.synced_at if entry else None,
            notes=entry.notes if entry else None,
            tags=list(entry.tags) if entry else [],
        )

    def made_from(self, context: Context) -> ShownProduct:
        """What its fields are made from."""
        return ShownProduct(self.listing, context, context.now)

    @strawberry.field(
        description="The marketplace that sells it.",
        metadata=made("marketplace"),
    )
    def marketplace(self, info: Info) -> Marketplace:
        return marketplace_types.of_product(info.context, self.listing.ref)

    @strawberry.field(
        description="Whether the marketplace's terms ask to fetch the product anew before it is "
        "shown (see Marketplace.pricesShownForHours). Until a sync only id, title, "
        "address and your own fields are given.",
        metadata=made("is_withheld"),
    )
    def is_stale(self, info: Info) -> bool:
        return self.listing.is_withheld(info.context.now)

    @strawberry.field(
        description="Selling points or description lines; empty where the marketplace gives none.",
        metadata=made("source.features"),
    )
    def features(self, info: Info) -> list[str]:
        return list(self.listing.shown(info.context.now).features)

    @strawberry.field(description="Brand, else the maker.", metadata=made("source.brand"))
    def brand(self, info: Info) -> str | None:
        return self.listing.shown(info.context.now).brand

    @strawberry.field(
        description="A film of the product.",
        metadata=made("source.video_url"),
    )
    def video_url(self, info: Info) -> str | None:
        return self.listing.shown(info.context.now).video_url

    @strawberry.field(
        description="The main picture.",
        metadata=made("image"),
    )
    def image(self, info: Info) -> Image | None:
        images = self.listing.shown(info.context.now).images
        return Image.of(images[0]) if images else None

    @strawberry.field(
        description="All pictures, the main one first.",
        metadata=made("source.images"),
    )
    def images(self, info: Info) -> list[Image]:
        return [Image.of(image) for image in self.listing.shown(info.context.now).images]

    @strawberry.field(
        description="The category path, root first.",
        metadata=made("source.categories"),
    )
    def categories(self, info: Info) -> list[Category]:
        return [Category.of(step) for step in self.listing.shown(info.context.now).categories]

    @strawberry.field(description="The shop that sells it.", metadata=made("source.seller"))
    def seller(self, info: Info) -> Seller | None:
        seller = self.listing.shown(info.context.now).seller
        return Seller.of(seller) if seller else None

    @strawberry.field(
        description="What it costs. Null where the marketplace shows no price, and when the last "
        "answer is older than its terms let prices be shown.",
        metadata=made("offer"),
    )
    def offer(self, info: Info) -> Offer | None:
        now = info.context.now
        return offer_of(self.listing, self.listing.shown(now).offer, info.context, now)

    @strawberry.field(
        description="A price for a time, or for members only: also where nobody else's price is "
        "known, so that there is no offer."
    )
    def deal(self, info: Info) -> Deal | None:
        deal = self.listing.shown(info.context.now).offer.deal
        return Deal.of(deal) if deal else None

    @strawberry.field(
        description="Whether it can be bought, also where the price is hidden. UNKNOWN "
        "when the last answer is older than the marketplace's terms let it be shown.",
        metadata=made("source.offer.availability"),
    )
    def availability(self, info: Info) -> Availability:
        return self.listing.shown(info.context.now).offer.availability

    @strawberry.field(
        description="What buyers say, where told.",
        metadata=made("source.reviews"),
    )
    def reviews(self, info: Info) -> Reviews | None:
        reviews = self.listing.shown(info.context.now).reviews
        return Reviews.of(reviews) if reviews else None

    @strawberry.field(description="What the programme pays, where told.")
    def commission(self, info: Info) -> Commission | None:
        percent = self.listing.source.commission_percent
        if percent is None:
            return None
        amount = self.listing.commission_amount(info.context.now)
        return Commission(rate_percent=percent, amount=money(amount))

    @strawberry.field(
        description="The buyable forms, asked live, at least one marketplace call a product: of at "
        "most 10 products a request. Empty where there are none or the account may not ask (see "
        "capabilities: VARIANTS), and when they could not be had: then variantsError says why."
    )
    async def variants(self, info: Info) -> list[Variant]:
        try:
            listed = await products.variants(info.context, self.listing.ref)
        except AffiliateGraphError:
            return []  # variantsError tells
        return [
            Variant(
                external_id=strawberry.ID(variant.external_id),
                attributes=[Attribute.of(attribute) for attribute in variant.attributes],
                offer=offer_of(self.listing, variant.offer, info.context, info.context.now),
                image=Image.of(variant.image) if variant.image else None,
            )
            for variant in listed.variants
        ]

    @strawberry.field(
        description="How many buyable forms there are in all, also those that did not fit into "
        "variants; null where it is not told or could not be had."
    )
    async def variants_total_count(self, info: Info) -> int | None:
        try:
            return (await products.variants(info.context, self.listing.ref)).total
        except AffiliateGraphError:
            return None

    @strawberry.field(
        description="Whether there are, or may be, more buyable forms than variants shows. Null "
        "when they could not be had."
    )
    async def has_more_variants(self, info: Info) -> bool | None:
        try:
            return (await products.variants(info.context, self.listing.ref)).has_more
        except AffiliateGraphError:
            return None

    @strawberry.field(description="Why variants could not be had; null when they could.")
    async def variants_error(self, info: Info) -> UserError | None:
        try:
            await products.variants(info.context, self.listing.ref)
        except AffiliateGraphError as error:
            return UserError.of(error)
        return None

    @strawberry.field(
        description="The price that the publisher plans to sell at; survives every sync.",
        metadata=made("selling_price"),
    )
    def selling_price(self) -> Money | None:
        entry = self.listing.entry
        return money(entry.selling_price) if entry else None

    @strawberry.field(
        description="Falls back to sellingPrice when no argument is given; null when neither is "
        "there or currencies differ."
    )
    def margin(
        self,
        info: Info,
        selling_price: Annotated[
            MoneyInput | None, strawberry.argument(description="What you plan to sell at.")
        ] = None,
        shipping_cost: Annotated[
            MoneyInput | None, strawberry.argument(description="What sending it costs you.")
        ] = None,
    ) -> Margin | None:
        margin = self.listing.margin(
            info.context.now,
            selling_price.record(("sellingPrice",)) if selling_price else None,
            shipping_cost.record(("shippingCost",)) if shipping_cost else None,
        )
        return Margin.of(margin) if margin else None

    @strawberry.field(
        description="The tracked link, with the default tracking id unless another is named. "
        "Nothing is stored. Null without an error when there is none to have (not in the "
        "programme, marketplace not connected); null with an error when the marketplace failed to "
        "answer.",
        metadata=stored(),
    )
    async def affiliate_link(
        self,
        info: Info,
        tracking_id: Annotated[
            str | None, strawberry.argument(description="Default: the stored tracking id or tag.")
        ] = None,
        sub_id: Annotated[
            str | None, strawberry.argument(description="Your own mark, shown in the reports.")
        ] = None,
    ) -> AffiliateLink | None:
        link = await links.for_product(
            info.context, self.listing, tracking_id=tracking_id, sub_id=sub_id
        )
        return AffiliateLink.of(link) if link else None

    @strawberry.field(
        description="Stored links of this product, newest first.", extensions=[Paged()]
    )
    async def affiliate_links(
        self,
        info: Info,
        args: ConnectionArgs,
    ) -> Connection[AffiliateLink]:
        ref = self.listing.ref
        page = StoredPage(*await links.page_of(info.context, ref, args))
        counted = partial(links.count, info.context, LinkFilter(product=ref))
        return Connection(page=page, shown=AffiliateLink.of, counted=counted)

    @strawberry.field(
        description="Prices seen at imports and syncs, newest first. Always empty where the "
        "marketplace's terms forbid price tracking: see Marketplace.keepsPriceHistory.",
        extensions=[Paged(default=100)],
    )
    async def price_history(
        self,
        info: Info,
        args: ConnectionArgs,
        since: Annotated[
            datetime | None, strawberry.argument(description="Only prices seen since then.")
        ] = None,
    ) -> Connection[PriceObservation]:
        ref = self.listing.ref
        page = StoredPage(*await products.price_history(info.context, ref, args, since))
        counted = partial(products.count_prices, info.context, ref, since)
        return Connection(page=page, shown=PriceObservation.of, counted=counted)

    @strawberry.field(
        description="The lowest price that was seen in the last days, in the present currency. "
        "Null where none was, and where price tracking is forbidden."
    )
    async def lowest_price(
        self,
        info: Info,
        days: Annotated[int, strawberry.argument(description="How far back: 1 to 3650.")] = 30,
    ) -> PriceObservation | None:
        seen = await products.lowest_price(info.context, self.listing.ref, days)
        return PriceObservation.of(seen) if seen else None

    @strawberry.field(
        description="The price that was seen last at that time. Null where none had been, and "
        "where price tracking is forbidden."
    )
    async def price_as_of(
        self, info: Info, time: Annotated[datetime, strawberry.argument(description="When.")]
    ) -> PriceObservation | None:
        seen = await products.price_as_of(info.context, self.listing.ref, time)
        return PriceObservation.of(seen) if seen else None


def offer_of(
    listing: Listing, record: records.Offer | None, context: Context, now: datetime
) -> Offer | None:
    """The offer of a listing as it is shown; None without a price."""
    offer = shown_offer(listing, record, context, now)
    return None if offer is None else Offer.of(offer)

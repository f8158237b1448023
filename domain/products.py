"""Products: where they are (`ProductRef`), what a marketplace says of them now (`SourceProduct`),
and what we keep (`CatalogProduct`). What a marketplace does not tell is None, never 0."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from domain.history import History
from domain.money import Money, discount_percent


class Mode(Enum):
    """Whose answers these are: the bundled gateway's or a real marketplace's."""

    SANDBOX = "SANDBOX"
    LIVE = "LIVE"

    __hash__ = object.__hash__  # Python's own is a call, and keys with a mode are many


class Availability(Enum):
    """Whether the product can be bought."""

    IN_STOCK = "IN_STOCK"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    PREORDER = "PREORDER"
    UNAVAILABLE = "UNAVAILABLE"
    UNKNOWN = "UNKNOWN"


class Condition(Enum):
    """The state of the very thing that is offered."""

    NEW = "NEW"
    USED = "USED"
    REFURBISHED = "REFURBISHED"


class ProductState(Enum):
    """Life of a catalogue product.

    UNAVAILABLE: missing from the last answer. GONE: missing from three answers in a row.
    """

    ACTIVE = "ACTIVE"
    UNAVAILABLE = "UNAVAILABLE"
    GONE = "GONE"


class Demand(Enum):
    """How well a product sells, by its orders of 30 days."""

    STRONG = "STRONG"
    NORMAL = "NORMAL"
    LOW = "LOW"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class ProductRef:
    """Names one product of one marketplace.

    `marketplace` is the marketplace's code as stored; `locale` its country site, "" where the
    marketplace has only one catalogue.
    """

    marketplace: str
    external_id: str
    locale: str = ""

    @property
    def handle(self) -> str:
        """Its part of an address in a shop, the same for ever: marketplace, site and id.

        Of a site called www.shop.de beside the code "shop" only "de" is told, of www.shop.com
        nothing.
        """
        site = self.locale.removeprefix(f"www.{self.marketplace}.").replace(".", "-")
        parts = [self.marketplace, "" if site == "com" else site, self.external_id]
        return re.sub(r"[^a-z0-9-]", "-", "-".join(filter(None, parts)).lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture's address; sizes in pixels."""

    url: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A promotion code or coupon of the product."""

    code: str | None = None
    description: str | None = None
    value: Money | None = None
    minimum_spend: Money | None = None
    percent: Decimal | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipping:
    """What sending it costs and how long it takes."""

    cost: Money | None = None
    is_free: bool | None = None
    min_days: int | None = None
    max_days: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """What buyers say: stars out of five, or a share of positive feedback in percent."""

    average_rating: Decimal | None = None
    positive_percent: Decimal | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """The shop that sells it."""

    external_id: str | None = None
    name: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One step of the category path."""

    external_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A property of a variant: Color, Red."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A price for a time, or for some buyers only.

    `access` is the marketplace's own word for who gets it (ALL, PRIME_EXCLUSIVE ...), `price` what
    they pay.
    """

    badge: str | None = None
    access: str | None = None
    price: Money | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    percent_claimed: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a product costs, as seen at `observed_at` (UTC).

    `price` is what anybody pays, None where the marketplace hides or lacks it. `list_price` is the
    struck-through price; `list_price_type` the marketplace's own word for what kind of price that
    is (LIST_PRICE, WAS_PRICE ...) and `list_price_label` the words it shows. `saving_percent` is
    the marketplace's figure where it tells a discount without the price to strike through.
    """

    observed_at: datetime
    price: Money | None = None
    list_price: Money | None = None
    list_price_type: str | None = None
    list_price_label: str | None = None
    saving_percent: int | None = None
    condition: Condition | None = None
    deal: Deal | None = None
    availability: Availability = Availability.UNKNOWN
    coupon: Coupon | None = None
    shipping: Shipping | None = None

    @property
    def discount_percent(self) -> int:
        """By the formula where there is a price to strike through; see decision 8."""
        if self.price is not None and self.list_price is None:
            return self.saving_percent or 0
        return discount_percent(self.price, self.list_price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One buyable form of a product."""

    external_id: str
    attributes: tuple[Attribute, ...] = ()
    offer: Offer | None = None
    image: Image | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantList:
    """The buyable forms of a product, as many as could be had. `total`: None where not told.

    `has_more`: there are, or may be, others that did not fit in.
    """

    variants: tuple[Variant, ...] = ()
    total: int | None = None
    has_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProduct:
    """A product as its marketplace describes it right now."""

    ref: ProductRef
    title: str
    url: str
    offer: Offer
    features: tuple[str, ...] = ()
    brand: str | None = None
    images: tuple[Image, ...] = ()  # main picture first
    video_url: str | None = None
    categories: tuple[Category, ...] = ()  # root first
    seller: Seller | None = None
    reviews: Reviews | None = None
    orders_last_30_days: int | None = None
    commission_percent: Decimal | None = None
    parent_id: str | None = None
    # The tracked link that came with the answer, made with `tracked_with` (a tracking id or tag).
    tracked_url: str | None = None
    tracked_with: str | None = None
    # Fields (of the offer: price, list_price) that the answer has in no form that can be meant:
    # what is known of them already stays.
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogProduct:
    """A product that was imported: the last source data and what the publisher added.

    `announced_price` and `price_moved_at`: see `domain.events.announced`; None where its
    marketplace forbids to track prices. `history`: how often a look found it changed.
    """

    id: str
    source: SourceProduct
    mode: Mode
    imported_at: datetime
    synced_at: datetime
    state: ProductState = ProductState.ACTIVE
    state_since: datetime | None = None
    times_missing: int = 0
    selling_price: Money | None = None
    notes: str | None = None
    tags: tuple[str, ...] = ()
    announced_price: Money | None = None
    price_moved_at: datetime | None = None
    history: History = History()


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceObservation:
    """One price that was really seen."""

    id: str
    price: Money
    list_price: Money | None
    availability: Availability
    observed_at: datetime


STRONG_DEMAND_FROM = 500
NORMAL_DEMAND_FROM = 10


def demand(orders_last_30_days: int | None) -> Demand:
    """500 or more orders in 30 days are strong demand; under 10 may be new or failing."""
    if orders_last_30_days is None:
        return Demand.UNKNOWN
    if orders_last_30_days >= STRONG_DEMAND_FROM:
        return Demand.STRONG
    return Demand.NORMAL if orders_last_30_days >= NORMAL_DEMAND_FROM else Demand.LOW

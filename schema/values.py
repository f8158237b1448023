"""Values: parts of products, links and settings that have no id of their own."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import strawberry

from domain import money as amounts
from domain import products as records
from domain.marketplaces import OfferPolicy
from domain.products import Availability, Condition
from resolvers.context import Context
from resolvers.products import Listing
from schema.made import made


@strawberry.type(description="An amount of one currency. Nothing is ever converted.")
class Money:
    amount: Decimal = strawberry.field(
        description="Exact, with the digits of its currency.",
        metadata=made("text", is_written=True),
    )
    currency_code: str = strawberry.field(
        description="ISO 4217: USD, EUR, JPY.", metadata=made("currency")
    )

    @classmethod
    def of(cls, record: amounts.Money) -> "Money":
        return cls(amount=Decimal(record.text), currency_code=record.currency)


def money(record: amounts.Money | None) -> Money | None:
    """None stays None."""
    return None if record is None else Money.of(record)


@strawberry.type(
    description="A picture's address. Not every marketplace lets it be copied: see "
    "Marketplace.letsPicturesBeCopied."
)
class Image:
    url: str = strawberry.field(description="Where the picture is.", metadata=made("url"))
    width: int | None = strawberry.field(description="Pixels, where told.", metadata=made("width"))
    height: int | None = strawberry.field(
        description="Pixels, where told.", metadata=made("height")
    )

    @classmethod
    def of(cls, record: records.Image) -> "Image":
        return cls(url=record.url, width=record.width, height=record.height)


@strawberry.type(description="A promotion code or coupon of a product.")
class Coupon:
    code: str | None = strawberry.field(description="What the buyer types in.")
    description: str | None = strawberry.field(description="The marketplace's words for it.")
    value: Money | None = strawberry.field(description="What it takes off.")
    minimum_spend: Money | None = strawberry.field(description="From which order value it works.")
    percent: Decimal | None = strawberry.field(description="Share it takes off, in percent.")
    starts_at: datetime | None = strawberry.field(description="From when it works.")
    ends_at: datetime | None = strawberry.field(description="Until when it works.")

    @classmethod
    def of(cls, record: records.Coupon) -> "Coupon":
        return cls(
            code=record.code,
            description=record.description,
            value=money(record.value),
            minimum_spend=money(record.minimum_spend),
            percent=record.percent,
            starts_at=record.starts_at,
            ends_at=record.ends_at,
        )


@strawberry.type(description="A price for a time, or for some buyers only, where told.")
class Deal:
    badge: str | None = strawberry.field(description="The marketplace's words for it.")
    access: str | None = strawberry.field(
        description="Who gets it, in the marketplace's word: ALL, PRIME_EXCLUSIVE, "
        "PRIME_EARLY_ACCESS (members first, then all); there may be more."
    )
    price: Money | None = strawberry.field(description="What those who get it pay.")
    starts_at: datetime | None = strawberry.field(description="From when it is.")
    ends_at: datetime | None = strawberry.field(description="Until when it is.")
    percent_claimed: Decimal | None = strawberry.field(
        description="How much of it is gone, in percent."
    )

    @classmethod
    def of(cls, record: records.Deal) -> "Deal":
        return cls(
            badge=record.badge,
            access=record.access,
            price=money(record.price),
            starts_at=record.starts_at,
            ends_at=record.ends_at,
            percent_claimed=record.percent_claimed,
        )


@strawberry.type(description="What sending a product costs and how long it takes, where told.")
class Shipping:
    cost: Money | None = strawberry.field(description="Shipping fee.")
    is_free: bool | None = strawberry.field(description="Whether it costs nothing.")
    min_days: int | None = strawberry.field(description="Fastest delivery, in days.")
    max_days: int | None = strawberry.field(description="Slowest delivery, in days.")
    text: str | None = strawberry.field(description="The marketplace's own words.")

    @classmethod
    def of(cls, record: records.Shipping) -> "Shipping":
        return cls(
            cost=money(record.cost),
            is_free=record.is_free,
            min_days=record.min_days,
            max_days=record.max_days,
            text=record.text,
        )


@strawberry.type(
    description="Only what the marketplace tells: a share of positive feedback, or stars and a "
    "count; some tell it to specially approved accounts only."
)
class Reviews:
    average_rating: Decimal | None = strawberry.field(
        description="Stars out of five.", metadata=made("average_rating")
    )
    positive_percent: Decimal | None = strawberry.field(
        description="Share of good feedback.",
        metadata=made("positive_percent"),
    )
    count: int | None = strawberry.field(description="How many reviews.", metadata=made("count"))

    @classmethod
    def of(cls, record: records.Reviews) -> "Reviews":
        return cls(
            average_rating=record.average_rating,
            positive_percent=record.positive_percent,
            count=record.count,
        )


@strawberry.type(description="The shop that sells a product.")
class Seller:
    external_id: str | None = strawberry.field(
        description="The marketplace's id of the shop.", metadata=made("external_id")
    )
    name: str | None = strawberry.field(description="The shop's name.", metadata=made("name"))
    url: str | None = strawberry.field(description="The shop's page.", metadata=made("url"))

    @classmethod
    def of(cls, record: records.Seller) -> "Seller":
        return cls(external_id=record.external_id, name=record.name, url=record.url)


@strawberry.type(description="One step of a product's category path.")
class Category:
    external_id: str = strawberry.field(
        description="The marketplace's category id, for searches; empty where it gives only "
        "a name.",
        metadata=made("external_id"),
    )
    name: str = strawberry.field(description="The category's name.", metadata=made("name"))

    @classmethod
    def of(cls, record: records.Category) -> "Category":
        return cls(external_id=record.external_id, name=record.name)


@strawberry.type(description="What the programme pays for a sale.")
class Commission:
    rate_percent: Decimal = strawberry.field(description="Share of the price, in percent.")
    amount: Money | None = strawberry.field(
        description="Expected on one sale at the present price."
    )


@strawberry.type(description="A property of a variant.")
class Attribute:
    name: str = strawberry.field(description="What is told apart: Color, Size.")
    value: str = strawberry.field(description="Which it is: Red, XL.")

    @classmethod
    def of(cls, record: records.Attribute) -> "Attribute":
        return cls(name=record.name, value=record.value)


@strawberry.type(
    description="profit = selling price - price - shipping cost; percent = profit / selling price. "
    "Negative when it loses money."
)
class Margin:
    profit: Money = strawberry.field(description="What is left of one sale.")
    percent: Decimal = strawberry.field(description="Profit as a share of the selling price.")

    @classmethod
    def of(cls, record: amounts.Margin) -> "Margin":
        return cls(profit=Money.of(record.profit), percent=record.percent)


class ShownOffer(NamedTuple):
    """An offer with a price, and what its marketplace's terms say of it.

    `is_expired`: it is too old to be believed.
    """

    record: records.Offer
    price: amounts.Money
    expires_at: datetime
    is_expired: bool
    policy: OfferPolicy


def shown_offer(
    listing: Listing, offer: records.Offer | None, context: Context, now: datetime
) -> ShownOffer | None:
    """The offer of a listing as its marketplace's terms let it be shown then; None without a price.

    Notes in the context until when the answer may be believed.
    """
    if offer is None or (price := offer.price) is None:
        return None
    policy = listing.policy
    expires_at = policy.expires_at(offer.observed_at)
    context.note_expiry(expires_at)
    is_expired = policy.is_expired(offer.observed_at, now)
    return ShownOffer(offer, price, expires_at, is_expired, policy)


@strawberry.type(
    description="What a product costs, and since when and until when that may be believed."
)
class Offer:
    price: Money = strawberry.field(
        description="What anybody pays, without shipping. What members pay is in deal.",
        metadata=made("price"),
    )
    list_price: Money | None = strawberry.field(
        description="The price to strike through.",
        metadata=made("record.list_price"),
    )
    list_price_type: str | None = strawberry.field(
        description="What kind of price listPrice is, where the marketplace tells: "
        "LIST_PRICE, WAS_PRICE, LOWEST_PRICE; only the first may be called a list price.",
        metadata=made("record.list_price_type"),
    )
    list_price_label: str | None = strawberry.field(
        description="The marketplace's own words for listPrice.",
        metadata=made("record.list_price_label"),
    )
    discount_percent: int = strawberry.field(
        description="round((1 - price / listPrice) * 100). Without a listPrice the marketplace's "
        "own figure, 0 where it has none.",
        metadata=made("record.discount_percent"),
    )
    condition: Condition | None = strawberry.field(
        description="The state of what is offered; null where the marketplace does not tell. A new "
        "one is taken where there is one.",
        metadata=made("record.condition"),
    )
    deal: Deal | None = strawberry.field(
        description="A price for a time, or for members only; null when there is none."
    )
    coupon: Coupon | None = strawberry.field(description="A code or coupon that lowers the price.")
    availability: Availability = strawberry.field(
        description="Whether it can be bought.",
        metadata=made("record.availability"),
    )
    shipping: Shipping | None = strawberry.field(description="Sending it, where told.")
    observed_at: datetime = strawberry.field(
        description="When the marketplace said so.",
        metadata=made("record.observed_at"),
    )
    expires_at: datetime = strawberry.field(
        description="Until when it may be believed.",
        metadata=made("expires_at"),
    )
    is_expired: bool = strawberry.field(
        description="Whether that time is over.", metadata=made("is_expired")
    )
    disclaimer: str = strawberry.field(
        description="Words to show beside the price.",
        metadata=made("policy.disclaimer"),
    )

    @classmethod
    def of(cls, offer: ShownOffer) -> "Offer":
        record = offer.record
        return cls(
            price=Money.of(offer.price),
            list_price=money(record.list_price),
            list_price_type=record.list_price_type,
            list_price_label=record.list_price_label,
            discount_percent=record.discount_percent,
            condition=record.condition,
            deal=Deal.of(record.deal) if record.deal else None,
            coupon=Coupon.of(record.coupon) if record.coupon else None,
            availability=record.availability,
            shipping=Shipping.of(record.shipping) if record.shipping else None,
            observed_at=record.observed_at,
            expires_at=offer.expires_at,
            is_expired=offer.is_expired,
            disclaimer=offer.policy.disclaimer,
        )


@strawberry.type(description="One buyable form of a product: this colour in that size.")
class Variant:
    external_id: strawberry.ID = strawberry.field(
        description="The marketplace's own id of this form."
    )
    attributes: list[Attribute] = strawberry.field(description="What tells it from the others.")
    offer: Offer | None = strawberry.field(description="What this form costs, where told.")
    image: Image | None = strawberry.field(description="A picture of this form.")

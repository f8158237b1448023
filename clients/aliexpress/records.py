"""What the methods beyond products answer, as records. What AliExpress does not tell is None."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

from domain.money import Money
from domain.products import SourceProduct


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryNode:
    """A category of the whole tree. `parent_id` is None for a root."""

    id: str
    name: str
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturedPromo:
    """A running campaign. Its name is its id and is sent back unchanged."""

    name: str
    description: str | None = None
    product_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    """One page of a product list, before anybody decides whether another follows.

    `row_count` counts the rows of the answer, `broken_count` those of them that no product could be
    read from; `is_finished` is None where the method does not say.
    """

    products: tuple[SourceProduct, ...] = ()
    row_count: int = 0
    broken_count: int = 0
    total: int | None = None
    is_finished: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedLink:
    """One entry of link.generate. `url` is None where the address earns no commission."""

    source_value: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedLinks:
    """The answer of link.generate, in its own order. `tracking_id`: for whom it was made."""

    tracking_id: str | None = None
    entries: tuple[GeneratedLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A code that takes money off a product."""

    code: str | None = None
    title: str | None = None
    channel: str | None = None
    money_off: Money | None = None
    minimum_spend: Money | None = None
    value_type: str | None = None
    offer_type: str | None = None
    applicability: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPromotions:
    """The codes that are valid for one product."""

    product_id: str
    promotions: tuple[Promotion, ...] = ()


class OrderStatus(Enum):
    """Status of an order. There is no wildcard: one call for each."""

    PAYMENT_COMPLETED = "Payment Completed"
    BUYER_CONFIRMED_RECEIPT = "Buyer Confirmed Receipt"
    COMPLETED_SETTLEMENT = "Completed Settlement"
    INVALID = "Invalid"


class OrderTime(Enum):
    """Which of an order's times a window of time is about."""

    PAYMENT_COMPLETED = "Payment Completed Time"
    BUYER_CONFIRMED_RECEIPT = "Buyer Confirmed Receipt Time"
    COMPLETED_SETTLEMENT = "Completed Settlement Time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One sub-order that was credited to the account.

    Amounts and commissions are in the settled currency. Times are UTC, read from the platform's
    Pacific times. `parameters` are the sub-identifiers of the link that led to it.
    """

    order_id: str | None
    sub_order_id: str
    status: str | None = None
    effect_status: str | None = None
    product_id: str | None = None
    product_title: str | None = None
    product_count: int | None = None
    category_id: str | None = None
    tracking_id: str | None = None
    paid_amount: Money | None = None
    finished_amount: Money | None = None
    commission_percent: Decimal | None = None
    estimated_paid_commission: Money | None = None
    estimated_finished_commission: Money | None = None
    incentive_percent: Decimal | None = None
    estimated_incentive_paid_commission: Money | None = None
    estimated_incentive_finished_commission: Money | None = None
    new_buyer_bonus: Money | None = None
    created_at: datetime | None = None
    paid_at: datetime | None = None
    finished_at: datetime | None = None
    settled_at: datetime | None = None
    is_hot_product: bool | None = None
    is_new_buyer: bool | None = None
    is_affiliate_product: bool | None = None
    order_type: str | None = None
    platform: str | None = None
    ship_to_country: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """One page of orders: by page number, or between two indexes of the cursor."""

    orders: tuple[Order, ...] = ()
    total: int | None = None
    total_pages: int | None = None
    min_index: str | None = None
    max_index: str | None = None

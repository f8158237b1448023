"""A marketplace's own search: what is asked, and one page of what it answers."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from domain.products import SourceProduct


class ProductSearchSort(Enum):
    """Order of a marketplace search."""

    RELEVANCE = "RELEVANCE"
    PRICE_ASC = "PRICE_ASC"
    PRICE_DESC = "PRICE_DESC"
    ORDERS_DESC = "ORDERS_DESC"
    DISCOUNT_DESC = "DISCOUNT_DESC"
    RATING_DESC = "RATING_DESC"
    NEWEST = "NEWEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSearch:
    """What to look for. Prices in units of `currency` ("15.00" is fifteen), None: not asked."""

    keywords: str | None = None
    category_id: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    currency: str = "USD"
    ship_to_country: str | None = None
    language: str = "EN"
    max_delivery_days: int | None = None
    min_orders: int = 10
    min_positive_percent: Decimal | None = None
    min_discount_percent: int | None = None
    free_shipping_only: bool = False
    sort: ProductSearchSort = ProductSearchSort.RELEVANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """How a marketplace will carry out a search.

    `parameters`: what is sent, without the page. `post_filters`: names of `ProductSearch` filters
    (in GraphQL spelling) that the marketplace does not know and we apply to its answer; "sort"
    among them when only the fetched rows can be put in order.
    """

    parameters: dict[str, object]
    post_filters: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of the marketplace's grid.

    `total` is what the marketplace says it has, None where it does not say. `is_last`: no further
    page can be fetched (empty page, the marketplace's cap, or the total is reached).
    """

    products: tuple[SourceProduct, ...]
    is_last: bool
    total: int | None = None

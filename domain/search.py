"""A marketplace's own search: what is asked, one page of what it answers, what we do to its rows.

What a marketplace does not tell of a product says nothing against it: such rows pass every filter,
and come last in every order.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from domain.products import SourceProduct

SortValue = Callable[[SourceProduct], Decimal | None]


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
    (in GraphQL spelling) that the marketplace does not know and we apply to its answer;
    `unsupported`: those that it does not know and its answer tells nothing of, so that nobody can
    apply them.
    """

    parameters: dict[str, object]
    post_filters: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of the marketplace's grid.

    `total` is what the marketplace says it has, None where it does not say. `is_last`: no further
    page can be fetched (empty page, the marketplace's cap, or the total is reached).
    """

    products: tuple[SourceProduct, ...]
    is_last: bool
    total: int | None = None


def passes(product: SourceProduct, search: ProductSearch, names: Collection[str]) -> bool:
    """Whether nothing that is known of the product is against the filters of these names."""
    return all(_FILTERS[name](product, search) for name in names)


def sort_value(product: SourceProduct, sort: ProductSearchSort) -> Decimal | None:
    """What products are put in order by, the least first; None where it is not known."""
    return _SORT_VALUES[sort](product)


def _has_enough_orders(product: SourceProduct, search: ProductSearch) -> bool:
    orders = product.orders_last_30_days
    return orders is None or orders >= search.min_orders


def _is_liked_enough(product: SourceProduct, search: ProductSearch) -> bool:
    percent = product.reviews.positive_percent if product.reviews else None
    return percent is None or percent >= (search.min_positive_percent or 0)


def _is_cheap_enough(product: SourceProduct, search: ProductSearch) -> bool:
    return product.offer.discount_percent >= (search.min_discount_percent or 0)


def _is_soon_enough(product: SourceProduct, search: ProductSearch) -> bool:
    shipping = product.offer.shipping
    days = shipping.max_days if shipping else None
    return days is None or days <= (search.max_delivery_days or days)


def _ships_free(product: SourceProduct, search: ProductSearch) -> bool:
    shipping = product.offer.shipping
    return not search.free_shipping_only or shipping is None or shipping.is_free is not False


_FILTERS: dict[str, Callable[[SourceProduct, ProductSearch], bool]] = {
    "minOrders": _has_enough_orders,
    "minPositivePercent": _is_liked_enough,
    "minDiscountPercent": _is_cheap_enough,
    "maxDeliveryDays": _is_soon_enough,
    "freeShippingOnly": _ships_free,
}


def _price(product: SourceProduct) -> Decimal | None:
    return product.offer.price.amount if product.offer.price else None


def _discount(product: SourceProduct) -> Decimal | None:
    return Decimal(product.offer.discount_percent) if product.offer.price else None


def _rating(product: SourceProduct) -> Decimal | None:
    """In percent; five stars are a hundred."""
    reviews = product.reviews
    if reviews is None or reviews.positive_percent is not None:
        return reviews.positive_percent if reviews else None
    return None if reviews.average_rating is None else reviews.average_rating * 20


def _orders(product: SourceProduct) -> Decimal | None:
    orders = product.orders_last_30_days
    return None if orders is None else Decimal(orders)


def _most_first(value: Callable[[SourceProduct], Decimal | None]) -> SortValue:
    def negated(product: SourceProduct) -> Decimal | None:
        number = value(product)
        return None if number is None else -number

    return negated


_SORT_VALUES: dict[ProductSearchSort, SortValue] = {
    ProductSearchSort.RELEVANCE: lambda _: None,
    ProductSearchSort.PRICE_ASC: _price,
    ProductSearchSort.PRICE_DESC: _most_first(_price),
    ProductSearchSort.ORDERS_DESC: _most_first(_orders),
    ProductSearchSort.DISCOUNT_DESC: _most_first(_discount),
    ProductSearchSort.RATING_DESC: _most_first(_rating),
    ProductSearchSort.NEWEST: lambda _: None,  # no marketplace tells how old a product is
}

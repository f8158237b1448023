"""How a product search is carried out: what product.query knows, what is left to filter ourselves.

Every refusal names the argument it is about. The API's search tells neither shipping cost nor age:
who asks for free shipping is told that nobody can filter by it.
"""

import re
from decimal import Decimal

from clients.values import UNSTORABLE
from domain.exceptions import InvalidInput
from domain.money import CURRENCY, to_minor_units
from domain.search import ProductSearch, ProductSearchSort, SearchPlan

LONGEST_KEYWORDS = 500
HIGHEST_PRICE = Decimal(10**12)
DELIVERY_DAYS = (3, 5, 7, 10)  # the only values that product.query takes
SORTS = {
    ProductSearchSort.PRICE_ASC: "SALE_PRICE_ASC",
    ProductSearchSort.PRICE_DESC: "SALE_PRICE_DESC",
    ProductSearchSort.ORDERS_DESC: "LAST_VOLUME_DESC",
}
OWN_SORTS = (ProductSearchSort.RELEVANCE, *SORTS)
FILTERS = (
    "categoryId",
    "minPrice",
    "maxPrice",
    "shipToCountry",
    "maxDeliveryDays",
    "minOrders",
    "minPositivePercent",
    "minDiscountPercent",
)
TWO_LETTERS = re.compile(r"[A-Z]{2}")


def search_plan(search: ProductSearch) -> SearchPlan:
    """The parameters of product.query without page and tracking id, and what remains to filter.

    Prices are sent in the smallest unit of the search's currency. Raises InvalidInput whose path
    is ("search", argument).
    """
    _check_subject(search)
    _check_prices(search)
    _check_thresholds(search)
    parameters: dict[str, object] = {
        "keywords": (search.keywords or "").strip(),
        "category_ids": search.category_id,
        "min_sale_price": _minor_units(search.min_price, search.currency),
        "max_sale_price": _minor_units(search.max_price, search.currency),
        "sort": SORTS.get(search.sort),
        "delivery_days": _delivery_days(search.max_delivery_days),
        "ship_to_country": _country(search.ship_to_country),
        "target_currency": search.currency,
        "target_language": _letters(search.language, "language", "a language, like EN"),
    }
    told = {name: value for name, value in parameters.items() if value not in (None, "")}
    return SearchPlan(
        parameters=told,
        post_filters=_post_filters(search),
        unsupported=("freeShippingOnly",) if search.free_shipping_only else (),
    )


def _post_filters(search: ProductSearch) -> tuple[str, ...]:
    wanted_days = search.max_delivery_days
    ours = {
        "minOrders": search.min_orders > 0,
        "minPositivePercent": bool(search.min_positive_percent),
        "minDiscountPercent": bool(search.min_discount_percent),
        "maxDeliveryDays": wanted_days is not None and wanted_days not in DELIVERY_DAYS,
    }
    return tuple(name for name, needed in ours.items() if needed)


def _check_subject(search: ProductSearch) -> None:
    keywords = (search.keywords or "").strip()
    if not keywords and search.category_id is None:
        raise _wrong("keywords", "Say what to look for: give keywords, a categoryId, or both.")
    if len(keywords) > LONGEST_KEYWORDS:
        raise _wrong("keywords", f"Keywords have at most {LONGEST_KEYWORDS} characters.")
    if UNSTORABLE.search(keywords):
        raise _wrong("keywords", "Keywords are text without control characters. Type them anew.")
    if search.category_id is not None and not re.fullmatch(r"[0-9]{1,19}", search.category_id):
        raise _wrong(
            "categoryId", "An AliExpress category id is a number, like 44. Take it from a product."
        )


def _check_prices(search: ProductSearch) -> None:
    if not CURRENCY.fullmatch(search.currency):
        raise _wrong("currencyCode", 'A currency is its three capital letters, like "USD".')
    for name, price in (("minPrice", search.min_price), ("maxPrice", search.max_price)):
        if price is not None and not (price.is_finite() and 0 <= price < HIGHEST_PRICE):
            raise _wrong(name, 'A price is an amount from 0, like "15.00". Correct or leave out.')
    low, high = search.min_price, search.max_price
    if low is not None and high is not None and low > high:
        raise _wrong("minPrice", "minPrice is above maxPrice, so nothing can match. Swap them.")


def _check_thresholds(search: ProductSearch) -> None:
    if search.min_orders < 0:
        raise _wrong("minOrders", "minOrders is a number from 0; 0 keeps every product.")
    percents = (
        ("minPositivePercent", search.min_positive_percent),
        ("minDiscountPercent", search.min_discount_percent),
    )
    for name, value in percents:
        number = None if value is None else Decimal(value)
        if number is not None and not (number.is_finite() and 0 <= number <= 100):
            raise _wrong(name, f"{name} is a share in percent, from 0 to 100.")
    if search.max_delivery_days is not None and search.max_delivery_days < 1:
        raise _wrong("maxDeliveryDays", "maxDeliveryDays is a number of days from 1.")


def _delivery_days(wanted: int | None) -> str | None:
    """The narrowest of the marketplace's steps that holds everything wanted; None above them."""
    return next((str(days) for days in DELIVERY_DAYS if wanted and days >= wanted), None)


def _country(code: str | None) -> str | None:
    return None if code is None else _letters(code, "shipToCountry", "a country, like US")


def _letters(code: str, name: str, meaning: str) -> str:
    upper = code.strip().upper()
    if not TWO_LETTERS.fullmatch(upper):
        raise _wrong(name, f"{name} is the two-letter code of {meaning}.")
    return upper


def _minor_units(price: Decimal | None, currency: str) -> str | None:
    return None if price is None else str(to_minor_units(price, currency))


def _wrong(name: str, message: str) -> InvalidInput:
    return InvalidInput(message, path=("search", name))

"""What of a product search Amazon can carry out: members of searchItems, and what is refused.

Names and limits of the members: Amazon's documentation of searchItems. A filter whose data Amazon
does not tell is named as one that nobody can apply.
"""

import re

from clients.amazon.locales import Locale
from clients.values import UNSTORABLE
from domain.exceptions import InvalidInput
from domain.money import to_minor_units
from domain.search import ProductSearch, ProductSearchSort, SearchPlan

LONGEST_KEYWORDS = 1000
_NODE_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
_SORTS = {
    ProductSearchSort.RELEVANCE: "Relevance",
    ProductSearchSort.PRICE_ASC: "Price:LowToHigh",
    ProductSearchSort.PRICE_DESC: "Price:HighToLow",
    ProductSearchSort.NEWEST: "NewestArrivals",
    ProductSearchSort.RATING_DESC: "AvgCustomerReviews",
}
OWN_SORTS = tuple(_SORTS)
FILTERS = ("categoryId", "minPrice", "maxPrice", "minDiscountPercent", "freeShippingOnly")


def plan(search: ProductSearch, locale: Locale) -> SearchPlan:
    """How Amazon's `locale` carries out the search. Raises InvalidInput with the field's path.

    Prices are sent in the smallest unit of the currency. What Amazon does not know (orders, share
    of content buyers, delivery times) stands in `unsupported`.
    """
    _check_thresholds(search)
    _check_country(search, locale)
    parameters: dict[str, object] = {"keywords": _keywords(search)}
    parameters |= _category(search)
    parameters |= _prices(search, locale)
    parameters |= _currency(search, locale)
    parameters |= _language(search, locale)
    parameters |= _discount(search)
    if search.free_shipping_only:
        parameters["deliveryFlags"] = ["FreeShipping"]
    if search.sort in _SORTS:
        parameters["sortBy"] = _SORTS[search.sort]
    return SearchPlan(parameters=parameters, unsupported=_unsupported(search))


def _keywords(search: ProductSearch) -> str:
    keywords = UNSTORABLE.sub("", search.keywords or "").strip()
    if not keywords:
        raise _wrong(
            "keywords", "Amazon searches by words: give keywords, also when a category is given."
        )
    if len(keywords) > LONGEST_KEYWORDS:
        raise _wrong("keywords", f"Amazon takes keywords of at most {LONGEST_KEYWORDS} characters.")
    return keywords


def _category(search: ProductSearch) -> dict[str, object]:
    if not search.category_id:
        return {}
    if not _NODE_ID.fullmatch(search.category_id):
        raise _wrong(
            "categoryId",
            "A category of Amazon is the number of its browse node, such as 172282. It stands "
            "after node= in the address of the category page.",
        )
    return {"browseNodeId": search.category_id}


def _prices(search: ProductSearch, locale: Locale) -> dict[str, object]:
    low, high = search.min_price, search.max_price
    if low is None and high is None:
        return {}
    if low is not None and low < 0:
        raise _wrong("minPrice", "A price is not below zero.")
    if high is not None and high <= 0:
        raise _wrong("maxPrice", "The highest price is above zero.")
    if low is not None and high is not None and high < low:
        raise _wrong("maxPrice", "The highest price is not below the lowest one.")
    if search.currency != locale.currency:  # in which one it counts when it converts is not told
        raise _wrong(
            "currencyCode",
            f"{locale.marketplace} has its prices in {locale.currency}: give minPrice and "
            f"maxPrice in it, with currencyCode {locale.currency}.",
        )
    bounds = {"minPrice": low or None, "maxPrice": high}
    return {
        name: to_minor_units(amount, search.currency)
        for name, amount in bounds.items()
        if amount is not None
    }


def _currency(search: ProductSearch, locale: Locale) -> dict[str, object]:
    """Only the US store converts; elsewhere the currency of the site is the only one."""
    wanted = search.currency
    if wanted == locale.currency or wanted not in locale.currencies:
        return {}
    return {"currencyOfPreference": wanted}


def _language(search: ProductSearch, locale: Locale) -> dict[str, object]:
    wanted = search.language.strip().lower()[:2]
    offered = next((one for one in locale.languages if one.startswith(f"{wanted}_")), None)
    if offered is None or offered == locale.languages[0]:
        return {}
    return {"languagesOfPreference": [offered]}


def _discount(search: ProductSearch) -> dict[str, object]:
    percent = search.min_discount_percent
    if not percent:
        return {}
    if not 1 <= percent <= 99:
        raise _wrong("minDiscountPercent", "A lowest discount is 1 to 99 percent, or 0 for any.")
    return {"minSavingPercent": percent}


def _unsupported(search: ProductSearch) -> tuple[str, ...]:
    asked = {
        "minOrders": search.min_orders > 0,
        "minPositivePercent": bool(search.min_positive_percent),
        "maxDeliveryDays": search.max_delivery_days is not None,
    }
    return tuple(name for name, wanted in asked.items() if wanted)


def _check_thresholds(search: ProductSearch) -> None:
    percent = search.min_positive_percent
    if percent is not None and not 0 <= percent <= 100:
        raise _wrong("minPositivePercent", "A share in percent is from 0 to 100.")
    if search.max_delivery_days is not None and search.max_delivery_days < 1:
        raise _wrong("maxDeliveryDays", "Delivery takes a day or more.")
    if search.min_orders < 0:
        raise _wrong("minOrders", "A number of orders is 0 or more.")


def _check_country(search: ProductSearch, locale: Locale) -> None:
    if search.ship_to_country is None:
        return
    asked = search.ship_to_country.strip().upper()
    if ("GB" if asked == "UK" else asked) != locale.country:
        raise _wrong(
            "shipToCountry",
            f"At Amazon the country site decides: {locale.marketplace} sells to "
            f"{locale.name} ({locale.country}). Leave out shipToCountry, or search the site of "
            "the other country.",
        )


def _wrong(name: str, message: str) -> InvalidInput:
    return InvalidInput(message, path=("search", name))

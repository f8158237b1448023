"""What of a search Amazon carries out, in which members, and what is refused for which field."""

from decimal import Decimal
from typing import Any

import pytest

from clients.amazon import search
from clients.amazon.locales import by_marketplace
from domain.exceptions import InvalidInput
from domain.search import ProductSearch, ProductSearchSort, SearchPlan


def plan(locale: str = "www.amazon.de", **asked: Any) -> SearchPlan:
    defaults: dict[str, Any] = {"keywords": "lamp", "language": "DE", "min_orders": 0}
    return search.plan(ProductSearch(**(defaults | asked)), by_marketplace(locale))


def members(locale: str = "www.amazon.de", **asked: Any) -> dict[str, object]:
    """What is sent besides the keywords and the order."""
    found = plan(locale, **asked).parameters
    return {name: one for name, one in found.items() if name not in ("keywords", "sortBy")}


def test_least_search() -> None:
    assert plan() == SearchPlan(parameters={"keywords": "lamp", "sortBy": "Relevance"})


def test_whole_search() -> None:
    found = plan(
        keywords="  brass\x00 lamp ",
        category_id="172282",
        min_price=Decimal("15.00"),
        max_price=Decimal("32.41"),
        currency="EUR",
        ship_to_country="de",
        language="en",
        min_orders=10,
        min_discount_percent=20,
        free_shipping_only=True,
        sort=ProductSearchSort.PRICE_ASC,
    )

    assert found == SearchPlan(
        parameters={
            "keywords": "brass lamp",
            "browseNodeId": "172282",
            "minPrice": 1500,
            "maxPrice": 3241,
            "languagesOfPreference": ["en_GB"],
            "minSavingPercent": 20,
            "deliveryFlags": ["FreeShipping"],
            "sortBy": "Price:LowToHigh",
        },
        unsupported=("minOrders",),
    )


@pytest.mark.parametrize(
    ("sort", "name"),
    [
        (ProductSearchSort.RELEVANCE, "Relevance"),
        (ProductSearchSort.PRICE_ASC, "Price:LowToHigh"),
        (ProductSearchSort.PRICE_DESC, "Price:HighToLow"),
        (ProductSearchSort.NEWEST, "NewestArrivals"),
        (ProductSearchSort.RATING_DESC, "AvgCustomerReviews"),
    ],
)
def test_order(sort: ProductSearchSort, name: str) -> None:
    found = plan(sort=sort)

    assert found.parameters["sortBy"] == name
    assert sort in search.OWN_SORTS


@pytest.mark.parametrize("sort", [ProductSearchSort.DISCOUNT_DESC, ProductSearchSort.ORDERS_DESC])
def test_orders_that_amazon_does_not_know_are_left_to_the_caller(sort: ProductSearchSort) -> None:
    found = plan(sort=sort)

    assert "sortBy" not in found.parameters
    assert sort not in search.OWN_SORTS


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"min_orders": 1}, "minOrders"),
        ({"min_positive_percent": Decimal(90)}, "minPositivePercent"),
        ({"max_delivery_days": 7}, "maxDeliveryDays"),
    ],
)
def test_what_amazon_neither_knows_nor_tells_is_named(asked: dict[str, Any], name: str) -> None:
    found = plan(**asked)

    assert (found.post_filters, found.unsupported) == ((), (name,))
    assert found.parameters == plan().parameters


@pytest.mark.parametrize(
    ("locale", "currency", "price", "units"),
    [
        ("www.amazon.de", "EUR", "0.01", 1),
        ("www.amazon.co.jp", "JPY", "3241", 3241),
        ("www.amazon.com", "USD", "19.9", 1990),
    ],
)
def test_prices_are_in_the_smallest_unit(
    locale: str, currency: str, price: str, units: int
) -> None:
    sent = members(locale, currency=currency, max_price=Decimal(price), language="XX")

    assert sent == {"maxPrice": units}


def test_lowest_price_of_zero_is_none() -> None:
    assert members(min_price=Decimal(0), currency="EUR") == {}


def test_equal_bounds() -> None:
    bounds = members(min_price=Decimal(5), max_price=Decimal(5), currency="EUR")

    assert bounds == {"minPrice": 500, "maxPrice": 500}


def test_only_the_us_store_converts() -> None:
    assert members("www.amazon.com", currency="EUR", language="EN") == {
        "currencyOfPreference": "EUR"
    }
    assert members("www.amazon.com", currency="USD", language="EN") == {}
    assert members("www.amazon.de", currency="USD") == {}


@pytest.mark.parametrize(("locale", "own"), [("www.amazon.com", "USD"), ("www.amazon.de", "EUR")])
def test_prices_are_asked_in_the_currency_of_the_site(locale: str, own: str) -> None:
    with pytest.raises(InvalidInput, match=f"currencyCode {own}") as refusal:
        members(locale, currency="JPY", max_price=Decimal(900))

    assert refusal.value.path == ("search", "currencyCode")


@pytest.mark.parametrize(
    ("locale", "language", "sent"),
    [
        ("www.amazon.de", "DE", None),
        ("www.amazon.de", "en", ["en_GB"]),
        ("www.amazon.de", "en-US", ["en_GB"]),
        ("www.amazon.de", " PL ", ["pl_PL"]),
        ("www.amazon.de", "JA", None),
        ("www.amazon.de", "", None),
        ("www.amazon.com", "ES", ["es_US"]),
        ("www.amazon.ae", "ar", ["ar_AE"]),
        ("www.amazon.co.uk", "EN", None),
    ],
)
def test_language(locale: str, language: str, sent: list[str] | None) -> None:
    assert members(locale, language=language).get("languagesOfPreference") == sent


@pytest.mark.parametrize(
    ("locale", "country"),
    [("www.amazon.de", "DE"), ("www.amazon.co.uk", "UK"), ("www.amazon.co.uk", " gb ")],
)
def test_country_of_the_site(locale: str, country: str) -> None:
    assert members(locale, ship_to_country=country, language="XX") == {}


@pytest.mark.parametrize("percent", [None, 0])
def test_no_lowest_discount(percent: int | None) -> None:
    assert members(min_discount_percent=percent) == {}


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"keywords": None}, "keywords"),
        ({"keywords": "  "}, "keywords"),
        ({"keywords": "\x00\ud800"}, "keywords"),
        ({"keywords": None, "category_id": "172282"}, "keywords"),
        ({"keywords": "x" * 1001}, "keywords"),
        ({"category_id": "electronics"}, "categoryId"),
        ({"category_id": "1" * 20}, "categoryId"),
        ({"category_id": "١٢"}, "categoryId"),
        ({"min_price": Decimal(-1), "currency": "EUR"}, "minPrice"),
        ({"max_price": Decimal(0), "currency": "EUR"}, "maxPrice"),
        ({"min_price": Decimal(9), "max_price": Decimal(8), "currency": "EUR"}, "maxPrice"),
        ({"min_price": Decimal(9), "currency": "USD"}, "currencyCode"),
        ({"min_discount_percent": -1}, "minDiscountPercent"),
        ({"min_discount_percent": 100}, "minDiscountPercent"),
        ({"min_positive_percent": Decimal(-1)}, "minPositivePercent"),
        ({"min_positive_percent": Decimal("100.1")}, "minPositivePercent"),
        ({"max_delivery_days": 0}, "maxDeliveryDays"),
        ({"min_orders": -1}, "minOrders"),
        ({"ship_to_country": "AT"}, "shipToCountry"),
    ],
)
def test_refusals_name_their_field(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan(**asked)

    assert caught.value.path == ("search", field)


def test_longest_keywords() -> None:
    assert plan(keywords="x" * 1000).parameters["keywords"] == "x" * 1000

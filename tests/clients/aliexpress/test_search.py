"""How a search is planned: what is sent, what is filtered by us, what is refused."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from clients.aliexpress.search import OWN_SORTS, search_plan
from domain.exceptions import InvalidInput
from domain.search import ProductSearch, ProductSearchSort


def search(**fields: Any) -> ProductSearch:
    return replace(ProductSearch(keywords="desk lamp", min_orders=0), **fields)


def test_everything_the_marketplace_knows_is_sent() -> None:
    plan = search_plan(
        search(
            keywords=" desk lamp ",
            category_id="39",
            min_price=Decimal("15.00"),
            max_price=Decimal("40.005"),
            currency="EUR",
            ship_to_country="de",
            language="de",
            max_delivery_days=7,
            sort=ProductSearchSort.ORDERS_DESC,
        )
    )

    assert plan.parameters == {
        "keywords": "desk lamp",
        "category_ids": "39",
        "min_sale_price": "1500",
        "max_sale_price": "4001",
        "sort": "LAST_VOLUME_DESC",
        "delivery_days": "7",
        "ship_to_country": "DE",
        "target_currency": "EUR",
        "target_language": "DE",
    }
    assert plan.post_filters == ()


@pytest.mark.parametrize(
    ("currency", "sent"), [("USD", "1500"), ("JPY", "15"), ("KWD", "15000"), ("PLN", "1500")]
)
def test_prices_are_in_the_smallest_unit(currency: str, sent: str) -> None:
    plan = search_plan(search(min_price=Decimal("15.00"), currency=currency))

    assert plan.parameters["min_sale_price"] == sent


@pytest.mark.parametrize(
    ("sort", "sent"),
    [
        ("RELEVANCE", None),
        ("PRICE_ASC", "SALE_PRICE_ASC"),
        ("PRICE_DESC", "SALE_PRICE_DESC"),
        ("ORDERS_DESC", "LAST_VOLUME_DESC"),
        ("DISCOUNT_DESC", None),
        ("RATING_DESC", None),
        ("NEWEST", None),
    ],
)
def test_sorts(sort: str, sent: str | None) -> None:
    plan = search_plan(search(sort=ProductSearchSort(sort)))

    assert plan.parameters.get("sort") == sent
    assert (ProductSearchSort(sort) in OWN_SORTS) is (sent is not None or sort == "RELEVANCE")


@pytest.mark.parametrize(
    ("days", "sent", "ours"),
    [
        (1, "3", ("maxDeliveryDays",)),
        (3, "3", ()),
        (4, "5", ("maxDeliveryDays",)),
        (6, "7", ("maxDeliveryDays",)),
        (10, "10", ()),
        (11, None, ("maxDeliveryDays",)),
    ],
)
def test_delivery_days(days: int, sent: str | None, ours: tuple[str, ...]) -> None:
    plan = search_plan(search(max_delivery_days=days))

    assert plan.parameters.get("delivery_days") == sent
    assert plan.post_filters == ours


def test_what_the_marketplace_does_not_know_is_filtered_by_us() -> None:
    plan = search_plan(
        search(min_orders=1, min_positive_percent=Decimal(90), min_discount_percent=20)
    )

    assert plan.post_filters == ("minOrders", "minPositivePercent", "minDiscountPercent")
    assert set(plan.parameters) == {"keywords", "target_currency", "target_language"}


def test_free_shipping_can_be_filtered_by_nobody() -> None:
    plan = search_plan(search(free_shipping_only=True))

    assert plan.unsupported == ("freeShippingOnly",)
    assert plan.post_filters == ()


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("keywords", {"keywords": None}, "keywords, a categoryId"),
        ("keywords", {"keywords": "  "}, "keywords, a categoryId"),
        ("keywords", {"keywords": "x" * 501}, "500"),
        ("keywords", {"keywords": "a\ud800b"}, "Type them anew"),
        ("categoryId", {"category_id": "lights"}, "number"),
        ("categoryId", {"category_id": "３９"}, "number"),
        ("currencyCode", {"currency": "usd"}, "capital"),
        ("currencyCode", {"currency": "EURO"}, "capital"),
        ("language", {"language": "english"}, "two-letter"),
        ("shipToCountry", {"ship_to_country": "USA"}, "two-letter"),
        ("shipToCountry", {"ship_to_country": ""}, "two-letter"),
        ("minPrice", {"min_price": Decimal(-1)}, "from 0"),
        ("maxPrice", {"max_price": Decimal("NaN")}, "from 0"),
        ("maxPrice", {"max_price": Decimal("1e40")}, "from 0"),
        ("minPrice", {"min_price": Decimal(2), "max_price": Decimal(1)}, "Swap"),
        ("minOrders", {"min_orders": -1}, "from 0"),
        ("minPositivePercent", {"min_positive_percent": Decimal(101)}, "0 to 100"),
        ("minPositivePercent", {"min_positive_percent": Decimal("sNaN")}, "0 to 100"),
        ("minDiscountPercent", {"min_discount_percent": -1}, "0 to 100"),
        ("maxDeliveryDays", {"max_delivery_days": 0}, "from 1"),
    ],
)
def test_what_cannot_be_asked_is_refused(name: str, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        search_plan(search(**fields))

    assert caught.value.path == ("search", name)


def test_category_alone_is_enough() -> None:
    plan = search_plan(search(keywords=None, category_id="39"))

    assert plan.parameters["category_ids"] == "39"

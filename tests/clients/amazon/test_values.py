"""Single values of an item: amounts, pictures, categories, reviews."""

from decimal import Decimal
from typing import Any

import pytest

from clients.amazon import parse
from domain.products import (
    Category,
    Offer,
    Reviews,
    SourceProduct,
)
from tests.clients.amazon.test_parse import ASIN, SITE, one, opened


def offer(*listings: object) -> Offer:
    return one(offersV2={"listings": list(listings)}).offer


def amount(*listings: object) -> str | None:
    price = offer(*listings).price
    return str(price.amount) if price else None


@pytest.mark.parametrize(
    ("written", "currency", "shown"),
    [
        ("588.9", "EUR", "588.90"),
        ("0.1", "EUR", "0.10"),
        ("1e2", "EUR", "100.00"),
        ("12800", "JPY", "12800"),
        ("12800.0", "JPY", "12800"),
        ("3.125", "KWD", "3.125"),
        ("99999999999999.99", "EUR", "99999999999999.99"),
        ("0", "EUR", "0.00"),
    ],
)
def test_amounts_are_exact(written: str, currency: str, shown: str) -> None:
    body = (
        f'{{"itemsResult":{{"items":[{{"asin":"{ASIN}","offersV2":{{"listings":[{{"price":'
        f'{{"money":{{"amount":{written},"currency":"{currency}"}}}}}}]}}}}]}}}}'
    ).encode()

    found = parse.products(opened(body), [ASIN], SITE)[ASIN]

    assert isinstance(found, SourceProduct)
    assert found.offer.price is not None
    assert found.offer.price.amount == Decimal(written)
    assert found.offer.price.text == shown


@pytest.mark.parametrize(
    "money",
    [
        None,
        7,
        {},
        {"amount": "7", "currency": "EUR"},
        {"amount": True, "currency": "EUR"},
        {"amount": -1, "currency": "EUR"},
        {"amount": 10**15, "currency": "EUR"},
        {"amount": 1e-12, "currency": "EUR"},
        {"amount": float("nan"), "currency": "EUR"},
        {"amount": float("inf"), "currency": "EUR"},
        {"amount": 7},
        {"amount": 7, "currency": "euro"},
        {"amount": 7, "currency": None},
    ],
)
def test_odd_amount_is_no_price(money: object) -> None:
    assert offer({"price": {"money": money}}).price is None


@pytest.mark.parametrize(
    "written", [b"1e99999999999999999999", b"1e-99999999999999999999", b"9" * 5000]
)
def test_number_beyond_all_bounds_spoils_nothing_else(written: bytes) -> None:
    price = b'{"money":{"amount":%s,"currency":"EUR"}}' % written
    item = b'{"asin":"%s","offersV2":{"listings":[{"price":%s}]}}' % (ASIN.encode(), price)
    body = b'{"itemsResult":{"items":[%s]}}' % item

    found = parse.products(opened(body), [ASIN], SITE)[ASIN]

    assert isinstance(found, SourceProduct)
    assert found.offer.price is None


def test_images_are_the_largest_of_each_once_and_the_primary_one_first() -> None:
    def at(name: str) -> dict[str, object]:
        return {"url": f"https://images.example/{name}.jpg"}

    variants: list[Any] = [
        {"large": at("a"), "hiRes": at("b")},
        {"small": at("first")},
        {"large": {"url": "javascript:alert(1)"}, "medium": at("c")},
        {"highRes": at("d")},
        {"huge": at("e")},
    ]

    found = one(images={"variants": variants, "primary": {"small": at("0"), "large": at("first")}})

    assert [image.url.removeprefix("https://images.example/") for image in found.images] == [
        "first.jpg",
        "b.jpg",
        "c.jpg",
        "d.jpg",
    ]
    assert found.images[0].width is None


@pytest.mark.parametrize("images", [None, [], {"primary": None, "variants": {}}, {"primary": [1]}])
def test_no_images(images: object) -> None:
    assert one(images=images).images == ()


def test_product_group_stands_in_for_the_category_path() -> None:
    group = {"classifications": {"productGroup": {"displayValue": "Lighting"}}}

    assert one(itemInfo=group).categories == (Category(external_id="", name="Lighting"),)
    assert one(browseNodeInfo={"browseNodes": [{"id": "1"}]}).categories == ()


def test_deep_category_path() -> None:
    leaf: dict[str, object] = {"id": "0", "displayName": "Root"}
    for number in range(1, 40):
        leaf = {"id": str(number), "displayName": f"Step {number}", "ancestor": leaf}

    path = one(browseNodeInfo={"browseNodes": [leaf]}).categories

    assert [step.external_id for step in path] == [str(number) for number in range(40)]


@pytest.mark.parametrize(
    ("told", "reviews"),
    [
        (None, None),
        ({}, None),
        ({"count": None, "starRating": {"value": None}}, None),
        ({"count": 0}, Reviews(count=0)),
        ({"starRating": {"value": 5}}, Reviews(average_rating=Decimal(5))),
        ({"count": -1, "starRating": {"value": 5.1}}, None),
        ({"count": 3.5, "starRating": 4}, None),
    ],
)
def test_reviews(told: object, reviews: Reviews | None) -> None:
    assert one(customerReviews=told).reviews == reviews

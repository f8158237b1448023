"""Records from results: exact prices, unknown stays None, a bad row harms nobody."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from clients.aliexpress import answers, parse, variants
from clients.values import Row
from domain.money import Money
from domain.products import (
    Attribute,
    Availability,
    Category,
    Coupon,
    Image,
    Reviews,
    Seller,
    Shipping,
    SourceProduct,
)
from tests.clients.aliexpress.fakes import NOW, answer, payload

LAMP = "1005009000000011"


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def result_of(name: str) -> Row:
    found = answers.read_result(answer(payload(name)))
    assert found is not None
    return found


def product_of(**fields: Any) -> SourceProduct:
    found = parse.product(
        {"product_id": LAMP, **fields}, observed_at=NOW, tracking_id="reading_nook"
    )
    assert found is not None
    return found


def test_full_product() -> None:
    lamp = parse.product_page(
        result_of("product.query"), observed_at=NOW, tracking_id="reading_nook"
    ).products[0]

    assert lamp.ref.external_id == LAMP
    assert lamp.title == "Desk lamp with clamp"
    assert lamp.url == f"https://www.aliexpress.com/item/{LAMP}.html"
    assert lamp.images == (
        Image(url="https://pictures.example/kf/lamp-1.jpg"),
        Image(url="https://pictures.example/kf/lamp-2.jpg"),
    )
    assert lamp.video_url is None
    assert lamp.categories == (
        Category(external_id="39", name="Lights"),
        Category(external_id="390501", name="Desk lamps"),
    )
    assert lamp.seller == Seller(
        external_id="910000001",
        name="Bright Corner",
        url="https://de.aliexpress.com/store/910000001",
    )
    assert lamp.reviews == Reviews(positive_percent=Decimal("96.2"))
    assert lamp.orders_last_30_days == 1840
    assert lamp.commission_percent == Decimal("7.0")


def test_offer_has_only_target_prices() -> None:
    page = parse.product_page(result_of("product.query"), observed_at=NOW)
    offer = page.products[0].offer

    assert (offer.price, offer.list_price) == (eur("19.90"), eur("30.00"))
    assert offer.availability is Availability.UNKNOWN
    assert offer.observed_at == NOW
    assert offer.shipping == Shipping(text="ship to DE in 12 days", max_days=12)
    assert offer.coupon == Coupon(
        code="LAMP3",
        description="On order over EUR 25 , get EUR 3.50 off",
        value=eur("3.50"),
        minimum_spend=eur("25"),
        starts_at=datetime(2026, 7, 1, 7, tzinfo=UTC),
        ends_at=datetime(2027, 1, 1, 7, 59, 59, tzinfo=UTC),
    )


def test_bad_rows_are_left_out() -> None:
    page = parse.product_page(result_of("product.query"), observed_at=NOW)

    assert [product.ref.external_id for product in page.products] == [LAMP, "1005009000000022"]
    assert page.total == 9000


def test_bare_product_is_all_unknown() -> None:
    bare = product_of()

    assert (bare.title, bare.images, bare.categories) == ("", (), ())
    assert (bare.seller, bare.reviews, bare.orders_last_30_days) == (None, None, None)
    assert (bare.commission_percent, bare.tracked_url, bare.tracked_with) == (None, None, None)
    assert (bare.offer.price, bare.offer.list_price, bare.offer.coupon) == (None, None, None)


def test_shop_prices_are_never_shown() -> None:
    bare = product_of(sale_price="150.20", sale_price_currency="CNY", target_sale_price="19.90")

    assert bare.offer.price is None


def test_list_price_of_another_currency_is_left_out() -> None:
    bare = product_of(
        target_sale_price="19.90",
        target_sale_price_currency="EUR",
        target_original_price="30.00",
        target_original_price_currency="USD",
    )

    assert (bare.offer.price, bare.offer.list_price) == (eur("19.90"), None)


@pytest.mark.parametrize("price", ["1e2", "19,90", "", None, "abc", "-3", "Infinity", {}, []])
def test_odd_prices_are_unknown(price: Any) -> None:
    bare = product_of(target_sale_price=price, target_sale_price_currency="EUR")

    assert bare.offer.price is None


def test_numbers_may_be_numbers_on_the_wire() -> None:
    body = {
        "resp_result": {
            "resp_code": "200",
            "result": {
                "products": {
                    "product_id": int(LAMP),
                    "target_sale_price": 19.90,
                    "target_sale_price_currency": "EUR",
                    "lastest_volume": "12",
                }
            },
        }
    }
    result = answers.read_result(answer(body))
    assert result is not None

    found = parse.product_page(result, observed_at=NOW).products

    assert [product.offer.price for product in found] == [eur("19.9")]
    assert found[0].orders_last_30_days == 12


def test_long_titles_are_cut() -> None:
    assert len(product_of(product_title="lamp" * 1_000).title) == 2_000


def test_us_numbers_are_folded() -> None:
    found = parse.product({"product_id": "3256808813685259"}, observed_at=NOW)

    assert found is not None
    assert found.ref.external_id == LAMP


def test_tracked_link_needs_its_tracking_id_and_host() -> None:
    row = {"product_id": LAMP, "promotion_link": "http://s.click.aliexpress.com/s/abc"}

    mine = parse.product(row, observed_at=NOW, tracking_id="t", link_host="s.click.aliexpress.com")
    foreign = parse.product(row, observed_at=NOW, tracking_id="t", link_host="other.test")
    untracked = parse.product(row, observed_at=NOW)

    assert mine is not None
    assert (mine.tracked_url, mine.tracked_with) == ("https://s.click.aliexpress.com/s/abc", "t")
    assert foreign is not None
    assert (foreign.tracked_url, foreign.tracked_with) == (None, None)
    assert untracked is not None
    assert untracked.tracked_url is None


@pytest.mark.parametrize(
    ("_case", "value"),
    [("absent", None), ("text", "x"), ("empty", {}), ("blank", {"promo_code": ""}), ("list", [])],
)
def test_no_coupon(_case: str, value: Any) -> None:
    assert parse.coupon(value) is None


def test_coupon_amounts_are_not_guessed() -> None:
    found = parse.coupon(
        [{"promo_code": "X", "code_value": "get EUR 1,000 off over USD 5", "code_mini_spend": "5"}]
    )

    assert found == Coupon(
        code="X",
        description="get EUR 1,000 off over USD 5",
        minimum_spend=Money(Decimal(5), "USD"),
    )


def test_coupon_of_a_percentage() -> None:
    found = parse.coupon({"code_value": "On all orders, get 10% off"})

    assert found is not None
    assert (found.percent, found.value, found.minimum_spend) == (Decimal(10), None, None)


@pytest.mark.parametrize(
    ("text", "days"),
    [("7", 7), ("ship to FR in 5-9 days", 9), ("soon", None), ("US 10010 x", None)],
)
def test_promised_days(text: str, days: int | None) -> None:
    shipping = product_of(ship_to_days=text).offer.shipping

    assert shipping == Shipping(text=text, max_days=days)


def test_variants_with_offers_and_shipping() -> None:
    green, black = variants.variants(result_of("product.sku.detail.get"), observed_at=NOW)

    assert green.external_id == "12000090000000111"
    assert green.attributes == (
        Attribute(name="Color", value="Green"),
        Attribute(name="Plug", value="EU"),
    )
    assert green.image == Image(url="https://pictures.example/kf/lamp-green.jpg")
    assert green.offer is not None
    assert (green.offer.price, green.offer.list_price) == (eur("23.68"), eur("35.70"))
    assert green.offer.shipping == Shipping(cost=eur("0"), is_free=True, min_days=9, max_days=14)
    assert black.attributes == (
        Attribute(name="Color", value="Black"),
        Attribute(name="Size", value="L"),
    )
    assert black.offer is not None
    assert black.offer.shipping == Shipping(cost=eur("4.20"), is_free=False)


@pytest.mark.parametrize("properties", ["[[", "7", "null", '["x"]', "[" * 19_000, 5, "x" * 30_000])
def test_odd_properties_are_no_attributes(properties: Any) -> None:
    info = {"traffic_sku_info_list": [{"sku_id": "5", "sku_properties": properties}]}

    found = variants.variants({"ae_item_sku_info": info}, observed_at=NOW)

    assert [variant.attributes for variant in found] == [()]


def test_categories() -> None:
    assert parse.categories(result_of("category.get")) == (
        Category(external_id="39", name="Lights"),
        Category(external_id="390501", name="Desk lamps"),
    )


@pytest.mark.parametrize(
    ("rate", "reviews"),
    [
        ("93.9%", Reviews(positive_percent=Decimal("93.9"))),
        ("4.8%", Reviews(positive_percent=Decimal("4.8"))),
        ("93.9", Reviews(positive_percent=Decimal("93.9"))),
        ("4.8", Reviews(average_rating=Decimal("4.8"))),
        ("5", Reviews(average_rating=Decimal(5))),
        ("0.0%", None),
        ("0", None),
        ("", None),
    ],
)
def test_rate_is_a_share_or_stars(rate: str, reviews: Reviews | None) -> None:
    assert product_of(evaluate_rate=rate).reviews == reviews


@pytest.mark.parametrize(
    ("member", "value", "names"),
    [
        ("target_sale_price", "", ()),
        ("target_sale_price", "-1", ("price",)),
        ("target_sale_price", "0.00", ("price",)),
        ("target_sale_price", Decimal("0.00"), ("price",)),
        ("target_original_price", "0", ("list_price",)),
        ("evaluate_rate", "0.0%", ()),
        ("evaluate_rate", "n/a", ("reviews",)),
        ("product_small_image_urls", {"string": ["https://10.0.0.1/a.jpg"]}, ()),
        ("product_main_image_url", "https://10.0.0.1/a.jpg", ("images",)),
    ],
)
def test_what_is_told_and_cannot_be_read_is_named(
    member: str, value: object, names: tuple[str, ...]
) -> None:
    found = product_of(product_title="Lamp", **{member: value})

    assert found.unreadable == names

"""What a newer answer of the marketplace changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.catalog import changed_fields, with_known
from domain.money import Money
from domain.products import (
    Availability,
    Category,
    Coupon,
    Image,
    Offer,
    ProductRef,
    Reviews,
    Seller,
    Shipping,
    SourceProduct,
)

SEEN = datetime(2026, 5, 1, 12, tzinfo=UTC)
OFFER = Offer(
    observed_at=SEEN,
    price=Money(Decimal("8.00"), "USD"),
    list_price=Money(Decimal("10.00"), "USD"),
    availability=Availability.IN_STOCK,
)
LAMP = SourceProduct(
    ref=ProductRef("aliexpress", "1005001"),
    title="Lamp",
    url="https://www.aliexpress.com/item/1005001.html",
    offer=OFFER,
    features=("Warm light",),
    brand="Lumen",
    images=(Image(url="https://img.example/1.jpg"),),
    orders_last_30_days=12,
    commission_percent=Decimal("7.0"),
)


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def test_the_same_answer_later_changes_nothing() -> None:
    later = replace(LAMP, offer=replace(OFFER, observed_at=SEEN + timedelta(hours=3)))

    assert changed_fields(LAMP, later) == ()


def test_the_same_amount_written_otherwise_is_no_change() -> None:
    later = replace(LAMP, offer=replace(OFFER, price=usd("8.0000")))

    assert changed_fields(LAMP, later) == ()


def test_a_new_tracked_link_is_no_change_of_the_product() -> None:
    later = replace(LAMP, tracked_url="https://s.example/x", tracked_with="blog", parent_id="9")

    assert changed_fields(LAMP, later) == ()


@pytest.mark.parametrize(
    ("after", "names"),
    [
        (replace(LAMP, title="Lamp, new"), ("title",)),
        (replace(LAMP, url="https://www.aliexpress.com/item/2.html"), ("url",)),
        (replace(LAMP, features=()), ("features",)),
        (replace(LAMP, brand=None), ("brand",)),
        (replace(LAMP, images=()), ("images",)),
        (replace(LAMP, video_url="https://v.example/1.mp4"), ("videoUrl",)),
        (replace(LAMP, categories=(Category(external_id="1", name="Home"),)), ("categories",)),
        (replace(LAMP, seller=Seller(name="Shop")), ("seller",)),
        (replace(LAMP, offer=replace(OFFER, price=usd("7.50"))), ("price", "discountPercent")),
        (replace(LAMP, offer=replace(OFFER, price=usd("8.01"))), ("price",)),
        (replace(LAMP, offer=replace(OFFER, list_price=None)), ("listPrice", "discountPercent")),
        (
            replace(LAMP, offer=replace(OFFER, availability=Availability.OUT_OF_STOCK)),
            ("availability",),
        ),
        (replace(LAMP, offer=replace(OFFER, coupon=Coupon(code="MAY"))), ("coupon",)),
        (replace(LAMP, offer=replace(OFFER, shipping=Shipping(is_free=True))), ("shipping",)),
        (replace(LAMP, reviews=Reviews(count=3)), ("reviews",)),
        (replace(LAMP, orders_last_30_days=13), ("ordersLast30Days",)),
        (replace(LAMP, orders_last_30_days=None), ("ordersLast30Days",)),
        (replace(LAMP, commission_percent=None), ("commission",)),
    ],
)
def test_a_change_is_named_as_the_graph_spells_it(
    after: SourceProduct, names: tuple[str, ...]
) -> None:
    assert changed_fields(LAMP, after) == names


def test_a_price_in_another_currency_is_a_change() -> None:
    euros = replace(OFFER, price=Money(Decimal("8.00"), "EUR"))

    assert changed_fields(LAMP, replace(LAMP, offer=euros)) == ("price", "discountPercent")


def test_what_cannot_be_read_is_as_it_was_known() -> None:
    names = ("title", "images", "orders_last_30_days")
    after = replace(LAMP, title="", images=(), orders_last_30_days=None, unreadable=names)

    assert with_known(LAMP, after) == LAMP


def test_without_a_readable_price_the_offer_stays_with_its_time() -> None:
    hour = timedelta(hours=1)
    offer = Offer(observed_at=SEEN + hour, availability=Availability.OUT_OF_STOCK)
    after = replace(LAMP, title="New lamp", offer=offer, unreadable=("price",))
    unpriced = replace(LAMP, offer=Offer(observed_at=SEEN))

    assert with_known(LAMP, after) == replace(LAMP, title="New lamp")
    assert with_known(unpriced, after).offer == offer


def test_list_price_stays_beside_a_price_of_its_currency() -> None:
    def priced(currency: str) -> SourceProduct:
        offer = Offer(observed_at=SEEN, price=Money(Decimal(7), currency))
        return replace(LAMP, offer=offer, unreadable=("list_price",))

    assert with_known(LAMP, priced("USD")).offer.list_price == OFFER.list_price
    assert with_known(LAMP, priced("EUR")).offer.list_price is None

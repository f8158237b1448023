"""When a price is news, and what a newer answer tells of a product."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.events import EventSettings, EventType, announced, of_product
from domain.money import Money
from domain.products import Availability, CatalogProduct, Mode, Offer, ProductState, SourceProduct
from tests.db.records import HOUR, NOW, ref, usd

RULES = EventSettings()


def known(price: Money | None, **more: object) -> CatalogProduct:
    source = SourceProduct(
        ref=ref(1),
        title="Lamp",
        url="https://shop.example",
        offer=Offer(observed_at=NOW, price=price),
    )
    plain = CatalogProduct(
        id="1", source=source, mode=Mode.LIVE, imported_at=NOW, synced_at=NOW, announced_price=price
    )
    return replace(plain, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("price", "other", "is_far"),
    [
        ("97", "100", True),
        ("97.01", "100", False),
        ("103", "100", True),
        ("1.50", "1.00", True),
        ("1.49", "1.00", False),
        ("0", "100", True),
    ],
)
def test_a_price_is_far_by_percent_and_by_the_floor(price: str, other: str, is_far: bool) -> None:
    assert RULES.is_far(usd(price), usd(other)) is is_far


def test_floors_are_of_a_currency() -> None:
    rules = EventSettings(price_floors=(usd("10"),))
    yen, dearer = (Money(usd(amount).amount, "JPY") for amount in ("100", "150"))

    assert not rules.is_far(usd("109"), usd("100"))
    assert rules.is_far(usd("110"), usd("100"))
    assert rules.is_far(dearer, yen)


def test_a_jump_in_the_quiet_time_prolongs_it() -> None:
    before = known(usd("90"), price_moved_at=NOW)

    within = announced(before, usd("100"), RULES, NOW + 5 * HOUR)
    after = announced(before, usd("100"), RULES, NOW + 6 * HOUR)

    assert (within.price, within.moved_at) == (usd("90"), NOW + 5 * HOUR)
    assert (after.price, after.moved_at) == (usd("100"), NOW + 6 * HOUR)


def test_a_price_that_is_hidden_for_a_while_is_compared_all_the_same() -> None:
    hidden = announced(known(usd("100")), None, RULES, NOW)
    later = announced(known(None, announced_price=hidden.price), usd("50"), RULES, NOW + HOUR)

    assert (hidden.price, later.price) == (usd("100"), usd("50"))


def test_one_answer_can_tell_several_things() -> None:
    before = known(usd("100"), state=ProductState.GONE)
    before = replace(
        before,
        source=replace(
            before.source,
            offer=replace(before.source.offer, availability=Availability.UNAVAILABLE),
        ),
    )
    after = known(usd("80"))
    after = replace(
        after,
        source=replace(
            after.source, offer=replace(after.source.offer, availability=Availability.IN_STOCK)
        ),
    )

    news = of_product(before, after, NOW + timedelta(days=1))

    assert [each.type for each in news] == [
        EventType.PRODUCT_RETURNED,
        EventType.PRODUCT_BACK_IN_STOCK,
        EventType.PRODUCT_PRICE_DROPPED,
    ]
    assert {each.occurred_at for each in news} == {NOW + timedelta(days=1)}

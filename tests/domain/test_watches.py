"""What a watch can fire on, and when a price is low enough."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.money import Money
from domain.products import Availability, CatalogProduct, Mode
from domain.watches import Watch, WatchKind
from tests.db.records import NOW, product, ref, usd

KINDS = {
    WatchKind.BELOW_PRICE: {"price": usd("10")},
    WatchKind.DROP_PERCENT: {"percent": 20},
    WatchKind.LOWEST_IN_DAYS: {"days": 30},
    WatchKind.BACK_IN_STOCK: {},
}


def watch(kind: WatchKind) -> Watch:
    return Watch(
        id="1",
        workspace="default",
        kind=kind,
        armed_at=NOW,
        created_at=NOW,
        products=[ref(1)],
        **KINDS[kind],  # type: ignore[arg-type]
    )


def stored(
    price: Money | None, availability: Availability = Availability.IN_STOCK
) -> CatalogProduct:
    source = product(price=usd("1"))
    offer = replace(source.offer, price=price, availability=availability)
    return CatalogProduct(
        id="1",
        source=replace(source, offer=offer),
        mode=Mode.LIVE,
        imported_at=NOW,
        synced_at=NOW,
    )


@pytest.mark.parametrize(
    ("kind", "was", "now_is", "fires"),
    [
        (WatchKind.BELOW_PRICE, usd("12"), usd("9.99"), True),
        (WatchKind.BELOW_PRICE, usd("12"), usd("10"), False),
        (WatchKind.BELOW_PRICE, usd("12"), Money(Decimal(1), "EUR"), False),
        (WatchKind.BELOW_PRICE, None, usd("9"), True),
        (WatchKind.DROP_PERCENT, usd("12"), usd("11"), True),
        (WatchKind.DROP_PERCENT, usd("12"), usd("12"), False),
        (WatchKind.DROP_PERCENT, None, usd("12"), False),
        (WatchKind.LOWEST_IN_DAYS, usd("12"), None, False),
        (WatchKind.BACK_IN_STOCK, usd("12"), usd("1"), False),
    ],
)
def test_prices_that_a_watch_looks_at(
    kind: WatchKind, was: Money | None, now_is: Money | None, fires: bool
) -> None:
    assert watch(kind).may_fire(stored(was), stored(now_is)) is fires


def test_stock_that_a_watch_looks_at() -> None:
    gone, back = stored(None, Availability.OUT_OF_STOCK), stored(usd("1"))

    assert watch(WatchKind.BACK_IN_STOCK).may_fire(gone, back)
    assert not watch(WatchKind.BACK_IN_STOCK).may_fire(back, gone)


@pytest.mark.parametrize(
    ("kind", "price", "base", "is_met"),
    [
        (WatchKind.DROP_PERCENT, usd("80"), usd("100"), True),
        (WatchKind.DROP_PERCENT, usd("80.01"), usd("100"), False),
        (WatchKind.DROP_PERCENT, usd("1"), Money(Decimal(100), "EUR"), False),
        (WatchKind.LOWEST_IN_DAYS, usd("100"), usd("100"), True),
        (WatchKind.LOWEST_IN_DAYS, usd("101"), usd("100"), False),
        (WatchKind.LOWEST_IN_DAYS, usd("101"), None, False),
        (WatchKind.BELOW_PRICE, usd("1"), None, True),
    ],
)
def test_what_a_price_is_compared_with(
    kind: WatchKind, price: Money, base: Money | None, is_met: bool
) -> None:
    assert watch(kind).is_met(price, base) is is_met

"""The pages of the catalogue: order, filters, cursors."""

from decimal import Decimal

import pytest

from db import products
from domain.catalog import CatalogSort
from domain.money import Money
from domain.products import ProductState
from tests.db.records import HOUR, NOW, OURS, SANDBOX, keep, product, ref, titles, usd

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def test_prices_sort_by_currency_then_number_and_absent_ones_come_last() -> None:
    for n, price in enumerate(
        [usd("9"), usd("10.5"), None, usd("100"), Money(Decimal(500), "EUR"), usd("-1")]
    ):
        await keep([product(n, price=price, title=price.text if price else "none")])

    assert await titles(CatalogSort.PRICE_ASC) == [
        "500.00",
        "-1.00",
        "9.00",
        "10.50",
        "100.00",
        "none",
    ]
    assert await titles(CatalogSort.PRICE_DESC) == [
        "500.00",
        "100.00",
        "10.50",
        "9.00",
        "-1.00",
        "none",
    ]


async def test_absent_numbers_come_last() -> None:
    for n, (orders, price) in enumerate([(None, "10"), (5, "5"), (0, "9")]):
        told = product(n, orders_last_30_days=orders, price=usd(price), list_price=usd("10"))
        await keep([told])

    assert await titles(CatalogSort.ORDERS_DESC) == ["Lamp 1", "Lamp 2", "Lamp 0"]
    assert await titles(CatalogSort.DISCOUNT_DESC) == ["Lamp 1", "Lamp 2", "Lamp 0"]


async def test_times_sort() -> None:
    for n in range(3):
        await keep([product(n)], now=NOW + n * HOUR)
    await keep([product(0)], now=NOW + 9 * HOUR)

    assert await titles(CatalogSort.IMPORTED_DESC) == ["Lamp 2", "Lamp 1", "Lamp 0"]
    assert await titles(CatalogSort.SYNCED_ASC) == ["Lamp 1", "Lamp 2", "Lamp 0"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("50%", ["50% off"]),
        ("%", ["50% off"]),
        ("_", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("STRASSE", ["Straße"]),
        ("ÉMILE", ["émile"]),
        ("o\x00ff", ["50% off"]),
        ("x" * 60_000, []),
        ("'; DROP TABLE products", []),
    ],
)
async def test_text_is_searched_literally_and_without_case(text: str, found: list[str]) -> None:
    shown = ["50% off", "a_b", "aXb", "back\\slash", "Straße", "émile"]
    await keep([product(n, title=title) for n, title in enumerate(shown)])

    assert await titles(text=text) == found


async def test_filters_narrow() -> None:
    await keep([product(1, price=usd("5"), list_price=usd("10"))], now=NOW)
    await keep([product(2), product(3, marketplace="amazon")], now=NOW + HOUR)
    await products.mark_missing(OURS, [ref(2)], now=NOW + HOUR)

    assert await titles(marketplace="amazon") == ["Lamp 3"]
    assert await titles(state=ProductState.UNAVAILABLE) == ["Lamp 2"]
    assert await titles(min_discount_percent=50) == ["Lamp 1"]
    assert await titles(synced_before=NOW + HOUR) == ["Lamp 1"]


async def test_each_marketplace_is_seen_in_its_own_mode() -> None:
    await keep([product(1, title="live ali"), product(2, marketplace="amazon", title="live ama")])
    await keep([product(1, title="sandbox ali")], workspace=SANDBOX)

    assert sorted(await titles()) == ["live ali", "live ama"]
    assert sorted(await titles(workspace=SANDBOX)) == ["live ama", "sandbox ali"]

"""The pages of the catalogue: order, filters, cursors."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from db import products
from domain.catalog import CatalogFilter, CatalogSort, Position
from domain.exceptions import InvalidInput
from domain.money import Money
from domain.products import ProductState
from tests.db.records import HOUR, NOW, OURS, SANDBOX, THEIRS, keep, product, ref, titles, usd

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def fill() -> None:
    """Products whose values differ, repeat, and are absent."""
    random = Random(5)
    for n in range(30):
        price = None
        if n % 5:
            amount = Decimal(random.choice(["9", "10", "100.5", "12345678901234.5678"]))
            price = Money(amount, random.choice(["USD", "EUR"]))
        rich = product(
            n,
            price=price,
            list_price=Money(Decimal("99999999999999"), price.currency) if price else None,
            orders_last_30_days=random.choice([None, 0, 3, 500]),
            title=random.choice(["lamp", "Lamp", "Émile", "zebra", "Ärger", "\U0001f4a1", "～"])
            + f" {n}",
        )
        await keep([rich], now=NOW + timedelta(minutes=random.randrange(5)))


@pytest.mark.parametrize("sort", list(CatalogSort))
@pytest.mark.parametrize("size", [1, 7])
async def test_pages_of_any_size_hold_every_product_once_in_order(
    sort: CatalogSort, size: int
) -> None:
    await fill()

    whole = await titles(sort)

    assert await titles(sort, size=size) == whole
    assert len(set(whole)) == 30


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


async def test_prices_that_a_float_cannot_tell_apart_are_in_order() -> None:
    for n in (3, 1, 2):
        await keep([product(n, price=usd(f"1234567890123456.0000000{n}"))])

    assert await titles(CatalogSort.PRICE_ASC) == ["Lamp 1", "Lamp 2", "Lamp 3"]


async def test_titles_sort_by_code_point_without_case() -> None:
    for n, title in enumerate(["b", "A", "é", "Z", "\U0001f4a1", "～", "a b", "a-b"]):
        await keep([product(n, title=title)])

    assert await titles(CatalogSort.TITLE_ASC) == [
        "A",
        "a b",
        "a-b",
        "b",
        "Z",
        "é",
        "～",
        "\U0001f4a1",
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


async def test_page_counts_the_whole_list_when_asked() -> None:
    await keep([product(n) for n in range(5)])
    await keep([product(9)], workspace=THEIRS)

    page = await products.page(
        OURS, CatalogFilter(), CatalogSort.TITLE_ASC, first=2, after=None, count=True
    )
    uncounted = await products.page(
        OURS, CatalogFilter(), CatalogSort.TITLE_ASC, first=0, after=None, count=False
    )

    assert (len(page.rows), page.has_next, page.total) == (2, True, 5)
    assert (len(uncounted.rows), uncounted.has_next, uncounted.total) == (0, True, None)


async def test_each_marketplace_is_seen_in_its_own_mode() -> None:
    await keep([product(1, title="live ali"), product(2, marketplace="amazon", title="live ama")])
    await keep([product(1, title="sandbox ali")], workspace=SANDBOX)

    assert sorted(await titles()) == ["live ali", "live ama"]
    assert sorted(await titles(workspace=SANDBOX)) == ["live ama", "sandbox ali"]


@pytest.mark.parametrize("sort", list(CatalogSort))
@pytest.mark.parametrize(
    "after",
    [
        (),
        ("x",),
        (None, None),
        ("x", "y"),
        ("x", "y", "z"),
        (1, 2),
        (2**80, "00000000-0000-0000-0000-000000000001"),
        (True, "00000000-0000-0000-0000-000000000001"),
    ],
)
async def test_malformed_cursor_is_refused(sort: CatalogSort, after: Position) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        await products.page(OURS, CatalogFilter(), sort, first=1, after=after, count=False)


async def test_cursor_with_a_time_of_no_zone_is_refused() -> None:
    after = ("2026-11-21T12:00:00", "00000000-0000-0000-0000-000000000001")

    with pytest.raises(InvalidInput, match="cursor"):
        await products.page(
            OURS, CatalogFilter(), CatalogSort.SYNCED_ASC, first=1, after=after, count=False
        )

"""The pages of the catalogue: order, filters, cursors."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from db import catalog, deleted_products, links, product_rows, products, statements, texts
from domain.catalog import (
    CatalogFilter,
    CatalogSort,
    Counted,
    CountPrecision,
    PageArgs,
    Position,
    PublisherFields,
)
from domain.links import LinkKey
from domain.money import Money
from domain.products import CatalogProduct, Category, ProductRef, ProductState
from tests.db.records import HOUR, NOW, OURS, SANDBOX, keep, link, product, ref, titles, usd

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
    assert await titles(CatalogSort.ORDERS_ASC) == ["Lamp 2", "Lamp 1", "Lamp 0"]
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


FILTERS: dict[str, tuple[dict[str, Any], Callable[[CatalogProduct], bool]]] = {
    "text": ({"text": "AMP 1"}, lambda one: "amp 1" in one.source.title.casefold()),
    "short": ({"text": "Q"}, lambda one: "q" in (one.notes or "").casefold()),
    "id": ({"text": "1007"}, lambda one: "1007" in one.source.ref.external_id),
    "notes": ({"notes": "Quer"}, lambda one: "quer" in (one.notes or "").casefold()),
    "title is no note": ({"notes": "Lamp"}, lambda one: False),
    "category": (
        {"category_id": "3"},
        lambda one: "3" in [each.external_id for each in one.source.categories],
    ),
    "price": (
        {"currency": "USD", "min_price": Decimal("5"), "max_price": Decimal("20")},
        lambda one: (
            (price := one.source.offer.price) is not None
            and price.currency == "USD"
            and 5 <= price.amount <= 20
        ),
    ),
    "discount": (
        {"min_discount_percent": 40},
        lambda one: one.source.offer.discount_percent >= 40,
    ),
    "imported": (
        {"imported_after": NOW + HOUR, "imported_before": NOW + 4 * HOUR},
        lambda one: NOW + HOUR <= one.imported_at < NOW + 4 * HOUR,
    ),
    "synced": (
        {"synced_after": NOW + HOUR, "synced_before": NOW + 4 * HOUR},
        lambda one: NOW + HOUR <= one.synced_at < NOW + 4 * HOUR,
    ),
    "sold": ({"has_selling_price": True}, lambda one: one.selling_price is not None),
    "not sold": ({"has_selling_price": False}, lambda one: one.selling_price is None),
    "linked": ({"has_link": True}, lambda one: int(one.source.ref.external_id) % 5 == 0),
    "not linked": ({"has_link": False}, lambda one: int(one.source.ref.external_id) % 5 != 0),
    "margin": (
        {"min_margin_percent": Decimal("33.3")},
        lambda one: (known := product_rows.margin_key(one)) is not None and known >= 3330,
    ),
    "site": (
        {"marketplace": "amazon", "locale": "www.amazon.de", "state": ProductState.ACTIVE},
        lambda one: one.source.ref.locale == "www.amazon.de" and one.state is ProductState.ACTIVE,
    ),
    "several": (
        {"marketplace": "aliexpress", "text": "lamp", "min_discount_percent": 10},
        lambda one: (
            one.source.ref.marketplace == "aliexpress" and one.source.offer.discount_percent >= 10
        ),
    ),
}


async def fill() -> None:
    """Products of two marketplaces that differ in whatever can be asked for."""
    random = Random(3)
    for n in range(36):
        where = ("aliexpress", "") if n % 3 else ("amazon", "www.amazon.de")
        made = product(
            n,
            title=f"Lamp {n}",
            price=Money(Decimal(random.randint(1, 30)), random.choice(["USD", "EUR"])),
            list_price=usd("40"),
            orders_last_30_days=random.choice([None, 0, 5, 900]),
            categories=(
                Category(external_id=str(n % 4), name="one"),
                Category(external_id=str(10 + n % 2), name="two"),
            ),
        )
        made = replace(made, ref=ProductRef(where[0], made.ref.external_id, where[1]))
        await keep([made], now=NOW + random.randint(0, 5) * HOUR)
        if n % 4 == 1:
            fields = PublisherFields(selling_price=usd("30"), notes=f"Querfeldein {n}")
            await products.change(OURS, [(made.ref, fields)])
        if n % 5 == 0:
            await links.keep("default", [replace(link(n), key=LinkKey(made.ref, "tag", ""))])
        if n % 7 == 0:
            await products.mark_missing(OURS, [made.ref], now=NOW + random.randint(0, 5) * HOUR)


@pytest.mark.parametrize("way", ["few", "walk", "through"])
async def test_each_filter_with_each_order_finds_what_looking_at_each_product_does(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "FEW", 5_000 if way == "few" else -1)
    monkeypatch.setattr(catalog, "WALK", 0 if way == "through" else 60)
    await fill()

    for sort in CatalogSort:
        whole = [item for _, item in await read(sort)]
        for name, (asked, meets) in FILTERS.items():
            expected = [item.id for item in whole if meets(item)]
            found = [item.id for _, item in await read(sort, size=4, **asked)]
            counted = await catalog.count(OURS, CatalogFilter(**asked))

            assert (name, sort, found) == (name, sort, expected)
            assert (name, counted) == (name, Counted(total=len(expected)))


async def test_a_count_ends_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "COUNTED", 2)
    await keep([product(n) for n in range(3)])

    counted = await catalog.count(OURS, CatalogFilter())

    assert counted == Counted(total=2, precision=CountPrecision.AT_LEAST)


async def test_texts_follow_what_changes(db: str) -> None:
    await keep([product(1, title="Straße"), product(2)])
    await products.change(OURS, [(ref(2), PublisherFields(notes="mine"))])

    before = [await titles(text=text) for text in ("strasse", "MINE")]
    await keep([product(1, title="Weg", at=NOW + HOUR)], now=NOW + HOUR)
    await deleted_products.delete(OURS, [ref(2)], now=NOW)
    after = [await titles(text=text) for text in ("strasse", "MINE", "weg")]

    assert before == [["Straße"], ["Lamp 2"]]
    assert after == [[], [], ["Weg"]]


async def test_notes_are_not_searched_for_who_may_not_see_them() -> None:
    await keep([product(1, title="Lamp")])
    await products.change(OURS, [(ref(1), PublisherFields(notes="secret"))])

    assert await titles(text="secret", looks_into_notes=False) == []
    assert await titles(text="lamp", looks_into_notes=False) == ["Lamp"]


async def test_without_the_index_of_texts_the_same_is_found() -> None:
    await keep([product(1, title="Lamp"), product(2, title="Desk")])
    await drop_text_index()

    found = await titles(text="esk")
    refused = await texts.ensure_index()

    assert (found, refused) == (["Desk"], None)
    assert (await texts.has_index(), await titles(text="esk")) == (True, ["Desk"])


async def test_an_index_that_is_refused_is_told_and_searches_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await keep([product(1, title="Lamp")])
    await drop_text_index()
    with monkeypatch.context() as refusing:
        for engine in ("SQLITE", "POSTGRES"):
            refusing.setattr(texts, engine, ("CREATE EXTENSION no_such_thing",))
        reason = await texts.ensure_index()

    assert reason
    assert await titles(text="LAM") == ["Lamp"]
    assert await texts.ensure_index() is None


async def drop_text_index() -> None:
    """As on a database that refuses to have one."""
    if statements.is_postgres():
        await statements.rows(f"DROP INDEX {texts.INDEX}")
        return
    for name in ("insert", "delete", "update"):
        await statements.rows(f"DROP TRIGGER {texts.INDEX}_{name}")
    for name in (f"{texts.INDEX}_terms", texts.INDEX):
        await statements.rows(f"DROP TABLE {name}")


async def test_a_link_that_is_deleted_or_older_than_the_product_is_known() -> None:
    await links.keep("default", [link(1)])
    await keep([product(1), product(2)])

    before = await titles(has_link=True)
    await links.delete(OURS, link(1).key)

    assert before == ["Lamp 1"]
    assert await titles(has_link=True) == []


async def read(
    sort: CatalogSort, *, size: int = 100, **asked: Any
) -> list[tuple[Position, CatalogProduct]]:
    """The whole list, page by page."""
    found: list[tuple[Position, CatalogProduct]] = []
    after = None
    while True:
        page = await catalog.page(OURS, CatalogFilter(**asked), sort, PageArgs(size, after))
        found += page.rows
        if not page.has_next:
            return found
        after = page.rows[-1][0]

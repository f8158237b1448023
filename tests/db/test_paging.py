"""Pages of a list: whole, in order, and counted."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from db import catalog
from domain.catalog import CatalogFilter, CatalogSort, Counted, PageArgs, Position
from domain.exceptions import InvalidInput
from domain.money import Money
from tests.db.records import NOW, OURS, THEIRS, keep, product, titles

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


@pytest.mark.parametrize("sort", list(CatalogSort))
async def test_pages_read_backwards_are_the_same_rows_in_the_same_order(sort: CatalogSort) -> None:
    await fill()
    whole = await titles(sort)

    backwards: list[str] = []
    args = PageArgs(7, from_end=True)
    while True:
        page = await catalog.page(OURS, CatalogFilter(), sort, args)
        backwards = [item.source.title for _, item in page.rows] + backwards
        if not page.has_previous:
            break
        args = PageArgs(7, before=page.rows[0][0], from_end=True)

    assert backwards == whole


@pytest.mark.parametrize(
    ("_case", "args", "rows", "sides"),
    [
        ("the first ones", PageArgs(2), [0, 1], (False, True)),
        ("the last ones", PageArgs(2, from_end=True), [3, 4], (True, False)),
        ("all of them", PageArgs(5), [0, 1, 2, 3, 4], (False, False)),
        ("all of them, from the end", PageArgs(5, from_end=True), [0, 1, 2, 3, 4], (False, False)),
    ],
)
async def test_a_page_knows_what_stands_on_both_sides(
    _case: str, args: PageArgs, rows: list[int], sides: tuple[bool, bool]
) -> None:
    await keep([product(n, title=f"lamp {n}") for n in range(5)])

    page = await catalog.page(OURS, CatalogFilter(), CatalogSort.TITLE_ASC, args)

    assert [item.source.title for _, item in page.rows] == [f"lamp {n}" for n in rows]
    assert (page.has_previous, page.has_next) == sides


async def test_a_page_between_two_cursors_ends_at_both() -> None:
    await keep([product(n, title=f"lamp {n}") for n in range(5)])
    whole = await catalog.page(OURS, CatalogFilter(), CatalogSort.TITLE_ASC, PageArgs(5))
    after, before = whole.rows[0][0], whole.rows[4][0]

    for from_end in (False, True):
        page = await catalog.page(
            OURS, CatalogFilter(), CatalogSort.TITLE_ASC, PageArgs(9, after, before, from_end)
        )

        assert [item.source.title for _, item in page.rows] == ["lamp 1", "lamp 2", "lamp 3"]
        assert (page.has_previous, page.has_next) == (True, True)


async def test_the_whole_list_is_counted_apart() -> None:
    await keep([product(n) for n in range(5)])
    await keep([product(9)], workspace=THEIRS)

    counted = await catalog.count(OURS, CatalogFilter())
    page = await catalog.page(OURS, CatalogFilter(), CatalogSort.TITLE_ASC, PageArgs(2))

    assert counted == Counted(total=5)
    assert (len(page.rows), page.has_next) == (2, True)


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
        await catalog.page(OURS, CatalogFilter(), sort, PageArgs(1, after))


async def test_cursor_with_a_time_of_no_zone_is_refused() -> None:
    after = ("2026-11-21T12:00:00", "00000000-0000-0000-0000-000000000001")

    with pytest.raises(InvalidInput, match="cursor"):
        await catalog.page(OURS, CatalogFilter(), CatalogSort.SYNCED_ASC, PageArgs(1, after))

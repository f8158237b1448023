"""Columns that stand in for values: they sort as the values do."""

import pytest

from domain.catalog import CatalogSort
from tests.db.records import keep, product, titles, usd

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


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

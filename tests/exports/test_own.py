"""Our own formats: every field, exactly."""

import json
from dataclasses import replace

import pytest

from tests.db.records import full_product, usd
from tests.exports.files import PICTURES, exported, file, table

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("count", [0, 1, 2, 5])
async def test_json_is_one_array_however_many_pages(count: int) -> None:
    rows = json.loads(await file("json", [exported()] * count))

    assert len(rows) == count
    assert all(row["price"] == "19.90" for row in rows)


async def test_json_holds_everything_exactly() -> None:
    [row] = json.loads(await file("json", [exported(selling=usd("49.9"), notes='a\n"b"')]))

    assert row["title"] == 'Lámpara "roja" 💡'
    assert (row["price"], row["original_price"], row["currency"]) == ("19.90", "25.00", "USD")
    assert (row["discount_percent"], row["orders"], row["positive_percent"]) == (20, 600, "96.2")
    assert (row["selling_price"], row["notes"]) == ("49.90", 'a\n"b"')
    assert row["images"] == [image.url for image in PICTURES]
    assert row["affiliate_url"] == "https://s.click.example/e/1"
    assert row["observed_at"] == "2026-11-21T12:00:00Z"


async def test_json_says_null_for_what_is_not_known() -> None:
    source = replace(full_product(), reviews=None, seller=None, commission_percent=None)
    source = replace(source, offer=replace(source.offer, price=None, list_price=None))

    [row] = json.loads(await file("json", [exported(source)]))

    unknown = ("price", "currency", "discount_percent", "average_rating", "shop", "selling_price")
    assert [row[name] for name in unknown] == [None] * len(unknown)


async def test_csv_keeps_quotes_commas_and_line_breaks() -> None:
    source = replace(full_product(), title='a, "b"\nc')

    [row] = await table("csv", exported(source, notes="é,\n\n"))

    assert (row["title"], row["notes"]) == ('a, "b"\nc', "é,\n\n")
    assert [row["image_1"], row["image_3"], row["image_4"]] == [
        PICTURES[0].url,
        PICTURES[2].url,
        "",
    ]


async def test_tags_are_a_cell_and_in_json_a_list() -> None:
    product = exported(tags=("beach", "Gifts"))

    [row] = await table("csv", product)
    [parsed] = json.loads(await file("json", [product]))

    assert row["tags"] == "beach, Gifts"
    assert parsed["tags"] == ["beach", "Gifts"]

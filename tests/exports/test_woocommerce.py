"""The file that WooCommerce imports."""

from dataclasses import replace

import pytest

from domain.exports import Pictures, Published
from domain.products import (
    Category,
    ProductState,
)
from tests.db.records import full_product, usd
from tests.exports.files import PICTURES, exported, file, table
from tests.exports.woocommerce_importer import imported

pytestmark = pytest.mark.anyio

SKU = "aliexpress-1001"


async def test_woocommerce_gets_an_external_draft() -> None:
    source = replace(
        full_product(), categories=(Category(external_id="1", name="Home, Garden > Pots"),)
    )

    [row] = await table("woocommerce", exported(source))

    assert (row["Type"], row["Published"]) == ("external", "-1")
    assert (row["Regular price"], row["Sale price"]) == ("25.00", "19.90")
    assert row["External URL"] == "https://s.click.example/e/1"
    assert row["Button text"] == "View on AliExpress"
    assert row["Categories"] == "Home\\, Garden - Pots"
    assert row["Images"].split(", ")[0] == "https://img.example/1%2Cx.jpg"
    assert row["In stock?"] == "1"


async def test_woocommerce_has_no_sale_price_without_a_reduction() -> None:
    source = full_product()
    source = replace(source, offer=replace(source.offer, list_price=usd("19.90")))

    [row] = await table("woocommerce", exported(source))

    assert (row["Regular price"], row["Sale price"]) == ("19.90", "")


@pytest.mark.parametrize(
    ("published", "status"),
    [(Published.DRAFT, "draft"), (Published.YES, "publish"), (Published.KEEP, "publish")],
)
async def test_a_first_import_publishes_what_is_not_a_draft(
    published: Published, status: str
) -> None:
    shop = imported(await file("woocommerce", [exported()], published=published))

    assert shop[SKU].status == status


@pytest.mark.parametrize("status", ["publish", "draft", "private"])
async def test_a_refresh_keeps_what_the_shop_shows(status: str) -> None:
    shop = imported(await file("woocommerce", [exported()]))
    shop[SKU].status = status
    cheaper = replace(
        full_product(), title="New", offer=replace(full_product().offer, price=usd("8"))
    )

    again = await file("woocommerce", [exported(cheaper)], published=Published.KEEP)
    imported(again, shop, update_existing=True)

    assert (shop[SKU].status, shop[SKU].title) == (status, "New")
    assert shop[SKU].fields["sale_price"] == "8.00"


@pytest.mark.parametrize("published", [Published.DRAFT, Published.YES])
async def test_what_is_gone_is_hidden(published: Published) -> None:
    shop = imported(await file("woocommerce", [exported()], published=Published.YES))

    gone = await file("woocommerce", [exported(state=ProductState.GONE)], published=published)
    imported(gone, shop, update_existing=True)

    assert shop[SKU].status == "private"


async def test_a_shop_that_copies_one_picture_keeps_the_others_it_has() -> None:
    shop = imported(await file("woocommerce", [exported()]))
    before = list(shop[SKU].pictures)

    one = await file("woocommerce", [exported()], pictures=Pictures.FIRST)
    imported(one, shop, update_existing=True)

    assert len(before) == len(PICTURES)
    assert shop[SKU].pictures == before
    assert len(imported(one)[SKU].pictures) == 1


async def test_signs_of_formulas_stay_in_lists_and_descriptions() -> None:
    source = replace(
        full_product(),
        categories=(Category(external_id="1", name="-50%"), Category(external_id="2", name="@b")),
        features=("=1+1", "C:\\new\\name"),
    )

    shop = imported(await file("woocommerce", [exported(source)]))

    assert shop[SKU].fields["categories"] == [["-50%", "@b"]]
    assert shop[SKU].fields["description"] == ("<ul><li>=1+1</li><li>C:&#92;new&#92;name</li></ul>")


async def test_tags_of_the_publisher_are_tags_of_the_shop() -> None:
    [row] = await table("woocommerce", exported(tags=("beach", "a > b")))

    assert row["Tags"] == "AliExpress, beach, a - b"

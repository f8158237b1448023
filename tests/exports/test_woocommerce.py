"""The file that WooCommerce imports."""

from dataclasses import replace

import pytest

from domain.products import (
    Category,
)
from tests.db.records import full_product, usd
from tests.exports.files import exported, table

pytestmark = pytest.mark.anyio


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

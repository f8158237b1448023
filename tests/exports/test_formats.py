"""Files of the catalogue, read back as their importers read them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.exports import ExportedProduct
from domain.money import Money
from domain.products import (
    Availability,
    ProductState,
)
from tests.db.records import full_product, usd
from tests.exports.files import SHOP, exported, table

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("_case", "state", "availability", "expected"),
    [
        ("shown", ProductState.ACTIVE, Availability.UNKNOWN, "1"),
        ("sold out", ProductState.ACTIVE, Availability.OUT_OF_STOCK, "0"),
        ("not shown any more", ProductState.GONE, Availability.IN_STOCK, "0"),
    ],
)
async def test_stock(
    _case: str, state: ProductState, availability: Availability, expected: str
) -> None:
    source = full_product()
    source = replace(source, offer=replace(source.offer, availability=availability))

    [row] = await table("woocommerce", exported(source, state=state))

    assert row["In stock?"] == expected


@pytest.mark.parametrize(("name", "column"), [("woocommerce", "Sale price"), ("shopify", "Price")])
async def test_a_price_of_another_currency_is_not_passed_off_as_the_shops(
    name: str, column: str
) -> None:
    [row, *_] = await table(name, exported(), currency="EUR")

    assert row[column] == ""


async def test_merchant_sells_in_the_own_shop_at_the_selling_price() -> None:
    [row] = await table("merchant", exported(selling=usd("49.9")), link_template=SHOP)

    assert row["link"] == "https://shop.example/products/aliexpress-1001"
    assert row["price"] == "49.90 USD"
    assert row["additional_image_link"].count(",") == 1
    assert (row["availability"], row["identifier_exists"]) == ("in_stock", "no")


@pytest.mark.parametrize(
    ("_case", "product"),
    [
        ("no selling price", exported()),
        ("selling price of nothing", exported(selling=Money(Decimal(0), "USD"))),
        ("no picture that may be copied", exported(selling=usd("9"), images=())),
    ],
)
async def test_merchant_leaves_out_what_google_would_refuse(
    _case: str, product: ExportedProduct
) -> None:
    assert await table("merchant", product, link_template=SHOP) == []

"""Our own files can be imported again, whatever was changed to please a shop."""

from dataclasses import replace

import pytest

from domain.exports import ExportedProduct
from domain.products import ProductRef
from exports import formats
from resolvers import files
from tests.db.records import full_product, usd
from tests.exports.files import PICTURES, SHOP, exported, file

pytestmark = pytest.mark.anyio

PRODUCTS = {
    ProductRef("aliexpress", "1005006338829917"): "https://s.click.aliexpress.com/e/_oLamp01",
    ProductRef("aliexpress", "32808080"): "https://s.click.aliexpress.com/e/_oLamp02",
    ProductRef("amazon", "B0LAMP0001", "www.amazon.de"): (
        "https://www.amazon.de/dp/B0LAMP0001?tag=lamps-21&linkCode=ogi"
    ),
    ProductRef("amazon", "B0LAMP0001", "www.amazon.com"): (
        "https://www.amazon.com/dp/B0LAMP0001?tag=lamps-20"
    ),
    ProductRef("amazon", "0306406152", "www.amazon.co.uk"): "",
}


def made(ref: ProductRef, affiliate_url: str) -> ExportedProduct:
    address = f"https://www.aliexpress.com/item/{ref.external_id}.html"
    if ref.locale:
        address = f"https://{ref.locale}/dp/{ref.external_id}"
    source = replace(full_product(), ref=ref, url=address, title='=Lamp, "5;6"\n-50 %')
    product = exported(source, images=PICTURES, selling=usd("29"), notes="see B0LAMP0009, ok")
    return replace(product, affiliate_url=affiliate_url)


@pytest.mark.parametrize("file_name", ["products.csv", "products.tsv", "download"])
@pytest.mark.parametrize("name", formats.NAMES)
async def test_every_format_is_read_back(name: str, file_name: str) -> None:
    text = await file(name, [made(*each) for each in PRODUCTS.items()], link_template=SHOP)

    rows = files.read(text.encode(), file_name)

    found = [row.product for row in rows]
    assert list(dict.fromkeys(found)) == list(PRODUCTS)
    assert all(row.text for row in rows)


async def test_a_legacy_header_of_shopify_is_known_too() -> None:
    text = await file("shopify", [made(*each) for each in PRODUCTS.items()], legacy_header=True)

    rows = files.read(text.encode(), "products.csv")

    assert {row.product for row in rows} == set(PRODUCTS)

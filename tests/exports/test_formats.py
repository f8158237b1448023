"""Files of the catalogue, read back as their importers read them."""

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.exports import ExportedProduct
from domain.money import Money
from domain.products import (
    Availability,
    CatalogProduct,
    Category,
    Image,
    Mode,
    ProductState,
    SourceProduct,
)
from exports import formats
from tests.db.records import NOW, full_product, usd

pytestmark = pytest.mark.anyio

SHOP = "https://shop.example/products/{handle}"
PICTURES = tuple(Image(url=f"https://img.example/{n},x.jpg") for n in range(1, 4))


def exported(
    source: SourceProduct | None = None,
    *,
    images: tuple[Image, ...] = PICTURES,
    selling: Money | None = None,
    **entry: Any,
) -> ExportedProduct:
    source = source or full_product()
    return ExportedProduct(
        entry=CatalogProduct(
            id="1",
            source=source,
            mode=Mode.LIVE,
            imported_at=NOW,
            synced_at=NOW,
            selling_price=selling,
            **entry,
        ),
        source=source,
        marketplace_name="AliExpress",
        images=images,
        affiliate_url="https://s.click.example/e/1",
        disclosure="We earn a commission.",
    )


async def file(
    name: str, products: Sequence[ExportedProduct], *, size: int = 2, **options: Any
) -> str:
    async def pages() -> AsyncIterator[Sequence[ExportedProduct]]:
        for start in range(0, len(products), size):
            yield products[start : start + size]

    format = formats.by_name(name, formats.Options(**options))
    return b"".join([part async for part in formats.written(format, pages())]).decode()


async def table(name: str, *products: ExportedProduct, **options: Any) -> list[dict[str, str]]:
    text = await file(name, products, **options)
    assert "\r" not in text
    delimiter = "\t" if name == "merchant" else ","
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


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


EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", ' =HYPERLINK("x")', "\n=1"]


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("name", ["csv", "woocommerce", "shopify", "merchant"])
async def test_no_cell_begins_like_a_formula(name: str, evil: str) -> None:
    source = replace(
        full_product(),
        title=evil,
        brand=evil,
        features=(evil,),
        categories=(Category(external_id="1", name=evil),),
    )
    product = exported(source, notes=evil, selling=usd("9"))

    rows = await table(name, product, link_template=SHOP)

    cells = [cell for row in rows for cell in row.values()]
    assert cells
    assert not [cell for cell in cells if cell.lstrip(" \n").startswith(("=", "@", "+", "\t"))]
    assert not [cell for cell in cells if cell.startswith("-") and cell != "-1"]


async def test_csv_keeps_quotes_commas_and_line_breaks() -> None:
    source = replace(full_product(), title='a, "b"\nc')

    [row] = await table("csv", exported(source, notes="é,\n\n"))

    assert (row["title"], row["notes"]) == ('a, "b"\nc', "é,\n\n")
    assert [row["image_1"], row["image_3"], row["image_4"]] == [
        PICTURES[0].url,
        PICTURES[2].url,
        "",
    ]


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


@pytest.mark.parametrize(
    ("_case", "options", "handle", "price", "draft"),
    [
        ("present header", {}, "URL handle", "Price", "Draft"),
        ("older header", {"legacy_header": True}, "Handle", "Variant Price", "draft"),
    ],
)
async def test_shopify_gets_a_draft_with_a_row_a_picture(
    _case: str, options: dict[str, Any], handle: str, price: str, draft: str
) -> None:
    first, *rest = await table("shopify", exported(selling=usd("49.9")), **options)

    assert (first[handle], first["Status"]) == ("aliexpress-1001", draft)
    assert (first[price], first["Cost per item"]) == ("49.90", "19.90")
    assert len(rest) == 2
    for row in rest:
        assert row[handle] == first[handle]
        assert sum(1 for cell in row.values() if cell) == 3


async def test_shopify_strikes_through_only_what_is_higher_than_its_price() -> None:
    source = full_product()

    [low, *_] = await table("shopify", exported(source))
    [high, *_] = await table("shopify", exported(source, selling=usd("30")))

    assert (low["Compare-at price"], high["Compare-at price"]) == ("25.00", "")


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


async def test_text_that_cannot_be_written_breaks_no_file() -> None:
    source = replace(full_product(), title="a\ud800\x00b")

    [row] = await table("csv", exported(source))

    assert row["title"] == "a?b"

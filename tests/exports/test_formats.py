"""Files of the catalogue, read back as their importers read them."""

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.registry import BY_CODE
from domain.exports import ExportedProduct, LeftOut, Published
from domain.money import Money
from domain.products import Availability, Condition, ProductRef, ProductState, SourceProduct
from resolvers.files import read
from tests.db.records import full_product, usd
from tests.exports import merchant_reader, shopify_importer, spreadsheet, woocommerce_importer
from tests.exports.files import SHOP, exported, file, table

pytestmark = pytest.mark.anyio

TITLES = [
    "-50% LED Strip",
    "+18 Toy",
    "=Magsafe",
    "@home",
    '=HYPERLINK("https://evil.example";"x")',
    "سماعة رأس لاسلكية 5.3",
    "טלפון -50% (חדש)",
    "👩‍👩‍👧‍👦 Lampe 💡",
    "Ｗide ＝ title",
    "＝1+1",
    "'=quoted",
    "a < b > c & d; \"e\", 'f' | g\\n",
    "<b>Bold</b> & <script>",
    "0123456",
    "1005006123456789",
    "Very long " + "x" * 390,
]


def titled(*titles: str) -> list[ExportedProduct]:
    return [
        exported(
            replace(
                full_product(), title=title, ref=ProductRef("aliexpress", f"100500612345678{n}")
            ),
            selling=usd("9"),
        )
        for n, title in enumerate(titles)
    ]


async def test_woocommerces_shop_shows_every_title_as_it_is() -> None:
    shop = woocommerce_importer.imported(await file("woocommerce", titled(*TITLES)))

    assert [product.title for product in shop.values()] == TITLES
    assert [product.meta["_source_id"] for product in shop.values()] == [
        f"100500612345678{n}" for n in range(len(TITLES))
    ]


@settings(deadline=None, max_examples=200)
@given(title=st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" =+-@&<;\\n")))
async def test_woocommerces_shop_shows_any_title(title: str) -> None:
    [product] = woocommerce_importer.imported(await file("woocommerce", titled(title))).values()

    assert product.title == " ".join(title.split())


async def test_shopifys_shop_has_every_title_with_its_sign() -> None:
    shop = shopify_importer.imported(await file("shopify", titled(*TITLES)))

    assert [product.title for product in shop.values()] == [title[:255] for title in TITLES]


async def test_google_gets_every_title_with_its_sign() -> None:
    rows = merchant_reader.products(await file("merchant", titled(*TITLES), link_template=SHOP))

    assert [row["title"] for row in rows.values()] == [title[:150] for title in TITLES]


async def test_our_table_has_every_title_behind_at_most_an_apostrophe() -> None:
    text = spreadsheet.saved(await file("csv", titled(*TITLES)))

    rows = list(csv.DictReader(io.StringIO(text), strict=True))
    assert [row["title"].removeprefix("'") for row in rows[:10]] == TITLES[:10]
    assert [row["title"] for row in rows if not row["title"].startswith("'")] == [
        title for title in TITLES if title[0] not in "-+=@＝'0" and not title.isdecimal()
    ]


async def test_our_array_has_every_title_exactly() -> None:
    rows = json.loads(await file("json", titled(*TITLES)))

    assert [row["title"] for row in rows] == TITLES


@pytest.mark.parametrize("name", ["csv", "woocommerce"])
async def test_ids_survive_a_spreadsheet(name: str) -> None:
    ids = ["1005006123456789", "32912345678", "0306406152", "B0SANDBX01", "123456789012"]
    sources = [replace(full_product(), ref=ProductRef("aliexpress", id)) for id in ids]

    text = spreadsheet.saved(await file(name, [exported(source) for source in sources]))

    if name == "csv":
        rows = csv.DictReader(io.StringIO(text), strict=True)
        assert [row["source_id"].removeprefix("'") for row in rows] == ids
    else:
        shop = woocommerce_importer.imported(text)
        assert [product.meta["_source_id"] for product in shop.values()] == ids


@pytest.mark.parametrize("is_saved", [False, True])
@pytest.mark.parametrize("name", ["json", "csv", "woocommerce", "shopify", "merchant"])
async def test_every_file_names_its_products_to_an_import(name: str, is_saved: bool) -> None:
    refs = [
        ProductRef("aliexpress", "1005006123456789"),
        ProductRef("amazon", "B0SANDBX01", "www.amazon.de"),
        ProductRef("amazon", "0306406152", "www.amazon.com"),
    ]
    sources = [
        replace(full_product(), ref=ref, title=title, url=BY_CODE[ref.marketplace].product_url(ref))
        for ref, title in zip(refs, TITLES, strict=False)
    ]
    text = await file(
        name, [exported(one, selling=usd("9")) for one in sources], link_template=SHOP
    )
    if is_saved and name in ("csv", "woocommerce"):
        text = spreadsheet.saved(text)

    rows = read(text.encode())

    assert list(dict.fromkeys(row.product for row in rows)) == refs


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


async def test_a_price_of_another_currency_is_not_passed_off_as_the_shops() -> None:
    [row] = await table("woocommerce", exported(), currency="EUR")

    assert row["Sale price"] == ""


async def test_merchant_sells_in_the_own_shop_at_the_selling_price() -> None:
    [row] = await table("merchant", exported(selling=usd("49.9")), link_template=SHOP)

    assert row["link"] == "https://shop.example/products/aliexpress-1001"
    assert row["price"] == "49.90 USD"
    assert row["additional_image_link"].count(",") == 1
    assert (row["availability"], row["identifier_exists"]) == ("in_stock", "no")


NO_PRICE = replace(full_product(), offer=replace(full_product().offer, price=None))


@pytest.mark.parametrize(
    ("_case", "name", "product", "reason"),
    [
        ("no selling price", "merchant", exported(), LeftOut.NO_SELLING_PRICE),
        (
            "selling price of nothing",
            "merchant",
            exported(selling=Money(Decimal(0), "USD")),
            LeftOut.NO_SELLING_PRICE,
        ),
        (
            "no picture that may be copied",
            "merchant",
            exported(selling=usd("9"), images=()),
            LeftOut.NO_PICTURE,
        ),
        ("no price", "shopify", exported(NO_PRICE), LeftOut.NO_PRICE),
        (
            "other currency",
            "shopify",
            exported(selling=Money(Decimal(9), "EUR")),
            LeftOut.OTHER_CURRENCY,
        ),
    ],
)
async def test_what_an_importer_would_refuse_or_get_wrong_is_left_out_and_counted(
    _case: str, name: str, product: ExportedProduct, reason: LeftOut
) -> None:
    left_out: Counter[LeftOut] = Counter()
    products = [product, exported(selling=usd("7"), notes="right"), product]

    rows = await table(name, *products, left_out=left_out, link_template=SHOP)

    assert len([row for row in rows if row.get("title") or row.get("Title")]) == 1
    assert left_out == {reason: 2}


@pytest.mark.parametrize("name", ["woocommerce", "shopify"])
async def test_what_is_gone_is_left_out_where_no_column_could_hide_it(name: str) -> None:
    left_out: Counter[LeftOut] = Counter()

    rows = await table(
        name, exported(state=ProductState.GONE), published=Published.KEEP, left_out=left_out
    )

    assert rows == []
    assert left_out == {LeftOut.GONE: 1}


def used(condition: Condition | None) -> SourceProduct:
    source = full_product()
    return replace(source, offer=replace(source.offer, condition=condition))


@pytest.mark.parametrize(
    ("condition", "word"),
    [
        (Condition.USED, "used"),
        (Condition.REFURBISHED, "refurbished"),
        (Condition.NEW, "new"),
        (None, "new"),
    ],
)
async def test_a_used_thing_is_not_sold_as_new(condition: Condition | None, word: str) -> None:
    product = exported(used(condition), selling=usd("9"))
    withheld = replace(product, source=full_product())  # its offer is too old to be shown

    rows = await table("merchant", product, link_template=SHOP)
    rows += await table("merchant", withheld, link_template=SHOP)
    [shopify, *_] = await table("shopify", product)

    assert [row["condition"] for row in rows] == [word, word]
    assert shopify["Google Shopping / Condition"] == word


async def test_the_condition_is_told_as_it_is_known() -> None:
    products = [exported(used(condition)) for condition in (Condition.USED, None)]

    rows = await table("csv", *products)
    shop = await table("woocommerce", *products)

    assert [row["condition"] for row in rows] == ["USED", ""]
    assert [row["Meta: _source_condition"] for row in shop] == ["used", ""]

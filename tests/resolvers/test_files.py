"""Which products a file names: in which column they stand, and what is told of the other rows."""

import csv
import io
import json
import random
from email.message import EmailMessage
from pathlib import Path

import pytest

from clients.registry import BY_CODE
from domain.exceptions import InvalidInput
from domain.products import ProductRef
from reading import tables
from resolvers import files
from resolvers.sites import Sites
from tests.clients.test_contract import lamps
from tests.workbooks import workbook

ID, CUP_ID, ASIN = "1005006338829917", "1005001234567891", "B0LAMP0001"
ITEM, CUP, DP = (
    f"https://www.aliexpress.com/item/{ID}.html",
    f"https://www.aliexpress.com/item/{CUP_ID}.html",
    f"https://www.amazon.de/dp/{ASIN}",
)
SHORT = "https://s.click.aliexpress.com/e/_oLamp01"
CUT = "1,00501E+15"


def told(content: str | bytes, name: str = "a.csv", bare: Sites | None = None) -> list[str]:
    """Each row as "line text", or "line CODE" of one that names none."""
    raw = content.encode() if isinstance(content, str) else content
    return [
        f"{row.place} {row.text if isinstance(row.product, ProductRef) else row.product.code}"
        for row in files.rows(tables.read(raw, name), bare or Sites())
    ]


def ids(content: str, name: str = "a.csv") -> list[str]:
    """Ids of the products; a row that names none fails."""
    refs = [row.product for row in files.read(content.encode(), name)]
    assert all(isinstance(ref, ProductRef) for ref in refs), refs
    return [ref.external_id for ref in refs if isinstance(ref, ProductRef)]


@pytest.mark.parametrize(
    ("_case", "content"),
    [
        ("by its heading", f"name,Product URL\nLamp,{ITEM}\nCup,{CUP}\n"),
        ("in any order", f"Link;name\n{ITEM};Lamp\n{CUP};Cup\n"),
        ("bare", f"title\tProduct_ID\nLamp\t{ID}\nCup\t{CUP_ID}\n"),
        ("as spreadsheets write it", f"x,ID\nLamp,{ID}.0\nCup,'{CUP_ID}\n"),
        ("by its content", f"Artikel,Wo\nLampe,{ITEM}\nTasse,{CUP}\n"),
        ("ids by their content", f"Artikel,Nr\nLampe 12,{ID}\nTasse,{CUP_ID}\n"),
        ("beside other numbers", f"Wo;EAN\n{ITEM};4006381333931\n{CUP};4006381333948\n"),
        ("beside orders", f"Order no.,Nr\n8123456789012345,{ID}\n8123456789012346,{CUP_ID}\n"),
        ("without headings", f"Lamp,{ITEM}\nCup,{CUP}\n"),
        ("below a title", f"Report of May,\nname,url\nLamp,{ITEM}\nCup,{CUP}"),
        ("beside a known heading over nothing", f"id,Wo\n17,{ITEM}\n18,{CUP}\n"),
        ("two columns that agree", f"ProductId,url\n{ID},{ITEM}\n,{CUP}\n"),
        ("several in a cell", f'url,x\n"{ITEM}\n{CUP}",y\n'),
        ("formulas", f'url,n\n"=HYPERLINK(""{ITEM}"";""Lamp"")",a\n="{CUP_ID}",b\n'),
        ("in Markdown", f"| Link | x |\n|---|---|\n| [Lamp]({ITEM}) | y |\n| <{CUP}> | z |"),
    ],
)
def test_the_column_is_found(_case: str, content: str) -> None:
    assert ids(content) == [ID, CUP_ID]


@pytest.mark.parametrize("seed", range(20))
def test_the_portals_table_is_read_in_any_order_of_its_columns(seed: int) -> None:
    row = {
        "ProductId": ID,
        "Image Url": "https://ae01.alicdn.com/kf/S1.jpg",
        "Video Url": "https://video.aliexpress-media.com/v/1.mp4",
        "Product Desc": f'Lamp, "warm"\nfits 1005009999999999 and {CUP}',
        "Origin Price": "USD 12.30",
        "Direct linking commission rate (%)": "7%",
        "Sales180Day": "20260412345678",
        "Promotion Url": SHORT,
        "Code Start Time": "2026-11-01 00:00:00",
    }
    columns = random.Random(seed).sample(list(row), len(row))

    content = workbook([columns, [row[name] for name in columns]])

    assert told(content, "portal.xlsx") == [f"line 2 {ITEM}"]


@pytest.mark.parametrize(
    ("_case", "content", "expected"),
    [
        ("cut by a spreadsheet", f"id;n\n{ID};a\n{CUT};b\n", [f"2 {ITEM}", "3 INVALID_URL"]),
        ("cut, but its address is there", f"id;url\n{CUT};{ITEM}\n", [f"2 {ITEM}"]),
        ("cut, but a short link is there", f"id;url\n{CUT};{SHORT}\n", ["2 SHORT_LINK"]),
        ("only short links", f"n,Promotion Url\na,{SHORT}\n", ["2 SHORT_LINK"]),
        (
            "of another shop",
            f"url\n{ITEM}\nhttps://shop.example/1\n",
            [f"2 {ITEM}", "3 UNKNOWN_HOST"],
        ),
        ("an empty cell", f"n,url\na,{ITEM}\nTotal,\n", [f"2 {ITEM}", "3 INVALID_URL"]),
        ("a short row", f"n,url\na\nb,{ITEM}\n", ["2 INVALID_URL", f"3 {ITEM}"]),
        ("both marketplaces", f"id\n{ID}\n{ASIN}\n{DP}\n", [f"2 {ITEM}", f"3 {ASIN}", f"4 {DP}"]),
        (
            "they disagree",
            f"asin,url\nB0LAMP0002,{DP}\n{ASIN},{DP}\n",
            ["2 SEVERAL_PRODUCTS", f"3 {DP}"],
        ),
        ("they all disagree", f"id,url\n100500000001,{ITEM}\n", ["2 SEVERAL_PRODUCTS"]),
        (
            "two sites",
            f"url,link\n{DP},{DP.replace('.de/', '.fr/')}\n{DP},\n",
            ["2 SEVERAL_PRODUCTS", f"3 {DP}"],
        ),
        (
            "a site of its own",
            f"asin,marketplace\n{ASIN},DE\n{ASIN},amazon.de\n",
            [f"2 {DP}", f"3 {DP}"],
        ),
        (
            "marketplace and site",
            f"id,Locale,Marketplace\n{ASIN},www.amazon.de,AMAZON\n",
            [f"2 {DP}"],
        ),
        (
            "a short id, its marketplace told",
            "id,marketplace\n32808080,AliExpress\n",
            ["2 https://www.aliexpress.com/item/32808080.html"],
        ),
        (
            "of a third marketplace",
            f"id,marketplace\n{ID},eBay\n{ID},\n",
            ["2 INVALID_INPUT", f"3 {ITEM}"],
        ),
        (
            "of a site that there is not",
            f"asin,Marketplace\n{ASIN},amazon.xx\n{ASIN},amazon.cn\n{ID},amazon.xx\n{ASIN},\n",
            ["2 INVALID_INPUT", "3 INVALID_INPUT", "4 INVALID_INPUT", f"5 {ASIN}"],
        ),
        (
            "of a country without a site",
            f"asin,Country\n{ASIN},CN\n{ASIN},DE\n{ID},CN\n{DP},CN\n",
            ["2 WRONG_LOCALE", f"3 {DP}", f"4 {ITEM}", f"5 {DP}"],
        ),
        (
            "numbers where a site is told",
            f"id,Country,site\n{ID},3,{CUP_ID}\n{ASIN},77,\n32808080,3,\n",
            [f"2 {ITEM}", "3 WRONG_LOCALE", "4 NOT_A_PRODUCT"],
        ),
        (
            "a site that is none, where no heading of products is known",
            f"Artikel,Locale\n{ASIN},xx\n{ASIN},co.uk\n",
            ["2 WRONG_LOCALE", f"3 {DP.replace('.de', '.co.uk')}"],
        ),
        (
            "two sites, told",
            f"asin,marketplace,country\n{ASIN},amazon.de,FR\n{ASIN},Amazon,FR\n",
            ["2 WRONG_LOCALE", f"3 {DP.replace('.de', '.fr')}"],
        ),
        (
            "a marketplace by its address",
            f"id,marketplace\n{ID},www.aliexpress.com\n{ID},de.aliexpress.com\n",
            [f"2 {ITEM}", f"3 {ITEM}"],
        ),
        (
            "barcodes beside ids",
            f"EAN;ASIN\n4006381333931;{ASIN}\n4006381333931;\n",
            [f"2 {ASIN}", "3 INVALID_URL"],
        ),
        (
            "barcodes of books",
            "Title,EAN-13\nBook,9780596802295\nPen,4006381333931\nNew,9798776159572\n",
            ["2 9780596802295", "3 INVALID_URL", "4 INVALID_URL"],
        ),
        (
            "an address below the heading of barcodes",
            f"GTIN,x\n{ITEM},a\n00012345600012,b\n",
            [f"2 {ITEM}", "3 INVALID_URL"],
        ),
        ("a shop's own number", f"SKU,External URL\n4006381333931,{ITEM}\n", [f"2 {ITEM}"]),
        (
            "our handles",
            f"SKU\namazon-de-b0lamp0001\naliexpress-{ID}\nx-1\n",
            [f"2 {DP}", f"3 {ITEM}", "4 INVALID_URL"],
        ),
        ("nothing but other shops", "url\nhttps://shop.example/1\n", ["2 UNKNOWN_HOST"]),
    ],
)
def test_each_row_is_a_product_or_a_reason(_case: str, content: str, expected: list[str]) -> None:
    assert told(content) == [f"line {each}" for each in expected]


def test_an_id_that_lost_its_digits_in_a_workbook_is_told() -> None:
    content = workbook([["Product ID"], [float(ID)], [1005006338829910.0], ["1005006338829910"]])

    rows = files.read(content)

    assert [row.text for row in rows] == [ITEM, "1.00500633882991E+15", ITEM.replace("17.", "10.")]
    assert isinstance(rows[1].product, InvalidInput)
    assert "A spreadsheet has cut" in rows[1].product.message


def test_a_text_is_read_line_by_line() -> None:
    text = f"# Lamps\n\n* [Lamp]({ITEM}): nice\n* {CUP} or {DP}\n---\nsoon more\n{ASIN}\n"

    assert told(text, "list.md") == [
        f"line 3 {ITEM}",
        f"line 4 {CUP}",
        f"line 4 {DP}",
        "line 6 INVALID_URL",
        f"line 7 {ASIN}",
    ]


def test_a_broken_address_in_a_text_is_one_row() -> None:
    text = f"Hi\n> {ITEM[:40]}\n> {ITEM[40:]}\n{DP[:-10]}\n\nB0LAMP0001\n# {CUP}\n{CUP}\n"

    assert told(text, "mail.txt") == [
        "line 1 INVALID_URL",
        f"line 2 {ITEM}",
        "line 4 NOT_A_PRODUCT",
        f"line 6 {ASIN}",
        f"line 8 {CUP}",
    ]


def test_a_web_page_is_read_by_its_cells() -> None:
    cells = f"<tr><td>Lamp</td>\n<td><b>{ASIN}</b></td></tr>"
    text = f"<table>\n{cells}\n<a href='{ITEM}'>\n</table>\n<{CUP}>\n"

    assert told(text, "list.html") == [
        "line 2 INVALID_URL",
        f"line 3 {ASIN}",
        f"line 4 {ITEM}",
        f"line 6 {CUP}",
    ]


def test_the_source_of_a_mail_is_read() -> None:
    message = EmailMessage()
    message["Subject"] = "Lamps = cheap"
    html = f"<p>\u00dcber <a href='{DP}?th=1'>this</a></p>"
    message.set_content(html, "html", cte="quoted-printable")

    rows = files.read(message.as_bytes(), "mail.eml")

    assert [row.product for row in rows if isinstance(row.product, ProductRef)] == [
        ProductRef("amazon", ASIN, "www.amazon.de")
    ]


def test_only_what_a_mail_names_is_a_row() -> None:
    message = EmailMessage()
    message["Subject"] = "Lamps"
    message.set_content(f"Hi\n\nsee {ITEM}\nand {SHORT}", cte="base64")
    message.add_attachment(b"\x00lamp" * 99, maintype="image", subtype="png")
    html = f"From: a\nMIME-Version: 1.0\n\n<p>Hi</p>\n<a href='{DP}'>see</a>"

    rows = told(message.as_string(), "x.txt")

    assert [row.split(" ", 2)[2] for row in rows] == [ITEM, "SHORT_LINK"]
    assert told(html, "x.mht") == [f"line 5 {DP}"]
    assert told("Subject: x\n\nNothing", "x.eml") == ["line 1 INVALID_URL"]


def test_a_sheet_without_products_is_told_beside_the_others() -> None:
    content = workbook([["url"], [ITEM]], more={"Notes": [["by", "at"], ["me", "home"]]})

    assert told(content) == [f"line 2 of Products {ITEM}", "line 1 of Notes INVALID_INPUT"]


@pytest.mark.parametrize(
    ("_case", "content", "words"),
    [
        ("no column", "Artikel;Preis\nLampe;12\n", "No column .* Its columns: Artikel, Preis"),
        ("telephones", "Name,Phone\nAnn,491511234567\n", "No column .* Its columns: Name, Phone"),
        ("barcodes", "Name,EAN\nPen,4006381333931\n", "No column .* Its columns: Name, EAN"),
        ("only barcodes", "gtin\n4006381333931\n04006381333931\n", "No column .* gtin"),
        ("barcodes as numbers", "Barcode (UPC)\n725272730706.0\n", "No column .* Barcode"),
        ("orders", "Order ID\n8123456789012345\n", "No column .* Its columns: Order ID"),
        ("no column, no headings", "1;2\n3;4\n", "No column"),
        ("two columns", f"Eins,Zwei\n{ITEM},{DP}\n{CUP},\n", "different products: Eins, Zwei"),
        ("many columns", "url," * 20 + f"id\n{ITEM}\n", "At most 20 columns"),
        ("only headings", "Name,Product URL\n", "only headings: Name, Product URL"),
        ("only unknown headings", "Name,Preis\n", "only headings: Name, Preis"),
    ],
)
def test_a_file_without_a_column_of_products_stops(_case: str, content: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        files.read(content.encode(), "a.csv")


def test_a_list_below_the_word_ean_is_no_list_of_ids() -> None:
    with pytest.raises(InvalidInput, match="No column"):
        files.read(b"EAN\n4006381333931\n4006381333948\n", "list.txt")


def test_bare_ids_are_of_the_site_and_marketplace_that_are_meant() -> None:
    french = Sites(sites={"amazon": "www.amazon.fr"})
    [row] = files.rows(tables.read(b"asin\nB0LAMP0001\n"), french)
    numbers = Sites(owner=BY_CODE["aliexpress"])

    assert row.product == ProductRef("amazon", ASIN, "www.amazon.fr")
    assert told("32808080\n", "a.txt", numbers) == ["line 1 32808080"]
    assert told("32808080\n", "a.txt") == ["line 1 NOT_A_PRODUCT"]


def test_every_handle_is_read_back() -> None:
    refs = [
        ProductRef(market.code, lamps(market, 1)[0].external_id, site)
        for market in BY_CODE.values()
        for site in market.locales
    ]
    content = "\n".join(["SKU", *(ref.handle for ref in refs)])

    assert [row.product for row in files.read(content.encode(), "a.csv")] == refs


def test_whatever_the_table_each_row_is_told_once() -> None:
    """Tables of good and bad cells, in columns of any order: none is lost, none is made up."""
    chance = random.Random(20_261_128)
    cells = [ITEM, CUP, DP, ASIN, SHORT, CUT, "https://shop.example/1", "Lamp", "12.30", "", "a\nb"]
    seen = 0

    for _ in range(200):
        heads = chance.sample(["Product URL", "ASIN", "Name", "Preis", "marketplace"], k=3)
        body = [[chance.choice(cells) for _ in heads] for _ in range(chance.randrange(1, 6))]
        content = workbook([heads, *body]) if chance.random() < 0.02 else _csv([heads, *body])
        try:
            rows = files.read(content, "a.csv")
        except InvalidInput:
            continue
        seen += 1
        held = [line for line in body if any(map(str.isalnum, "".join(line)))]
        assert len(rows) == len(held)

    assert seen > 100


def _csv(rows: list[list[str]]) -> bytes:
    quoted = [";".join(f'"{cell}"' for cell in row) for row in rows]
    return "\r\n".join(quoted).encode("cp1252")


LISTED = {  # column of a portal's table -> key of a listing
    "ProductId": "product_id",
    "Image Url": "product_main_image_url",
    "Product Desc": "product_title",
    "Origin Price": "target_original_price",
    "Product URL": "product_detail_url",
    "Shop": "shop_name",
    "Sku": "sku_id",
}


def test_tables_of_real_listings_are_read(reference: Path) -> None:
    """Ids and addresses agree, and no word or number of a real title is taken for a product."""
    chance = random.Random(20_261_128)
    listings = [
        json.loads(line)
        for path in sorted((reference / "catalog").glob("aliexpress*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]

    for separator in ",;\t":
        names = chance.sample(list(LISTED), len(LISTED))
        text = io.StringIO()
        table = csv.writer(text, delimiter=separator)
        table.writerow(names)
        table.writerows([listing[LISTED[name]] for name in names] for listing in listings)
        rows = files.read(text.getvalue().encode("utf-16"), "listings.csv")

        found = [row.product for row in rows]
        assert found == [ProductRef("aliexpress", str(each["product_id"])) for each in listings]


def test_a_mixed_table_of_real_listings_is_read_by_its_content(reference: Path) -> None:
    listings = [
        json.loads(line)
        for path in sorted((reference / "catalog").glob("a*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    listings = random.Random(20_261_128).sample(listings, 600)
    named = [(one.get("product_detail_url") or one["detailPageURL"], one) for one in listings]
    content = workbook(
        [("Was", "Wo"), *((one.get("product_title") or "", url) for url, one in named)]
    )

    rows = files.read(content)

    assert [row.product.external_id for row in rows if isinstance(row.product, ProductRef)] == [
        str(one.get("product_id") or one["asin"]) for one in listings
    ]

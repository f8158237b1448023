"""Pasted texts: what they stand for, without opening anything."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from clients.aliexpress.urls import (
    canonical_id,
    parse_id,
    product_id_of,
    product_url,
    read_bare_id,
    read_page,
)
from domain.exceptions import InvalidInput
from domain.products import ProductRef
from reading.text import PageKind

ID = "1005009000000011"
US_ID = "3256808813685259"
SKU = "12000090000000111"
PAGE = f"https://www.aliexpress.com/item/{ID}.html"
NESTED = quote(PAGE, safe="")
KINDS = {
    "product": {PageKind.PRODUCT},
    "short-link": {PageKind.SHORT_LINK},
    "not-a-product": {PageKind.NOT_A_PRODUCT, PageKind.FOREIGN},
}


@pytest.mark.shared
def test_every_case_of_the_reference(reference: Path) -> None:
    path = reference / "marketplaces/aliexpress/url-cases.json"
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"]

    for case in cases:
        reading = read_page(case["url"])
        assert reading.kind in KINDS[case["expect"]], case["id"]
        assert (reading.ref.external_id if reading.ref else None) == case.get("product_id")
        assert reading.raw_id == case.get("raw_id"), case["id"]
        assert reading.variant_id == case.get("sku_id"), case["id"]
    assert len(cases) == 76


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("plain", PAGE),
        ("country host", f"https://pt.aliexpress.com/item/{ID}.html"),
        ("mobile host", f"https://m.aliexpress.com/i/{ID}.html"),
        ("sister site", f"https://www.aliexpress.ru/item/{ID}"),
        ("no scheme", f"de.aliexpress.com/item/{ID}.html"),
        ("no scheme, port", f"www.aliexpress.com:443/item/{ID}.html"),
        ("no scheme, slashes", f"//aliexpress.us/item/{ID}.html"),
        ("capitals", f"HTTPS://WWW.ALIEXPRESS.COM/ITEM/{ID}.HTML"),
        ("final dot of the host", f"https://www.aliexpress.com./item/{ID}.html"),
        ("double quotes", f'"{PAGE}"'),
        ("typographic quotes", f"“{PAGE}”"),
        ("angle brackets and space", f" < {PAGE} >\n"),
        ("slug", f"https://www.aliexpress.com/item/Desk-Lamp/{ID}.html"),
        ("final slash", f"https://www.aliexpress.com/product/{ID}/"),
        ("store path", f"https://www.aliexpress.com/store/product/Lamp/910000001_{ID}.html"),
        ("path before query", f"{PAGE}?productId=1005009000000099"),
        ("query id", f"https://m.aliexpress.com/p/x/index.html?itemId={ID}"),
        ("second id parameter", f"https://m.aliexpress.com/p/x?productId=12&item_id={ID}"),
        ("list in a query", f"https://www.aliexpress.com/gcp/1?productIds={ID},1005009000000099"),
        ("escaped ampersand", f"https://m.aliexpress.com/p/x?a=1&amp;product_id={ID}"),
        ("user information", f"https://someone@www.aliexpress.com/item/{ID}.html"),
        ("redirect", f"https://star.aliexpress.com/share/share.htm?redirectUrl={NESTED}"),
        ("return address", f"https://login.aliexpress.com/?return_url={NESTED}"),
        (
            "two redirects",
            "https://star.aliexpress.com/s.htm?redirectUrl="
            + quote(f"https://login.aliexpress.com/?returnUrl={NESTED}", safe=""),
        ),
        ("application link", f"aliexpress://product/detail?productId={ID}&from=share"),
        ("application link, path", f"aliexpress://item/{ID}"),
        ("bare id", ID),
        ("shared on a telephone", f"https://m.aliexpress.com/s/item/{ID}.html?spm=a#autostay"),
        ("doubled slash", f"https://www.aliexpress.com/item//{ID}.html"),
        ("pictures", f"http://www.aliexpress.com/item-img/Desk-Lamp/{ID}.html"),
        ("description", f"https://www.aliexpress.com/item-desc/{ID}.html"),
        ("store path without a slug", f"https://www.aliexpress.com/store/product/91_{ID}.html"),
        ("short ending", f"https://www.aliexpress.com/item/{ID}.htm"),
        ("order", f"https://www.aliexpress.com/p/trade/confirm.html?objectId={ID}&quantity=1"),
        ("goto of the application", f"aliexpress://goto?url={NESTED}"),
        (
            "redirect, encoded twice",
            f"https://star.aliexpress.com/share/share.htm?redirectUrl={quote(NESTED)}",
        ),
        ("bare id in quotes", f"'{ID}'"),
    ],
)
def test_products(_case: str, text: str) -> None:
    reading = read_page(text)

    assert reading.kind is PageKind.PRODUCT
    assert reading.ref == ProductRef("aliexpress", ID, "")
    assert reading.raw_id is None


@pytest.mark.parametrize(
    "text", [US_ID, f"https://www.aliexpress.us/item/{US_ID}.html", PAGE.replace(ID, US_ID)]
)
def test_us_numbers_become_global_ids(text: str) -> None:
    reading = read_page(text)

    assert reading.ref == ProductRef("aliexpress", ID)
    assert reading.raw_id == US_ID


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("parameter", f"{PAGE}?spm=a.b&sku_id={SKU}"),
        ("other spelling", f"{PAGE}?skuId={SKU}"),
        ("pair", f"https://www.aliexpress.com/ssr/1/Bundle?productIds={ID}:{SKU}"),
        ("encoded pair", f"https://www.aliexpress.com/ssr/1/Bundle?productIds={ID}%3A{SKU},7"),
        ("price information", f"{PAGE}?pdp_npi=6%40dis%21EUR%2119.90%21%21{SKU}%21affd"),
        ("JSON", f"{PAGE}?pdp_ext_f=%7B%22sku_id%22%3A%22{SKU}%22%7D"),
        ("JSON number", f"{PAGE}?pdp_ext_f=%7B%22sku_id%22%3A{SKU}%7D"),
    ],
)
def test_variants(_case: str, text: str) -> None:
    assert read_page(text).variant_id == SKU


@pytest.mark.parametrize(
    "query",
    ["?sku_id=x", "?pdp_ext_f={", "?pdp_ext_f=[1]", "?pdp_npi=1200%2112", f"?productIds=1:{SKU}"],
)
def test_no_variant(query: str) -> None:
    assert read_page(PAGE + query).variant_id is None


@pytest.mark.parametrize(
    "text",
    [
        "https://s.click.aliexpress.com/e/_nook11",
        "http://s.click.aliexpress.com/s/" + "k" * 1_010,
        "click.aliexpress.com/e/_nook11?af=autumn",
        "https://a.aliexpress.com/_mNook1",
        "https://s.aliexpress.com/nook11",
        "https://s.click.aliexpress.com/i/_nook11",
        "https://sl.aliexpress.ru/p?key=nook11",
        "https://ali.click/nook11",
        "https://aliexpress.ru/e/_nook11",
        "https://star.aliexpress.com/?redirectUrl=https%3A%2F%2Fa.aliexpress.com%2F_mNook1",
    ],
)
def test_short_links(text: str) -> None:
    reading = read_page(text)

    assert (reading.kind, reading.ref) == (PageKind.SHORT_LINK, None)


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("home", "https://www.aliexpress.com"),
        ("store", "https://www.aliexpress.com/store/910000001"),
        ("category", "https://www.aliexpress.com/category/39/lights.html"),
        ("search for a number", f"https://www.aliexpress.com/w/wholesale?SearchText={ID}"),
        ("order", f"https://www.aliexpress.com/p/order/detail.html?orderId={ID}"),
        ("an object that is no order", f"https://www.aliexpress.com/p/x?objectId={ID}"),
        ("a page that is no redirect", f"https://www.aliexpress.com/p/x?url={NESTED}"),
        ("share host without a key", "https://sl.aliexpress.ru/p?k=Ab1Cd2E"),
        ("another product", f"https://www.aliexpress.com/p/x?orig_item_id={ID}"),
        ("path goes on", f"https://www.aliexpress.com/item/{ID}/reviews/all"),
        ("too short", "https://www.aliexpress.com/item/1234567.html"),
        ("too long", "https://www.aliexpress.com/item/12345678901234567890.html"),
        ("over 64 bits", "https://www.aliexpress.com/item/9999999999999999999.html"),
        ("leading zero", f"https://www.aliexpress.com/item/0{ID}.html"),
        ("full-width digits", "https://www.aliexpress.com/item/１２３４５６７８９.html"),
        ("short link without key", "https://s.click.aliexpress.com/e/"),
        ("redirect elsewhere", "https://login.aliexpress.com/?return_url=https%3A%2F%2Fa.test"),
        ("bare number, too short", "1234567"),
        ("bare number, leading zero", "01234567890"),
        ("US number of nothing", "2251799813685248"),
        ("application link without id", "aliexpress://home"),
    ],
)
def test_other_pages_of_aliexpress(_case: str, text: str) -> None:
    reading = read_page(text)

    assert (reading.kind, reading.ref) == (PageKind.NOT_A_PRODUCT, None)


def test_redirects_are_followed_two_levels_deep() -> None:
    text = PAGE
    for _ in range(3):
        text = f"https://login.aliexpress.com/?return_url={quote(text, safe='')}"

    assert read_page(text).kind is PageKind.NOT_A_PRODUCT


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("look-alike", f"https://www.aliexpress.com.shop.test/item/{ID}.html"),
        ("ends alike", f"https://myaliexpress.com/item/{ID}.html"),
        ("hidden by user information", f"https://www.aliexpress.com@shop.test/item/{ID}.html"),
        ("hidden by a backslash", f"https://shop.test\\@www.aliexpress.com/item/{ID}.html"),
        ("inside another address", f"https://shop.test/?u={PAGE}"),
        ("other scheme", f"ftp://www.aliexpress.com/item/{ID}.html"),
        ("script", f"javascript:open('{PAGE}')"),
        ("mail", f"mailto:1@www.aliexpress.com/item/{ID}.html"),
        ("control character inside", f"https://www.aliexpress.com/item/{ID[:8]}\n{ID[8:]}.html"),
        ("NUL", f"{PAGE}\x00"),
        ("broken bracket", "http://["),
        ("broken bracket, scheme-less", "[::1"),
        ("bad host", "https://www.aliexpress。com]/"),
        ("percent sign", "%%%"),
        ("emoji", "💡💡"),
        ("lone surrogate", "https://\ud800/item/1"),
        ("empty", ""),
        ("only a quote", '"'),
        ("huge", PAGE + "?a=" + "x" * 10_000),
        ("huge number", "9" * 100_000),
        ("full-width digits", "１２３４５６７８９"),
        ("sentence", "a lamp for my desk"),
    ],
)
def test_foreign_texts(_case: str, text: str) -> None:
    reading = read_page(text)

    assert (reading.kind, reading.ref) == (PageKind.FOREIGN, None)


@pytest.mark.parametrize(
    "tail", ["?a=%ZZ%", "?=&&=;", "?pdp_ext_f=" + "[" * 7_000, "#\ud800", "?" * 99]
)
def test_odd_tails_do_no_harm(tail: str) -> None:
    assert product_id_of(PAGE + tail) == ID


def test_typed_ids_are_trimmed_and_folded() -> None:
    assert parse_id(f" {ID}\n") == ID
    assert parse_id(US_ID) == ID
    assert parse_id(f"{ID}.00") == ID


@pytest.mark.parametrize(
    ("word", "id"),
    [
        (ID, ID),
        (US_ID, ID),
        (f"{ID}.0", ID),
        ("32891410101", "32891410101"),
        ("1234567890", None),
        (f"0{ID}", None),
        (f"{ID}.5", None),
        ("9" * 20, None),
        ("B0LAMP0001", None),
    ],
)
def test_numbers_that_stand_alone_need_eleven_digits(word: str, id: str | None) -> None:
    found = read_bare_id(word)

    assert (found.external_id if found else None) == id


@pytest.mark.parametrize("text", ["", "12", PAGE, "1.5e9", "-" + ID, "9" * 50_000])
def test_other_typed_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="8 to 19 digits"):
        parse_id(text)


def test_bounds_of_the_us_catalogue() -> None:
    assert canonical_id(str(2**52)) == str(2**52)
    assert canonical_id(str(2**51 - 1)) == str(2**51 - 1)
    assert canonical_id(str(2**51 + 12345678)) == "12345678"


def test_product_address_is_plain() -> None:
    assert product_url(ProductRef("aliexpress", ID)) == PAGE

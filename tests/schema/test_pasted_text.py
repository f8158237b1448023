"""What people really paste, through the graph: the reference's cases, and own ones of each kind."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.graph import ALIEXPRESS, AMAZON, Graph

pytestmark = pytest.mark.anyio

TAG = "reader-20"
SITES = ("www.amazon.com", "www.amazon.de", "www.amazon.co.uk", "www.amazon.co.jp")
GENERATE = """
mutation G($url: String!) {
  generateLink(input: {product: {url: $url}}) {
    affiliateLink { url sourceUrl } errors { code message path }
  }
}
"""
PREVIEW = "query P($url: String!) { product(by: {url: $url}) { externalId } }"
IMPORT = """
mutation I($url: String!) {
  importProduct(input: {product: {url: $url}}) { product { id } errors { code path } }
}
"""
ALI = "https://www.aliexpress.com/item/1005007000000017.html"
OTHER = "https://de.aliexpress.com/item/1005007000000024.html"
LAMP = "https://www.amazon.de/dp/B0LAMP0001"
NUMBER, GERMAN = "1005007000000017", "www.amazon.de B0LAMP0001"
IN_A_PARAMETER = "https%3A%2F%2Faliexpress.com%2Fitem%2F1005007000000017.html"
DEEP = "https://s.click.aliexpress.com/deep_link.htm?dl_target_url="
ORDER = "https://shoppingcart.aliexpress.com/order/confirm_order.htm"
ORDER_IN_HTML = quote(f"{ORDER}?a=1&amp;objectId={NUMBER}&amp;b=2", safe="")


@pytest.fixture
async def shops(graph: Graph) -> Graph:
    """Connected as far as links need it."""
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    for site in SITES:
        await graph.connect("AMAZON", {"partnerTag": TAG}, site)
    return graph


async def read(shops: Graph, text: str) -> str:
    """The product that a text names: "id" or "site id"; or the code of the refusal."""
    shops.sandbox.clear_calls()
    shops.clock.advance(minutes=2)  # that a product is unknown is remembered for a minute
    payload = (await shops.run(GENERATE, {"url": text}))["generateLink"]
    if payload["affiliateLink"]:
        link = payload["affiliateLink"]["url"].removesuffix(f"?tag={TAG}")
        return str(link).removeprefix("https://").replace(".sandbox.invalid/dp/", " ")
    [error] = payload["errors"]
    if error["code"] != "NOT_IN_PROGRAM":  # the sandbox does not know made-up products
        assert error["path"] == ["input", "product", "url"]
        assert shops.sandbox.calls == ()
        return str(error["code"])
    [call] = shops.sandbox.calls
    [asked] = call.ids
    return asked.removeprefix("https://www.aliexpress.com/item/").removesuffix(".html")


def expected(case: dict[str, Any]) -> str:
    """What a field for one product makes of a case."""
    names = [
        f"{product.get('locale', '')} {product['externalId']}".strip()
        for product in case["products"]
    ]
    if len(names) + case["shortLinks"] > 1:
        return "SEVERAL_PRODUCTS"
    return names[0] if names else "SHORT_LINK" if case["shortLinks"] else str(case["refused"])


@pytest.mark.shared
async def test_every_case_of_the_reference(shops: Graph, reference: Path) -> None:
    cases = json.loads((reference / "cases/pasted-text.json").read_text("utf-8"))["cases"]

    wrong = [
        (case["id"], answer)
        for case in cases
        if (answer := await read(shops, case["text"])) != expected(case)
    ]

    assert wrong == []
    assert len(cases) == 55


@pytest.mark.parametrize(
    ("_case", "text", "answer"),
    [
        ("full stop and bracket", f"({ALI}).", NUMBER),
        ("a sentence goes on", f"Buy {ALI}, it is good!", NUMBER),
        ("bold Markdown", f"**{LAMP}**", GERMAN),
        ("two brackets of Markdown", f"- [a (b)]({LAMP}/ref=x?th=1)", GERMAN),
        ("code of Markdown", f"`{LAMP}`", GERMAN),
        ("a chat without blanks", f"看这个{ALI}很好", NUMBER),
        ("full-width punctuation", f"链接：{ALI}，快来", NUMBER),
        ("slanted Markdown", f"_{LAMP}_", GERMAN),
        ("a number of a list, glued to it", f"1.{LAMP}", GERMAN),
        ("an encoded blank behind it", f"{ALI}%20", NUMBER),
        ("an arrow glued to it", f"👉{LAMP}👈", GERMAN),
        ("a word glued before it", f"Lamp{LAMP}", GERMAN),
        ("escaped HTML", f"&lt;a href=&quot;{LAMP}&quot;&gt;", GERMAN),
        ("numeric escapes", "https:&#47;&#x2f;amazon.de/dp/B0LAMP0001", GERMAN),
        ("a string of JSON", r'{"u":"https:\/\/www.amazon.de\/dp\/B0LAMP0001"}', GERMAN),
        ("soft hyphen", "https://www.amazon.de/dp/B0\u00adLAMP0001", GERMAN),
        ("byte order mark, encoded", f"{LAMP}%EF%BB%BF", GERMAN),
        ("encoded, then more", "https%3A%2F%2Famazon.de%2Fdp%2FB0LAMP0001 :)", GERMAN),
        ("encoded, with a parameter behind", f"u={IN_A_PARAMETER.lower()}&t=1", NUMBER),
        ("letters of Japan", "amazon.co.jp/【公式】灯/dp/B0LAMP0001", f"{SITES[3]} B0LAMP0001"),
        ("the same twice", f"{ALI} {ALI}?spm=1 1005007000000017", NUMBER),
        ("beside a page of another kind", f"https://www.amazon.de/ {LAMP}", GERMAN),
        ("beside a foreign address", f"https://blog.example/lamps {LAMP}", GERMAN),
        ("a row of a table", "Lamp\tB0LAMP0001\t19,90 €", "www.amazon.com B0LAMP0001"),
        ("a row with commas", '"Lamp, red",1005007000000017,19.90', NUMBER),
        ("a row of Markdown", "| Lamp | 1005007000000017 |", NUMBER),
        ("a list mark", "1. 1005007000000017", NUMBER),
        ("kept as text by a formula", '="1005007000000017"', NUMBER),
        ("ISBN-10", "080442957X", "www.amazon.com 080442957X"),
        ("ISBN-13 with hyphens", "978-0-306-40615-7", "www.amazon.com 0306406152"),
        ("13 digits that are no ISBN", "9780306406158", "9780306406158"),
        ("redirect, encoded twice", DEEP + IN_A_PARAMETER.replace("%", "%25"), NUMBER),
        ("order page", f"{ORDER}?objectId={NUMBER}", NUMBER),
        ("description", "https://www.aliexpress.com/item-desc/1005007000000017.html", NUMBER),
        ("videos", "https://www.amazon.de/vdp/0a1b?product=B0LAMP0001", GERMAN),
        ("reader", "https://www.amazon.de/gp/reader/B0LAMP0001", GERMAN),
        ("reviews of old", "https://www.amazon.de/review/product/B0LAMP0001", GERMAN),
        (
            "wrapper, encoded twice",
            "https://www.amazon.de/sspa/click?url=%252Fdp%252FB0LAMP0001%252Fref%253Dx",
            GERMAN,
        ),
        ("encoded without its scheme", LAMP[8:].replace("/", "%2F") + "%3Fth%3D1", GERMAN),
        ("HTML inside of what is encoded", f"u={ORDER_IN_HTML}", NUMBER),
        ("a doubled slash", "https://www.aliexpress.com//item//1005007000000017.html", NUMBER),
        ("order page without an ending", f"{ORDER[:-4]}?objectId={NUMBER}", NUMBER),
        (
            "wrapper with a session behind ref",
            "https://www.amazon.de/gp/redirect.html/ref=x/302-1-1?location=%2Fdp%2FB0LAMP0001",
            GERMAN,
        ),
        (
            "wrapper of other mails",
            "https://www.amazon.de/gp/f.html?T=C&U=https%3A%2F%2Fwww.amazon.de%2Fdp%2FB0LAMP0001",
            GERMAN,
        ),
        ("behind a label without a blank", f"Link:{LAMP[8:]}", GERMAN),
        ("behind a Chinese label", f"链接:{ALI[8:]}", NUMBER),
        ("slanted, without a scheme", f"_{LAMP[8:]}_", GERMAN),
        ("what is shown of a link, and the link", f"[{ALI[8:40]}...]({ALI})", NUMBER),
        ("a sentence that ends in dots", f"so cheap: {LAMP}...", GERMAN),
        ("a whole number before dots", f"aliexpress.com/item/{NUMBER}…", NUMBER),
        (
            "technical details with a barcode",
            "ASIN\tB0LAMP0001\nGTIN\t4006381333931",
            "www.amazon.com B0LAMP0001",
        ),
        ("an order number under its label", f"Order number\n8123456789012345\n{ALI}", NUMBER),
        ("plural label", f"Product IDs: {NUMBER}, {NUMBER}", NUMBER),
        ("label of China", f"商品ID：{NUMBER}", NUMBER),
        ("videos in a language", "https://www.amazon.de/-/en/vdp/0a1b?product=B0LAMP0001", GERMAN),
        ("ISBN as a spreadsheet writes it", "9780306406157.0", "www.amazon.com 0306406152"),
        ("a slanted id of Markdown", f"- _{NUMBER}_", NUMBER),
        ("an id that is done in Markdown", f"- ~~{NUMBER}~~", NUMBER),
        ("a line that ends as Markdown breaks lines", f"{NUMBER}\\", NUMBER),
        ("a number with a bracket", f"1.) {NUMBER}", NUMBER),
        ("a letter with a bracket", f"a) {NUMBER}", NUMBER),
        ("a checkbox of Markdown", f"- [x] {LAMP}", GERMAN),
        ("a chat's link with its name", f"<{LAMP}|Lampe>", GERMAN),
        ("a forum's markup", f"[url={LAMP}]Lampe[/url]", GERMAN),
        (
            "wrapper in a language",
            "https://www.amazon.de/-/en/gp/r.html/ref=x?U=%2Fdp%2FB0LAMP0001",
            GERMAN,
        ),
    ],
)
async def test_a_product_is_found(shops: Graph, _case: str, text: str, answer: str) -> None:
    assert await read(shops, text) == answer


@pytest.mark.parametrize(
    ("_case", "text", "code"),
    [
        ("a telephone number in a sentence", "Call 49301234567 today", "INVALID_URL"),
        ("a telephone number in a list of words", "Hi Bob, 49301234567, thanks", "INVALID_URL"),
        ("an order number", "Order: 8123456789012345", "INVALID_URL"),
        ("an ASIN in a sentence", "I like B0LAMP0001 most", "INVALID_URL"),
        ("ten letters that begin with B", "BLACKBERRY", "INVALID_URL"),
        ("ten digits that are no ISBN", "1234567890", "NOT_A_PRODUCT"),
        ("ten times the same digit", "0000000000", "NOT_A_PRODUCT"),
        ("ten nines", "9999999999", "NOT_A_PRODUCT"),
        ("a new ISBN of a spreadsheet", "9798776159572.0", "INVALID_URL"),
        ("Russian share link with a slash", "https://sl.aliexpress.ru/p/?key=Ab1", "SHORT_LINK"),
        ("cut where it is shown", "aliexpress.com/item/1005007000…", "INVALID_URL"),
        ("cut with brackets", "https://www.aliexpress.com/item/1005007000[...]", "INVALID_URL"),
        ("a short link, cut", "https://amzn.to/3ab...", "INVALID_URL"),
        ("a barcode", "| EAN | 4006381333931 |", "INVALID_URL"),
        ("a telephone in a row", "Telefon\t4917112345678", "INVALID_URL"),
        ("a site without interface", "https://www.amazon.co.za/dp/B0LAMP0001", "NOT_A_PRODUCT"),
        ("a foreign host, encoded", "evil.example%2F%3Fu%3D" + LAMP[8:], "UNKNOWN_HOST"),
        ("cut by a German spreadsheet", "Lamp;1,00501E+15;3", "INVALID_URL"),
        (
            "objectId elsewhere",
            "https://www.aliexpress.com/p/x?objectId=1005007000000017",
            "NOT_A_PRODUCT",
        ),
        ("inside a foreign query", f"https://evil.example/?u={ALI}", "UNKNOWN_HOST"),
        ("glued into a foreign query", f"https://evil.example/?u=1{ALI}", "UNKNOWN_HOST"),
        ("inside a foreign query, no scheme", f"evil.example/?u={ALI}", "UNKNOWN_HOST"),
        ("inside a script", f"<a href=\"javascript:open('{ALI}')\">", "INVALID_URL"),
        (
            "a look-alike in a sentence",
            "see https://www.amazon.de.evil.example/dp/B0LAMP0001 now",
            "UNKNOWN_HOST",
        ),
        ("codes like ids", "https://www.link.amazon/B0LAMP0001", "SHORT_LINK"),
        (
            "a short link and its name",
            '<a href="https://amzn.to/3xYz9Ab">amzn.to/3xYz9Ab</a>',
            "SHORT_LINK",
        ),
        (
            "a short link twice",
            "[www.amzn.to/3xYz9Ab/](http://amzn.to/3xYz9Ab), https://amzn.to/3xYz9Ab",
            "SHORT_LINK",
        ),
        ("two short links", "https://amzn.to/3xYz9Ab https://amzn.to/3xYz9aB", "SEVERAL_PRODUCTS"),
        ("Russian short link", "https://aliexpress.ru/e/_AbC", "SHORT_LINK"),
        ("two in one table", f"{ALI}\tLamp\n{OTHER}\tLamp", "SEVERAL_PRODUCTS"),
        ("two of two marketplaces", f"{ALI} {LAMP}", "SEVERAL_PRODUCTS"),
        (
            "the same on two sites",
            f"{LAMP} https://www.amazon.com/dp/B0LAMP0001",
            "SEVERAL_PRODUCTS",
        ),
        ("two ids", "1005007000000017, 1005007000000024", "SEVERAL_PRODUCTS"),
        ("a product and a short link", f"{ALI} https://amzn.to/3xYz9Ab", "SEVERAL_PRODUCTS"),
        (
            "two, glued without a scheme",
            f"{ALI}www.aliexpress.com/i/1005007000000024",
            "SEVERAL_PRODUCTS",
        ),
        ("two, joined by &", f"{ALI}&{OTHER}", "SEVERAL_PRODUCTS"),
        ("two, in one path", f"{LAMP}www.amazon.de/dp/B0LAMP0002", "SEVERAL_PRODUCTS"),
        ("in a foreign path", f"https://archive.example/web/2020/{LAMP}", "UNKNOWN_HOST"),
        ("glued into a foreign query, no scheme", f"evil.example/?u=1{LAMP[8:]}", "UNKNOWN_HOST"),
        ("cut, with a comma", "1,00501E+15", "INVALID_URL"),
        ("two, glued", f"[a]({ALI}),[b]({OTHER})", "SEVERAL_PRODUCTS"),
        (
            "two, encoded as one",
            "https%3A%2F%2Fa.co%2Fd%2F1%0Ahttps%3A%2F%2Fa.co%2Fd%2F2",
            "SEVERAL_PRODUCTS",
        ),
        ("without end", "x " * 60_000, "INVALID_URL"),
    ],
)
async def test_another_text_is_refused_before_any_call(
    shops: Graph, _case: str, text: str, code: str
) -> None:
    assert await read(shops, text) == code


async def test_several_products_are_named(shops: Graph) -> None:
    text = f"{ALI} or {LAMP} or https://amzn.to/x"

    body = await shops.post(PREVIEW, {"url": text})
    imported = (await shops.run(IMPORT, {"url": text}))["importProduct"]

    [error] = body["errors"]
    assert error["extensions"] == {"code": "SEVERAL_PRODUCTS", "inputPath": ["by", "url"]}
    assert error["message"] == (
        "The text names 3 products: AliExpress 1005007000000017, Amazon B0LAMP0001 "
        "(www.amazon.de), a shortened link. Paste one of them, or each in a row of its own."
    )
    assert imported == {
        "product": None,
        "errors": [{"code": "SEVERAL_PRODUCTS", "path": ["input", "product", "url"]}],
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.00501E+15", "A spreadsheet has cut this product id"),
        ("1,00501E+15", "A spreadsheet has cut this product id"),
        ("9798776159572", "Search for it"),
        ("https://amazon.cn/dp/B0LAMP0001", "no affiliate interface for amazon.cn"),
        ("https://www.aliexpress.com/item/10050070000...", "Paste the whole one"),
        (
            "https://net.example/g/?ulp=https%3A%2F%2Famazon.de%2Fdp%2FB0LAMP0001%3Ftag%3Dx-21",
            f"Paste {LAMP} instead",
        ),
    ],
)
async def test_a_refusal_says_what_to_do(shops: Graph, text: str, words: str) -> None:
    payload = (await shops.run(GENERATE, {"url": text}))["generateLink"]

    assert words in payload["errors"][0]["message"]


LINKS = """
mutation L($input: GenerateLinksInput!) {
  generateLinks(input: $input) { results { affiliateLink { sourceUrl } errors { code } } } }
"""


async def test_a_bare_id_is_of_the_site_that_is_connected(graph: Graph) -> None:
    german = {"credentialVersion": "3.2", "partnerTag": "sandbox-21"}
    await graph.connect("AMAZON", AMAZON | german, "www.amazon.de")
    rows = {"products": [{"url": "B0LAMP0001"}, {"url": "https://www.amazon.com/dp/B0LAMP0001"}]}

    [seen] = (await graph.post(PREVIEW, {"url": "B0LAMP0001"}))["errors"]
    linked = (await graph.run(GENERATE, {"url": "978-0-306-40615-7"}))["generateLink"]
    [ours, theirs] = (await graph.run(LINKS, {"input": rows}))["generateLinks"]["results"]

    assert seen["extensions"]["code"] == "NOT_FOUND"  # asked at the site that is connected
    assert linked["affiliateLink"]["sourceUrl"] == "https://www.amazon.de/dp/0306406152"
    assert ours["affiliateLink"]["sourceUrl"] == LAMP
    assert theirs["errors"] == [{"code": "MARKETPLACE_NOT_CONNECTED"}]


async def test_a_row_of_a_table_with_id_and_address_names_one_product(shops: Graph) -> None:
    assert await read(shops, f"B0LAMP0001\tLamp\t{LAMP}\t19,90 €") == GERMAN


@pytest.mark.parametrize(
    ("marketplace", "external_id", "code"),
    [
        ("AMAZON", "978-0-306-40615-7", "MARKETPLACE_NOT_CONNECTED"),
        ("AMAZON", "9798776159572", "INVALID_URL"),
        ("ALIEXPRESS", "1005007000000017.0", "NOT_FOUND"),
        ("ALIEXPRESS", "\u200b1005007000000017", "NOT_FOUND"),
        ("ALIEXPRESS", "1,00501E+15", "INVALID_URL"),
    ],
)
async def test_an_id_with_its_marketplace_is_read_as_in_a_text(
    shops: Graph, marketplace: str, external_id: str, code: str
) -> None:
    query = "query R($ref: ProductRefInput!) { product(by: {ref: $ref}) { id } }"
    ref = {"marketplace": marketplace, "externalId": external_id}

    [error] = (await shops.post(query, {"ref": ref}))["errors"]

    assert error["extensions"]["code"] == code

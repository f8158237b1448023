"""One reader for everything that people paste: a product, or a refusal that teaches."""

import json
import random
from pathlib import Path

import pytest

from clients.registry import BY_CODE, MarketplaceCode, product_ref
from domain.exceptions import InvalidInput, InvalidURL, NotAProduct, ShortLink, UnknownHost
from domain.products import ProductRef

ALI = ProductRef("aliexpress", "1005006338829917")
AMAZON = ProductRef("amazon", "B01N5IB20Q", "www.amazon.com")
AMAZON_DE = ProductRef("amazon", "B01N5IB20Q", "www.amazon.de")


def refused_as(text: str) -> type[InvalidInput] | None:
    """The kind of refusal, None for a product."""
    try:
        product_ref(text)
    except InvalidInput as refusal:
        return type(refusal)
    return None


def test_codes_are_the_stored_ones() -> None:
    assert [
        member.value.code.upper() for member in MarketplaceCode
    ] == MarketplaceCode._member_names_
    assert {member.value.code: member.value for member in MarketplaceCode} == BY_CODE


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("https://www.aliexpress.com/item/1005006338829917.html", ALI),
        ("  https://www.aliexpress.com/item/1005006338829917.html\n", ALI),
        ("<https://www.aliexpress.com/item/1005006338829917.html>", ALI),
        ("HTTPS://WWW.ALIEXPRESS.COM/item/1005006338829917.html", ALI),
        ("//de.aliexpress.com/item/1005006338829917.html?gatewayAdapt=glo2deu#reviews", ALI),
        ("aliexpress.us/item/3256806152515165.html", ALI),
        ("aliexpress://product/detail?productId=1005006338829917", ALI),
        ("1005006338829917", ALI),
        ("3256806152515165", ALI),
        ("https://www.amazon.com/dp/B01N5IB20Q", AMAZON),
        ("amazon.com/dp/B01N5IB20Q?tag=somebody-20", AMAZON),
        ("https://www.amazon.com/Some-Name/dp/b01n5ib20q/ref=sr_1_1", AMAZON),
        ("https://smile.amazon.com/gp/product/B01N5IB20Q/", AMAZON),
        ("https://www.amazon.de/-/en/dp/B01N5IB20Q", AMAZON_DE),
        ("https://www.amazon.de:443/dp/B01N5IB20Q", AMAZON_DE),
        ("https://amzn.com/B01N5IB20Q", AMAZON),
        ("B01N5IB20Q", ProductRef("amazon", "B01N5IB20Q", "")),
    ],
)
def test_a_product_is_read_from_what_was_pasted(text: str, ref: ProductRef) -> None:
    assert product_ref(text) == ref


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://s.click.aliexpress.com/e/_DlqWxYz", "AliExpress"),
        ("s.click.aliexpress.com/e/_DlqWxYz", "AliExpress"),
        ("https://a.aliexpress.com/_mqDeIxQ", "AliExpress"),
        ("https://amzn.to/3xYz9Ab", "Amazon"),
        ("amzn.eu/d/dYxY1z2", "Amazon"),
        ("https://a.co/d/0aBcDeF", "Amazon"),
    ],
)
def test_a_short_link_is_not_opened_but_explained(text: str, name: str) -> None:
    with pytest.raises(ShortLink) as refusal:
        product_ref(text)

    assert refusal.value.message == (
        f"This is a shortened {name} link. Open it in your browser and paste the address of the "
        "product page that it leads to. The operator of this server can have short links opened "
        "here: SHORT_LINKS=on."
    )
    assert refusal.value.address == text


@pytest.mark.parametrize(
    "text",
    [
        "https://s.click.aliexpress.com.sandbox.invalid/e/_cABC",
        " https://www.amazon.de.sandbox.invalid/dp/B0SANDBX01?tag=sandbox-21\n",
    ],
)
def test_a_link_of_the_sandbox_leads_nowhere(text: str) -> None:
    with pytest.raises(ShortLink, match="a link that the sandbox made") as refusal:
        product_ref(text)

    assert refusal.value.address == text.strip()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://www.aliexpress.com/", "AliExpress"),
        ("https://www.aliexpress.com /item/1005006338829917.html", "AliExpress"),
        ("https://www.aliexpress.com/store/1818544", "AliExpress"),
        ("https://www.aliexpress.com/wholesale?SearchText=1005006338829917", "AliExpress"),
        ("https://www.amazon.com/s?k=B01N5IB20Q", "Amazon"),
        ("https://www.amazon.com/dp/B01N5IB20QX", "Amazon"),
        ("https://aws.amazon.com/dp/B01N5IB20Q", "Amazon"),
        ("https://somebody@www.amazon.com/dp/B01N5IB20Q", "Amazon"),
        ("https://www.amazon.com/gp/redirect.html?location=https://evil.example/", "Amazon"),
    ],
)
def test_another_page_of_a_marketplace_is_no_product(text: str, name: str) -> None:
    with pytest.raises(NotAProduct, match=f"a page of {name}, but not of a product"):
        product_ref(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://www.ebay.com/itm/1005006338829917",
        "ebay.com/itm/1",
        "http://93.184.216.34/item/1005006338829917.html",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:8000/graphql",
        "https://www.aliexpress.com.example.net/item/1005006338829917.html",
        "https://notaliexpress.com/item/1005006338829917.html",
        "https://www.aliexpress.com@example.net/item/1005006338829917.html",
        "https://example.net/?u=https://www.aliexpress.com/item/1005006338829917.html",
        "https://example.net/www.amazon.com/dp/B01N5IB20Q",
        "https://example.net#https://www.amazon.com/dp/B01N5IB20Q",
        "https://www.amazon.com.evil.example/dp/B01N5IB20Q",
        "https://www.notamazon.com/dp/B01N5IB20Q",
        "https://www.amazon.com@evil.example/dp/B01N5IB20Q",
        "https://xn--amazn-mye.com/dp/B01N5IB20Q",
        "https://www.аmazon.com/dp/B01N5IB20Q",
        "https://bit.ly/3xYz9Ab",
        "https://tinyurl.com/lamp",
    ],
)
def test_a_foreign_host_is_told_as_such(text: str) -> None:
    with pytest.raises(UnknownHost, match="not of AliExpress or Amazon"):
        product_ref(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\n\t",
        "lamp",
        "a red lamp",
        "see www.aliexpress.com please",
        "https://",
        "http:///item/1005006338829917.html",
        "http://[",
        "http://[::1",
        "[]",
        "ftp://www.amazon.com/dp/B01N5IB20Q",
        "file:///etc/passwd",
        "data:text/html,hello",
        "javascript:alert(1)",
        "{}",
        "🔑",
        "\x00",
    ],
)
def test_what_is_no_address_is_told_as_such(text: str) -> None:
    with pytest.raises(InvalidURL, match="not a web address"):
        product_ref(text)


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("a host without a dot", "http://localhost:8000/dp/B01N5IB20Q"),
        ("an address of numbers", "http://[::1]/item/1005006338829917.html"),
        ("without a scheme", "//example.net/itm/1"),
        ("another address in the query", "example.net/?u=https://www.amazon.com/dp/B01N5IB20Q"),
    ],
)
def test_a_foreign_host_in_an_odd_form_is_told_as_such(_case: str, text: str) -> None:
    assert refused_as(text) is UnknownHost


@pytest.mark.parametrize("text", ["mailto:me@example.com", "3.14", "...", "me@example.com"])
def test_a_dot_alone_makes_no_address(text: str) -> None:
    assert refused_as(text) is InvalidURL


@pytest.mark.parametrize("text", ["1", "12345", "0000012345678", "9" * 19, "9" * 8192])
def test_digits_that_are_no_id_are_no_product(text: str) -> None:
    assert refused_as(text) is NotAProduct


@pytest.mark.parametrize("tail", ["a" * 9_000, "?a" * 5_000, "%" * 9_000, "/dp" * 3_000])
def test_an_endless_address_is_refused(tail: str) -> None:
    assert refused_as(f"https://www.amazon.com/{tail}") is UnknownHost


def test_no_message_repeats_what_was_pasted() -> None:
    pasted = "https://evil.example/hush-hush"

    with pytest.raises(UnknownHost) as refusal:
        product_ref(pasted)

    assert "hush" not in refusal.value.message


PIECES = (
    *("http", "https://", "//", *":/?#@[]%&=.-\\\"'<>{}", "..", "\x00", "\n", "\t", "\r"),
    *("www.aliexpress.com", "aliexpress.us", "s.click.aliexpress.com", "aliexpress://"),
    *("www.amazon.de", "amazon.com", "amzn.to", "a.co", "amzn.com", "/dp/", "/item/", "/gp/"),
    *("1005006338829917", "3256806152515165", "B01N5IB20Q", ".html", "productId=", "url="),
    *("redirectUrl=https%3A%2F%2F", "%00", "%ff", "%u0041", "&amp;", "[::1]", ":99999", ":x"),
    *("ä", "ſ", "ı", "İ", "１", "٣", "🔑", "\u202e", "\u2028", "\ufeff", "。", "．", "／", "℀"),
)


def test_random_texts_are_products_or_refused() -> None:
    chance = random.Random(20_260_501)

    for _ in range(2_000):
        text = "".join(chance.choices(PIECES, k=chance.randrange(14)))
        if chance.random() < 0.3:
            text += "".join(chr(chance.randrange(0xD800)) for _ in range(chance.randrange(30)))

        assert refused_as(text) in (None, InvalidURL, ShortLink, NotAProduct, UnknownHost)


def test_a_product_that_random_texts_name_is_canonical() -> None:
    chance = random.Random(20_260_502)
    found: set[ProductRef] = set()

    for _ in range(5_000):
        try:
            found.add(product_ref("".join(chance.choices(PIECES, k=chance.randrange(8)))))
        except InvalidInput:
            continue

    assert found
    assert all(
        BY_CODE[ref.marketplace].parse_id(ref.external_id) == ref.external_id for ref in found
    )
    assert all(ref.locale in ("", *BY_CODE[ref.marketplace].locales) for ref in found)


def test_every_address_of_the_aliexpress_table_is_read_as_it_says(reference: Path) -> None:
    text = (reference / "marketplaces/aliexpress/url-cases.json").read_text(encoding="utf-8")
    wrong = []

    for case in json.loads(text)["cases"]:
        if case["expect"] == "product":
            right = product_ref(case["url"]) == ProductRef("aliexpress", case["product_id"])
        elif case["expect"] == "short-link":
            right = refused_as(case["url"]) is ShortLink
        else:
            right = refused_as(case["url"]) in (NotAProduct, UnknownHost, InvalidURL)
        wrong += [] if right else [case["url"]]

    assert wrong == []


def test_every_address_of_the_amazon_table_is_read_as_it_says(reference: Path) -> None:
    text = (reference / "marketplaces/amazon/url-cases.json").read_text(encoding="utf-8")
    wrong = []

    for case in json.loads(text)["cases"]:
        expected = case["expect"]
        if expected["kind"] == "product":
            ref = ProductRef("amazon", expected["asin"], expected["marketplace"])
            right = product_ref(case["url"]) == ref
        elif expected["kind"] == "short-link":
            right = refused_as(case["url"]) is ShortLink
        else:
            right = refused_as(case["url"]) in (NotAProduct, UnknownHost, InvalidURL)
        wrong += [] if right else [case["url"]]

    assert wrong == []

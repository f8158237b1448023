"""Addresses that mails broke over lines, in the text and in its source: they are put together."""

import random
from email.message import EmailMessage

import pytest
from hypothesis import given, settings

from clients.registry import BY_CODE, read_text
from domain.exceptions import ShortLink
from domain.products import ProductRef
from tests.clients.test_contract import lamps
from tests.reading.test_text import ALI, CHANCES, DP, SITES, products


@pytest.mark.parametrize(
    ("_case", "text", "ids"),
    [
        ("in its number", f"{ALI[:40]}\n{ALI[40:]}", ["1005006338829917"]),
        ("in brackets", f"(<{ALI[:40]}\r\n{ALI[40:]}>)", ["1005006338829917"]),
        ("behind a slash", f"{ALI[:32]} \n{ALI[32:]} and more", ["1005006338829917"]),
        ("in a quoted mail", f"> see {ALI[:32]}\n> {ALI[32:]}.", ["1005006338829917"]),
        ("before the parameters", f"{ALI[:-5]}\n.html?spm=1", ["1005006338829917"]),
        ("in its name", "amazon.de/A-Lamp-\nFor-All\n/dp/B0LAMP0001/ref=x", ["B0LAMP0001"]),
        (
            "in a parameter",
            "https://www.amazon.de/gp/r.html?C=a&U=http%3A%2F%2Fwww.amazon.de\n%2Fdp%2FB0LAMP0001",
            ["B0LAMP0001"],
        ),
        ("a list of addresses and ids", f"{DP}\nB0LAMP0002\n{DP}3", ["B0LAMP0001", "B0LAMP0002"]),
        ("a short number and a question", f"{ALI[:40]}\n12? No, 3/4", ["10050063"]),
        ("a short number and parameters", f"{ALI[:40]}\n38829917?a=1", ["1005006338829917"]),
        ("a short number and one more", f"{ALI[:40]}\n38829917", ["10050063"]),
        ("a page and an id", "https://www.amazon.de/\nB0LAMP0001", ["B0LAMP0001"]),
        ("an empty line between", f"{DP[:-10]}\n\nB0LAMP0001", ["B0LAMP0001"]),
        ("two addresses", f"{DP[:-10]}\n{ALI}", ["1005006338829917"]),
        ("a short link", "https://a.co/d/0aBc\nB0LAMP0001", ["B0LAMP0001"]),
        ("a shortener and an id", "https://a.co/\nB0LAMP0001", ["B0LAMP0001"]),
        ("in its host", f"{'x ' * 20}{DP[:17]}\n{DP[17:]}", ["B0LAMP0001"]),
        ("in its host, at a dot", f"{DP[:19]}\n{DP[19:]}", ["B0LAMP0001"]),
        ("a foreign host before it", f"https://a.bc\n{DP[8:]}", ["B0LAMP0001"]),
    ],
)
def test_an_address_is_put_together_where_a_mail_broke_it(
    _case: str, text: str, ids: list[str]
) -> None:
    assert [ref.external_id for ref in products(read_text(text))] == ids


HEAD = "Content-Transfer-Encoding: quoted-printable\n\n"
WORDS = "Just found this for my kitchen at home, look: "


@pytest.mark.parametrize(
    ("_case", "text", "link"),
    [
        ("behind its host", "https://amzn.to/\n3xYz9Ab", "https://amzn.to/3xYz9Ab"),
        ("before its code", "> https://a.co/d/\n> 0aBcDeF.", "https://a.co/d/0aBcDeF"),
        ("before its parameter", "https://sl.aliexpress.ru/p?\nkey=aB", "https://sl.aliexpress.ru/p?key=aB"),
        ("in its host", "https://s.click.alie\nxpress.com/e/_oAb", "https://s.click.aliexpress.com/e/_oAb"),
        ("in its code", f"{WORDS}https://a.co/d/0aB\ncDeF, nice", "https://a.co/d/0aBcDeF"),
        ("in its code, quoted", f"> {WORDS}amzn.to/3xY\n> z9Ab", "amzn.to/3xYz9Ab"),
        ("a whole code", f"{WORDS}https://a.co/d/0aBcDeF\nyes", "https://a.co/d/0aBcDeF"),
        ("a long word behind", f"{WORDS}https://a.co/d/0aB\nwonderful", "https://a.co/d/0aB"),
        ("a line with room", "https://a.co/d/0aB\ncDeF", "https://a.co/d/0aB"),
        ("the end of a sentence", f"{WORDS}https://a.co/d/0aB.\ncDeF", "https://a.co/d/0aB"),
        ("an empty line", f"{WORDS}https://a.co/d/0aB\n\ncDeF", "https://a.co/d/0aB"),
        ("a soft break", f"{WORDS}so cheap! https://a.co/d/0aB=\ncDeF", "https://a.co/d/0aBcDeF"),
        ("one that is quoted", f"{WORDS}so cheap! https://a.co/d/0aB=\n> cDeF", "https://a.co/d/0aBcDeF"),
        ("one below its head", f"{HEAD}a.co/d/0aB=\ncDeF", "a.co/d/0aBcDeF"),
        ("a list", f"{WORDS}nice https://amzn.to/a?b=\nhttps://www.a.bc/x", "https://amzn.to/a?b="),
    ],
)  # fmt: skip
def test_a_short_link_is_put_together_where_a_mail_broke_it(
    _case: str, text: str, link: str
) -> None:
    found = [each.product for each in read_text(text)]

    assert [each.address for each in found if isinstance(each, ShortLink)] == [link]


def test_a_broken_address_is_of_its_site_and_place() -> None:
    text = f"See\n{DP[:-10]}\nB0LAMP0001, nice"

    [found] = read_text(text, sites={"amazon": "www.amazon.fr"})

    assert found.product == ProductRef("amazon", "B0LAMP0001", "www.amazon.de")
    assert text[found.start : found.end] == f"{DP[:-10]}\nB0LAMP0001"


@given(CHANCES)
@settings(max_examples=150)
def test_products_in_mails_are_found_in_order(chance: random.Random) -> None:
    """Addresses with parameters, in lines as short as a mail program likes, plain and encoded."""
    refs = []
    for market, locale in chance.choices(SITES, k=chance.randrange(1, 4)):
        refs.append(ProductRef(market.code, chance.choice(lamps(market, 20)).external_id, locale))
    lines = []
    for ref in refs:
        words = "a word " * chance.randrange(12)
        address = BY_CODE[ref.marketplace].product_url(ref)
        lines.append(f"{words}<{address}?th=1&psc={chance.randrange(99)}>.")
    message = EmailMessage()
    message.set_content("\n".join([*lines, "\u00e4" * 9]), cte="quoted-printable")
    source = message.as_string()

    assert products(read_text(source)) == refs, source


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://sl.aliexpress.ru/p?key=3DaBc", "https://sl.aliexpress.ru/p?key=3DaBc"),
        ("https://sl.aliexpress.ru/p?key=3DaBc&x=AB", "https://sl.aliexpress.ru/p?key=3DaBc&x=AB"),
        (
            "https://sl.aliexpress.ru/p?key=3D3DaBc&x=3D1",
            "https://sl.aliexpress.ru/p?key=3DaBc&x=1",
        ),
        ("https://sl.aliexpress.ru/p?k=\ney=3DaBc", "https://sl.aliexpress.ru/p?key=aBc"),
    ],
)
def test_only_the_source_of_a_mail_is_decoded(text: str, address: str) -> None:
    [found] = read_text(text)

    assert isinstance(found.product, ShortLink)
    assert found.product.address == address

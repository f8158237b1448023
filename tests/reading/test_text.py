"""The reader of texts: what is joined is found again, and what is hostile costs its size."""

import random
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.registry import BY_CODE, Found, read_text
from domain.exceptions import InvalidURL
from domain.products import ProductRef
from reading.text import MOST_BREAKS, PageKind, words
from tests.clients.test_contract import lamps

# Decides what is pasted; what fails is made as simple as it can be.
CHANCES = st.randoms(use_true_random=False)
SITES = [(market, locale) for market in BY_CODE.values() for locale in market.locales]
INVISIBLE = ["", "", "", "\u200b", "\u200e", "\u202d", "\u2060", "\u2068", "\ufeff", "\u00ad"]
# What stands around an address, as (before, behind).
WRAPPINGS = [
    *(("", ""), ("(", ")"), ("[", "]"), ("<", ">"), ('"', '"'), ("'", "'"), ("**", "**")),
    *(
        ("[Lamp](", ")"),
        ('<a href="', '">x</a>'),
        ("(see ", ")."),
        ("`", "`"),
        ("\u201c", "\u201d"),
    ),
    *(("", "."), ("", ","), ("", "!"), ("", " ;"), ("1) ", ""), ("- ", ""), ("\uff08", "\uff09")),
    *(("\U0001f449", "\U0001f448"), ("\u5730\u5740\uff1a", "\uff0c\u5feb\u6765"), ("&lt;", "&gt;")),
]
JOINTS = ["\n", " ", "\t", " | ", "|", "\r\n", " or ", ", ", " \n\n ", "\u3000"]
PIECES = (
    *("http://", "https://", "//", *"?#&=%/\\@:.,;()[]{}'\"<>`|-+*", "\n", "\t", " ", "\x00"),
    *("www.amazon.de/dp/B0LAMP0001", "aliexpress.com", "/item/1005006338829917.html", "amzn.to/x"),
    *("B0LAMP0001", "1005006338829917", "1.00501E+15", "9780306406157", "a.b", "x" * 40, "9" * 40),
    *(
        "=3D",
        "=\n",
        "=20",
        "=E2=80=8E",
        "<td>",
        "</td>",
        "<b>",
        "ASIN: ",
        "ID: ",
        "dp/\nB0LAMP0001",
    ),
    *("%3A%2F%2F", "%E2%80%8E", "&amp;", "&#8206;", "&quot;", "javascript:", "mailto:", "\u200b"),
    *(
        "\u00e4",
        "\u5730",
        "\U0001f449",
        "\ud800",
        "\u202e",
        "\u2028",
        "aliexpress://",
        "url=",
        ".0",
    ),
)


def pasted(chance: random.Random, address: str) -> str:
    """An address as somebody may paste it."""
    if chance.random() < 0.4:
        address += "&" if "?" in address else "?"
        address += "&".join(f"{name}={chance.randrange(999)}" for name in ("spm", "th"))
    if chance.random() < 0.3:
        address = address.replace("&", "&amp;")
    if chance.random() < 0.2:
        address = quote(address, safe="")
    elif chance.random() < 0.2:
        address = address.replace("https://", chance.choice(["http://", "HTTPS://", "//", ""]))
    at = chance.randrange(len(address))
    while address[at - 1] in "%&" or address[at - 2] == "%" or "&" in address[at - 4 : at]:
        at -= 1  # inside an escape it would make another text of it
    address = address[:at] + chance.choice(INVISIBLE) + address[at:]
    before, behind = chance.choice(WRAPPINGS)
    return before + address + behind


def products(found: list[Found]) -> list[ProductRef]:
    return [each.product for each in found if isinstance(each.product, ProductRef)]


@given(CHANCES)
@settings(max_examples=400)
def test_products_that_are_wrapped_decorated_and_joined_are_found_in_order(
    chance: random.Random,
) -> None:
    refs = []
    for market, locale in chance.choices(SITES, k=chance.randrange(1, 6)):
        id = chance.choice(lamps(market, 20)).external_id
        refs.append(ProductRef(market.code, id, locale))
    parts = [pasted(chance, BY_CODE[ref.marketplace].product_url(ref)) for ref in refs]
    text = "".join(part + chance.choice(JOINTS) for part in parts)

    assert products(read_text(text)) == refs, text


@given(CHANCES)
@settings(max_examples=150)
def test_ids_that_stand_alone_are_found_in_order(chance: random.Random) -> None:
    ids = {"1005006338829917": "aliexpress", "B0LAMP0001": "amazon", "080442957X": "amazon"}

    chosen = chance.choices(list(ids), k=chance.randrange(1, 6))
    joint = chance.choice(["\n", "\t", "|", ",", ", ", ";", "\r\n", " | "])
    text = joint.join(chance.choice(INVISIBLE) + id for id in chosen)

    found = products(read_text(text))

    assert [(ref.external_id, ref.marketplace) for ref in found] == [(id, ids[id]) for id in chosen]


@pytest.mark.parametrize(
    "text",
    [
        "B0LAMP0001, 1005006338829917; 0306406152",
        "B0LAMP0001; 1005006338829917, 0306406152;",
        "B0LAMP0001\uff0c1005006338829917\u30010306406152\u3002",
        "B0LAMP0001\u060c 1005006338829917\u061b 0306406152",
        '["B0LAMP0001", "1005006338829917", "0306406152"]',
        "B0LAMP0001\u3000\n\u20031005006338829917\n0306406152\u2009",
        "\u2013 B0LAMP0001\n\u25cf 1005006338829917\n(3) 0306406152",
        "- [x] B0LAMP0001\n- [ ] 1005006338829917\n* [X] 0306406152",
        "1005006338829917,00;B0LAMP0001;0306406152",
        "B0LAMP0001, https://www.aliexpress.com/item/1005006338829917.html; 0306406152.",
    ],
    ids=ascii,
)
def test_ids_of_a_list_are_found_whatever_marks_and_separates_them(text: str) -> None:
    found = [each.product for each in read_text(text)]

    refs = [product for product in found if isinstance(product, ProductRef)]
    assert sorted(ref.external_id for ref in refs) == [
        "0306406152", "1005006338829917", "B0LAMP0001",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("B0LAMP0001 B0LAMP0002", ["B0LAMP0001", "B0LAMP0002"]),
        (" 1005006338829917  1005001234567891 ", ["1005006338829917", "1005001234567891"]),
        ("B0LAMP0001 is B0LAMP0002", []),
        ("0049 151 12345678901", []),
        ("12345678901 4915112345678", []),
        ("HEADPHONES 1005006338", []),
    ],
)
def test_a_line_of_nothing_but_ids_is_a_list(text: str, ids: list[str]) -> None:
    assert [ref.external_id for ref in products(read_text(f"a\n{text}\nb"))] == ids


@pytest.mark.parametrize(
    "text",
    [
        "1005007000000011, 10050070O0000012, 1005007000000013",
        "B0LAMP0001\nB0LAMP002\nB0LAMP0003",
    ],
)
def test_a_mistyped_id_of_a_list_is_told(text: str) -> None:
    first, bad, last = (each.product for each in read_text(text))

    assert isinstance(first, ProductRef)
    assert isinstance(bad, InvalidURL)
    assert isinstance(last, ProductRef)


def test_what_begins_otherwise_beside_an_id_is_no_mistyped_one() -> None:
    assert len(read_text("1005007000000011,100003109,SKU-12345678,12.50")) == 1


def test_a_cut_address_is_told_where_the_whole_one_is_not_there() -> None:
    whole = "https://www.aliexpress.com/item/1005007000000011.html"

    beside = read_text(f"aliexpress.com/item/10050070000...\n{whole}")
    alone = read_text(f"aliexpress.com/item/10050071111...\n{whole}")

    assert [type(each.product) for each in beside] == [ProductRef]
    assert [type(each.product) for each in alone] == [InvalidURL, ProductRef]


@pytest.mark.parametrize(
    "row",
    [
        "B0LAMP0001,Lamp | warm | 2 of them,19.90",
        "Lamp | warm;B0LAMP0001;19,90",
        'B0LAMP0001,"Lamp | warm; red, big",19.90',
        "Lamp, red; big\tB0LAMP0001\t19,90",
        "| Lamp, red; big | B0LAMP0001 |",
        "B0LAMP0001,Lamp\t,x",
    ],
)
def test_a_title_in_a_row_may_hold_what_separates_other_tables(row: str) -> None:
    assert [ref.external_id for ref in products(read_text(f"x\n{row}\n"))] == ["B0LAMP0001"]


@pytest.mark.parametrize(
    "text", ["Call 12345678901, thanks", "Call 12345678901, https", "tel\uff0c +49 151 12345678901"]
)
def test_numbers_in_running_text_are_no_ids(text: str) -> None:
    assert not read_text(text)


@pytest.mark.parametrize("joint", ["+", "-", "~", "--", "_", "&", "\u2192", "\\n", "\\u003e"])
def test_addresses_that_are_joined_without_a_blank_are_two(joint: str) -> None:
    found = products(read_text(f"{DP}{joint}{ALI}"))

    assert [ref.external_id for ref in found] == ["B0LAMP0001", "1005006338829917"]


def test_strings_of_scripts_are_undone() -> None:
    text = DP.replace("/", "\\u002F").replace("dp", "gp\\u002fproduct") + "\\u200e"

    [found] = read_text(f'{{"u":"{text}","v":"C:\\u"}}')

    assert found.product == ProductRef("amazon", "B0LAMP0001", "www.amazon.de")


@pytest.mark.parametrize("mark", ["_", "__", "___", "**_"])
def test_marks_of_markdown_are_no_part_of_an_address(mark: str) -> None:
    address = "https://www.aliexpress.com/item/1005006338829917.html"

    text = f"See {mark}{address}{mark[::-1]} there"
    found = read_text(text)

    assert [text[each.start : each.end] for each in found] == [address]


ALI, DP = (
    "https://www.aliexpress.com/item/1005006338829917.html",
    "https://www.amazon.de/dp/B0LAMP0001",
)


@pytest.mark.parametrize(
    ("_case", "text", "ids"),
    [
        ("a label", "ASIN: B0LAMP0001", ["B0LAMP0001"]),
        ("a label in a sentence", "the lamp (ASIN B0LAMP0001) is good", ["B0LAMP0001"]),
        ("a label of several", "ASINs: B0LAMP0001, B0LAMP0002 und B0LAMP0003 and B0LAMP0004.", [
            "B0LAMP0001", "B0LAMP0002", "B0LAMP0003", "B0LAMP0004",
        ]),
        ("a label of one, another behind", "ASIN B0LAMP0001 is like B0LAMP0002", ["B0LAMP0001"]),
        ("a label before another number", "ASIN 12345678901, ISBN 4006381333931", []),
        ("a label of the shop", "ASIN \u200f : \u200e B0LAMP0001 Maker: X", ["B0LAMP0001"]),
        ("a label in a table", "x\nASIN\tB0LAMP0001\tx", ["B0LAMP0001"]),
        ("a label of a book", "ISBN-13 : 978-0-596-80229-5, paperback", ["0596802293"]),
        ("an object of JSON", '{"asin": "B0LAMP0001", "parentAsin": "B0LAMP0002"}', ["B0LAMP0001"]),
        ("a label, alone with its id", "Product ID: 1005006338829917", ["1005006338829917"]),
        ("that label in a sentence", "Item no. 1005006338829917 is late", []),
        ("a label of something else", "Order: 1005006338829917", []),
        ("a label without an id", "ASIN: unknown", []),
        ("a label with a wide colon", "ASIN\u3000\uff1a B0LAMP0001", ["B0LAMP0001"]),
        ("a label and a hyphen", "ASIN-B0LAMP0001", ["B0LAMP0001"]),
        ("a label in HTML", "<b>ASIN</b> : <span>B0LAMP0001</span>, red", ["B0LAMP0001"]),
        ("a word glued to www", f"Lampe{DP[8:]}", ["B0LAMP0001"]),
        ("a scheme twice", f"http://{DP} https://https://{ALI[8:]}", [
            "B0LAMP0001", "1005006338829917",
        ]),
        ("a scheme twice, of a stranger", f"https://https://a.bc/?u={DP}", []),
        ("a label in a list", "- id: 1005006338829917\n- id: 1005006338829918", [
            "1005006338829917", "1005006338829918",
        ]),
        ("a label in JSON", '{\n  "productId": "1005006338829917"\n}', ["1005006338829917"]),
        ("a label of an order in JSON", '{\n  "orderId": "1005006338829917"\n}', []),
        ("ticks", "\u2705 1005006338829917\n\u2611\ufe0f B0LAMP0001 \U0001f448", [
            "1005006338829917", "B0LAMP0001",
        ]),
        ("numbers in keys", "1\ufe0f\u20e3 1005006338829917", ["1005006338829917"]),
        ("a telephone", "\u260e 12345678901\n\U0001f4f1 12345678902", []),
        ("a parcel", "\U0001f4e6 1005006338829917", []),
        ("a book's number in groups", "978 0 596 80229 5\n978\u20130\u2013306\u201340615\u20137", [
            "0596802293", "0306406152",
        ]),
        ("groups that are no book's", "979 555 123 4567\n0170 123 456 78", []),
        ("a label of groups", "ISBN 978 0 596 80229 5 (paperback)", ["0596802293"]),
        (
            "cells of HTML",
            '<tr><td class="a">B0LAMP0001</td><td><b>1005006338829917</b></td></tr>',
            ["B0LAMP0001", "1005006338829917"],
        ),
        ("a list of HTML", "<ul><li>B0LAMP0001<li>B0LAMP0002</ul>", ["B0LAMP0001", "B0LAMP0002"]),
        ("breaks of HTML", "Lamp:<br/>B0LAMP0001<br>&nbsp;text", ["B0LAMP0001"]),
        ("running text of HTML", "<p>Call <b>12345678901</b> now</p>", []),
        ("attributes", '<td data-id="1005006338829917">x</td>', []),
        ("a word glued behind", f"{ALI}und {ALI.replace('17', '18')}Price: 5", [
            "1005006338829917", "1005006338829918",
        ]),
        ("a word glued to an id", f"{DP}und", []),
        ("a word glued to a parameter", f"{DP}?tag=xund das", ["B0LAMP0001"]),
    ],
)  # fmt: skip
def test_ids_are_found_by_what_stands_around_them(_case: str, text: str, ids: list[str]) -> None:
    assert [ref.external_id for ref in products(read_text(text))] == ids


@pytest.mark.parametrize("end", ["", ".html", "/", "_", "-"])
@pytest.mark.parametrize(
    "path", ["item/1005006338829917", "dp/B0LAMP0001", "awww", "Www/x", "ASIN/B0LAMP0001", "e"]
)
@pytest.mark.parametrize("host", ["www.aliexpress.com", "amazon.de", "amzn.to", "awww.example"])
def test_a_plain_address_is_read_as_one_with_a_blank_behind(host: str, path: str, end: str) -> None:
    address = f"https://{host}/{path}{end}"

    assert words(address, lambda _: PageKind.FOREIGN) == words(
        f"{address} ", lambda _: PageKind.FOREIGN
    )


def test_places_are_those_of_the_text_as_it_was_pasted() -> None:
    address = "https://www.amazon.de/dp/B0\u200bLAMP0001?a=1&amp;b=2"
    text = f"\ufeffA lamp &amp; a table: ({address}), or\n\u200e1005006338829917\u200f\n"

    found = read_text(text)

    assert [text[each.start : each.end] for each in found] == [address, "1005006338829917"]


@pytest.mark.parametrize("site", ["", "www.amazon.de"])
def test_bare_ids_are_of_the_site_that_is_meant(site: str) -> None:
    [found] = read_text("B0LAMP0001", sites={"amazon": site} if site else {})

    assert found.product == ProductRef("amazon", "B0LAMP0001", site)


def test_an_id_beside_its_address_is_the_same_product() -> None:
    table = "B0LAMP0001\tLamp\thttps://www.amazon.de/dp/B0LAMP0001\nB0LAMP0002\tLamp\t"

    german, same, other = (found.product for found in read_text(table))

    assert german == same == ProductRef("amazon", "B0LAMP0001", "www.amazon.de")
    assert other == ProductRef("amazon", "B0LAMP0002", "")


HOSTILE = [
    *("www.a.bc", "http://a.bc/?www.", "https://a.bc%20", "1,2E+3,", "_https://a.bc/_"),
    *("https://www.amazon.de/dp/B0LAMP0001,", "http://a.bc", "http://a.bc?=)", "http://a.bc/("),
    *("www.amazon.de/a-\n", "www.amazon.de/\nxy\nxy\nxy\n", "www.amazon.de/a?b=\n", "=3D=\n"),
    *("<td>", "<td <b", "ASIN: ", "ASIN  ", "ISBN 9", "=\n", "a.html", "http://a.bc/.htmlx"),
    *("http://a.bc/?u=https://www.amazon.de/", "www.amazon.de/dp/B0LAMP0001,", "a.", "a-", "a.bc,"),
    *(
        "https%3A%2F%2F",
        "https://www.amazon.de/\u00e4",
        "aliexpress://",
        "javascript:",
        "&lt;",
        '"',
    ),
    *("a.bc%2F", "www.a.bc%2F?", "https://www.aliexpress.com//", "a) ", "1.) ", "_~"),
]


@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_what_is_asked_about_addresses_grows_with_the_text_and_no_faster(piece: str) -> None:
    def looked_at(length: int) -> int:
        """Characters of all addresses that were asked about."""
        asked: list[str] = []

        def kind_of(address: str) -> PageKind:
            asked.append(address)
            is_ours = "amazon.de/dp/B" in address
            return PageKind.PRODUCT if is_ours else PageKind.FOREIGN

        words((piece * length)[:length], kind_of)
        return sum(map(len, asked))

    assert looked_at(40_000) <= 2.2 * looked_at(20_000) + 1_000
    assert looked_at(40_000) <= (MOST_BREAKS if "\n" in piece else 3) * 40_000

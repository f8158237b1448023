"""Pasted addresses: the reference cases, own ones, and texts made to break a reader."""

import json
from pathlib import Path
from typing import Any

import pytest

from clients.amazon import urls
from clients.base import BareID
from domain.exceptions import InvalidInput, InvalidURL
from domain.products import ProductRef
from reading.text import PageKind
from tests.clients.amazon.fakes import payload

KINDS = {
    "product": {PageKind.PRODUCT},
    "short-link": {PageKind.SHORT_LINK},
    "not-a-product": {PageKind.NOT_A_PRODUCT, PageKind.FOREIGN},
}
ODD_TEXTS = [
    "",
    " ",
    "\x00",
    "https://www.amazon.de/\x00dp\x00/B0LAMP0001",
    "💡",
    "https://www.amazon.de/💡",
    "https://💡.example/dp/B0LAMP0001",
    "https://www.amazon.de/%",
    "https://www.amazon.de/dp/%zz",
    "https://www.amazon.de/%ff%fe",
    "https://www.amazon.de/dp/\ud800",
    "https://www.amazon.de/?asin=%\ud800&url=%",
    "http://[",
    "http://]",
    "http://[::1",
    "https://www.amazon.de:port/dp/B0LAMP0001",
    "https://www.amazon.de:99999999999/",
    "https://www.amazon.de/gp/redirect.html?location=http://[",
    "https://@",
    "://",
    "?",
    "#",
    "/" * 8192,
    "https://www.amazon.de/" + "dp/" * 2700,
    "https://www.amazon.de/?" + "asin=1&" * 1100,
]


@pytest.mark.shared
def test_reference_cases(reference: Path) -> None:
    told = json.loads((reference / "marketplaces/amazon/url-cases.json").read_text("utf-8"))

    for case in told["cases"]:
        reading = urls.read_page(case["url"])
        expected = case["expect"]
        assert reading.kind in KINDS[expected["kind"]], case["url"]
        if "asin" in expected:
            ref = ProductRef("amazon", expected["asin"], expected["marketplace"])
            assert reading.ref == ref, case["url"]
    assert len(told["cases"]) > 60


@pytest.mark.parametrize("case", payload("url-cases.json"), ids=lambda case: case["_case"])
def test_reads_address(case: dict[str, Any]) -> None:
    expected = case["expect"]

    reading = urls.read_page(case["url"])

    assert reading.kind.value == expected["kind"]
    if "asin" in expected:
        assert reading.ref == ProductRef("amazon", expected["asin"], expected["locale"])
    else:
        assert reading.ref is None


@pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
def test_odd_text_is_read_without_failing(text: str) -> None:
    assert urls.read_page(text).kind in (PageKind.FOREIGN, PageKind.NOT_A_PRODUCT)


def test_text_over_8192_characters_is_not_looked_at() -> None:
    address = "https://www.amazon.de/dp/B0LAMP0001?x="

    longest = urls.read_page(address + "1" * (8192 - len(address)))
    too_long = urls.read_page(address + "1" * 100_000)

    assert longest.kind is PageKind.PRODUCT
    assert too_long.kind is PageKind.FOREIGN


@pytest.mark.parametrize(
    ("_case", "url", "kind"),
    [
        ("no Amazon", "https://lamps.example/dp/B0LAMP0001", PageKind.FOREIGN),
        ("bare id", "B0LAMP0001", PageKind.FOREIGN),
        ("search page", "https://www.amazon.de/s?k=lamp", PageKind.NOT_A_PRODUCT),
    ],
)
def test_foreign_and_own_pages_are_told_apart(_case: str, url: str, kind: PageKind) -> None:
    assert urls.read_page(url).kind is kind


def test_id_as_written_is_kept_where_it_differs() -> None:
    small = urls.read_page("amazon.de/dp/b0lamp0001")
    canonical = urls.read_page("amazon.de/dp/B0LAMP0001")

    assert (small.raw_id, canonical.raw_id) == ("b0lamp0001", None)


@pytest.mark.parametrize(
    ("typed", "asin"),
    [
        ("B0LAMP0001", "B0LAMP0001"),
        (" b0lamp0001\n", "B0LAMP0001"),
        ("030640615x", "030640615X"),
        ("9780306406157", "0306406152"),
        (" 978-0-306-40615-7 ", "0306406152"),
        ("0-306-40615-2", "0306406152"),
    ],
)
def test_typed_id_becomes_canonical(typed: str, asin: str) -> None:
    assert urls.parse_id(typed) == asin


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "B0LAMP001",
        "B0LAMP00011",
        "A0LAMP0001",
        "9780306406158",
        "B0LAMP000ß",
        "B0LAMP000ı",
        "\x00",
    ],
)
def test_other_id_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(InvalidInput, match="B0199980K4"):
        urls.parse_id(typed)


@pytest.mark.parametrize(
    ("word", "asin", "is_checked"),
    [
        ("B0LAMP0001", "B0LAMP0001", False),
        ("b0lamp0001", "B0LAMP0001", False),
        ("080442957x", "080442957X", True),
        ("0-596-80229-3", "0596802293", True),
        ("9780596802295", "0596802293", True),
        ("978-0-8044-2957-3", "080442957X", True),
    ],
)
def test_an_id_that_stands_alone_is_read(word: str, asin: str, is_checked: bool) -> None:
    assert urls.read_bare_id(word) == BareID(external_id=asin, is_checked=is_checked)


@pytest.mark.parametrize(
    "word",
    [
        *("", "B0LAMP00011", "B0lamp0001", "BLACKBERRY", "blackberry", "A0LAMP0001"),
        *("0596802294", "030640615X", "9780596802296", "9770596802295", "1005006338829917"),
    ],
)
def test_another_word_is_no_id(word: str) -> None:
    assert urls.read_bare_id(word) is None


def test_an_isbn_without_a_ten_digit_form_is_told() -> None:
    with pytest.raises(InvalidURL, match="Search for it"):
        urls.read_bare_id("9798776159572")


def test_product_page_has_no_tracking() -> None:
    ref = ProductRef("amazon", "B0LAMP0001", "www.amazon.de")

    assert urls.product_url(ref) == "https://www.amazon.de/dp/B0LAMP0001"

"""Files whose columns are no help: other numbers, empty cells, products in several of them."""

import pytest

from domain.exceptions import InvalidInput
from resolvers import files
from tests.resolvers.test_files import ASIN, CUP, DP, ID, ITEM, SHORT, told
from tests.workbooks import workbook

SHOP = "https://shop.example/lamps/7"
PHONE, OWN, MOMENT = "4915112345678", "7812345678901", "1717171717000"
FRENCH = DP.replace(".de/", ".fr/")


@pytest.mark.parametrize(
    ("_case", "content", "expected"),
    [
        ("a moment", f"Product URL,created_at\n{SHOP},{MOMENT}\n", ["2 UNKNOWN_HOST"]),
        ("an id below no heading", f"Link,Zahl\n{SHOP},{ID}\n", ["2 UNKNOWN_HOST"]),
        ("a shop's own number", f"Product ID,Wert\n101,{PHONE}\n", ["2 NOT_A_PRODUCT"]),
        ("a shop's own word", f"Item ID,Wert\nlamp-7,{ID}\n", ["2 INVALID_URL"]),
        ("an empty column", f"url,Wert\n,{ID}\n", ["2 INVALID_URL"]),
        ("its own number, an address", f"Item ID,Wo\n101,{ITEM}\n", [f"2 {ITEM}"]),
        ("an empty cell, an address", f"URL,Wo\n{ITEM},\n,{CUP}\n", [f"2 {ITEM}", f"3 {CUP}"]),
        ("an empty cell, a sentence", f"URL,Text\n,See {CUP}\n", ["2 INVALID_URL"]),
        ("an empty cell, two addresses", f"URL,A,B\n,{ITEM},{CUP}\n", ["2 SEVERAL_PRODUCTS"]),
        ("its own long number, an address", f"ID,Wo\n{OWN},{DP}\n", [f"2 {DP}"]),
        ("its own long number, a link", f"ID,Handle,Link\n{OWN},lamp,{DP}\n", [f"2 {DP}"]),
        ("its own long number, a short link", f"ID,Link\n{OWN},{SHORT}\n", ["2 SHORT_LINK"]),
        ("its own long number and page", f"ID,Link\n{OWN},{SHOP}\n", ["2 UNKNOWN_HOST"]),
        ("an id and a page", f"ID,Link\n{ID},{SHOP}\n", [f"2 {ITEM}"]),
    ],
)  # fmt: skip
def test_a_known_column_gives_way_to_addresses_only(
    _case: str, content: str, expected: list[str]
) -> None:
    assert told(content) == [f"line {each}" for each in expected]


def test_what_stands_far_below_is_found_too() -> None:
    rows = "\n".join([f"{SHOP},33612345678"] * 230)

    lines = told(f"Product URL,Phone 1\n{rows}\n{ITEM},33612345678\n")

    assert lines[-1] == f"line 232 {ITEM}"
    assert {line.split()[-1] for line in lines[:-1]} == {"UNKNOWN_HOST"}


@pytest.mark.parametrize(
    ("_case", "content", "expected"),
    [
        ("numbers of something else", f"A,B\nx,{ID}\ny,{OWN}\n", [f"2 {ITEM}", "3 INVALID_URL"]),
        ("beside addresses", f"Zahl,Wo\n{OWN},{ITEM}\n{PHONE},\n", [f"2 {ITEM}", "3 INVALID_URL"]),
        ("beside a short link", f"Telefon;Zahl;Aff\n{PHONE};{OWN};{SHORT}\n", ["2 SHORT_LINK"]),
        ("ids, and a short link", f"Zahl;Aff\n{ID};\n;{SHORT}\n", [f"2 {ITEM}", "3 SHORT_LINK"]),
        ("an address under Order", f"Name,Order\nx,{ITEM}\n", [f"2 {ITEM}"]),
        (
            "one column for each shop",
            f"Name,Amazon,Ali\na,{DP},\nb,{FRENCH},\nc,{DP},\nd,,{ITEM}\ne,{DP},{CUP}\n",
            [f"2 {DP}", f"3 {FRENCH}", f"4 {DP}", f"5 {ITEM}", "6 SEVERAL_PRODUCTS"],
        ),
        (
            "a host in each cell",
            f"A,Wo\n{ASIN},Amazon.co.uk\n{ASIN},www.amazon.fr\n",
            [f"2 {DP.replace('.de', '.co.uk')}", f"3 {FRENCH}"],
        ),
        (
            "a site under Website",
            f"asin,Website,Store\n{ASIN},amazon.fr,Lamp House\n{ASIN},lamps.example,\n",
            [f"2 {FRENCH}", f"3 {ASIN}"],
        ),
        ("a sales channel", f"asin,sales-channel\n{ASIN},Amazon.fr\n", [f"2 {FRENCH}"]),
        ("a name", f"asin,marketplace-name\n{ASIN},Amazon.fr\n", [f"2 {FRENCH}"]),
    ],
)
def test_by_content_numbers_must_look_like_ids(
    _case: str, content: str, expected: list[str]
) -> None:
    assert told(content) == [f"line {each}" for each in expected]


@pytest.mark.parametrize("number", [PHONE, OWN, MOMENT, "33612345678", "8123456789012345"])
def test_a_column_of_other_numbers_stops(number: str) -> None:
    with pytest.raises(InvalidInput, match="Its columns: Was, Zahl"):
        files.read(f"Was,Zahl\nLampe,{number}\n".encode(), "a.csv")


def test_the_next_sheet_follows_the_same_rules() -> None:
    content = workbook([["url"], [ITEM]], more={"Leads": [["Name", "Zahl"], ["Ann", PHONE]]})

    assert told(content) == [f"line 2 of Products {ITEM}", "line 1 of Leads INVALID_INPUT"]


def test_products_within_json_are_found() -> None:
    text = f'{{"data": {{"items": [{{"product": {{"id": {ID}, "shop": {{"id": 9}}}}}}]}}}}'

    assert told(text, "a.json") == [f"line 1 {ITEM}"]

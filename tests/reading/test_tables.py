"""Files as rows of text: what separates cells, in which code page, and what is no text."""

import random

import pytest

from domain.exceptions import InvalidInput
from reading.tables import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, Row, read
from tests.workbooks import workbook


def cells(content: str | bytes, name: str = "") -> list[list[str]]:
    [table] = read(content.encode() if isinstance(content, str) else content, name)
    return [row.cells for row in table.rows]


def lines(content: str, name: str = "") -> list[int]:
    [table] = read(content.encode(), name)
    return [row.line for row in table.rows]


@pytest.mark.parametrize(
    ("_case", "content", "name"),
    [
        ("commas", "url,name\nx,y\n", "a.csv"),
        ("semicolons", "url;name\nx;y\n", "a.csv"),
        ("tabs", "url\tname\nx\ty\n", "a.tsv"),
        ("tabs in a text", "url\tname\nx\ty\n", "a.txt"),
        ("bars", "url|name\nx|y\n", "A.CSV"),
        ("under a false name", "url\tname\nx\ty\n", "a.xls"),
        ("without a name", "url,name\nx,y\n", ""),
        ("the separator is told", "sep=;\nurl;name\nx;y\n", "a.csv"),
        ("Windows", "url,name\r\nx,y\r\n", "a.csv"),
        ("old Macs", "url,name\rx,y\r", "a.csv"),
        ("a mark in front", "\ufeffurl,name\nx,y", "a.csv"),
        ("blank lines and rules", "\nurl,name\n\n,\n---,---\nx,y\n\n", "a.csv"),
        ("quotes", '"url","name"\n"x","y"\n', "a.csv"),
        ("JSON", '[{"url": "x", "name": "y"}]', "a.json"),
        ("JSON in lines", '{"url": "x"}\n{"name": "y"}'.replace("}\n{", ", "), "a.jsonl"),
    ],
)
def test_tables_are_cut_into_cells(_case: str, content: str, name: str) -> None:
    assert cells(content, name) == [["url", "name"], ["x", "y"]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_code_pages_are_told_apart(encoding: str) -> None:
    text = "url;Größe\nhttps://shop.example/1;für 5 €\n"

    assert cells(text.encode(encoding), "a.csv") == [
        ["url", "Größe"],
        ["https://shop.example/1", "für 5 €"],
    ]


def test_a_row_has_the_line_in_which_it_begins() -> None:
    text = 'sep=,\nname,url\n"two\nlines",x\n\n"three\r\n\r\nlines",y\nz,z\n'

    assert lines(text, "a.csv") == [2, 3, 6, 9]


@pytest.mark.parametrize(
    ("_case", "text", "rows"),
    [
        ("one that is never closed", '"Lamp\tx\nCup\ty\n', [['"Lamp', "x"], ["Cup", "y"]]),
        (
            "one that takes in rows",
            '"Lamp\tx\nCup" red\ty\n',
            [['"Lamp', "x"], ['Cup" red', "y"]],
        ),
        ("inches", '5" Lamp\tx\n6" Cup\ty\n', [['5" Lamp', "x"], ['6" Cup', "y"]]),
        ("a cell of two lines", '"Lamp\nred"\tx\n', [["Lamp\nred", "x"]]),
        ("a cell with a tab", '"Lamp\tred"\tx\n', [["Lamp\tred", "x"]]),
    ],
)
def test_between_tabs_a_quotation_mark_takes_in_no_rows(
    _case: str, text: str, rows: list[list[str]]
) -> None:
    assert cells(f"name\turl\n{text}", "a.tsv")[1:] == rows


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("Markdown", "My list\n- [Lamp](https://shop.example/1,2)\n- B0LAMP0001, B0LAMP0002\n"),
        ("a sentence with known words", "Link, as I said: here, and the id\nx\ny\n"),
        ("brackets", '["so"](https://shop.example)\nx\ny\n'),
    ],
)
def test_a_text_is_read_line_by_line(_case: str, text: str) -> None:
    [table] = read(text.encode(), "notes.md")

    assert table.is_text
    assert table.rows == [Row(n, [line]) for n, line in enumerate(text.splitlines(), start=1)]


def test_json_tells_the_line_of_each_product() -> None:
    text = '[\n{"id": 1005006123456789,\n "url": null},\n\n{"id": 2, "more": {"x": [1]}}\n]\n'

    assert lines(text, "a.json") == [1, 2, 5]
    assert cells(text, "a.json")[1] == ["1005006123456789", "", ""]


def test_lists_in_json_are_lines_of_their_cell() -> None:
    assert cells('[["x", ["y"]], "z"]', "a.json") == [["x\ny"], ["z"]]
    assert cells('[{"urls": ["x", "y"]}]', "a.json") == [["urls"], ["x\ny"]]


def test_half_characters_of_json_are_replaced() -> None:
    assert cells(b'[{"url": "x\\ud800y"}]', "a.json")[1] == ["x?y"]


def test_several_sheets_bear_their_names() -> None:
    tables = read(workbook([["url"]], more={"More": [["asin"]], "Nothing": []}))

    assert [table.sheet for table in tables] == ["Products", "More"]
    assert read(workbook([["url"]], more={"Nothing": []}))[0].sheet == ""


NOISE = random.Random(20_261_128).randbytes(5_000)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.csv", "empty"),
        (b" \r\n\t\n,,,\n", "a.csv", "empty"),
        (b"\xef\xbb\xbf", "a.txt", "empty"),
        (b"[]", "a.json", "empty"),
        (workbook([]), "a.xlsx", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3\n", "a.csv", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a.csv", "is a picture"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a.xlsx", "is a picture"),
        (b"\x1f\x8b\x08\x00\x00", "a.csv.gz", "is packed"),
        (b"\r\n<html><table><tr><td>url</td></tr></table>", "a.xls", "is a web page"),
        (NOISE, "a.bin", "holds no text"),
        (b"\x00" * 500, "a.txt", "holds no text"),
        (b"\xff\xfea", "a.txt", "holds no text"),
        (b'[{"id": 1},', "a.json", "not all of it"),
        (b'[{"id": 1}] x', "a.json", "no JSON"),
        (b'[{"%s": 1}]' % b'": 1, "'.join(b"k%d" % n for n in range(1_001)), "a.json", "keys"),
        (b"[" * 50_000, "a.json", "no JSON"),
        (b'url\n"x\ny\n', "a.csv", "opens in line 2"),
        (b"x," * MOST_COLUMNS + b"x\n", "a.csv", "1,000 columns"),
        (b"x\n" * (MOST_ROWS + 1), "a.txt", "100,000 rows"),
        (b"x" * (MOST_BYTES + 1), "a.txt", "20 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_and_no_text_is_told(content: bytes, name: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read(content, name)


def test_no_file_is_too_strange() -> None:
    """Whatever is sent, it is rows or an InvalidInput."""
    chance = random.Random(20_261_128)
    pieces = [
        *",;\t|\"'\n\r[]{}:",
        "url",
        "id",
        "\x00",
        "\ufeff",
        "é",
        "𝄞",
        "sep=",
        "1e15",
        "x" * 9,
    ]
    read_ones = 0

    for _ in range(2_000):
        text = "".join(chance.choices(pieces, k=chance.randrange(30)))
        content = text.encode(chance.choice(["utf-8", "utf-16", "utf-16-be", "cp1252"]), "ignore")
        try:
            tables = read(content, chance.choice(["", "a.csv", "a.json", "a.txt"]))
        except InvalidInput:
            continue
        read_ones += 1
        assert all(row.cells and row.line > 0 for table in tables for row in table.rows)

    assert read_ones > 500


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("under a name", '{"count": 2,\n "products": [\n{"id": "x"},\n{"id": "y"}]}'),
        ("deeper", '{"data": {"page": {"n": 1},\n\n"items": [{"id": "x"}\n, {"id": "y"}]}}'),
        ("beside lists of words", '\n{"tags": ["a"], "found":\n[{"id": "x"},\n{"id": "y"}]}\n'),
    ],
)  # fmt: skip
def test_the_one_list_inside_an_object_is_read(_case: str, text: str) -> None:
    [table] = read(text.encode(), "a.json")

    assert [row.cells for row in table.rows] == [["id"], ["x"], ["y"]]
    assert [row.line for row in table.rows[1:]] == [3, 4]


def test_several_lists_inside_an_object_are_named() -> None:
    text = b'{"shops": [{"id": 1}], "data": {"items": [{"id": 2}]}}'

    with pytest.raises(InvalidInput, match=r"several lists: shops, data\.items"):
        read(text, "a.json")


def test_a_product_with_lists_of_its_own_is_one_row() -> None:
    text = '{"product": {"url": "x", "sizes": [{"id": 1}, {"id": 2}]}, "shop": {"url": "y"}}'

    assert cells(text, "a.json") == [
        ["product.url", "product.sizes", "shop.url"],
        ["x", "\n", "y"],
    ]


def test_objects_within_rows_are_columns() -> None:
    text = '[{"product": {"id": 7, "shop": {"id": 8}}}, {"n": 1, "product": {"id": 9}}]'

    assert cells(text, "a.json") == [
        ["product.id", "product.shop.id", "n"],
        ["7", "8", ""],
        ["9", "", "1"],
    ]

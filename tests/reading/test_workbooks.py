"""Workbooks: what breaks their reader breaks a process that was made for it."""

import random
from pathlib import Path

import pytest

from domain.exceptions import InvalidInput
from reading import workbooks
from tests.workbooks import handmade, open_document, workbook

FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="{0}"><c r="XFD{0}"><v>1</v></c></row>'


def test_sheets_are_read_in_their_order() -> None:
    content = workbook([["url"], ["B0LAMP0001"]], more={"More": [["x"]]})

    assert workbooks.is_workbook(content)
    assert workbooks.read(content) == [
        ("Products", [(1, ["url"]), (2, ["B0LAMP0001"])]),
        ("More", [(1, ["x"])]),
    ]


def test_workbooks_of_other_programs_are_read() -> None:
    content = open_document(["url", "n"], ["B0LAMP0001", "x"])

    assert workbooks.read(content) == [("Made", [(1, ["url", "n"]), (2, ["B0LAMP0001", "x"])])]


@pytest.mark.parametrize(
    ("_case", "content", "words"),
    [
        ("a cell in the last corner", handmade(FAR.format(1_048_576)), "too large"),
        ("many columns", handmade(FAR.format(400)), "too large"),
        ("a packed file", b"PK\x03\x04" + b"\x00" * 200, "no workbook"),
        ("an old one, cut off", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "no workbook"),
        ("no sheet", handmade("<broken"), "no workbook"),
    ],
)
def test_what_cannot_be_read_is_told(_case: str, content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        workbooks.read(content)


@pytest.mark.slow
def test_a_workbook_that_unpacks_to_a_thousand_times_its_size_is_refused() -> None:
    start, end = '<row r="1"><c r="A1" t="inlineStr"><is><t>', "</t></is></c></row>"
    content = handmade(start, "x" * 1_000_000, end, times=1_000)

    with pytest.raises(InvalidInput, match="too large"):
        workbooks.read(content)


@pytest.mark.slow
def test_a_damaged_workbook_is_read_or_refused() -> None:
    chance = random.Random(20_261_128)
    whole = workbook([["url", "n"], *[("B0LAMP0001", number) for number in range(200)]])
    refused = 0

    for _ in range(60):
        content = bytearray(whole)
        for at in chance.sample(range(4, len(content)), 5):
            content[at] = chance.randrange(256)
        try:
            workbooks.read(bytes(content))
        except InvalidInput:
            refused += 1

    assert refused > 10


def test_one_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "SECONDS", 0.001)

    with pytest.raises(InvalidInput, match="too large"):
        workbooks.read(workbook([["url"]]))


def test_the_reader_knows_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import json, os\n"
        "print(json.dumps({'sheets': [{'name': ' '.join(os.environ), 'rows': []}]}))\n"
    )
    monkeypatch.setattr(workbooks, "PROGRAM", program)
    monkeypatch.setenv("ADMIN_API_KEY", "a-key-of-the-operator")

    [(names, _)] = workbooks.read(b"")

    assert "ADMIN_API_KEY" not in names

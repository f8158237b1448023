"""What becomes of a cell."""

from datetime import date

import pytest

from clients.registry import RUINED
from reading.workbook_process import cell, sheets
from tests.workbooks import handmade, workbook


@pytest.mark.parametrize(
    ("_case", "value", "text"),
    [
        ("text", " Lamp ", " Lamp "),
        ("whole", 33012345678.0, "33012345678"),
        ("fifteen digits", 100500612345678.0, "100500612345678"),
        ("sixteen that no spreadsheet has cut", 1005006123456789.0, "1005006123456789"),
        ("a fraction", 4.5, "4.5"),
        ("a day", date(2026, 1, 2), "2026-01-02"),
        ("a flag", True, "True"),
    ],
)
def test_cells_are_text(_case: str, value: object, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(
    "value", [1005006123456780.0, 1.005e15, 9007199254740993.0, 12000034953899117.0]
)
def test_numbers_that_may_lack_digits_look_cut(value: float) -> None:
    assert RUINED.fullmatch(cell(value))


def test_rows_keep_their_numbers_and_hidden_sheets_stay_hidden() -> None:
    content = workbook([[], ["url"], [], ["", "x"]], more={"Lists": [["hidden"]]}, hidden="Lists")

    assert sheets(content) == [{"name": "Products", "rows": [(2, ["url", ""]), (4, ["", "x"])]}]


def test_a_number_as_a_program_writes_it_is_exact() -> None:
    content = handmade('<row r="1"><c r="A1"><v>1.005006123456789E15</v></c></row>')

    assert sheets(content) == [{"name": "Made", "rows": [(1, ["1005006123456789"])]}]

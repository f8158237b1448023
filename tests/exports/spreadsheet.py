"""What a spreadsheet makes of a CSV file that is opened and saved again.

As LibreOffice 7.4 did with these forms, and Excel does: what begins with a sign of a formula is
run; digits are a number, also behind blanks, saved as it is shown: without zeros in front, and with
more than 11 digits as 1.00501E+15. A blank or an apostrophe before anything else stays, as text.
"""

import csv
import io

RUN = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"
SHOWN_DIGITS = 11


def is_run(cell: str) -> bool:
    """Whether opening the file would run the cell."""
    return cell != "-1" and cell.startswith(tuple(RUN))


def saved(file: str) -> str:
    """The file as it is after opening and saving it."""
    text = io.StringIO()
    rows = csv.reader(io.StringIO(file, newline=""), strict=True)
    csv.writer(text, lineterminator="\n").writerows([_shown(cell) for cell in row] for row in rows)
    return text.getvalue()


def _shown(cell: str) -> str:
    assert not is_run(cell)
    digits = cell.strip()
    if not digits.isdecimal():
        return cell
    number = int(digits)
    return str(number) if number < 10**SHOWN_DIGITS else f"{number:.5E}"

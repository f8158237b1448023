"""The program that reads a workbook: the file on standard input, its cells as JSON on the output.

A process of its own, started by `reading.workbooks` without environment and with little memory. A
workbook of a kilobyte can make its reader ask for hundreds of gigabytes (a cell in the last row of
the last column, a packed part that unpacks to a thousand times its size), and the reader then ends
the process it runs in: so that is this one and not the server.
"""

import io
import json
import resource
import sys
from itertools import islice

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

MEMORY = 1 << 30  # bytes; a sheet of 100,000 rows and 20 columns needs a third of it
SECONDS = 20
MOST_CELLS = 5_000_000
MOST_ROWS = 100_001  # one more than a file may have, so that it is told
EXACT = 2**53  # above it a number of a workbook has gaps


def cell(value: object) -> str:
    """A cell as text."""
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    """A number in digits; as a spreadsheet shows it where digits of it are lost.

    Spreadsheets keep fifteen digits of what is typed and write 0 for the others. A sixteenth digit
    that is not 0 shows that a program wrote the number and no spreadsheet has cut it.
    """
    if not value.is_integer():
        return repr(value)
    digits = str(int(value))
    is_whole = abs(value) < 1e15 or (value < EXACT and digits[-1] != "0")
    return digits if is_whole else f"{value:.14E}"


def sheets(content: bytes) -> list[dict[str, object]]:
    """What is seen of a workbook: name and rows of each sheet; a row is its number and its cells.

    Raises CalamineError, MemoryError.
    """
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    found: list[dict[str, object]] = []
    left = MOST_CELLS
    for sheet in workbook.sheets_metadata:
        if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible:
            table = workbook.get_sheet_by_name(sheet.name)
            left -= table.height * table.width
            if left < 0:
                raise MemoryError
            rows = (
                (number, [cell(value) for value in values])
                for number, values in enumerate(table.iter_rows(), start=1)
                if any(value != "" for value in values)
            )
            found.append({"name": sheet.name, "rows": list(islice(rows, MOST_ROWS))})
    return found


def _limit(kind: int, most: int) -> None:
    """Bound what this process takes; where its surroundings allow less, to that."""
    _, allowed = resource.getrlimit(kind)
    least = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
    resource.setrlimit(kind, (least, least))


def main() -> None:
    """Answer {"sheets"}, or {"failure"}: "password", "large" or "unreadable"."""
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_CPU, SECONDS)
    _limit(resource.RLIMIT_CORE, 0)
    answer: dict[str, object]
    try:
        answer = {"sheets": sheets(sys.stdin.buffer.read())}
    except PasswordError:
        answer = {"failure": "password"}
    except MemoryError:
        answer = {"failure": "large"}
    except CalamineError:
        answer = {"failure": "unreadable"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()

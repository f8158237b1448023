"""Workbooks (.xlsx, .xls, .xlsb, .ods) as rows of text, read in a process of its own.

Protects against workbooks made to break their reader: what happens there ends that process, which
has a bound of memory and of time and knows no secret (`reading.workbook_process`).
"""

import json
import subprocess
import sys
from pathlib import Path

from domain.exceptions import InvalidInput

PROGRAM = Path(__file__).with_name("workbook_process.py")
SECONDS = 30
SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
AS_TEXT = "Save the sheet with the products as .csv and import that."
FAILURES = {
    "password": f"The workbook is locked with a password. Remove it, or: {AS_TEXT}",
    "large": f"The workbook is too large, or unpacks to too much. {AS_TEXT}",
    "unreadable": f"The file is packed, but is no workbook that can be read. {AS_TEXT}",
}

Rows = list[tuple[int, list[str]]]  # number, cells


def is_workbook(content: bytes) -> bool:
    """Whether the file begins as workbooks do."""
    return content.startswith(SIGNATURES)


def read(content: bytes) -> list[tuple[str, Rows]]:
    """Name and rows of every sheet that is shown; empty rows are left out. Raises InvalidInput."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(PROGRAM)],
            input=content,
            capture_output=True,
            env={},
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidInput(FAILURES["large"]) from None
    if done.returncode != 0:
        raise InvalidInput(FAILURES["large" if done.returncode < 0 else "unreadable"])
    answer = json.loads(done.stdout)
    if failure := answer.get("failure"):
        raise InvalidInput(FAILURES[failure])
    return [
        (sheet["name"], [(number, cells) for number, cells in sheet["rows"]])
        for sheet in answer["sheets"]
    ]

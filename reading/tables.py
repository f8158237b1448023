"""The one reader of files: bytes in, rows of text out, each with its line.

Knows tables (with commas, semicolons, tabs or bars), workbooks, JSON and plain text, in UTF-8,
UTF-16 or the Windows code page. Pure but for workbooks. What is in a row it does not know.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from domain.exceptions import InvalidInput
from reading import headings, mails, workbooks

MOST_BYTES = 20_000_000
MOST_ROWS = 100_000
MOST_COLUMNS = 1_000
MOST_CELLS = 5_000_000
LOOKED_AT = 20  # rows that tell what separates cells

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NO_TEXT = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "a picture or a recording"),
    (b"BM", "a picture"),
    (b"\x1f\x8b", "packed"),
    (b"7z\xbc\xaf", "packed"),
    (b"Rar!", "packed"),
)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
LINE = re.compile(r"[^\r\n]+|\r\n|\r|\n")
SEPARATORS = ("\t", ";", ",", "|")
SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n])"?\r?(?=\n)', re.IGNORECASE)
OF_WORKBOOKS = (".xls", ".xlsx", ".xlsm", ".xlsb", ".ods")  # of a text, tables under a false name
OF_TABLES = (".csv", ".tsv", ".tab", *OF_WORKBOOKS)
OF_JSON = (".json", ".jsonl", ".ndjson")
OF_MAILS = (".eml", ".mht", ".mhtml")  # their source is no list: most lines name nothing
BETWEEN = re.compile(r"[\s,\ufeff]*")
COLON = re.compile(r"\s*:\s*")
DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
MOST_LEVELS = 4  # of objects within one another that are looked into
SENTINEL = "\x00end\x00"  # no text that is read holds it


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in a line; of text it is one cell, of a mail all of it. `line` counts from 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows that hold something. `sheet`: its name where the file has several."""

    rows: list[Row]
    sheet: str = ""
    is_text: bool = False


def read(content: bytes, name: str = "") -> list[Table]:
    """What a file holds; `name` tells its kind where the content could be several.

    Raises InvalidInput for a file that is empty, too large, or no table and no text.
    """
    check_size(len(content))
    if workbooks.is_workbook(content):
        tables = _sheets(workbooks.read(content))
    else:
        tables = [_table(_decoded(content), name.lower())]
    tables = [table for table in tables if table.rows]
    if not tables:
        raise InvalidInput("The file is empty.")
    if sum(len(table.rows) for table in tables) > MOST_ROWS:
        raise InvalidInput(
            f"The file has more than {MOST_ROWS:,} rows. Nothing was imported: split it."
        )
    if any(len(row.cells) > MOST_COLUMNS for table in tables for row in table.rows):
        raise InvalidInput(f"A table has at most {MOST_COLUMNS:,} columns.")
    return tables


def check_size(size: int) -> None:
    """Raises InvalidInput for more bytes than a file may have."""
    if size > MOST_BYTES:
        raise InvalidInput(
            f"The file has more than {MOST_BYTES // 1_000_000} MB. Nothing was imported: leave its "
            "other columns out, or split it."
        )


def _sheets(found: Sequence[tuple[str, workbooks.Rows]]) -> list[Table]:
    is_one = sum(bool(rows) for _, rows in found) < 2
    return [
        Table(sheet="" if is_one else name, rows=[Row(line, cells) for line, cells in rows])
        for name, rows in found
    ]


def _decoded(content: bytes) -> str:
    """The text of a file. Raises InvalidInput for what is none."""
    for signature, kind in NO_TEXT:
        if content.startswith(signature) and b"\x00" in content[:4096]:
            raise _no_text(f"is {kind}")
    if content.startswith(b"%PDF"):
        raise _no_text("is a PDF")
    text = _text(content)
    if len(CONTROL.findall(text[:4096])) > len(text[:4096]) // 100 or "\x00" in text:
        raise _no_text("holds no text")
    return text


def _text(content: bytes) -> str:
    encoding = next((name for bom, name in BOMS if content.startswith(bom)), "utf-8")
    if encoding == "utf-8" and b"\x00" in content[:4096]:
        encoding = _unmarked(content[:4096])
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise _no_text("holds no text") from None
        return content.decode("cp1252", "replace")


def _unmarked(head: bytes) -> str:
    """UTF-16 of a program that leaves the mark out: most of every second byte is zero."""
    high, low = head[::2].count(0), head[1::2].count(0)
    if max(high, low) < len(head) // 5 or min(high, low) > max(high, low) // 10:
        raise _no_text("holds no text")
    return "utf-16-be" if high > low else "utf-16-le"


def _no_text(what: str) -> InvalidInput:
    return InvalidInput(
        f"The file {what}. What can be imported: .csv, .tsv, .xlsx, .json, and text such as .txt "
        "and .md."
    )


def _table(text: str, name: str) -> Table:
    if name.endswith(OF_JSON) or re.match(r"\s*[\[{]\s*[{\"]", text):
        try:
            return _json(text)
        except (ValueError, RecursionError):
            if name.endswith(OF_JSON):
                raise InvalidInput(
                    "The file is no JSON, or not all of it is there: a list of products ends with "
                    "]. Nothing was imported."
                ) from None
    if name.endswith(OF_WORKBOOKS) and text.lstrip().startswith("<"):
        raise InvalidInput(
            "The file is a web page under the name of a workbook. Open it in a spreadsheet and "
            "save it as .xlsx or .csv."
        )
    if name.endswith(OF_MAILS) or mails.is_source(text):
        return Table(rows=[Row(1, [text])] if _holds_something(text) else [], is_text=True)
    separator = _separator(text, is_table=name.endswith(OF_TABLES))
    if separator is None:
        rows = (Row(line, [held]) for line, held in _lines(text))
        return Table(rows=list(islice(rows, MOST_ROWS + 1)), is_text=True)
    is_quoted = separator != "\t" or not _is_unquoted(text)
    records = _records(text, separator, is_quoted=is_quoted)
    return Table(rows=list(islice(records, MOST_ROWS + 1)))


def _is_unquoted(text: str) -> bool:
    """Whether a quotation mark between tabs would take in rows: many programs mean none by it."""
    if '"' not in text or "\t" not in text:
        return False
    try:
        rows = _records(text, "\t", is_quoted=True)
        return any("\t" in cell and "\n" in cell for row in rows for cell in row.cells)
    except InvalidInput:
        return True


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Number and text of the lines that hold a letter or digit."""
    line = 1
    for part in LINE.finditer(text):
        if part[0] in ("\r\n", "\r", "\n"):
            line += 1
        elif _holds_something(part[0]):
            yield line, part[0].strip()


def _holds_something(text: str) -> bool:
    """Whether there is more than punctuation, such as the rule below a head."""
    return any(sign.isalnum() for sign in text)


def _separator(text: str, *, is_table: bool) -> str | None:
    """What separates the cells; None for a text without columns.

    The separator under which headings are known, or else that of the most cells.
    """
    if named := SEPARATOR_LINE.match(text):
        return named[1]
    lines = [part for part in text[:100_000].splitlines() if part.strip()][:LOOKED_AT]
    best, most = ",", (0, 1)
    is_even = False
    for separator in SEPARATORS:
        rows = [row.cells for row in _cells("\n".join(lines), separator)]
        heads = rows if is_table else rows[: _begins_a_table(rows)]
        known = max((sum(map(_is_known, cells)) for cells in heads), default=0)
        width = len(rows[0]) if rows else 0
        if (known, width) > most:
            best, most = separator, (known, width)
            is_even = separator == "\t" and {len(cells) for cells in rows} == {width}
    return best if is_table or most[0] or is_even else None


def _is_known(cell: str) -> bool:
    return headings.is_of_product(cell) or headings.is_of_barcodes(cell)


def _begins_a_table(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first line of a text looks like headings: short, and as many as in the next."""
    widths = {len(cells) for cells in rows[:2]}
    return len(widths) == 1 and all(len(cell.split()) < 5 for cell in rows[0])


def _records(text: str, separator: str, *, is_quoted: bool) -> Iterator[Row]:
    """The rows of a table. Raises InvalidInput for a quotation mark that is never closed."""
    if named := SEPARATOR_LINE.match(text):
        text = text[named.end() :]
    ended = text if text.endswith(("\n", "\r")) else f"{text}\n"
    last = Row(1, [])
    for last in _cells(f"{ended}{SENTINEL}", separator, is_quoted=is_quoted):
        if last.cells == [SENTINEL]:
            return
        if any(map(_holds_something, last.cells)):
            yield last
    raise InvalidInput(
        f"A quotation mark that opens in line {last.line} is never closed. Nothing was imported: "
        "close it, or take it out."
    )


def _cells(text: str, separator: str, *, is_quoted: bool = True) -> Iterator[Row]:
    """The records, each with the line that it begins in."""
    csv.field_size_limit(2 * MOST_BYTES)  # a quotation mark that is never closed is told otherwise
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE,
    )
    line = 1
    for cells in reader:
        yield Row(line, cells)
        line = reader.line_num + 1


def _json(text: str) -> Table:
    """Objects as rows under their keys, in a list or one after the other; or addresses and ids.

    Raises ValueError, RecursionError.
    """
    text, before = _inner_list(text)
    found = [
        (line + before, _flat(value) if isinstance(value, dict) else value)
        for line, value in islice(_values(text), MOST_ROWS + 1)
    ]
    keys = {key: None for _, value in found if isinstance(value, dict) for key in value}
    if not keys:
        return Table(rows=[Row(line, [_shown(value)]) for line, value in found], is_text=True)
    if len(keys) > MOST_COLUMNS or len(keys) * len(found) > MOST_CELLS:
        raise InvalidInput("The objects of the list have too many different keys.")
    rows = [Row(1, list(keys))]
    for line, value in found:
        cells = value if isinstance(value, dict) else {next(iter(keys)): value}
        rows.append(Row(line, [_shown(cells.get(key)) for key in keys]))
    return Table(rows=rows)


def _inner_list(text: str) -> tuple[str, int]:
    """The one list of objects inside an object that is no product, and the lines before it.

    Any other text is given back. Raises InvalidInput where there are several lists, and ValueError.
    """
    values = list(islice(_values(text), 2)) if re.match(r"[\s\ufeff]*\{", text) else []
    whole = values[0][1] if len(values) == 1 else None
    if not isinstance(whole, dict) or any(map(headings.is_of_product, _flat(whole))):
        return text, 0
    lists = list(_lists(text, text.index("{"), MOST_LEVELS))
    if len(lists) > 1:
        names = ", ".join(name for name, _ in lists)[:200]
        raise InvalidInput(
            f"The file has several lists: {names}. Nothing was imported: leave only that of the "
            "products in it."
        )
    for _, place in lists:
        return text[place], text.count("\n", 0, place.start)
    return text, 0


def _lists(text: str, at: int, levels: int) -> Iterator[tuple[str, slice]]:
    """Name and place of each list of objects in the object that begins at `at`."""
    at = _after(BETWEEN, text, at + 1)
    while text[at] != "}":
        key, at = DECODER.raw_decode(text, at)
        begin = _after(COLON, text, at)
        value, end = DECODER.raw_decode(text, begin)
        if isinstance(value, list) and any(isinstance(one, dict) for one in value):
            yield key, slice(begin, end)
        elif isinstance(value, dict) and levels > 1:
            for name, place in _lists(text, begin, levels - 1):
                yield f"{key}.{name}", place
        at = _after(BETWEEN, text, end)


def _flat(value: Mapping[str, object], levels: int = MOST_LEVELS) -> dict[str, object]:
    """An object whose objects are members of their own: `{"product": {"id": 1}}` -> product.id."""
    flat: dict[str, object] = {}
    for key, held in value.items():
        if isinstance(held, dict) and levels > 1:
            inner = _flat(held, levels - 1)
            flat |= {f"{key}.{name}": one for name, one in inner.items()}
        else:
            flat[key] = held
    return flat


def _shown(value: object) -> str:
    """A text, without the half characters that only JSON can hold; of a list each one's line."""
    if isinstance(value, list):
        return "\n".join(map(_shown, value))
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _values(text: str) -> Iterator[tuple[int, object]]:
    """The values with their lines; numbers as they are written. Raises ValueError."""
    at = _after(BETWEEN, text, 0)
    is_list = text.startswith("[", at)
    at += is_list
    line, counted = 1, 0
    while (at := _after(BETWEEN, text, at)) < len(text) and not (is_list and text[at] == "]"):
        line, counted = line + text.count("\n", counted, at), at
        value, at = DECODER.raw_decode(text, at)
        yield line, value
    if is_list and text[at:].strip() != "]":
        raise ValueError("The list does not end with the text.")


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at

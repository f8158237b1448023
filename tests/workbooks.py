"""Workbooks for tests: as a program writes them, and as somebody makes them by hand."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime

import xlsxwriter

Cell = str | int | float | bool | datetime
Rows = Sequence[Sequence[Cell]]

PARTS = {
    "[Content_Types].xml": """<Types
        xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
        <Default Extension="xml" ContentType="application/xml"/>
        <Default Extension="rels"
            ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>""",
    "_rels/.rels": """<Relationships
        xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a"
        Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
        Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": """<workbook
        xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
        <sheets><sheet name="Made" sheetId="1" r:id="a"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": """<Relationships
        xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a"
        Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
        Target="worksheets/sheet1.xml"/></Relationships>""",
}
SHEET = "xl/worksheets/sheet1.xml"
START = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = "</sheetData></worksheet>"


def workbook(rows: Rows, *, more: Mapping[str, Rows] | None = None, hidden: str = "") -> bytes:
    """An .xlsx with a sheet called Products. Texts stay texts, whatever they look like."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"default_date_format": "yyyy-mm-dd"})
    for name, lines in {"Products": rows, **(more or {})}.items():
        sheet = book.add_worksheet(name)
        if name == hidden:
            sheet.hide()
        for line, cells in enumerate(lines):
            for column, cell in enumerate(cells):
                write = sheet.write_string if isinstance(cell, str) else sheet.write
                write(line, column, cell)
    book.close()
    return made.getvalue()


def open_document(*rows: Sequence[str]) -> bytes:
    """An .ods with one sheet."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    lines = ("".join(map(cell.format, row)) for row in rows)
    body = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
    declared = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr(
            "META-INF/manifest.xml",
            "<manifest:manifest "
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        packed.writestr(
            "content.xml",
            f"<office:document-content {declared}><office:body><office:spreadsheet>"
            f'<table:table table:name="Made">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return made.getvalue()


def handmade(*cells: str, times: int = 1) -> bytes:
    """An .xlsx whose only sheet holds this XML; its second piece as often as is said."""
    made = io.BytesIO()
    first, repeated, last = (*cells, "", "")[:3]
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in PARTS.items():
            packed.writestr(name, text)
        with packed.open(SHEET, "w") as sheet:
            sheet.write(f"{START}{first}".encode())
            for _ in range(times):
                sheet.write(repeated.encode())
            sheet.write(f"{last}{END}".encode())
    return made.getvalue()

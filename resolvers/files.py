"""Which products a file names: in which column they stand, and each row with what it names or why
it names none. Nothing is opened or asked."""

import bisect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import chain, islice

from clients.base import Marketplace
from clients.registry import BY_CODE, MARKETPLACE_NAMES, Found, product_ref, read_text
from domain.exceptions import InvalidInput, InvalidURL, SeveralProducts, ShortLink
from domain.products import ProductRef
from reading import headings, tables
from reading.tables import Row, Table
from resolvers.sites import OF_ADDRESSES, Sites, is_host, is_told, product_of, told, told_apart

HEAD_WITHIN = 10  # rows: tables of reports begin with a title
SAMPLE = 200  # rows that tell which column holds the products
SAMPLE_CELLS = 20_000
MOST_PRODUCT_COLUMNS = 20
LONGEST_SHOWN = 200  # characters of a cell that names nothing
TAG = re.compile(r"<[^<>]*>")
LINE_BREAK = re.compile("\n")
MOST_SHOWN = 40  # headings in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A product that a file names, or why a row names none.

    `text`: the words that name it, understood wherever a text is read. `line` counts from 1;
    `sheet`: of a workbook with several.
    """

    line: int
    text: str
    product: ProductRef | InvalidInput
    sheet: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"line {self.line}" + (f" of {self.sheet}" if self.sheet else "")


def tables_of(content: bytes, name: str = "") -> list[Table]:
    """As `tables.read`."""
    return tables.read(content, name)


def read(content: bytes, name: str = "") -> list[FileRow]:
    """As `tables.read` and `rows`."""
    return rows(tables_of(content, name))


def rows(found: Sequence[Table], bare: Sites = OF_ADDRESSES) -> list[FileRow]:
    """The products that the rows name, in order. Rows that hold nothing are left out.

    Raises InvalidInput where no row of the file could be read: no column holds products, or there
    are only headings.
    """
    read: list[FileRow] = []
    refusals: list[InvalidInput] = []
    for table in found:
        try:
            read += [replace(row, sheet=table.sheet) for row in _rows(table, bare)]
        except InvalidInput as refusal:
            refusals.append(refusal)
            head = table.rows[0]
            text = ", ".join(head.cells)[:LONGEST_SHOWN]
            read.append(FileRow(line=head.line, text=text, product=refusal, sheet=table.sheet))
    if len(refusals) == len(found):
        raise refusals[0]
    return read


def _rows(table: Table, bare: Sites) -> Iterator[FileRow]:
    """Raises InvalidInput where the table as a whole cannot be read, before the first row."""
    if table.is_text:
        return _text_rows(table.rows, bare)
    columns = _columns(table, bare)
    return (each for row in columns.rows for each in columns.read(row))


def _text_rows(rows: Sequence[Row], bare: Sites) -> Iterator[FileRow]:
    """What the lines of a text name; an address may go on in the next one."""
    text, begins = _joined(rows)
    shown = 0  # lines that were told
    breaks = [match.start() for match in LINE_BREAK.finditer(text)]
    for each in read_text(text, sites=bare.sites, owner=bare.owner):
        at = bisect.bisect_right(begins, each.start) - 1
        yield from _nameless(rows[shown:at], bare)
        below = bisect.bisect(breaks, each.start) - bisect.bisect(breaks, begins[at])
        line = rows[at].line + below  # a mail is one row of many lines
        yield FileRow(line=line, text=_words(text, each), product=each.product)
        shown = bisect.bisect_left(begins, each.end)
    yield from _nameless(rows[shown:], bare)


def _joined(rows: Sequence[Row]) -> tuple[str, list[int]]:
    """One text without its comments, and where each line begins in it."""
    pieces: list[str] = []
    begins: list[int] = []
    length = last = 0
    for row in rows:
        [line] = row.cells
        gap = "\n" if row.line <= last + 1 else "\n\n"  # nothing goes on behind an empty line
        piece = gap + ("" if _is_comment(line) else line)
        begins.append(length + len(gap))
        pieces.append(piece)
        length, last = length + len(piece), row.line
    return "".join(pieces), begins


def _is_comment(line: str) -> bool:
    return line.startswith("#")  # also a heading of Markdown


def _nameless(rows: Iterable[Row], bare: Sites) -> Iterator[FileRow]:
    for row in rows:
        [line] = row.cells
        is_told = any(map(str.isalnum, TAG.sub("", line)))  # more than a tag of HTML
        if is_told and not _is_comment(line):
            yield _refused(row.line, line, _reason(line, bare.owner))


def _words(cell: str, found: Found) -> str:
    """What names it: an address without what does not belong to it, or the id as it stands."""
    if found.is_bare or not isinstance(found.product, ProductRef):
        return cell[found.start : found.end]
    return BY_CODE[found.product.marketplace].product_url(found.product)


def _refused(line: int, text: str, reason: InvalidInput) -> FileRow:
    return FileRow(line=line, text=text[:LONGEST_SHOWN], product=reason)


def _reason(text: str, owner: Marketplace | None) -> InvalidInput:
    """Why a text in which nothing was found names nothing."""
    try:
        if owner is not None:
            owner.parse_id(text)
        product_ref(text)
    except InvalidInput as refusal:
        return refusal
    return InvalidURL(f"There is no product of {MARKETPLACE_NAMES} in this.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """A table whose columns are told apart. `names`: of its columns, as people know them."""

    rows: Sequence[Row]
    names: Sequence[str]
    products: Sequence[int]
    is_known: bool  # by the headings; else numbers count only if they look like a product's
    handles: AbstractSet[int]  # among `products`: they name it as our exports do, or not at all
    barcodes: AbstractSet[int]
    numbers: AbstractSet[int]  # of something else
    marketplaces: Sequence[int]
    sites: Sequence[int]
    channels: Sequence[int]  # they may name a site
    bare: Sites

    def read(self, row: Row) -> list[FileRow]:
        """What the row names: it is in one of its columns, and the others may not contradict."""
        bare = self._bare(row)
        found = {at: self.found(at, _cell(row, at), bare) for at in self.products}
        if not any(map(_is_sure, chain(*found.values()))):
            found = self._elsewhere(row, bare) or found
        if not self.is_known or not all(each.is_bare for each in chain(*found.values())):
            found = {at: _usual(each) for at, each in found.items()}
        found = {at: [told_apart(one, bare) for one in each] for at, each in found.items()}
        named = {at: _products(each) for at, each in found.items() if _products(each)}
        if named:
            if _contradict(named.values()):
                return [_refused(row.line, self._shown(row), self._contradiction(named))]
            at = min(named, key=lambda each: all(one.is_bare for one in named[each]))
        else:
            at = next((at for at, each in found.items() if _links(each)), -1)
        if at < 0:
            return [_refused(row.line, self._shown(row), self._why_none(row, found, bare))]
        return [
            FileRow(line=row.line, text=_words(_cell(row, at), each), product=each.product)
            for each in found[at]
        ]

    def _elsewhere(self, row: Row, bare: Sites) -> dict[int, list[Found]]:
        """What other columns name, in cells that hold nothing but addresses."""
        cells = {at: _cell(row, at) for at in range(len(row.cells)) if at not in self.products}
        found = {at: self.found(at, cell, bare) for at, cell in cells.items() if "/" in cell}
        return {at: each for at, each in found.items() if _is_addressed(cells[at], each)}

    def _bare(self, row: Row) -> Sites:
        """Whose bare ids of this row are."""
        bare = self.bare
        for at in (*self.marketplaces, *self.sites):
            if name := _cell(row, at):
                bare = told(bare, name, is_site=at in self.sites)
        for name in (_cell(row, at) for at in self.channels):
            bare = told(bare, name, is_site=True) if is_told(name) else bare
        return bare

    def found(self, at: int, cell: str, bare: Sites) -> list[Found]:
        """What a cell names."""
        if ref := product_of(cell):
            return [Found(start=0, end=len(cell), product=ref)]
        if at in self.handles or not cell:
            return []
        found = read_text(cell, sites=bare.sites, owner=bare.owner)
        if at in self.barcodes:
            return [
                each
                for each in found
                if not each.is_bare or _is_checked(cell[each.start : each.end])
            ]
        return [each for each in found if not each.is_bare] if at in self.numbers else found

    def _contradiction(self, named: Mapping[int, Sequence[Found]]) -> SeveralProducts:
        words = " and ".join(self.names[at] for at in named)
        return SeveralProducts(
            f"The columns {words} of this row name different products. Correct it, or take one of "
            "the columns out."
        )

    def _why_none(
        self, row: Row, found: Mapping[int, Sequence[Found]], bare: Sites
    ) -> InvalidInput:
        for each in chain(*found.values()):
            if isinstance(each.product, InvalidInput):
                return each.product
        for at in self.products:
            cell = _cell(row, at)
            if cell and at in self.barcodes:
                return InvalidURL(f"{self.names[at]} names no product here: search by it.")
            if cell:
                return _reason(cell, bare.owner)
        names = ", ".join(self.names[at] for at in self.products)
        return InvalidURL(f"This row names no product: {names} is empty.")

    def _shown(self, row: Row) -> str:
        texts = [_cell(row, at) for at in self.products]
        return " | ".join(filter(None, texts)) or " | ".join(filter(None, row.cells))


def _columns(table: Table, bare: Sites) -> _Columns:
    """Which columns hold the products: those with a known heading, else those that hold some.

    Where a known one is there, it tells of each row why it names nothing.

    Raises InvalidInput.
    """
    at = _head(table, bare)
    head = [] if at is None else table.rows[at].cells
    data = table.rows if at is None else table.rows[at + 1 :]
    if not data:
        raise InvalidInput(f"The table has no rows, only headings: {_listed(head)}.")
    width = max(len(row.cells) for row in table.rows)
    names = [_name(head, column) for column in range(width)]
    handles = headings.places(head, headings.HANDLE)
    known = headings.places(head, headings.PRODUCT)
    products = [*known, *handles]
    if len(products) > MOST_PRODUCT_COLUMNS:
        raise InvalidInput(
            f"At most {MOST_PRODUCT_COLUMNS} columns may hold the product: "
            f"{_listed([names[column] for column in products])}. Nothing was imported."
        )
    columns = _Columns(
        rows=data,
        names=names,
        products=products,
        is_known=True,
        handles=frozenset(handles),
        barcodes=frozenset(headings.places(head, headings.BARCODE)),
        numbers=frozenset(headings.places(head, headings.OTHER_NUMBER)),
        marketplaces=headings.places(head, headings.MARKETPLACE),
        sites=headings.places(head, headings.SITE),
        channels=_channels(head, data, width),
        bare=bare,
    )
    if known or any(product_of(_cell(row, at)) for row in data for at in handles):
        return columns
    columns = replace(columns, products=range(width), is_known=False, handles=frozenset())
    if by_content := _by_content(columns):
        return replace(columns, products=by_content)
    raise InvalidInput(
        f"No column of the table holds products of {MARKETPLACE_NAMES}. Its columns: "
        f"{_listed(names)}. Call the one with their addresses or ids ProductId or Product URL. "
        "Nothing was imported."
    )


def _channels(head: Sequence[str], data: Sequence[Row], width: int) -> list[int]:
    """The columns that may name sites: by their heading, or as each of their cells is a host."""
    cells = [{_cell(row, at) for row in data[:SAMPLE]} - {""} for at in range(width)]
    hosts = [at for at, held in enumerate(cells) if held and all(map(is_host, held))]
    return sorted({*headings.places(head, headings.CHANNEL), *hosts})


def _head(table: Table, bare: Sites) -> int | None:
    """The row with the headings: one that is known, else the first one if it names nothing."""
    first: int | None = 0
    for at, row in enumerate(islice(table.rows, HEAD_WITHIN)):
        if any(_is_good(each) for cell in row.cells for each in _cell_rows(row.line, cell, bare)):
            first = None if at == 0 else first
            break
        if any(map(headings.is_of_product, row.cells)):
            return at
    return first


def _cell_rows(line: int, cell: str, bare: Sites) -> Iterable[FileRow]:
    return _text_rows([Row(line, [cell.strip()])], bare) if cell.strip() else ()


def _is_good(row: FileRow) -> bool:
    return isinstance(row.product, ProductRef | ShortLink)


def _by_content(columns: _Columns) -> list[int]:
    """The columns that hold products: addresses, and about as many ids as the one that holds most.

    Raises InvalidInput where two of them name different products in most rows.
    """
    if not columns.products:
        return []
    sample = columns.rows[: min(SAMPLE, SAMPLE_CELLS // len(columns.products))]
    read = {
        at: [columns.found(at, _cell(row, at), columns.bare) for row in sample]
        for at in columns.products
    }
    named = {at: [_products(_usual(each)) for each in cells] for at, cells in read.items()}
    counts = {at: sum(map(bool, cells)) for at, cells in named.items()}
    ids = {at: sum(bool(_products(each)) for each in cells) for at, cells in read.items()}
    most = max(counts.values())
    best = [
        at
        for at, number in counts.items()
        if (number * 2 >= most > 0 and number * 2 >= ids[at])
        or any(
            _is_addressed(_cell(row, at), each) for row, each in zip(sample, read[at], strict=True)
        )
    ]
    # Where they do not agree, addresses win: a long number may be anything.
    with_addresses = [at for at in best if not all(each.is_bare for each in chain(*named[at]))]
    for chosen in (best, with_addresses):
        rows = [
            list(filter(None, cells)) for cells in zip(*(named[at] for at in chosen), strict=True)
        ]
        if chosen and sum(map(_contradict, rows)) * 2 <= max(0, sum(map(bool, rows)) - 1):
            return chosen
    if best:
        raise InvalidInput(
            "Several columns hold different products: "
            f"{_listed([columns.names[at] for at in best])}. Call the one that is meant "
            "ProductId or Product URL. Nothing was imported."
        )
    return _with_links(columns, sample)


def _with_links(columns: _Columns, sample: Sequence[Row]) -> list[int]:
    """The first column that holds short links."""
    for at in columns.products:
        if any(_links(columns.found(at, _cell(row, at), columns.bare)) for row in sample):
            return [at]
    return []


def _name(head: Sequence[str], column: int) -> str:
    named = head[column].strip() if column < len(head) else ""
    return named[:LONGEST_SHOWN] or f"column {column + 1}"


def _listed(names: Sequence[str]) -> str:
    shown = [name.strip()[:60] for name in names if name.strip()]
    more = len(shown) - MOST_SHOWN
    return ", ".join(shown[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _cell(row: Row, at: int) -> str:
    return row.cells[at].strip() if at < len(row.cells) else ""


def _products(found: Sequence[Found]) -> list[Found]:
    return [each for each in found if isinstance(each.product, ProductRef)]


def _is_sure(found: Found) -> bool:
    """Whether it is an address, of whatever, or an id that looks like one."""
    return not found.is_bare or (isinstance(found.product, ProductRef) and bool(_usual([found])))


def _usual(found: Sequence[Found]) -> list[Found]:
    """Without the bare numbers that look like no product's."""
    return [
        each
        for each in found
        if not each.is_bare
        or not isinstance(ref := each.product, ProductRef)
        or BY_CODE[ref.marketplace].is_usual_id(ref.external_id)
    ]


def _is_addressed(cell: str, found: Sequence[Found]) -> bool:
    """Whether a cell holds nothing but addresses, one of a product or short link among them."""
    return all("/" in word for word in cell.split()) and any(
        not each.is_bare and isinstance(each.product, ProductRef | ShortLink) for each in found
    )


def _links(found: Sequence[Found]) -> list[Found]:
    return [each for each in found if isinstance(each.product, ShortLink)]


def _is_checked(word: str) -> bool:
    """Whether the number tells by its check digit what it is, or why it can be none."""
    try:
        found = [market.read_bare_id(word) for market in BY_CODE.values()]
    except InvalidURL:
        return True
    return any(bare is not None and bare.is_checked for bare in found)


def _contradict(columns: Iterable[Sequence[Found]]) -> bool:
    """Whether columns of a row name different products, or one at different country sites."""
    columns = list(columns)
    refs = {each.product for found in columns for each in found if not each.is_bare}
    ids = {_keys([each]) for found in columns for each in found if not each.is_bare}
    return len(set(map(_keys, columns))) > 1 or len(refs) > len(ids)


def _keys(found: Sequence[Found]) -> frozenset[tuple[str, str]]:
    return frozenset(
        (each.product.marketplace, each.product.external_id)
        for each in found
        if isinstance(each.product, ProductRef)
    )

"""import FILE: many products at once, from addresses or ids, one a line.

What is in the catalogue already is skipped, so a run that broke off is simply started again.
"""

import argparse
import asyncio
import csv
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from clients.base import Marketplace
from clients.registry import read_text
from commands.arguments import Commands, add_command, marketplace
from commands.context import open_context, read_settings
from commands.progress import Progress
from domain.exceptions import AffiliateGraphError, InvalidInput
from domain.products import ProductRef
from resolvers import imports, lookups
from resolvers.context import Context
from resolvers.rows import Row
from upstream.budget import CallBudget, Priority

BATCH = 100  # what is lost of a run that is stopped: little, in few marketplace calls
COLUMNS = ("url", "link", "address", "id", "product_id", "asin")
# Failures of the account, not of a row: when a whole batch has one, the others would have it too.
OF_THE_ACCOUNT = {
    "API_RETIRED",
    "CREDENTIALS_REJECTED",
    "MARKETPLACE_NOT_CONNECTED",
    "NOT_ELIGIBLE",
    "PERMISSION_MISSING",
    "QUOTA_EXHAUSTED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the file that holds something. `number` counts from 1."""

    number: int
    text: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the lines so far."""

    imported: int = 0
    skipped: int = 0
    failed: int = 0

    @property
    def done(self) -> int:
        """How many lines were looked at."""
        return self.imported + self.skipped + self.failed


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        shared,
        "import",
        "import the products of a file: addresses or ids, one a line, or a .csv with such a column",
        run,
    )
    parser.add_argument("file", metavar="FILE", help="the file, or - for standard input")
    parser.add_argument(
        "--marketplace",
        type=marketplace,
        metavar="MARKETPLACE",
        help="the lines are bare ids of this marketplace",
    )
    parser.add_argument(
        "--locale", metavar="SITE", help="country site of the ids, if there are several"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="fetch products anew that are in the catalogue already (default: skip them)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Import. 1 when a line failed; each such line is told on standard output."""
    if arguments.locale and not arguments.marketplace:
        raise InvalidInput(
            "--locale goes with --marketplace: addresses tell their site themselves."
        )
    lines = list(
        read_lines(_content(arguments.file), is_csv=arguments.file.lower().endswith(".csv"))
    )
    return asyncio.run(_import(arguments, lines))


def read_lines(content: str, *, is_csv: bool) -> Iterator[Line]:
    """The lines that hold something, once for each product that a line names.

    Empty ones and those that begin with # are left out.

    Of a CSV file the column that the head names (url, id, asin ...), else the first one.
    """
    if not is_csv:
        for number, text in enumerate(content.splitlines(), start=1):
            if text.strip() and not text.lstrip().startswith("#"):
                found = read_text(text)
                texts = (
                    [text[each.start : each.end] for each in found] if len(found) > 1 else [text]
                )
                yield from (Line(number=number, text=each.strip()) for each in texts)
        return
    reader = csv.reader(io.StringIO(content), delimiter=_delimiter(content))
    column, is_first = 0, True
    for cells in reader:
        head = [cell.strip().lower() for cell in cells]
        named = [head.index(name) for name in COLUMNS if name in head] if is_first else []
        is_first = False
        if named:
            column = named[0]
        elif column < len(cells) and cells[column].strip():
            yield Line(number=reader.line_num, text=cells[column].strip())


def _delimiter(content: str) -> str:
    """Spreadsheets of some countries write semicolons."""
    head = content.partition("\n")[0]
    return max(",;\t", key=head.count)


def _content(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{file} is not text in UTF-8.") from None


async def _import(arguments: argparse.Namespace, lines: Sequence[Line]) -> int:
    tally, stopped_by = Tally(), None
    budget = CallBudget(priority=Priority.BACKGROUND)  # callers that wait come first
    seen: set[ProductRef] = set()
    async with open_context(read_settings(), arguments.workspace, budget) as context:
        with Progress(sys.stderr, total=len(lines)) as progress:
            rest = iter(lines)
            while batch := list(islice(rest, BATCH)):
                context.forget_loaded()
                stopped_by = await _import_batch(context, arguments, batch, seen, tally, progress)
                progress.show(tally.done, f"{tally.failed} failed")
                if stopped_by is not None:
                    break
    print(
        f"{tally.imported} imported, {tally.skipped} skipped (in the catalogue already, or twice in"
        f" the file), {tally.failed} failed.",
        file=sys.stderr,
    )
    if stopped_by is not None:
        left = len(lines) - tally.done
        print(
            f"Stopped, {left} lines left: {stopped_by.message} Then run the same command again; it "
            "goes on where it stopped.",
            file=sys.stderr,
        )
    return 1 if tally.failed else 0


async def _import_batch(
    context: Context,
    arguments: argparse.Namespace,
    batch: Sequence[Line],
    seen: set[ProductRef],
    tally: Tally,
    progress: Progress,
) -> AffiliateGraphError | None:
    """Import what is new of these lines. The failure that stops the whole run, if there is one."""
    named = [read_product(line.text, arguments.marketplace, arguments.locale) for line in batch]
    refs = await lookups.located(context, named)
    stored = set() if arguments.again else await _stored(context, refs)
    new: list[tuple[Line, ProductRef]] = []
    failures: list[tuple[Line, AffiliateGraphError]] = []
    for line, ref in zip(batch, refs, strict=True):
        if isinstance(ref, AffiliateGraphError):
            failures.append((line, ref))
        elif ref in seen or ref in stored:
            tally.skipped += 1
        else:
            seen.add(ref)
            new.append((line, ref))
    rows = await imports.import_products(context, [ref for _, ref in new])
    failures += [(line, row.error) for (line, _), row in zip(new, rows, strict=True) if row.error]
    for line, error in sorted(failures, key=lambda failure: failure[0].number):
        progress.tell(f"line {line.number}: {error.code}: {line.text}: {error.message}")
    tally.failed += len(failures)
    tally.imported += sum(row.error is None for row in rows)
    return _common_failure(rows)


def read_product(text: str, market: Marketplace | None, locale: str | None) -> lookups.RefOrError:
    """The product that a line names, or why it names none."""
    lookup = (
        lookups.Lookup(marketplace=market, external_id=text, locale=locale)
        if market
        else lookups.Lookup(url=text)
    )
    try:
        return lookups.find(lookup, path=())
    except AffiliateGraphError as error:
        return error


async def _stored(context: Context, rows: Sequence[lookups.RefOrError]) -> set[ProductRef]:
    """Those that are in the catalogue."""
    refs = [row for row in rows if isinstance(row, ProductRef)]
    entries = await context.dataloaders.catalog_product.load_many(refs)
    return {ref for ref, entry in zip(refs, entries, strict=True) if entry is not None}


def _common_failure(rows: Sequence[Row]) -> AffiliateGraphError | None:
    errors = [row.error for row in rows if row.error is not None]
    if not errors or len(errors) < len(rows):
        return None
    return errors[0] if {error.code for error in errors} <= OF_THE_ACCOUNT else None

"""import FILE: the products of a table, a workbook or a text.

What is in the catalogue already is skipped, so a run that broke off is simply started again.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path

from commands.arguments import Commands, add_command, marketplace
from commands.context import open_context, read_settings
from commands.failures import common_failure
from commands.progress import Progress
from commands.words import in_commands
from domain.exceptions import AffiliateGraphError, InvalidInput
from domain.products import ProductRef
from reading import tables
from reading.tables import Table
from resolvers import files, imports, lookups, pasted
from resolvers.context import Context
from resolvers.files import FileRow
from resolvers.sites import Sites
from upstream.budget import CallBudget, Priority

BATCH = 100  # what is lost of a run that is stopped: little, in few marketplace calls


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the rows so far."""

    imported: int = 0
    skipped: int = 0
    failed: int = 0

    @property
    def done(self) -> int:
        """How many rows were looked at."""
        return self.imported + self.skipped + self.failed


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        shared,
        "import",
        "import the products of a file: a table (.csv, .tsv, .xlsx, .json) or a text (.txt, .md)",
        run,
    )
    parser.add_argument("file", metavar="FILE", help="the file, or - for standard input")
    parser.add_argument(
        "--marketplace",
        type=marketplace,
        metavar="MARKETPLACE",
        help="bare ids are of this marketplace, also those that could be anything",
    )
    parser.add_argument(
        "--locale",
        metavar="SITE",
        help="country site of bare ids (default: the one that is connected)",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="fetch products anew that are in the catalogue already (default: skip them)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Import. 1 when a row failed; each such row is told on standard output.

    Raises InvalidInput for a file that cannot be read, before anything is imported.
    """
    if arguments.locale and not arguments.marketplace:
        raise InvalidInput(
            "--locale goes with --marketplace: addresses tell their site themselves."
        )
    found = tables.read(_content(arguments.file), arguments.file)
    return asyncio.run(_import(arguments, found))


def _content(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(tables.MOST_BYTES + 1)
        with Path(file).open("rb") as opened:
            return opened.read(tables.MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from None


async def _import(arguments: argparse.Namespace, found: Sequence[Table]) -> int:
    tally, stopped_by = Tally(), None
    budget = CallBudget(priority=Priority.BACKGROUND)  # callers that wait come first
    seen: set[ProductRef] = set()
    async with open_context(read_settings(), arguments.workspace, budget, makes=True) as context:
        market, locale = arguments.marketplace, arguments.locale
        sites = await pasted.sites_of_ids(context, market, locale, path=())
        lines = files.rows(found, Sites(sites=sites, owner=market))
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
            f"Stopped, {left} lines left: {in_commands(stopped_by.message)} Then run the same "
            "command again; it goes on where it stopped.",
            file=sys.stderr,
        )
    return 1 if tally.failed else 0


async def _import_batch(
    context: Context,
    arguments: argparse.Namespace,
    batch: Sequence[FileRow],
    seen: set[ProductRef],
    tally: Tally,
    progress: Progress,
) -> AffiliateGraphError | None:
    """Import what is new of these rows. The failure that stops the whole run, if there is one."""
    refs = await lookups.located(context, [row.product for row in batch])
    stored = set() if arguments.again else await _stored(context, refs)
    new: dict[int, ProductRef] = {}  # by place in the batch, as the failures are
    failures: list[tuple[int, AffiliateGraphError]] = []
    for place, ref in enumerate(refs):
        if isinstance(ref, AffiliateGraphError):
            failures.append((place, ref))
        elif ref in seen or ref in stored:
            tally.skipped += 1
        else:
            seen.add(ref)
            new[place] = ref
    rows = await imports.import_products(context, list(new.values()))
    failures += [(place, row.error) for place, row in zip(new, rows, strict=True) if row.error]
    for place, error in sorted(failures, key=itemgetter(0)):
        words = " ".join(batch[place].text.split())
        progress.tell(f"{batch[place].place}: {error.code}: {words}: {in_commands(error.message)}")
    tally.failed += len(failures)
    tally.imported += sum(row.error is None for row in rows)
    return common_failure(rows)


async def _stored(context: Context, rows: Sequence[lookups.RefOrError]) -> set[ProductRef]:
    """Those that are in the catalogue."""
    refs = [row for row in rows if isinstance(row, ProductRef)]
    entries = await context.dataloaders.catalog_product.load_many(refs)
    return {ref for ref, entry in zip(refs, entries, strict=True) if entry is not None}

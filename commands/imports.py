"""import FILE: the products of a table, a workbook or a text.

It is a job. What is in the catalogue already is skipped, so a run that broke off is simply started
again.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from commands.arguments import Commands, add_command, marketplace
from commands.context import open_workspace, operator, read_settings
from commands.failures import Failures
from commands.jobs import finish
from domain.exceptions import InvalidInput
from domain.jobs import Job
from domain.products import ProductRef
from reading import tables
from reading.tables import Table
from resolvers import files, jobs, pasted, uploads
from resolvers.sites import Sites

IMPORTED, SKIPPED, FAILED = "imported", "skipped", "failed"


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
    content = _content(arguments.file)
    found = tables.read(content, arguments.file)
    return asyncio.run(_import(arguments, content, found))


def _content(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(tables.MOST_BYTES + 1)
        with Path(file).open("rb") as opened:
            return opened.read(tables.MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from None


async def _import(arguments: argparse.Namespace, content: bytes, found: Sequence[Table]) -> int:
    settings, workspace = read_settings(), arguments.workspace
    async with open_workspace(settings, workspace, makes=True) as runtime:
        context = operator(runtime, workspace)
        market, locale = arguments.marketplace, arguments.locale
        meant = Sites(
            sites=await pasted.sites_of_ids(context, market, locale, path=()), owner=market
        )
        job = await uploads.start_import(
            context,
            files.rows(found, meant),
            content=content,
            meant=meant,
            only_new=not arguments.again,
            resumes=True,
        )
        job = await finish(runtime, context, job)
        tally = await _tell(job)
    print(
        f"{tally[IMPORTED]} imported, {tally[SKIPPED]} skipped (in the catalogue already, or twice "
        f"in the file), {tally[FAILED]} failed.",
        file=sys.stderr,
    )
    return 1 if tally[FAILED] or job.done < job.total else 0


async def _tell(job: Job) -> Counter[str]:
    """Tell what failed; how many rows ended in which way."""
    tally, failures, seen = Counter[str](), Failures(), set[ProductRef]()
    async for line, row in jobs.outcomes(job):
        if row is None:
            continue
        if row.error is not None:
            words = " ".join(str(line.named["words"]).split())
            failures.tell(str(line.named["at"]), words, row.error)
            tally[FAILED] += 1
        else:
            tally[SKIPPED if row.skipped or row.ref in seen else IMPORTED] += 1
        if row.ref is not None:
            seen.add(row.ref)
    failures.end()
    return tally

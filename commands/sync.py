"""sync: the marketplaces' present data of what is in the catalogue, the oldest first.

Each batch is stored before the next one is asked, and what was synced is not old any more: a run
that was stopped goes on with --older-than where it ended.
"""

import argparse
import asyncio
import re
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from commands.arguments import Commands, add_command
from commands.context import open_context, read_settings
from commands.failures import common_failure
from commands.progress import Progress
from commands.words import in_commands
from domain.catalog import CatalogFilter, CatalogSort
from domain.exceptions import AffiliateGraphError
from domain.products import CatalogProduct
from resolvers import cursors, imports, products
from resolvers.context import Context
from resolvers.cursors import ConnectionArgs
from resolvers.rows import Row
from upstream.budget import CallBudget, Priority

BATCH = 100  # what is lost of a run that is stopped: little, in few marketplace calls
AGE = re.compile(r"([1-9][0-9]{0,4})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
CHANGED, SAME, GONE, FAILED = "changed", "unchanged", "gone", "failed"


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, shared, "sync", "fetch the products of the catalogue anew, the oldest first", run
    )
    parser.add_argument(
        "--older-than",
        type=_age,
        default=timedelta(),
        metavar="AGE",
        help="only what was not synced for so long: 12h, 3d, 90m (default: everything)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Sync. 1 when a product failed; each such product is told on standard output."""
    return asyncio.run(_sync(arguments.workspace, arguments.older_than))


async def _sync(workspace: str, age: timedelta) -> int:
    tally, stopped_by = Counter[str](), None
    budget = CallBudget(priority=Priority.BACKGROUND)  # callers that wait come first
    async with open_context(read_settings(), workspace, budget) as context:
        filter = CatalogFilter(synced_before=context.now - age)
        total, after = (await products.count(context, filter)).total, None
        with Progress(sys.stderr, total=total) as progress:
            while stopped_by is None:
                context.forget_loaded()
                of_list, page = await products.page(
                    context, filter, CatalogSort.SYNCED_ASC, ConnectionArgs(BATCH, after)
                )
                if page.records:
                    stopped_by = await _sync_batch(context, page.records, tally, progress)
                    progress.show(tally.total(), f"{tally[FAILED]} failed")
                if not page.has_next:
                    break
                after = cursors.encode(of_list, page.positions[-1])
    counts = ", ".join(f"{tally[word]} {word}" for word in (CHANGED, SAME, GONE, FAILED))
    print(f"{tally.total()} synced: {counts}.", file=sys.stderr)
    if stopped_by is not None:
        print(
            f"Stopped, {max(total - tally.total(), 0)} left: {in_commands(stopped_by.message)} "
            "Then run the same command again.",
            file=sys.stderr,
        )
    return 1 if tally[FAILED] else 0


async def _sync_batch(
    context: Context, batch: Sequence[CatalogProduct], tally: Counter[str], progress: Progress
) -> AffiliateGraphError | None:
    """Sync these. The failure that stops the whole run, if there is one."""
    rows = await imports.sync_products(context, [entry.source.ref for entry in batch])
    for entry, row in zip(batch, rows, strict=True):
        tally[_outcome(row)] += 1
        if row.error is not None:
            ref = entry.source.ref
            site = f" {ref.locale}" if ref.locale else ""
            progress.tell(
                f"{ref.marketplace}{site} {ref.external_id}: {row.error.code}: "
                f"{in_commands(row.error.message)}"
            )
    return common_failure(rows)


def _outcome(row: Row) -> str:
    if row.error is None:
        return CHANGED if row.changed else SAME
    return GONE if row.error.code == "NOT_FOUND" else FAILED


def _age(text: str) -> timedelta:
    found = AGE.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is not an age such as 12h, 3d or 90m")
    return timedelta(**{UNITS[found[2]]: int(found[1])})

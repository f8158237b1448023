"""sync: the marketplaces' present data of what is in the catalogue, the oldest first.

It is a job. What was synced is not old any more: a run that was stopped goes on with --older-than
where it ended.
"""

import argparse
import asyncio
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from application.runtime import Runtime
from commands.arguments import Commands, add_command
from commands.context import open_workspace, operator, read_settings
from commands.failures import Failures
from commands.jobs import finish
from domain.catalog import CatalogFilter, CatalogSort
from domain.jobs import MAX_JOB_ROWS, Job, JobKind
from domain.products import ProductRef
from resolvers import cursors, jobs, products
from resolvers.context import Context
from resolvers.cursors import MAX_PAGE_SIZE, ConnectionArgs
from resolvers.rows import Row

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
    tally, failures, left = Counter[str](), Failures(), 0
    async with open_workspace(read_settings(), workspace) as runtime:
        async for job in _finished(runtime, operator(runtime, workspace), age):
            async for _, row in jobs.outcomes(job):
                if row is not None:
                    tally[_outcome(row)] += 1
                    _tell(row, failures)
            left = job.total - job.done
            if left:
                break
    failures.end()
    counts = ", ".join(f"{tally[word]} {word}" for word in (CHANGED, SAME, GONE, FAILED))
    print(f"{tally.total()} synced: {counts}.", file=sys.stderr)
    return 1 if tally[FAILED] or left else 0


async def _finished(runtime: Runtime, context: Context, age: timedelta) -> AsyncIterator[Job]:
    """The jobs of this run, each at its end. One of a run that was killed comes first, and what it
    has gone through is in no other."""
    began, known = context.now, set[ProductRef]()
    async for chosen in _chosen(context, CatalogFilter(synced_before=began - age)):
        while refs := [ref for ref in chosen if ref not in known]:
            job = await finish(runtime, context, await _start(context, refs, age))
            yield job
            if job.created_at >= began:
                break
            known |= {row.ref async for _, row in jobs.outcomes(job) if row and row.ref}


async def _chosen(context: Context, filter: CatalogFilter) -> AsyncIterator[list[ProductRef]]:
    """The products, the oldest first, as many at once as a job takes."""
    refs: list[ProductRef] = []
    after = None
    while True:
        of_list, page = await products.page(
            context, filter, CatalogSort.SYNCED_ASC, ConnectionArgs(MAX_PAGE_SIZE, after)
        )
        refs += [entry.source.ref for entry in page.records]
        if refs and (len(refs) + MAX_PAGE_SIZE > MAX_JOB_ROWS or not page.has_next):
            yield refs
            refs = []
        if not page.has_next:
            return
        after = cursors.encode(of_list, page.positions[-1])


async def _start(context: Context, refs: Sequence[ProductRef], age: timedelta) -> Job:
    """A job of these, or one of a run with the same words that was killed."""
    order = jobs.Order(
        kind=JobKind.SYNC,
        field="ids",
        rows=refs,
        options={},
        key=None,
        input_text=f"sync --older-than {age}",
        resumes=True,
    )
    return await jobs.start(context, order)


def _tell(row: Row, failures: Failures) -> None:
    if row.error is not None:
        failures.tell(_words(row.ref), "", row.error)


def _words(ref: ProductRef | None) -> str:
    if ref is None:
        return "A product"
    return " ".join(filter(None, (ref.marketplace, ref.locale, ref.external_id)))


def _outcome(row: Row) -> str:
    if row.error is None:
        return CHANGED if row.changed else SAME
    return GONE if row.error.code == "NOT_FOUND" else FAILED


def _age(text: str) -> timedelta:
    found = AGE.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is not an age such as 12h, 3d or 90m")
    return timedelta(**{UNITS[found[2]]: int(found[1])})

"""`python -m benchmarks.claims [DATABASE_URL PRODUCTS]`: what the engine itself costs.

How long it takes to find what is due, to claim it and to store what came of it, for a job of
100,000 rows and for refreshes of a catalogue, which is made where the database is empty. Nothing is
asked of a marketplace. Times are of one worker, one call at a time, in milliseconds.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

from benchmarks.catalogue import OURS, START, fill
from db import catalog, job_batches, jobs, migrate, refreshes, statements
from db.connection import open_database
from domain.catalog import CatalogFilter
from domain.jobs import (
    BATCH_ROWS,
    MAX_JOB_ROWS,
    BatchResult,
    BatchState,
    Document,
    Job,
    JobKind,
    JobStatus,
    NewJob,
)
from domain.marketplaces import AccountKey
from domain.products import Mode
from domain.refresh import Bounds, choose

T = TypeVar("T")
LOOKS = 300
LATER = START + timedelta(days=342)


def new_job() -> NewJob:
    """A job of as many rows as there may be, each another product."""
    lines: list[Document] = [
        {"ref": ["aliexpress", str(10**12 + row), ""], "batch": batch, "place": place}
        for row in range(MAX_JOB_ROWS)
        for batch, place in [divmod(row, BATCH_ROWS)]
    ]
    batches: list[list[tuple[Document, int]]] = [
        [({"ref": line["ref"]}, 1) for line in lines[first : first + BATCH_ROWS]]
        for first in range(0, MAX_JOB_ROWS, BATCH_ROWS)
    ]
    job = Job(
        id=str(uuid4()),
        workspace="default",
        kind=JobKind.SYNC,
        status=JobStatus.QUEUED,
        options={"field": "ids"},
        key_id=None,
        idempotency_key=None,
        fingerprint="",
        total=MAX_JOB_ROWS,
        done=0,
        failed=0,
        created_at=START,
    )
    return NewJob(job=job, lines=lines, batches=batches)


async def timed(times: list[float], work: Awaitable[T]) -> T:
    """Its answer; how long it took goes to `times`."""
    began = time.perf_counter()
    found = await work
    times.append(1000 * (time.perf_counter() - began))
    return found


async def work_off() -> None:
    """Every batch of the job, one after the other."""
    due: list[float] = []
    claimed: list[float] = []
    stored: list[float] = []
    began = time.perf_counter()
    while turns := await timed(due, job_batches.due(LATER, of_each=4)):
        for turn in turns:
            held = await timed(claimed, job_batches.claim(turn.id, LATER))
            assert held is not None
            batch, lease = held
            outcomes: list[Document | None] = [{"changed": []} for _ in batch.items]
            result = BatchResult(outcomes=outcomes, state=BatchState.DONE, due_at=LATER)
            await timed(stored, job_batches.store(batch, lease, result, LATER))
    rate = MAX_JOB_ROWS / (time.perf_counter() - began)
    tell("job: what is due", due)
    tell("job: claim", claimed)
    tell("job: store", stored)
    sys.stdout.write(f"job: {rate:,.0f} rows a second\n")


async def look_again() -> None:
    """What to refresh next, again and again."""
    times: list[float] = []
    key = AccountKey("default", "aliexpress", "", Mode.LIVE)
    for _ in range(LOOKS):
        found = await timed(times, chosen(key))
    tell(f"refresh: choice of {len(found)}", times)


async def chosen(key: AccountKey) -> Sequence[object]:
    """A batch for one call."""
    return choose(await refreshes.candidates(key, 50, {}), 50, Bounds(), LATER)


def tell(name: str, times: list[float]) -> None:
    """One line."""
    times.sort()
    median, high = (times[int(len(times) * share)] for share in (0.5, 0.99))
    sys.stdout.write(f"{name:24} median {median:7.1f}  p99 {high:7.1f}  of {len(times)}\n")


async def run(url: str, products: int) -> None:
    """Make what is lacking, and measure."""
    await migrate.migrate(url)
    async with open_database(url):
        if not (await catalog.count(OURS, CatalogFilter())).total:
            await fill(products)
        if statements.is_postgres():
            await statements.rows("ANALYZE")
        await look_again()
        await jobs.create(new_job())
        await work_off()


def main() -> None:
    """See above."""
    with tempfile.TemporaryDirectory() as folder:
        url, products = sys.argv[1:] or (f"sqlite://{folder}/claims.db", "5000")
        asyncio.run(run(url, int(products)))


if __name__ == "__main__":
    main()

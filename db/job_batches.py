"""The batches of jobs, as a worker sees them: which are due, claimed, and what became of them.

A claim holds a batch until its lease ends, and is known by a token of its own (db/leases.py). Of
several jobs each gives some of its batches, so that a large one does not stand before the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from db import holders, rows, statements
from db.availability import resilient
from db.jobs import OPEN, record, tell_end
from db.leases import Lease, LeaseLost
from db.turns import MOST, Due
from domain.jobs import (
    Batch,
    BatchResult,
    BatchState,
    Document,
    JobStatus,
    has_failed,
)

LEASE = timedelta(seconds=30)
# Also what is held until long after any lease: the clock was turned back since.
DUE = "d.state = 'OPEN' AND (d.due_at <= $1 OR (d.token IS NOT NULL AND d.due_at > $2))"
OF_JOBS = Due(
    owners="jobs",
    rows="job_batches",
    owner="job_id",
    open_owners=f"o.status IN {OPEN}",
    due=DUE,
    first="d.due_at, d.number",
)
CLAIM = (
    "UPDATE job_batches AS d SET token = $3, holder = $4, due_at = $5, tries = d.tries + 1"
    f" WHERE d.id = $6 AND (({DUE}) OR d.token = $3)"
    f" AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = d.job_id AND j.status IN {OPEN}) RETURNING *"
)
BEGUN = (
    "UPDATE jobs SET status = 'RUNNING', started_at = COALESCE(started_at, $2)"
    " WHERE id = $1 AND status = 'QUEUED' RETURNING id"
)
OF_JOB = (
    "SELECT id, due_at FROM job_batches WHERE job_id = $1 AND state = 'OPEN'"
    f" ORDER BY due_at, number LIMIT {MOST}"
)
PAUSED = (
    "SELECT job_id, MIN(due_at) AS goes_on_at FROM job_batches WHERE state = 'OPEN' AND job_id {0}"
    " GROUP BY job_id HAVING COUNT(token) = 0 AND MIN(due_at) > $1"
)
RENEW = (
    "UPDATE job_batches AS b SET due_at = $3 WHERE b.id = $1 AND b.token = $2"
    f" AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = b.job_id AND j.status IN {OPEN})"
    " RETURNING id"
)
STORE = (
    "UPDATE job_batches SET state = $2, due_at = $3, outcomes = $4, done = $5, failed = $6,"
    " tries = tries - $7, token = NULL, holder = NULL WHERE id = $1 RETURNING job_id"
)
COUNT = (
    "UPDATE jobs SET done = done + $2, failed = failed + $3 WHERE id = $1"
    " RETURNING status, total, failed"
)
END = (
    f"UPDATE jobs SET status = $2, finished_at = $3 WHERE id = $1 AND status IN {OPEN} RETURNING id"
)
HELD = (
    "SELECT b.id, b.token, b.holder FROM jobs j JOIN job_batches b ON b.job_id = j.id"
    f" WHERE j.status IN {OPEN} AND b.state = 'OPEN' AND b.token IS NOT NULL"
)
FREE = (
    "UPDATE job_batches SET due_at = $3, token = NULL, holder = NULL"
    " WHERE id = $1 AND token = $2 RETURNING id"
)


@dataclass(frozen=True, slots=True)
class DueBatch:
    """A batch that may be claimed. `tries` that it had: with its id, names this turn of it."""

    id: str
    tries: int


@resilient
async def due(now: datetime, *, of_each: int) -> list[DueBatch]:
    """Batches that may be claimed, at most so many of each job, the jobs by turns."""
    found = await OF_JOBS.some([now, now + 2 * LEASE], of_each=of_each)
    return [DueBatch(str(row["id"]), row["tries"]) for row in found]


@resilient
async def of_job(job_id: str) -> list[tuple[str, datetime]]:
    """The id of each open batch of a job, and when it may be claimed, the next ones first."""
    found = await statements.rows(OF_JOB, [job_id])
    return [(str(row["id"]), rows.moment(row["due_at"])) for row in found]


@resilient
async def paused(job_ids: Sequence[str], now: datetime) -> dict[str, datetime]:
    """When those jobs go on of which nothing is due and nobody works on any."""
    ids = statements.in_list(job_ids, behind=1)
    found = await statements.rows(PAUSED.format(ids), [now, *job_ids])
    return {str(row["job_id"]): rows.moment(row["goes_on_at"]) for row in found}


async def claim(batch_id: str, now: datetime) -> tuple[Batch, Lease] | None:
    """Hold the batch for the time of a lease. None where it is not due, or not any more."""
    lease = Lease(batch_id, str(uuid4()))
    batch = await _claim(lease, now)
    return None if batch is None else (batch, lease)


@resilient
async def _claim(lease: Lease, now: datetime) -> Batch | None:
    holder = holders.this_process()
    async with statements.transaction():
        found = await statements.rows(
            CLAIM, [now, now + 2 * LEASE, lease.token, holder, now + LEASE, lease.id]
        )
        if not found:
            return None
        [row] = found
        await statements.rows(BEGUN, [row["job_id"], now])
        [job] = await statements.rows("SELECT * FROM jobs WHERE id = $1", [row["job_id"]])
    return Batch(
        id=lease.id,
        job=record(job),
        number=row["number"],
        tries=row["tries"],
        items=rows.document(row["items"]),
        rows=rows.document(row["counts"]),
        outcomes=rows.document(row["outcomes"]),
    )


@resilient
async def renew(lease: Lease, now: datetime) -> bool:
    """Hold it longer. False where it is held no more, or its job has ended."""
    return bool(await statements.rows(RENEW, [lease.id, lease.token, now + LEASE]))


@resilient
async def store(batch: Batch, lease: Lease, result: BatchResult, now: datetime) -> None:
    """Give the batch back with what became of it; with the last one its job ends.

    Raises LeaseLost, and nothing is written.
    """
    done, failed = _counts(batch.rows, result.outcomes)
    async with statements.transaction():
        await lease.require()
        [before] = await statements.rows(
            "SELECT done, failed FROM job_batches WHERE id = $1", [batch.id]
        )
        await statements.rows(
            STORE,
            [
                batch.id,
                result.state,
                result.due_at,
                list(result.outcomes),
                done,
                failed,
                0 if result.counts else 1,
            ],
        )
        changes = [done - before["done"], failed - before["failed"]]
        [job] = await statements.rows(COUNT, [batch.job.id, *changes])
        if not await _has(batch.job.id, BatchState.OPEN):
            given_up = await _has(batch.job.id, BatchState.DEAD)
            is_failed = given_up or job["failed"] == job["total"]
            status = JobStatus.FAILED if is_failed else JobStatus.SUCCEEDED
            if await statements.rows(END, [batch.job.id, status, now]):
                await tell_end(batch.job.workspace, batch.job.id, now)


async def _has(job_id: str, state: BatchState) -> bool:
    return bool(
        await statements.rows(
            "SELECT 1 AS found FROM job_batches WHERE job_id = $1 AND state = $2 LIMIT 1",
            [job_id, state],
        )
    )


@resilient
async def free_dead(now: datetime) -> int:
    """Free what processes of this machine held that were killed; how many batches."""
    freed = 0
    for row in await statements.rows(HELD):
        if holders.has_died(row["holder"] or ""):
            freed += len(await statements.rows(FREE, [row["id"], row["token"], now]))
    return freed


def _counts(counts: Sequence[int], outcomes: Sequence[Document | None]) -> tuple[int, int]:
    """Rows that were gone through, and those of them that failed."""
    ended = [(count, one) for count, one in zip(counts, outcomes, strict=True) if one is not None]
    return sum(count for count, _ in ended), sum(n for n, one in ended if has_failed(one))


__all__ = ["LEASE", "DueBatch", "LeaseLost", "claim", "due", "free_dead", "renew", "store"]

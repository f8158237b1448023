"""Jobs and the rows of their input. db/job_batches.py has what they are worked on by."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from db import events, models, paging, rows, statements
from db.api_keys import is_id
from db.availability import resilient
from db.statements import Row
from domain.catalog import Page, PageArgs
from domain.events import EventType, News
from domain.exceptions import InvalidInput
from domain.jobs import (
    BATCH_ROWS,
    MAX_EXPORTS,
    OPEN_STATUSES,
    BatchState,
    Document,
    Job,
    JobKind,
    JobStatus,
    Line,
    NewJob,
    has_failed,
)
from domain.products import Mode

ORDER = paging.NEWEST_FIRST["created_at"]
KEPT_FOR = timedelta(days=30)  # after the end
OPEN = f"({', '.join(repr(status.value) for status in OPEN_STATUSES)})"
IS_OPEN = Q(status__in=[status.value for status in OPEN_STATUSES])
CANCEL = (
    "UPDATE jobs SET status = 'CANCELLED', finished_at = $3"
    f" WHERE id = $1 AND workspace_id = $2 AND status IN {OPEN} RETURNING id"
)
REOPEN = (
    "UPDATE jobs SET status = 'QUEUED', finished_at = NULL, done = done - $3, failed = failed - $4"
    f" WHERE id = $1 AND workspace_id = $2 AND status NOT IN {OPEN} RETURNING *"
)
# Batches before their job, in which order they are locked wherever one is stored.
TAKE_BACK = (
    "UPDATE job_batches SET token = NULL, holder = NULL, due_at = $2"
    " WHERE job_id = $1 AND token IS NOT NULL"
    f" AND EXISTS (SELECT 1 FROM jobs WHERE id = $1 AND status NOT IN {OPEN}) RETURNING id"
)
REOPEN_BATCH = (
    "UPDATE job_batches SET state = 'OPEN', due_at = $2, tries = 0, outcomes = $3, done = $4,"
    " failed = 0 WHERE id = $1"
)


@resilient
async def create(new: NewJob) -> Job:
    """Store the job, or find the one that its idempotency key began before."""
    job = new.job
    async with statements.transaction():
        await statements.insert(models.Job, [_columns(job)])
        stored = await models.Job.filter(id=job.id).values()
        if not stored:  # the key is taken
            [row] = await _of_key(job.workspace, job.idempotency_key)
            return record(row)
        if job.kind is JobKind.EXPORT:
            await _make_place(job)
        await _insert_parts(new)
        if job.finished_at is not None:
            await tell_end(job.workspace, job.id, job.finished_at)
        return record(stored[0])


async def _of_key(workspace_id: str, key: str | None) -> list[Row]:
    return await models.Job.filter(workspace_id=workspace_id, idempotency_key=key).values()


@resilient
async def by_key(workspace_id: str, key: str) -> Job | None:
    """The job that was begun with this idempotency key."""
    found = await _of_key(workspace_id, key)
    return record(found[0]) if found else None


@resilient
async def require_place(workspace_id: str) -> None:
    """Raises InvalidInput while no export can be begun."""
    await _count_open(workspace_id, most=MAX_EXPORTS - 1)


async def _count_open(workspace_id: str, *, most: int) -> None:
    if await _exports(workspace_id).filter(IS_OPEN).count() > most:
        raise InvalidInput(
            f"{MAX_EXPORTS} exports of this workspace are still to be written. Wait for one, or "
            "end it with cancelJob."
        )


async def _make_place(job: Job) -> None:
    """Beside those that are still to be written, of which this is one, the workspace keeps the
    newest exports, those with a file first. Raises InvalidInput where too many are to be written.
    """
    await statements.lock(f"one more export {job.workspace}")
    await _count_open(job.workspace, most=MAX_EXPORTS)
    ended = await _exports(job.workspace).filter(~IS_OPEN).order_by("-created_at", "-id").values()
    ended.sort(key=lambda row: row["status"] != JobStatus.SUCCEEDED.value)
    if older := [row["id"] for row in ended[MAX_EXPORTS:]]:
        await models.Job.filter(id__in=older).delete()


def _exports(workspace_id: str) -> QuerySet[models.Job]:
    return models.Job.filter(workspace_id=workspace_id, kind=JobKind.EXPORT.value)


async def _insert_parts(new: NewJob) -> None:
    parts = [
        new.lines[start : start + BATCH_ROWS] for start in range(0, len(new.lines), BATCH_ROWS)
    ]
    owned = {"job_id": new.job.id, "workspace_id": new.job.workspace}
    await statements.insert(
        models.JobLines,
        [
            {"id": str(uuid4()), **owned, "number": number, "lines": list(lines)}
            for number, lines in enumerate(parts)
        ],
    )
    await statements.insert(
        models.JobBatch,
        [
            {
                "id": str(uuid4()),
                **owned,
                "number": number,
                "state": BatchState.OPEN,
                "due_at": new.job.created_at,
                "tries": 0,
                "items": [item for item, _ in batch],
                "counts": [count for _, count in batch],
                "outcomes": [None] * len(batch),
                "done": 0,
                "failed": 0,
            }
            for number, batch in enumerate(new.batches)
        ],
    )


async def by_id(workspace_id: str, job_id: str) -> Job | None:
    """The job with that id; None for a text that is no id."""
    found = await by_ids(workspace_id, [job_id])
    return next(iter(found.values()), None)


@resilient
async def by_ids(workspace_id: str, job_ids: Collection[str]) -> dict[str, Job]:
    """The jobs of those ids that there are."""
    ids = [job_id for job_id in job_ids if is_id(job_id)]
    if not ids:
        return {}
    found = map(record, await models.Job.filter(id__in=ids, workspace_id=workspace_id).values())
    return {job.id: job for job in found}


@resilient
async def open_one(workspace_id: str, fingerprint: str) -> Job | None:
    """The newest job that is still to be worked on and was begun with that input."""
    found = (
        await models.Job.filter(
            workspace_id=workspace_id,
            fingerprint=fingerprint,
            status__in=[status.value for status in OPEN_STATUSES],
        )
        .order_by("-created_at")
        .limit(1)
        .values()
    )
    return record(found[0]) if found else None


@resilient
async def page(
    workspace_id: str,
    statuses: Collection[JobStatus],
    args: PageArgs,
    *,
    count: bool = False,
) -> Page[Job]:
    """The workspace's jobs, newest first; all of them without `statuses`."""
    condition = Q(workspace_id=workspace_id)
    if statuses:
        condition &= Q(status__in=[status.value for status in statuses])
    return await paging.read(models.Job, condition, ORDER, record, args, count=count)


@resilient
async def lines(job: Job, start: int, count: int) -> list[Line]:
    """Rows of the input, from number `start` on, in its order."""
    first, last = start // BATCH_ROWS, (start + count - 1) // BATCH_ROWS
    parts = await models.JobLines.filter(
        job_id=job.id, number__gte=first, number__lte=last
    ).order_by("number")
    every = [line for part in parts for line in part.lines]
    wanted = every[start - first * BATCH_ROWS :][:count]
    numbers = sorted({line["batch"] for line in wanted if "batch" in line})
    batches = await models.JobBatch.filter(job_id=job.id, number__in=numbers)
    outcomes = {batch.number: batch.outcomes for batch in batches}

    def outcome(line: Mapping[str, Any]) -> Document | None:
        if "batch" not in line:
            known: Document = line["outcome"]
            return known
        found: Document | None = outcomes[line["batch"]][line["place"]]
        return found

    return [
        Line(number=number, named=line, outcome=outcome(line))
        for number, line in enumerate(wanted, start=start)
    ]


@resilient
async def cancel(workspace_id: str, job_id: str, now: datetime) -> bool:
    """Let it be worked on no more. False where it had ended before."""
    async with statements.transaction():
        is_ended = bool(await statements.rows(CANCEL, [job_id, workspace_id, now]))
        if is_ended:
            await tell_end(workspace_id, job_id, now)
    return is_ended


async def tell_end(workspace_id: str, job_id: str, now: datetime) -> None:
    """The last statement of the transaction that ends a job."""
    news = News(type=EventType.JOB_FINISHED, occurred_at=now, job=job_id)
    await events.record(workspace_id, Mode.LIVE, [news])


@resilient
async def reopen(job: Job, now: datetime, *, only_failed: bool) -> Job | None:
    """Have a job that has ended worked on again: the rows that failed, or all of them. Whoever is
    still at work on it stores nothing more.

    None where there are none, or somebody else has reopened it.
    """
    async with statements.transaction():
        await statements.rows(TAKE_BACK, [job.id, now])
        done = failed = 0
        reopened: list[Sequence[object]] = []
        ended = Q(state=BatchState.DEAD.value) | Q(failed__gt=0)
        chosen = models.JobBatch.filter(ended if only_failed else Q(), job_id=job.id)
        async for batch in chosen:
            kept = [_kept(outcome, only_failed=only_failed) for outcome in batch.outcomes]
            left = sum(count for count, one in zip(batch.counts, kept, strict=True) if one)
            reopened.append([batch.id, now, kept, left])
            done += batch.done - left
            failed += batch.failed
        if not reopened and not await _has_open(job.id):
            return None
        found = await statements.rows(REOPEN, [job.id, job.workspace, done, failed])
        await statements.many(REOPEN_BATCH, reopened if found else [])
    return record(found[0]) if found else None


def _kept(outcome: Document | None, *, only_failed: bool) -> Document | None:
    return outcome if outcome and only_failed and not has_failed(outcome) else None


async def _has_open(job_id: str) -> bool:
    return await models.JobBatch.filter(job_id=job_id, state=BatchState.OPEN.value).exists()


@resilient
async def prune(now: datetime) -> int:
    """Forget jobs that ended long ago, with their rows; how many."""
    return await models.Job.filter(finished_at__lte=now - KEPT_FOR).delete()


def record(row: Row) -> Job:
    """The job that the row holds."""
    return Job(
        id=str(row["id"]),
        workspace=row["workspace_id"],
        kind=JobKind(row["kind"]),
        status=JobStatus(row["status"]),
        options=rows.document(row["options"]),
        key_id=str(row["key_id"]) if row["key_id"] else None,
        idempotency_key=row["idempotency_key"],
        fingerprint=row["fingerprint"],
        total=row["total"],
        done=row["done"],
        failed=row["failed"],
        created_at=rows.moment(row["created_at"]),
        started_at=rows.moment_or_none(row["started_at"]),
        finished_at=rows.moment_or_none(row["finished_at"]),
    )


def _columns(job: Job) -> Row:
    return {
        "id": job.id,
        "workspace_id": job.workspace,
        "kind": job.kind,
        "status": job.status,
        "options": dict(job.options),
        "key_id": job.key_id,
        "idempotency_key": job.idempotency_key,
        "fingerprint": job.fingerprint,
        "total": job.total,
        "done": job.done,
        "failed": job.failed,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }

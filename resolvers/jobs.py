"""Jobs: work on up to 100,000 rows that nobody waits for. They are begun, read, and ended here.

What a job is to ask is laid out when it begins: each product once, and those of one account
together, in batches that fill the marketplace's own. `resolvers/job_batches.py` works on them.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from db import jobs as stored_jobs
from domain.api_keys import Scope
from domain.catalog import Page, PageArgs
from domain.exceptions import (
    AffiliateGraphError,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    ShortLink,
)
from domain.jobs import (
    BATCH_ROWS,
    MAX_JOB_ROWS,
    Document,
    Job,
    JobKind,
    JobStatus,
    Line,
    NewJob,
)
from domain.products import ProductRef
from resolvers import cursors, idempotency, lookups
from resolvers.context import Context
from resolvers.cursors import ConnectionArgs
from resolvers.lookups import RefOrError, beside
from resolvers.rows import Row, from_json, to_json

SCOPES = {
    JobKind.IMPORT: Scope.IMPORT,
    JobKind.SYNC: Scope.SYNC,
    JobKind.LINKS: Scope.LINK,
    JobKind.EXPORT: Scope.READ,
}
MISSING = "There is no job by this id here. Finished ones are forgotten after 30 days."
ID = ("input", "id")
ROWS_IN_THREAD = 4  # characters that laying out one row is like


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a job is begun with. `field`: the field of the input that has the rows. `notes`: what
    else is to be known of each row, such as its place in a text.

    `input_text`: see `idempotency.once`. `resumes`: an open job that was begun with the same is
    gone on with.
    """

    kind: JobKind
    field: str
    rows: Sequence[RefOrError]
    notes: Sequence[Document] | None = None
    options: Document
    key: str | None
    input_text: str
    resumes: bool = False

    @property
    def is_read(self) -> bool:
        """Whether no marketplace is asked: the rows are those of the catalogue, in its order."""
        return self.kind is JobKind.EXPORT

    @property
    def fingerprint(self) -> str:
        """Tells whether two orders are the same."""
        return hashlib.sha256(repr((self.kind.value, self.input_text)).encode()).hexdigest()


async def start(context: Context, order: Order) -> Job:
    """Store a job, for a worker to take up; or the one that this idempotency key began.

    Raises InvalidInput for no rows and too many, IdempotencyConflict.
    """
    path = ("input", order.field)
    if not order.rows:
        raise InvalidInput("Name at least one product.", path=path)
    lookups.limit_rows(len(order.rows), path=path, most=MAX_JOB_ROWS)
    if order.key is not None:
        idempotency.check(order.key)
    if order.resumes and (open_job := await _open(context, order)):
        return open_job
    rows = order.rows if order.is_read else await _sited(context, order.rows)
    new = await beside(len(rows) * ROWS_IN_THREAD, lambda: _laid_out(context, order, rows))
    return _same(await stored_jobs.create(new), order)


async def begun(context: Context, order: Order) -> Job | None:
    """The job that this idempotency key began, whatever its rows would be now.

    Raises InvalidInput, IdempotencyConflict.
    """
    if order.key is None:
        return None
    idempotency.check(order.key)
    job = await stored_jobs.by_key(context.workspace.id, order.key)
    return None if job is None else _same(job, order)


def _same(job: Job, order: Order) -> Job:
    """Raises IdempotencyConflict where its input was another."""
    if job.fingerprint != order.fingerprint:
        raise IdempotencyConflict(
            "This idempotency key began a job with another input. Use a new one.",
            path=("input", "idempotencyKey"),
        )
    return job


async def _open(context: Context, order: Order) -> Job | None:
    return await stored_jobs.open_one(context.workspace.id, order.fingerprint)


async def get(context: Context, job_id: str) -> Job | None:
    """The job with that id in the workspace."""
    return await stored_jobs.by_id(context.workspace.id, job_id)


async def page(
    context: Context, statuses: Sequence[JobStatus], args: ConnectionArgs
) -> tuple[str, Page[Job]]:
    """One page of the jobs, newest first, with the fingerprint of its cursors."""
    of_list = cursors.fingerprint("jobs", sorted(status.value for status in statuses))
    return of_list, await stored_jobs.page(context.workspace.id, statuses, args.page(of_list))


async def count(context: Context, statuses: Sequence[JobStatus]) -> int | None:
    """How many jobs there are."""
    counted = await stored_jobs.page(context.workspace.id, statuses, PageArgs(1), count=True)
    return counted.total


async def lines(job: Job, args: ConnectionArgs) -> tuple[str, Page[Line]]:
    """One page of the rows in the order of the input, with the fingerprint of its cursors.

    Raises InvalidInput.
    """
    of_list = cursors.fingerprint("job", job.id)
    page = args.page(of_list)
    begin = max(_number(page.after, -1) + 1, 0)
    end = min(_number(page.before, job.total), job.total)
    count = max(0, min(page.size, end - begin))
    start = end - count if page.from_end else begin
    found = await stored_jobs.lines(job, start, count) if count else []
    return of_list, Page(
        records=found,
        positions=[(line.number,) for line in found],
        has_next=start + len(found) < job.total and bool(found),
        has_previous=start > 0,
    )


async def goes_on_at(context: Context, job: Job) -> datetime | None:
    """When it goes on, where all that is left of it waits."""
    return await context.dataloaders.paused_job.load(job.id) if job.is_open else None


async def outcomes(job: Job) -> AsyncIterator[tuple[Line, Row | None]]:
    """All rows in the order of the input, each with what became of it; None while it waits."""
    for start in range(0, job.total, BATCH_ROWS):
        for line in await stored_jobs.lines(job, start, BATCH_ROWS):
            yield line, None if line.outcome is None else from_json(dict(line.outcome))


def _number(position: Sequence[object] | None, default: int) -> int:
    """That of the row of a cursor."""
    return position[0] if position and isinstance(position[0], int) else default


async def cancel(context: Context, job_id: str) -> Job:
    """End a job: what was done stays done. Raises NotFound, Forbidden."""
    job = await _named(context, job_id)
    await stored_jobs.cancel(context.workspace.id, job.id, context.now)
    return await _named(context, job_id)


async def retry(context: Context, job_id: str, *, only_failed: bool) -> Job:
    """Have the rows of a job that has ended gone through again: those that failed, or all.

    What was not yet done of a cancelled job is done too. Raises NotFound, Forbidden, InvalidInput.
    """
    job = await _named(context, job_id)
    if job.is_open:
        raise InvalidInput("This job still runs. Wait for its end, or cancel it.", path=ID)
    again = await stored_jobs.reopen(job, context.now, only_failed=only_failed)
    if again is None:
        raise InvalidInput(
            "No row of this job can be tried again: what failed, failed for what was sent.", path=ID
        )
    return again


async def _named(context: Context, job_id: str) -> Job:
    job = await get(context, job_id)
    if job is None:
        raise NotFound(MISSING, path=ID)
    context.caller.require(SCOPES[job.kind], "Changing this job")
    return job


async def _sited(context: Context, rows: Sequence[RefOrError]) -> list[RefOrError]:
    """The same rows with bare ids at their site. Short links are opened by whoever works on
    them."""
    refs = [row for row in rows if isinstance(row, ProductRef)]
    located = iter(await lookups.located(context, refs))
    return [next(located) if isinstance(row, ProductRef) else row for row in rows]


def _laid_out(context: Context, order: Order, rows: Sequence[RefOrError]) -> NewJob:
    plan = _Plan(is_ordered=order.is_read)
    notes = order.notes or [{}] * len(rows)
    lines = [{**plan.line(row), **note} for row, note in zip(rows, notes, strict=True)]
    failed = sum("outcome" in line for line in lines)
    batches = plan.batches()
    at = context.now
    status = JobStatus.QUEUED if batches else JobStatus.FAILED
    job = Job(
        id=str(uuid4()),
        workspace=context.workspace.id,
        kind=order.kind,
        status=status,
        options={**order.options, "field": order.field},
        key_id=context.caller.key.id if context.caller.key else None,
        idempotency_key=order.key,
        fingerprint=order.fingerprint,
        total=len(rows),
        done=failed,
        failed=failed,
        created_at=at,
        finished_at=None if batches else at,
    )
    return NewJob(job=job, lines=lines, batches=batches)


@dataclass(slots=True)
class _Item:
    """Something to ask, and for how many rows."""

    asked: Document
    rows: int = 0


class _Plan:
    """Which batch asks what. Products of one account stand together; so do short links, of which
    nobody knows yet what they are. `is_ordered`: no marketplace is asked, and all stand in the
    order of the input, in which they are read."""

    def __init__(self, *, is_ordered: bool) -> None:
        self._is_ordered = is_ordered
        self._batches: list[list[_Item]] = []
        self._filling: dict[object, int] = {}  # the number of the batch, by account
        self._places: dict[object, tuple[int, int]] = {}

    def line(self, row: RefOrError) -> dict[str, object]:
        """Where the outcome of that row will be, or its outcome."""
        if isinstance(row, ShortLink) and row.address:
            return self._placed(row.address, "short links", {"address": row.address})
        if isinstance(row, AffiliateGraphError):
            return {"outcome": to_json(Row(error=row))}
        ref = [row.marketplace, row.external_id, row.locale]
        account = None if self._is_ordered else (row.marketplace, row.locale)
        return self._placed(row, account, {"ref": ref})

    def batches(self) -> list[list[tuple[Document, int]]]:
        """All of them, by number."""
        return [[(item.asked, item.rows) for item in batch] for batch in self._batches]

    def _placed(self, key: object, account: object, asked: Document) -> dict[str, object]:
        if key not in self._places:
            number = self._filling.get(account)
            if number is None or len(self._batches[number]) == BATCH_ROWS:
                number = self._filling[account] = len(self._batches)
                self._batches.append([])
            self._places[key] = number, len(self._batches[number])
            self._batches[number].append(_Item(asked))
        number, place = self._places[key]
        self._batches[number][place].rows += 1
        return {"batch": number, "place": place}

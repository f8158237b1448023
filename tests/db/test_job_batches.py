"""Claims on batches: leases, fencing, turns, and what is left behind."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from db import events, holders, job_batches, jobs, links, products, statements
from db.job_batches import LEASE
from db.leases import Lease, LeaseLost
from domain.catalog import PageArgs
from domain.events import EventFilter, EventType
from domain.jobs import (
    Batch,
    BatchResult,
    BatchState,
    Document,
    Job,
    JobKind,
    JobStatus,
    NewJob,
)
from tests.db.records import NOW, OURS, link, product, ref
from tests.db.test_holders import living

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

FINE: Document = {"error": None}
BAD: Document = {"error": {"code": "NOT_FOUND"}}


def new_job(*sizes: int, at: float = 0, key: str | None = None) -> NewJob:
    """A job with batches of so many items, each of one row, begun so many seconds after NOW."""
    batches = [
        [({"ref": [str(n), str(i), ""]}, 1) for i in range(size)] for n, size in enumerate(sizes)
    ]
    lines = [
        {"batch": number, "place": place}
        for number, size in enumerate(sizes)
        for place in range(size)
    ]
    job = Job(
        id=str(uuid4()),
        workspace="default",
        kind=JobKind.IMPORT,
        status=JobStatus.QUEUED,
        options={"field": "products"},
        key_id=None,
        idempotency_key=key,
        fingerprint="f",
        total=sum(sizes),
        done=0,
        failed=0,
        created_at=NOW + timedelta(seconds=at),
    )
    return NewJob(job=job, lines=lines, batches=batches)


async def claimed(*sizes: int) -> tuple[Batch, Lease]:
    """The first batch of a new job, held."""
    await jobs.create(new_job(*sizes))
    [first, *_] = await job_batches.due(NOW, of_each=1)
    found = await job_batches.claim(first.id, NOW)
    assert found is not None
    return found


def result(*outcomes: Document | None, state: BatchState = BatchState.DONE) -> BatchResult:
    return BatchResult(outcomes=outcomes, state=state, due_at=NOW)


async def told() -> list[tuple[EventType, str | None]]:
    """What is told of jobs."""
    page = await events.page(OURS, EventFilter(), PageArgs(9))
    return [(event.news.type, event.news.job) for _, event in page.rows]


async def job_of(batch: Batch) -> Job:
    found = await jobs.by_id("default", batch.job.id)
    assert found is not None
    return found


async def test_a_batch_is_claimed_once() -> None:
    batch, _ = await claimed(1)

    assert await job_batches.claim(batch.id, NOW) is None
    assert await job_batches.due(NOW, of_each=9) == []
    assert (await job_of(batch)).status is JobStatus.RUNNING


async def test_whoever_lost_the_lease_writes_nothing() -> None:
    batch, stopped = await claimed(1)
    later = NOW + LEASE

    taken_over = await job_batches.claim(batch.id, later)

    assert taken_over is not None
    with pytest.raises(LeaseLost):
        await products.keep(OURS, [product()], now=later, history_for=(), lease=stopped)
    with pytest.raises(LeaseLost):
        await products.mark_missing(OURS, [ref(1)], now=later, lease=stopped)
    with pytest.raises(LeaseLost):
        await links.keep("default", [link()], lease=stopped)
    with pytest.raises(LeaseLost):
        await job_batches.store(batch, stopped, result(FINE), later)
    assert not await job_batches.renew(stopped, later)
    assert await products.by_refs(OURS, [ref(1)]) == {}
    await products.keep(OURS, [product()], now=later, history_for=(), lease=taken_over[1])
    assert len(await products.by_refs(OURS, [ref(1)])) == 1


async def test_a_job_is_paused_where_nothing_is_due_and_nothing_held() -> None:
    batch, lease = await claimed(1, 1)
    [other] = await job_batches.due(NOW, of_each=9)
    both = [batch.job.id, str(uuid4())]
    soon, late = (NOW + timedelta(minutes=each) for each in (1, 9))
    waits = replace(result(None, state=BatchState.OPEN), due_at=late)

    held = await job_batches.paused(both, NOW)
    await job_batches.store(batch, lease, waits, NOW)
    due = await job_batches.paused(both, NOW)
    found = await job_batches.claim(other.id, NOW)
    assert found is not None
    await job_batches.store(*found, replace(waits, due_at=soon), NOW)

    assert held == due == {}
    assert await job_batches.paused(both, NOW) == {batch.job.id: soon}
    assert await job_batches.paused(both, soon) == {}


async def test_a_renewed_lease_is_held_on() -> None:
    batch, lease = await claimed(1)
    later = NOW + LEASE - timedelta(seconds=1)

    assert await job_batches.renew(lease, later)
    assert await job_batches.claim(batch.id, NOW + LEASE) is None


async def test_a_job_ends_with_its_last_batch() -> None:
    batch, lease = await claimed(2, 1)

    await job_batches.store(batch, lease, result(FINE, BAD), NOW)
    between, told_between = await job_of(batch), await told()
    [last] = await job_batches.due(NOW, of_each=9)
    again = await job_batches.claim(last.id, NOW)
    assert again is not None
    await job_batches.store(*again, result(FINE), NOW)
    ended = await job_of(batch)

    assert (between.status, between.done, between.failed) == (JobStatus.RUNNING, 2, 1)
    assert (ended.status, ended.done, ended.failed) == (JobStatus.SUCCEEDED, 3, 1)
    assert ended.finished_at == NOW
    assert told_between == []
    assert await told() == [(EventType.JOB_FINISHED, batch.job.id)]


@pytest.mark.parametrize(
    ("_case", "outcome", "state"),
    [("no row worked", BAD, BatchState.DONE), ("given up", BAD, BatchState.DEAD)],
)
async def test_a_job_fails(_case: str, outcome: Document, state: BatchState) -> None:
    batch, lease = await claimed(1)

    await job_batches.store(batch, lease, result(outcome, state=state), NOW)

    assert (await job_of(batch)).status is JobStatus.FAILED


async def test_what_is_given_back_is_no_try_and_keeps_its_outcomes() -> None:
    batch, lease = await claimed(2)
    partly = replace(result(FINE, None, state=BatchState.OPEN), counts=False)

    await job_batches.store(batch, lease, partly, NOW)
    again = await job_batches.claim(batch.id, NOW)

    assert again is not None
    assert again[0].tries == 1
    assert again[0].rest == [1]
    assert (await job_of(batch)).done == 1


async def test_a_large_job_does_not_stand_before_a_small_one() -> None:
    await jobs.create(new_job(1, 1, 1, 1))
    small = await jobs.create(new_job(1, at=-1))

    found = await job_batches.due(NOW, of_each=2)
    first = [await job_batches.claim(batch.id, NOW) for batch in found[:2]]

    assert len(found) == 3
    assert small.id in [claimed[0].job.id for claimed in first if claimed]


async def test_a_cancelled_job_is_neither_claimed_nor_held() -> None:
    batch, lease = await claimed(1, 1)
    others = await job_batches.due(NOW, of_each=9)

    assert await jobs.cancel("default", batch.job.id, NOW)

    assert not await jobs.cancel("default", batch.job.id, NOW)
    assert await told() == [(EventType.JOB_FINISHED, batch.job.id)]
    assert await job_batches.due(NOW, of_each=9) == []
    assert await job_batches.claim(others[0].id, NOW) is None
    assert not await job_batches.renew(lease, NOW)


async def test_what_a_killed_process_held_is_free_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with living() as name:
        monkeypatch.setattr(holders, "this_process", lambda: name)
        batch, lease = await claimed(1)
        assert await job_batches.free_dead(NOW) == 0

    assert await job_batches.free_dead(NOW) == 1
    assert await job_batches.claim(batch.id, NOW) is not None
    assert not await job_batches.renew(lease, NOW)


async def test_a_clock_that_is_turned_back_leaves_nothing_held_for_long() -> None:
    batch, _ = await claimed(1)

    an_hour_before = NOW - timedelta(hours=1)

    assert await job_batches.claim(batch.id, an_hour_before) is not None


async def test_an_idempotency_key_finds_its_job() -> None:
    first = await jobs.create(new_job(1, key="k"))

    again = await jobs.create(new_job(1, key="k"))

    assert again.id == first.id
    assert len(await statements.rows("SELECT id FROM job_batches")) == 1


async def test_a_job_is_stored_once_however_often_it_is_sent() -> None:
    new = new_job(1, 2)

    await jobs.create(new)
    again = await jobs.create(new)

    assert again.id == new.job.id
    assert len(await statements.rows("SELECT id FROM job_batches")) == 2


@pytest.mark.parametrize(("only_failed", "asked"), [(True, [1]), (False, [0, 1])])
async def test_a_job_is_reopened(only_failed: bool, asked: Sequence[int]) -> None:
    batch, lease = await claimed(2)
    await job_batches.store(batch, lease, result(FINE, BAD), NOW)

    job = await jobs.reopen(await job_of(batch), NOW, only_failed=only_failed)
    again = await job_batches.claim(batch.id, NOW)

    assert job is not None
    assert (job.done, job.failed) == (2 - len(asked), 0)
    assert again is not None
    assert again[0].rest == asked
    assert again[0].tries == 1


async def test_whoever_still_works_on_a_job_that_is_reopened_writes_nothing() -> None:
    batch, lease = await claimed(2)
    await jobs.cancel("default", batch.job.id, NOW)

    await jobs.reopen(await job_of(batch), NOW, only_failed=True)

    with pytest.raises(LeaseLost):
        await job_batches.store(batch, lease, result(FINE, BAD), NOW)
    assert [due.id for due in await job_batches.due(NOW, of_each=9)] == [batch.id]
    assert (await job_of(batch)).done == 0


async def test_who_comes_too_late_to_reopen_a_job_takes_nothing_from_its_workers() -> None:
    batch, lease = await claimed(1)

    assert await jobs.reopen(await job_of(batch), NOW, only_failed=True) is None

    assert await job_batches.renew(lease, NOW)


async def test_old_jobs_are_forgotten_with_their_rows() -> None:
    batch, lease = await claimed(1)
    await job_batches.store(batch, lease, result(FINE), NOW)

    await jobs.prune(NOW + jobs.KEPT_FOR - timedelta(seconds=1))
    kept = await jobs.by_id("default", batch.job.id)
    await jobs.prune(NOW + jobs.KEPT_FOR)

    assert kept is not None
    assert await jobs.by_id("default", batch.job.id) is None
    assert await statements.rows("SELECT id FROM job_lines") == []

"""What a worker makes of a batch: stored, tried again, given up, given back, or left alone."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest

from db import job_batches, jobs, statements
from domain.api_keys import Caller
from domain.jobs import MAX_TRIES, Batch, BatchResult, BatchState, Job, JobStatus
from engine import batches
from engine.batches import JobBatches
from resolvers.context import Context
from tests.db.records import NOW
from tests.db.test_job_batches import new_job
from upstream.budget import CallBudget, Priority

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


class Opened:
    """Makes Contexts of nothing, at a time that is set."""

    def __init__(self) -> None:
        self.time = NOW
        self.budgets: list[CallBudget | None] = []

    def now(self) -> datetime:
        return self.time

    def context(self, caller: Caller, budget: CallBudget | None = None) -> Context:
        self.budgets.append(budget)
        empty: Any = type("Empty", (), {})
        made: Context = empty()
        return made

    def under_way(self, workspace: str) -> AbstractContextManager[None]:
        return nullcontext()


async def turn(opened: Opened, ending: asyncio.Event | None = None, *, grace: float = 0) -> str:
    """Work on the batch that is due; its id."""
    [due] = await job_batches.due(opened.now(), of_each=1)
    await JobBatches(opened, grace=grace).handle(due.id, ending or asyncio.Event())
    return due.id


async def only_job() -> Job:
    [row] = await statements.rows("SELECT * FROM jobs")
    return jobs.record(row)


def works(monkeypatch: pytest.MonkeyPatch, work: Callable[[Context, Batch], Any]) -> None:
    monkeypatch.setattr("resolvers.job_batches.work", work)


async def all_done(_context: Context, batch: Batch) -> BatchResult:
    outcomes = [{"error": None} for _ in batch.items]
    return BatchResult(outcomes=outcomes, state=BatchState.DONE, due_at=NOW)


async def never(_context: Context, _batch: Batch) -> BatchResult:
    await asyncio.Event().wait()
    raise AssertionError


async def breaks(_context: Context, _batch: Batch) -> BatchResult:
    raise RuntimeError("a bug")


async def test_a_batch_is_worked_on_behind_people_and_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works(monkeypatch, all_done)
    await jobs.create(new_job(2))
    opened = Opened()

    await turn(opened)

    assert (await only_job()).status is JobStatus.SUCCEEDED
    [budget] = opened.budgets
    assert budget is not None
    assert budget.priority is Priority.BACKGROUND


async def test_what_breaks_off_is_tried_again_and_at_last_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works(monkeypatch, breaks)
    await jobs.create(new_job(2))
    opened = Opened()

    for number in range(MAX_TRIES):
        assert (await only_job()).is_open, number
        await turn(opened)
        opened.time += timedelta(hours=1)

    job = await only_job()
    assert (job.status, job.done, job.failed) == (JobStatus.FAILED, 2, 2)
    [first, _] = await jobs.lines(job, 0, 2)
    assert first.outcome is not None
    assert first.outcome["error"]["code"] == "JOB_GIVEN_UP"  # type: ignore[index]
    assert await jobs.reopen(job, opened.time, only_failed=True) is not None


async def test_a_batch_that_kills_whoever_works_on_it_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works(monkeypatch, all_done)
    await jobs.create(new_job(1))
    await statements.rows("UPDATE job_batches SET tries = $1 RETURNING id", [MAX_TRIES])

    await turn(Opened())

    job = await only_job()
    assert (job.status, job.done, job.failed) == (JobStatus.FAILED, 1, 1)


async def test_at_the_end_a_batch_is_given_back_and_is_due_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works(monkeypatch, never)
    await jobs.create(new_job(1))
    opened = Opened()
    ending = asyncio.Event()
    task = asyncio.create_task(turn(opened, ending))
    while (await only_job()).status is not JobStatus.RUNNING:  # noqa: ASYNC110
        await asyncio.sleep(0.01)

    ending.set()
    await task

    [due] = await job_batches.due(opened.now(), of_each=9)
    assert due.tries == 0


async def test_at_the_end_a_batch_has_a_moment_to_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()

    async def slow(context: Context, batch: Batch) -> BatchResult:
        begun.set()
        await asyncio.sleep(0.05)
        return await all_done(context, batch)

    works(monkeypatch, slow)
    await jobs.create(new_job(1))
    opened = Opened()
    ending = asyncio.Event()
    task = asyncio.create_task(turn(opened, ending, grace=10))
    await begun.wait()

    ending.set()
    await task

    assert (await only_job()).status is JobStatus.SUCCEEDED


async def test_who_lost_the_batch_stops_and_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    works(monkeypatch, never)
    monkeypatch.setattr(batches, "RENEWED_AFTER", 0.01)
    await jobs.create(new_job(1))
    opened = Opened()
    stopped = asyncio.create_task(turn(opened))
    while (await only_job()).status is not JobStatus.RUNNING:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    [row] = await statements.rows("SELECT id FROM job_batches")

    later = opened.now() + 3 * job_batches.LEASE
    taken_over = await job_batches.claim(str(row["id"]), later)
    await asyncio.wait_for(stopped, 10)

    assert taken_over is not None
    assert await job_batches.renew(taken_over[1], later)
    assert (await only_job()).done == 0


async def test_a_turn_that_comes_twice_is_worked_on_once(monkeypatch: pytest.MonkeyPatch) -> None:
    works(monkeypatch, all_done)
    await jobs.create(new_job(1))
    opened = Opened()
    batch_id = await turn(opened)

    await JobBatches(opened).handle(batch_id, asyncio.Event())

    assert len(opened.budgets) == 1
    assert (await only_job()).done == 1

"""The batches of jobs: each is claimed, worked on, and stored with what came of it.

A claim is renewed while its batch is worked on. Whoever was stopped longer than that finds it gone
and writes nothing (db/leases.py). At the end what is under way gets a moment to finish, and is
given back otherwise.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from db import job_batches
from db import jobs as stored_jobs
from db.exceptions import DatabaseUnavailable
from db.leases import Lease, LeaseLost
from domain.api_keys import Caller
from domain.jobs import MAX_TRIES, Batch, BatchResult
from engine.work import AT_ONCE, Opened, Turn
from resolvers import job_batches as work
from resolvers.access import caller_of
from upstream.budget import CallBudget, Priority

log = logging.getLogger("affiliate_graph.engine")

OF_EACH_JOB = 4  # batches that are on their way at once
FREED_EVERY = 10  # looks
GRACE = 10.0  # seconds for what is under way to finish, at the end
RENEWED_AFTER = job_batches.LEASE.total_seconds() / 3


@dataclass(eq=False)
class JobBatches:
    """Works on the batches of jobs, together with other workers on the same database."""

    opened: Opened
    grace: float = GRACE
    kind: str = "job batch"
    at_once: int = AT_ONCE
    _looks: int = field(default=0, init=False)

    async def due(self) -> Sequence[Turn]:
        """Some batches of each job; now and then, what killed processes held is freed before."""
        if self._looks % FREED_EVERY == 0:
            await job_batches.free_dead(self.opened.now())
        self._looks += 1
        found = await job_batches.due(self.opened.now(), of_each=OF_EACH_JOB)
        return [Turn(batch.id, batch.tries) for batch in found]

    async def handle(self, turn_id: str, ending: asyncio.Event) -> None:
        """One turn of a batch. Does nothing where it is not due, or somebody else has it."""
        try:
            claimed = await job_batches.claim(turn_id, self.opened.now())
            if claimed is not None:
                await self._work(*claimed, ending)
        except LeaseLost:
            log.info("A batch was taken over by another worker", extra={"batch": turn_id})

    async def _work(self, batch: Batch, lease: Lease, ending: asyncio.Event) -> None:
        caller = await caller_of(batch.job.workspace, batch.job.key_id, self.opened.now())
        if caller is None:
            log.warning("The API key of a job is at its end", extra={"job": batch.job.id})
            await stored_jobs.cancel(batch.job.workspace, batch.job.id, self.opened.now())
            return
        if batch.tries > MAX_TRIES:  # whoever tried it was killed, and may have been by it
            now = self.opened.now()
            await job_batches.store(batch, lease, work.broken(batch, now), now)
            return
        working = asyncio.create_task(self._result(batch, lease, caller))
        renewing = asyncio.create_task(self._renew(lease))
        waiting = asyncio.create_task(ending.wait())
        tasks = {working, renewing, waiting}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done() and not renewing.done():
                await asyncio.wait(
                    {working, renewing}, timeout=self.grace, return_when=asyncio.FIRST_COMPLETED
                )
            result = self._outcome(batch, working, has_lost=renewing.done())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await job_batches.store(batch, lease, result, self.opened.now())

    def _outcome(
        self, batch: Batch, working: asyncio.Task[BatchResult], *, has_lost: bool
    ) -> BatchResult:
        """What became of the batch. Raises LeaseLost, DatabaseUnavailable."""
        if not working.done():
            if has_lost:
                raise LeaseLost
            return work.given_back(batch, self.opened.now())
        failure = working.exception()
        if failure is None:
            return working.result()
        if isinstance(failure, LeaseLost | DatabaseUnavailable):
            raise failure
        log.error("A batch broke off", exc_info=failure, extra={"batch": batch.id})
        return work.broken(batch, self.opened.now())

    async def _result(self, batch: Batch, lease: Lease, caller: Caller) -> BatchResult:
        context = self.opened.context(caller, CallBudget(priority=Priority.BACKGROUND))
        context.lease = lease
        with self.opened.under_way(batch.job.workspace):
            return await work.work(context, batch)

    async def _renew(self, lease: Lease) -> None:
        """Hold the batch; ends when it is held no more, or its job has ended."""
        while True:
            await asyncio.sleep(RENEWED_AFTER)
            with contextlib.suppress(DatabaseUnavailable):  # it may be back at the next one
                if not await job_batches.renew(lease, self.opened.now()):
                    return

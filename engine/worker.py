"""The worker: finds what is due, claims it, has it worked on, and stores what came of it.

A claim is renewed while its batch is worked on. Whoever was stopped longer than that finds it gone
and writes nothing (db/leases.py). At the end what is under way gets a moment to finish, and is
given back otherwise.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pkgutil import resolve_name
from typing import Protocol

from db import job_batches
from db import jobs as stored_jobs
from db.availability import FAILURES
from db.exceptions import DatabaseUnavailable
from db.job_batches import DueBatch
from db.leases import Lease, LeaseLost
from domain.api_keys import Caller
from domain.jobs import Batch, BatchResult
from resolvers import job_batches as work
from resolvers.access import caller_of
from resolvers.context import Context
from upstream.budget import CallBudget, Priority

log = logging.getLogger("affiliate_graph.engine")

POLL = 1.0  # seconds between two looks for what is due
OF_EACH_JOB = 4  # batches that are on their way at once
FREED_EVERY = 10  # looks
TIDIED_EVERY = 3600
GRACE = 10.0  # seconds for what is under way to finish, at the end
RENEWED_AFTER = job_batches.LEASE.total_seconds() / 3
CARRIER = "engine.carrier:open_carrier"  # by name: only a process that runs the engine imports it

Handler = Callable[[str], Awaitable[None]]


class Carrier(Protocol):
    """Brings turns of batches to a handler; it may lose some, or bring them twice."""

    async def put(self, turns: Sequence[DueBatch]) -> None:
        """Have these brought."""

    async def run(self, handler: Handler, ending: asyncio.Event) -> None:
        """Bring them until `ending`, then wait for the handlers that are at work."""

    async def tidy(self) -> None:
        """Forget what was carried long ago."""


class Opened(Protocol):
    """What is open while the process runs: see `application.runtime.Runtime`."""

    def now(self) -> datetime:
        """The present moment in UTC."""

    def context(self, caller: Caller, budget: CallBudget | None = None) -> Context:
        """The Context of one piece of work."""

    def under_way(self, workspace: str) -> AbstractContextManager[None]:
        """Lasts as long as a piece of work."""


@contextlib.asynccontextmanager
async def working(opened: Opened, database_url: str) -> AsyncIterator[None]:
    """A worker runs beside what is inside; at the end it gives back what it has not finished."""
    ending = asyncio.Event()
    running = asyncio.create_task(run(opened, database_url, ending))
    running.add_done_callback(_tell)
    try:
        yield
    finally:
        ending.set()
        await running


async def run(opened: Opened, database_url: str, ending: asyncio.Event) -> None:
    """Work until `ending`. A database that goes away is waited for.

    The carrier is not imported before something is due: it takes half a second and memory, and most
    servers have no job.
    """
    while not ending.is_set():
        try:
            if await _is_due(opened, ending):
                open_carrier: Callable[[str], AbstractAsyncContextManager[Carrier]]
                open_carrier = await asyncio.to_thread(resolve_name, CARRIER)
                async with open_carrier(database_url) as carrier:
                    await Worker(opened, carrier, ending).run()
        except (DatabaseUnavailable, *FAILURES) as failure:
            log.warning("The engine waits for the database: %s", type(failure).__name__)
            await _first(ending.wait(), seconds=POLL)


@dataclass(eq=False)
class Worker:
    """Works on the batches of jobs, together with other workers on the same database."""

    opened: Opened
    carrier: Carrier
    ending: asyncio.Event
    grace: float = GRACE
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Work until `ending`. Raises what the database raises."""
        stopped = asyncio.Event()
        carrying = asyncio.create_task(self.carrier.run(self.handle, stopped))
        looking = asyncio.create_task(self._look())
        try:
            await asyncio.wait({carrying, looking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.set()
            looking.cancel()
            found = await asyncio.gather(carrying, looking, return_exceptions=True)
        for failure in found:
            if isinstance(failure, Exception):
                raise failure

    async def _look(self) -> None:
        """Hand to the carrier what is due, again and again."""
        looks = 0
        while not self.ending.is_set():
            self._wake.clear()
            if looks % FREED_EVERY == 0:
                await job_batches.free_dead(self.opened.now())
            if looks % TIDIED_EVERY == 0:
                await self.carrier.tidy()
            await self.carrier.put(await job_batches.due(self.opened.now(), of_each=OF_EACH_JOB))
            looks += 1
            await _first(self._wake.wait(), self.ending.wait(), seconds=POLL)

    async def handle(self, batch_id: str) -> None:
        """One turn of a batch. Does nothing where it is not due, or somebody else has it."""
        if self.ending.is_set():
            return
        try:
            claimed = await job_batches.claim(batch_id, self.opened.now())
            if claimed is not None:
                await self._work(*claimed)
        except LeaseLost:
            log.info("A batch was taken over by another worker", extra={"batch": batch_id})
        except DatabaseUnavailable as failure:
            log.warning("A batch could not be stored: %s", failure, extra={"batch": batch_id})
        self._wake.set()

    async def _work(self, batch: Batch, lease: Lease) -> None:
        caller = await caller_of(batch.job.workspace, batch.job.key_id, self.opened.now())
        if caller is None:
            log.warning("The API key of a job is at its end", extra={"job": batch.job.id})
            await stored_jobs.cancel(batch.job.workspace, batch.job.id, self.opened.now())
            return
        working = asyncio.create_task(self._result(batch, lease, caller))
        renewing = asyncio.create_task(self._renew(lease))
        ending = asyncio.create_task(self.ending.wait())
        tasks = {working, renewing, ending}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if ending.done() and not renewing.done():
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


async def _is_due(opened: Opened, ending: asyncio.Event) -> bool:
    """Waits until there is something to do, or until `ending`: False."""
    while not ending.is_set():
        await job_batches.free_dead(opened.now())
        if await job_batches.due(opened.now(), of_each=1):
            return True
        await _first(ending.wait(), seconds=POLL)
    return False


async def _first(*waits: Coroutine[object, object, object], seconds: float) -> None:
    """Until the first of these has happened, or so many seconds."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tell(running: asyncio.Task[None]) -> None:
    if not running.cancelled() and (failure := running.exception()) is not None:
        log.critical("The engine broke: jobs stand still until a restart", exc_info=failure)

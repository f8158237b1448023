"""One job, worked on by a process that does nothing else and ends with it.

No carrier is needed: the batches are asked for until there are none. Others may work on them too.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from db import job_batches
from db import jobs as stored_jobs
from domain.jobs import Job
from engine.batches import JobBatches
from engine.work import AT_ONCE, Opened

PATIENCE = timedelta(minutes=15)  # as long as a batch that failed ever pauses by itself
POLL = 1.0  # seconds between two looks while there is nothing to do


async def finish(
    opened: Opened, job: Job, seen: Callable[[Job], None]
) -> tuple[Job, datetime | None]:
    """Work on the job until it has ended, or has nothing to do for longer than PATIENCE.

    The job as it stands then, and when it goes on. `seen`: told how far it is, again and again.
    Raises DatabaseUnavailable.
    """
    batches = JobBatches(opened)
    await job_batches.free_dead(opened.now())
    while job.is_open:
        now = opened.now()
        waiting = await job_batches.of_job(job.id)
        due = [batch_id for batch_id, due_at in waiting if due_at <= now]
        if due:
            await asyncio.gather(*(_do(batches, each, job, seen) for each in due[:AT_ONCE]))
        elif waiting and waiting[0][1] - now > PATIENCE:
            return job, waiting[0][1]
        else:
            await asyncio.sleep(POLL)
        job = await _now(job)
    return job, None


async def _do(batches: JobBatches, batch_id: str, job: Job, seen: Callable[[Job], None]) -> None:
    await batches.handle(batch_id, asyncio.Event())  # never set: whoever ends this, cancels it
    seen(await _now(job))


async def _now(job: Job) -> Job:
    return await stored_jobs.by_id(job.workspace, job.id) or job

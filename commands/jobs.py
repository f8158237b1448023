"""A job that a command begins: its process works on it, shows how far it is, and tells its end.

A server on the same data may take parts of it. Whoever stops the command cancels the job. One that
is killed leaves the job to that server, or to the same command, which goes on with it.
"""

import asyncio
import sys
from datetime import datetime

from application.runtime import Runtime
from commands.progress import Progress
from domain.jobs import Job, JobStatus
from engine import alone
from resolvers import jobs
from resolvers.context import Context


async def finish(runtime: Runtime, context: Context, job: Job) -> Job:
    """The job when it has ended, or can go on only much later, which is told."""

    def show(job: Job) -> None:
        progress.show(job.done, f"{job.failed} failed")

    with Progress(sys.stderr, total=job.total) as progress:
        try:
            job, goes_on_at = await alone.finish(runtime, job, show)
        except asyncio.CancelledError:
            await jobs.cancel(context, job.id)
            raise
    _tell_left(job, goes_on_at)
    return job


def _tell_left(job: Job, goes_on_at: datetime | None) -> None:
    """What was not gone through, and why."""
    left = job.total - job.done
    if goes_on_at is not None:
        print(
            f"Stopped, {left:,} left: the marketplace takes no more calls before "
            f"{goes_on_at:%Y-%m-%d %H:%M} UTC. A running server goes on with them then, and so "
            "does the same command.",
            file=sys.stderr,
        )
    elif job.status is JobStatus.CANCELLED:
        print(f"Cancelled, {left:,} left.", file=sys.stderr)

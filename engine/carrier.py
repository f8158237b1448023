"""Who carries turns of batches to the handlers: PgQueuer, over PostgreSQL or in this process.

The rows are the truth: a carrier may lose what it carries, or bring it twice. Nothing here is
imported but by a process that runs the engine (see `engine/worker.py`), since PgQueuer brings a
command line and more with it.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta

from pgqueuer import PgQueuer
from pgqueuer.adapters.inmemory import InMemoryDriver, InMemoryQueries
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from db.connection import is_sqlite, open_pool
from db.job_batches import DueBatch

ENTRYPOINT = "job batch"
AT_ONCE = 4  # batches in one process
LOOKS_AFTER = timedelta(seconds=5)  # without a notice
BEATS = timedelta(seconds=30)  # without a sign of life a turn is somebody else's
ON_ITS_WAY = timedelta(seconds=10)  # then a turn is brought anew
LOCK = 0x616666696D  # of PostgreSQL, while the tables are made

Handler = Callable[[str], Awaitable[None]]


class Carrier:
    """Brings every turn to a handler of one of the processes that run."""

    def __init__(self, queue: PgQueuer, queries: Queries | InMemoryQueries) -> None:
        self._queue = queue
        self._queries = queries

    async def put(self, turns: Sequence[DueBatch]) -> None:
        """Have these brought to a handler; what is on its way already is left so.

        But not for ever: whoever took a turn may have been killed before it claimed the batch.
        """
        if turns:
            window = int(time.time() // ON_ITS_WAY.total_seconds())
            await self._queries.enqueue(
                [ENTRYPOINT] * len(turns),
                [turn.id.encode() for turn in turns],
                [0] * len(turns),
                dedupe_key=[f"{turn.id} {turn.tries} {window}" for turn in turns],
                on_conflict="skip",
            )

    async def run(self, handler: Handler, ending: asyncio.Event) -> None:
        """Bring turns until `ending`, then wait for the handlers that are at work."""

        async def handle(job: Job) -> None:
            await handler((job.payload or b"").decode())

        manager = self._queue.qm
        manager.entrypoint(ENTRYPOINT, accepts_context=False)(handle)
        ended = asyncio.create_task(_end_with(ending, manager.shutdown))
        try:
            await manager.run(
                dequeue_timeout=LOOKS_AFTER,
                batch_size=AT_ONCE // 2,
                max_concurrent_tasks=AT_ONCE,
                heartbeat_timeout=BEATS,
            )
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)

    async def tidy(self) -> None:
        """Forget what was carried long ago: nobody reads it."""
        await self._queries.clear_queue_log()
        await self._queries.clear_statistics_log()


@contextlib.asynccontextmanager
async def open_carrier(database_url: str) -> AsyncIterator[Carrier]:
    """A carrier over that database: with PostgreSQL between processes, else within this one."""
    if is_sqlite(database_url):
        driver = InMemoryDriver()
        inside = InMemoryQueries(driver=driver)
        yield Carrier(PgQueuer(driver, queries=inside), inside)
        return
    async with open_pool(database_url, size=4) as pool:
        shared = AsyncpgPoolDriver(pool)
        queries = Queries(shared)
        async with pool.acquire() as one:
            await one.execute("SELECT pg_advisory_lock($1)", LOCK)
            try:
                await _make_tables(queries)
            finally:
                await one.execute("SELECT pg_advisory_unlock($1)", LOCK)
        yield Carrier(PgQueuer(shared, queries=queries), queries)


async def _make_tables(queries: Queries) -> None:
    """PgQueuer's own, which it keeps up to its version itself."""
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        await queries.install()


async def _end_with(ending: asyncio.Event, shutdown: asyncio.Event) -> None:
    await ending.wait()
    shutdown.set()

"""Who carries turns of work to the handlers: PgQueuer, over PostgreSQL or in this process.

The rows are the truth: a carrier may lose what it carries, or bring it twice. Nothing here is
imported but by a process that runs the engine (see `engine/worker.py`), since PgQueuer brings a
command line and more with it.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta

from pgqueuer.adapters.inmemory import InMemoryDriver, InMemoryQueries
from pgqueuer.core.qm import QueueManager
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from db.connection import is_sqlite, open_pool
from engine.work import Handler, Turn

LOOKS_AFTER = timedelta(seconds=5)  # without a notice
BEATS = timedelta(seconds=30)  # without a sign of life a turn is somebody else's
ON_ITS_WAY = timedelta(seconds=10)  # then a turn is brought anew
MOST_WAITING = 400  # turns of a kind, after which no more are put until some were taken
QUEUED = "queued"  # PgQueuer's word for what waits
LOCK = 0x616666696D  # of PostgreSQL, while the tables are made


class Carrier:
    """Brings every turn to a handler of one of the processes that run.

    Each kind of work has places of its own: what takes long keeps nothing else waiting.
    """

    def __init__(self, queries: Queries | InMemoryQueries) -> None:
        self._queries = queries
        self._put: Counter[str] = Counter()  # by kind, since it was counted how many wait

    async def put(self, kind: str, turns: Sequence[Turn]) -> None:
        """Have these brought to a handler; what is on its way already is left so.

        But not for ever: whoever took a turn may have been killed before it claimed its work.
        """
        if turns and not await self._is_full(kind, len(turns)):
            window = int(time.time() // ON_ITS_WAY.total_seconds())
            await self._queries.enqueue(
                [kind] * len(turns),
                [turn.id.encode() for turn in turns],
                [0] * len(turns),
                dedupe_key=[f"{kind} {turn.id} {turn.tries} {window}" for turn in turns],
                on_conflict="skip",
            )

    async def waiting(self, kind: str) -> int:
        """How many turns of that kind nobody has taken yet."""
        sizes = await self._queries.queue_size()
        return sum(size.count for size in sizes if (size.entrypoint, size.status) == (kind, QUEUED))

    async def _is_full(self, kind: str, more: int) -> bool:
        """Whether too many would wait. Counted only where so many were put that it may be so."""
        self._put[kind] += more
        if self._put[kind] > MOST_WAITING:
            self._put[kind] = more + await self.waiting(kind)
        return self._put[kind] > MOST_WAITING

    async def run(self, handlers: Mapping[str, Handler], ending: asyncio.Event) -> None:
        """Bring turns until `ending`, then wait for the handlers that are at work."""
        running = [
            asyncio.create_task(self._run(kind, handler, ending))
            for kind, handler in handlers.items()
        ]
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            ending.set()
            await asyncio.gather(*running)

    async def _run(self, kind: str, handler: Handler, ending: asyncio.Event) -> None:
        async def handle(job: Job) -> None:
            await handler.do((job.payload or b"").decode())

        manager = QueueManager(self._queries)
        manager.entrypoint(kind, accepts_context=False)(handle)
        ended = asyncio.create_task(_end_with(ending, manager.shutdown))
        try:
            await manager.run(
                dequeue_timeout=LOOKS_AFTER,
                batch_size=handler.at_once // 2,
                max_concurrent_tasks=handler.at_once,
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
        yield Carrier(InMemoryQueries(driver=InMemoryDriver()))
        return
    async with open_pool(database_url, size=4) as pool:
        queries = Queries(AsyncpgPoolDriver(pool))
        async with pool.acquire() as one:
            await one.execute("SELECT pg_advisory_lock($1)", LOCK)
            try:
                await _make_tables(queries)
            finally:
                await one.execute("SELECT pg_advisory_unlock($1)", LOCK)
        yield Carrier(queries)


async def _make_tables(queries: Queries) -> None:
    """PgQueuer's own, which it keeps up to its version itself."""
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        await queries.install()


async def _end_with(ending: asyncio.Event, shutdown: asyncio.Event) -> None:
    await ending.wait()
    shutdown.set()

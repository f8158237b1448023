"""The worker: asks each kind of work what is due, and has a carrier bring it to a handler.

What a kind does with its turn, and how it holds what it works on, is its own: see `engine/work.py`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pkgutil import resolve_name
from typing import Protocol

from db.availability import FAILURES
from db.exceptions import DatabaseUnavailable
from engine.batches import JobBatches
from engine.refreshes import Refreshes
from engine.webhooks import WebhookDeliveries
from engine.work import Handler, Opened, Turn, Work

log = logging.getLogger("affiliate_graph.engine")

KINDS: tuple[Callable[[Opened], Work], ...] = (
    JobBatches,
    Refreshes,
    WebhookDeliveries,
)  # a line for each kind of work
POLL = 1.0  # seconds between two looks for what is due
TIDIED_EVERY = 3600  # looks
CARRIER = "engine.carrier:open_carrier"  # by name: only a process that runs the engine imports it


class Carrier(Protocol):
    """Brings turns to the handlers of their kinds; it may lose some, or bring them twice."""

    async def put(self, kind: str, turns: Sequence[Turn]) -> None:
        """Have these brought."""

    async def run(self, handlers: Mapping[str, Handler], ending: asyncio.Event) -> None:
        """Bring them until `ending`, then wait for the handlers that are at work."""

    async def tidy(self) -> None:
        """Forget what was carried long ago."""


@asynccontextmanager
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
    servers have no such work.
    """
    works = [make(opened) for make in KINDS]
    broken: set[str] = set()
    while not ending.is_set():
        try:
            if await _is_due(works, broken, ending):
                open_carrier: Callable[[str], AbstractAsyncContextManager[Carrier]]
                open_carrier = await asyncio.to_thread(resolve_name, CARRIER)
                async with open_carrier(database_url) as carrier:
                    await Worker(works, carrier, ending, broken).run()
        except (DatabaseUnavailable, *FAILURES) as failure:
            log.warning("The engine waits for the database: %s", type(failure).__name__)
            await _first(ending.wait(), seconds=POLL)


@dataclass(eq=False)
class Worker:
    """Does all kinds of work, together with other workers on the same database.

    `broken`: kinds that could not tell what is due when they were last asked.
    """

    works: Sequence[Work]
    carrier: Carrier
    ending: asyncio.Event
    broken: set[str] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _at_work: set[tuple[str, str]] = field(default_factory=set, init=False)  # kind, turn

    async def run(self) -> None:
        """Work until `ending`. Raises what the database raises."""
        stopped = asyncio.Event()
        handlers = {
            work.kind: Handler(partial(self.handle, work), work.at_once) for work in self.works
        }
        carrying = asyncio.create_task(self.carrier.run(handlers, stopped))
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

    async def handle(self, work: Work, turn_id: str) -> None:
        """One turn of that kind of work; then a look for the next ones.

        None that is at work here already: a clock that was put forward lets its lease look over.
        """
        turn = (work.kind, turn_id)
        if self.ending.is_set() or turn in self._at_work:
            return
        self._at_work.add(turn)
        try:
            await work.handle(turn_id, self.ending)
        except DatabaseUnavailable as failure:
            log.warning("A %s could not be stored: %s", work.kind, failure, extra={"turn": turn_id})
        except Exception:  # the carrier would keep each failure for ever, with its traceback
            log.exception("A bug broke a %s off", work.kind, extra={"turn": turn_id})
        finally:
            self._at_work.discard(turn)
        self._wake.set()

    async def _look(self) -> None:
        """Hand to the carrier what is due, again and again."""
        looks = 0
        while not self.ending.is_set():
            self._wake.clear()
            if looks % TIDIED_EVERY == 0:
                await self.carrier.tidy()
            for work in self.works:
                await self.carrier.put(work.kind, await _due(work, self.broken))
            looks += 1
            await _first(self._wake.wait(), self.ending.wait(), seconds=POLL)


async def _due(work: Work, broken: set[str]) -> Sequence[Turn]:
    """What is due; nothing where a bug is in the way, so that the other kinds go on."""
    try:
        turns = await work.due()
    except (DatabaseUnavailable, *FAILURES):
        raise
    except Exception:
        if work.kind not in broken:
            log.exception("A bug hides what is due of each %s: none is done", work.kind)
        broken.add(work.kind)
        return ()
    broken.discard(work.kind)
    return turns


async def _is_due(works: Sequence[Work], broken: set[str], ending: asyncio.Event) -> bool:
    """Waits until there is something to do, or until `ending`: False."""
    while not ending.is_set():
        for work in works:
            if await _due(work, broken):
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

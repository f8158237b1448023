"""The worker: what is due of any kind is carried to its handler, by a carrier that comes late."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from db.exceptions import DatabaseUnavailable
from engine import worker
from engine.work import Handler, Turn
from engine.worker import Worker

pytestmark = pytest.mark.anyio


class Things:
    """A kind of work whose turns are set by hand."""

    def __init__(self, kind: str = "thing", failure: Exception | None = None) -> None:
        self.kind, self.at_once = kind, 4
        self.turns: list[Turn] = []
        self.handled: list[str] = []
        self._failure = failure

    async def due(self) -> Sequence[Turn]:
        return self.turns

    async def handle(self, turn_id: str, ending: asyncio.Event) -> None:
        self.handled.append(turn_id)
        if self._failure is not None:
            raise self._failure


class Broken(Things):
    """A kind of work that cannot tell what is due."""

    async def due(self) -> Sequence[Turn]:
        raise KeyError("a bug")


class Direct:
    """Brings turns at once, and ends all with the first."""

    def __init__(self, ending: asyncio.Event) -> None:
        self._turns: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._ending = ending

    async def put(self, kind: str, turns: Sequence[Turn]) -> None:
        for one in turns:
            self._turns.put_nowait((kind, one.id))

    async def run(self, handlers: Mapping[str, Handler], ending: asyncio.Event) -> None:
        kind, turn_id = await self._turns.get()
        await handlers[kind].do(turn_id)
        self._ending.set()

    async def tidy(self) -> None:
        pass


async def test_the_carrier_is_not_imported_before_something_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "POLL", 0.01)
    ending, asked = asyncio.Event(), list[str]()
    things, others = Things("thing"), Things("other")
    monkeypatch.setattr(worker, "KINDS", (lambda _: things, lambda _: others))

    @asynccontextmanager
    async def carrier(url: str) -> AsyncIterator[Direct]:
        asked.append(url)
        yield Direct(ending)

    monkeypatch.setattr(worker, "resolve_name", lambda name: carrier)
    opened: Any = None
    running = asyncio.create_task(worker.run(opened, "url", ending))
    await asyncio.sleep(0.1)
    before = list(asked)
    others.turns = [Turn("a")]
    async with asyncio.timeout(20):
        await running

    assert (before, asked) == ([], ["url"])
    assert (things.handled, others.handled) == ([], ["a"])


async def test_a_database_that_goes_away_ends_a_turn_and_not_the_worker(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ending = asyncio.Event()
    things = Things(failure=DatabaseUnavailable("It is away.", retryable=True))
    things.turns = [Turn("a")]

    async with asyncio.timeout(20):
        await Worker([things], Direct(ending), ending).run()

    assert things.handled == ["a"]
    assert "A thing could not be stored: It is away." in caplog.text


async def test_a_turn_that_is_at_work_here_is_not_begun_again() -> None:
    ending, done = asyncio.Event(), asyncio.Event()

    class Long(Things):
        async def handle(self, turn_id: str, ending: asyncio.Event) -> None:
            await super().handle(turn_id, ending)
            await done.wait()

    things, others = Long(), Things("other")
    worker = Worker([things, others], Direct(ending), ending)
    first = asyncio.create_task(worker.handle(things, "a"))
    await asyncio.sleep(0)

    await worker.handle(things, "a")  # its lease looks over: the clock was put forward
    await worker.handle(others, "a")
    done.set()
    await first
    at_once = (list(things.handled), list(others.handled))
    await worker.handle(things, "a")

    assert at_once == (["a"], ["a"])
    assert things.handled == ["a", "a"]


async def test_a_bug_in_a_turn_is_logged_and_not_carried_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ending = asyncio.Event()
    things = Things(failure=KeyError("a bug"))
    things.turns = [Turn("a")]

    async with asyncio.timeout(20):
        await Worker([things], Direct(ending), ending).run()

    [told] = [one for one in caplog.records if one.levelname == "ERROR"]
    assert told.message == "A bug broke a thing off"


async def test_a_kind_with_a_bug_keeps_no_other_from_its_work(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = asyncio.Event()
    broken, things = Broken("broken thing"), Things()
    things.turns = [Turn("a")]
    monkeypatch.setattr(worker, "KINDS", (lambda _: broken, lambda _: things))

    @asynccontextmanager
    async def carrier(_url: str) -> AsyncIterator[Direct]:
        yield Direct(ending)

    monkeypatch.setattr(worker, "resolve_name", lambda _: carrier)
    opened: Any = None
    async with asyncio.timeout(20):
        await worker.run(opened, "url", ending)

    assert things.handled == ["a"]
    assert len([one for one in caplog.records if "broken thing" in one.message]) == 1

"""The carrier: each turn is brought, and while it is on its way not a second time."""

import asyncio

import pytest

from engine import carrier
from engine.carrier import open_carrier
from engine.work import AT_ONCE, Handler, Turn

pytestmark = pytest.mark.anyio


async def brought(url: str, *turns: Turn, expected: int) -> list[str]:
    """What the handler got of these turns, each of which was put twice."""
    got: list[str] = []
    ending = asyncio.Event()

    async def handle(turn_id: str) -> None:
        got.append(turn_id)
        if len(got) == expected:
            ending.set()

    async with open_carrier(url) as opened:
        await opened.put("thing", turns)
        await opened.put("thing", turns)
        await asyncio.wait_for(opened.run({"thing": Handler(handle)}, ending), 20)
        await opened.tidy()
    return got


async def test_turns_are_brought_once(db: str) -> None:
    turns = [Turn("a", 0), Turn("b", 0), Turn("a", 1)]

    assert sorted(await brought(db, *turns, expected=3)) == ["a", "a", "b"]


async def test_a_turn_whose_taker_was_killed_is_brought_anew(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = Turn("a", 0)
    moments = iter([0.0, carrier.ON_ITS_WAY.total_seconds()])
    monkeypatch.setattr("engine.carrier.time.time", lambda: next(moments, 0.0))

    assert await brought(db, turn, expected=2) == ["a", "a"]


async def test_what_nobody_takes_is_not_put_again_and_again(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = [Turn(str(number)) for number in range(carrier.MOST_WAITING // 4)]
    moments = (number * carrier.ON_ITS_WAY.total_seconds() for number in range(40))
    monkeypatch.setattr("engine.carrier.time.time", lambda: next(moments))

    async with open_carrier(db) as opened:
        for _ in range(40):
            await opened.put("thing", turns)
        waiting, others = await opened.waiting("thing"), await opened.waiting("other")

    assert len(turns) < waiting <= carrier.MOST_WAITING
    assert others == 0


async def test_a_kind_whose_places_are_all_taken_keeps_no_other_waiting(db: str) -> None:
    ending, freed = asyncio.Event(), asyncio.Event()
    got: list[str] = []

    async def slow(turn_id: str) -> None:
        await freed.wait()
        got.append(turn_id)
        if len(got) == AT_ONCE + 2:
            ending.set()

    async def quick(turn_id: str) -> None:
        got.append(turn_id)
        freed.set()

    handlers = {"slow": Handler(slow), "quick": Handler(quick)}
    async with open_carrier(db) as opened:
        await opened.put("slow", [Turn(str(number)) for number in range(AT_ONCE + 1)])
        await opened.put("quick", [Turn("quick")])
        await asyncio.wait_for(opened.run(handlers, ending), 20)

    assert got[0] == "quick"


async def test_a_kind_has_as_many_places_as_its_handler_says(db: str) -> None:
    ending, under_way = asyncio.Event(), set[str]()

    async def wait_for_all(turn_id: str) -> None:
        under_way.add(turn_id)
        if len(under_way) == 3 * AT_ONCE:
            ending.set()
        await ending.wait()

    async with open_carrier(db) as opened:
        await opened.put("thing", [Turn(str(number)) for number in range(3 * AT_ONCE)])
        handlers = {"thing": Handler(wait_for_all, at_once=3 * AT_ONCE)}
        await asyncio.wait_for(opened.run(handlers, ending), 20)

    assert len(under_way) == 3 * AT_ONCE

"""The carrier: each turn is brought, and while it is on its way not a second time."""

import asyncio

import pytest

from db.job_batches import DueBatch
from engine import carrier
from engine.carrier import open_carrier

pytestmark = pytest.mark.anyio


async def brought(url: str, *turns: DueBatch, expected: int) -> list[str]:
    """What the handler got of these turns, each of which was put twice."""
    got: list[str] = []
    ending = asyncio.Event()

    async def handle(batch_id: str) -> None:
        got.append(batch_id)
        if len(got) == expected:
            ending.set()

    async with open_carrier(url) as opened:
        await opened.put(turns)
        await opened.put(turns)
        await asyncio.wait_for(opened.run(handle, ending), 20)
        await opened.tidy()
    return got


async def test_turns_are_brought_once(db: str) -> None:
    turns = [DueBatch("a", 0), DueBatch("b", 0), DueBatch("a", 1)]

    assert sorted(await brought(db, *turns, expected=3)) == ["a", "a", "b"]


async def test_a_turn_whose_taker_was_killed_is_brought_anew(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = DueBatch("a", 0)
    moments = iter([0.0, carrier.ON_ITS_WAY.total_seconds()])
    monkeypatch.setattr("engine.carrier.time.time", lambda: next(moments, 0.0))

    assert await brought(db, turn, expected=2) == ["a", "a"]

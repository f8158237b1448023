"""What was read is told from what would be read now."""

import asyncio

import pytest

from db import statements
from db.reads import Reads, note
from tests.db.records import keep, product

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]
TITLES = "SELECT title FROM products ORDER BY title"


async def titles() -> list[str]:
    return [row["title"] for row in await statements.rows(TITLES)]


async def noted() -> Reads:
    """Of all titles."""
    reads = Reads()
    with reads.noting():
        await titles()
    return reads


async def test_reads_hold_until_their_rows_are_others() -> None:
    await keep([product(1)])
    before = await noted()
    await statements.rows("UPDATE products SET notes = 'mine' RETURNING id")
    after_another = await Reads().holds(before)
    await keep([product(2)])

    assert after_another
    assert not await Reads().holds(before)
    assert before.size > 0


async def test_what_was_looked_at_is_not_read_again() -> None:
    await keep([product(1)])
    before, after = await noted(), Reads()
    await keep([product(2)])
    await after.holds(before)
    await keep([product(3)])

    with after.noting():
        first, second = await titles(), await titles()

    assert first == ["Lamp 1", "Lamp 2"]
    assert second == ["Lamp 1", "Lamp 2", "Lamp 3"]


async def test_what_also_writes_cannot_be_repeated() -> None:
    await keep([product(1)])
    writing, within = Reads(), Reads()
    with writing.noting():
        await statements.rows("UPDATE products SET notes = 'mine' RETURNING id")
    with within.noting():
        async with statements.transaction():
            await titles()

    assert not writing.can_repeat
    assert not within.can_repeat
    assert not await Reads().holds(within)


async def test_every_row_and_every_byte_of_it_counts() -> None:
    reads = Reads()
    with reads.noting():
        note("SELECT", [], [("",), ("x" * 5_000,), ("\u8336" * 5_000,)])

    assert 15_000 <= reads.size <= 17_000


async def test_what_takes_long_to_read_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = await noted()

    async def hangs(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(type(statements.connection()), "execute_query", hangs)
    monkeypatch.setattr("db.reads.PATIENCE", 0.01)

    assert not await Reads().holds(before)


async def test_a_database_that_is_away_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = await noted()

    async def fails(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(type(statements.connection()), "execute_query", fails)

    assert not await Reads().holds(before)

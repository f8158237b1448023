"""Transactions, and whether anything was written."""

import asyncio
import contextlib

import pytest

from db import statements, workspaces
from db.connection import open_database
from tests.database import on_postgres
from tests.fakes import NOW

pytestmark = pytest.mark.anyio


async def test_cancelled_transaction_leaves_nothing_behind(migrated: str) -> None:
    async with open_database(migrated):
        inside = asyncio.Event()

        async def work() -> None:
            async with statements.transaction():
                await statements.rows("DELETE FROM workspaces RETURNING id")
                inside.set()
                await asyncio.Event().wait()

        for _ in range(15):
            task = asyncio.create_task(work())
            await inside.wait()
            inside.clear()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        assert await statements.rows("SELECT id FROM workspaces") == [{"id": "default"}]


@pytest.mark.usefixtures("db")
async def test_a_version_stays_until_something_is_written() -> None:
    first = await statements.version()
    await statements.rows("SELECT id FROM workspaces")
    second = await statements.version()
    await workspaces.create("another", NOW)
    third = await statements.version()

    assert first is not None
    assert first == second
    assert third != second


@pytest.mark.usefixtures("db")
async def test_what_is_not_committed_is_no_other_version() -> None:
    before = await statements.version()
    with contextlib.suppress(InterruptedError):
        async with statements.transaction():
            within = await statements.version()
            raise InterruptedError

    assert within is None or on_postgres()
    assert await statements.version() == before

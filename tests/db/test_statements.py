"""Transactions."""

import asyncio

import pytest

from db import statements
from db.connection import open_database

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

"""Old events go when a server starts."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from application.upkeep import upkeep
from db import events, statements
from db.connection import open_database
from domain.catalog import PageArgs
from domain.events import EventFilter, EventType, News
from domain.marketplaces import Workspace
from domain.products import Mode
from tests.graph import Clock, running_graph

pytestmark = pytest.mark.anyio
OURS = Workspace("default", {})


async def test_events_are_kept_for_their_days_and_no_longer(
    migrated_database: str, tmp_path: Path
) -> None:
    clock = Clock()
    async with running_graph(migrated_database, tmp_path, clock=clock):
        ages = [timedelta(days=91), timedelta(days=89)]
        news = [
            News(
                type=EventType.QUOTA_LOW,
                occurred_at=clock() - age,
                marketplace="m",
                calls_per_day=1,
            )
            for age in ages
        ]
        async with statements.transaction():
            await events.record("default", Mode.LIVE, news)

        async with upkeep(timedelta(days=90), timedelta(days=90), clock):
            left = await _left()

        assert left == [news[1]]


async def test_a_statement_that_is_cancelled_does_not_end_the_pruning(
    migrated_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned: list[datetime] = []
    is_done = asyncio.Event()

    async def prune(before: datetime) -> int:
        pruned.append(before)
        if len(pruned) == 1:
            raise asyncpg.QueryCanceledError
        is_done.set()
        return 0

    monkeypatch.setattr("application.upkeep.EVERY", 0)
    async with open_database(migrated_database):
        monkeypatch.setattr(events, "prune", prune)
        async with asyncio.timeout(60), upkeep(timedelta(days=90), timedelta(days=90), Clock()):
            await is_done.wait()

    assert len(pruned) >= 2


async def _left() -> list[News]:
    """What is there when pruning is done."""
    async with asyncio.timeout(60):
        while True:
            rows = (await events.page(OURS, EventFilter(), PageArgs(9))).rows
            if len(rows) < 2:
                return [event.news for _, event in rows]
            await asyncio.sleep(0.01)

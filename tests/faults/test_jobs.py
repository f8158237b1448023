"""Workers that are killed, or stopped for longer than their lease, while a job runs."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db import statements
from db.connection import open_database
from db.job_batches import LEASE
from sandbox.aliexpress.made import made_listings
from tests.database import on_postgres
from tests.faults.clusters import PG_CTL, cluster
from tests.faults.jobs import (
    FIRST,
    MOST_IN_FLIGHT,
    Place,
    begin,
    caller,
    done,
    ended,
    fetched,
    place,
    results,
    until,
    worker,
)
from tests.processes import started_server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def assert_all_done_once(where: Place, job: dict[str, Any], rows: int, kills: int) -> None:
    """Every row has an outcome, each product is stored once with one price, and no more ids were
    asked for again than were under way when something was killed."""
    real = [each for each in made_listings("") if each.in_program and each.on_sale]
    known = {each.id for each in made_listings("") if int(each.id) < FIRST + rows}
    assert job["progress"]["total"] == job["progress"]["done"] == rows
    async with open_database(where.database, shared=False):
        stored = await statements.rows("SELECT external_id FROM products")
        prices = await statements.rows(
            "SELECT product_id FROM price_observations GROUP BY product_id HAVING COUNT(*) > 1"
        )
        batches = await statements.rows("SELECT state FROM job_batches")
    ids = [row["external_id"] for row in stored]
    assert len(ids) == len(set(ids)) == rows - job["progress"]["failed"]
    assert set(ids) <= known
    assert len(ids) >= min(len(real), rows) // 2
    assert prices == []
    assert {row["state"] for row in batches} == {"DONE"}
    again = sum((await fetched(where.gateway)).values()) - rows
    assert again <= kills * MOST_IN_FLIGHT


@pytest.mark.skipif(on_postgres(), reason="the server's own database is SQLite here")
async def test_a_server_that_is_killed_again_and_again_finishes_its_job(
    tmp_path: Path, whole: bool, record_property: Callable[[str, object], None]
) -> None:
    rows, kills = (20_000, 20) if whole else (2_000, 5)
    moments = random.Random(12)
    job_id = ""
    async with place(tmp_path) as where:
        for _ in range(kills):
            with started_server(where.folder, where.settings) as server:
                async with caller(server) as http:
                    job_id = await begin(http, rows)  # the same one each time
                    await asyncio.sleep(moments.uniform(0.1, 1.5))
                server.process.kill()
        began = time.monotonic()
        with started_server(where.folder, where.settings) as server:
            async with caller(server) as http:
                job = await ended(http, job_id, 300)
                lines = await results(http, job_id)
        record_property("rows", rows)
        record_property("kills", kills)
        record_property("seconds after the last kill", round(time.monotonic() - began, 1))
        record_property("fetched", sum((await fetched(where.gateway)).values()))

        assert [line["number"] for line in lines] == list(range(rows))
        assert all(line["isDone"] for line in lines)
        await assert_all_done_once(where, job, rows, kills)


@pytest.mark.skipif(not on_postgres(), reason="a worker of its own needs PostgreSQL")
async def test_a_worker_of_its_own_that_is_killed_again_and_again_finishes_its_job(
    tmp_path: Path, redis_url: str, whole: bool, record_property: Callable[[str, object], None]
) -> None:
    rows, kills = (20_000, 20) if whole else (2_000, 5)
    moments = random.Random(12)
    async with place(tmp_path, REDIS_URL=redis_url, WORKER="off") as where:
        with started_server(where.folder, where.settings) as server:
            async with caller(server) as http:
                job_id = await begin(http, rows)
                for _ in range(kills):
                    before = len(await fetched(where.gateway))
                    with worker(where, {}) as process:

                        async def has_begun(before: int = before) -> bool:
                            job = await done(http, job_id)
                            is_over = job["status"] not in ("QUEUED", "RUNNING")
                            return is_over or len(await fetched(where.gateway)) > before

                        await until(has_begun)
                        await asyncio.sleep(moments.uniform(0, 1))
                        process.kill()
                began = time.monotonic()
                with worker(where, {}):
                    job = await ended(http, job_id, 300)
                lines = await results(http, job_id)
        record_property("rows", rows)
        record_property("kills", kills)
        record_property("seconds after the last kill", round(time.monotonic() - began, 1))
        record_property("fetched", sum((await fetched(where.gateway)).values()))

        assert [line["number"] for line in lines] == list(range(rows))
        assert all(line["isDone"] for line in lines)
        await assert_all_done_once(where, job, rows, kills)


@pytest.mark.skipif(not on_postgres(), reason="a worker of its own needs PostgreSQL")
async def test_a_worker_that_was_stopped_past_its_lease_writes_nothing_when_it_wakes(
    tmp_path: Path, redis_url: str
) -> None:
    rows = 250
    async with place(tmp_path, REDIS_URL=redis_url, WORKER="off") as where:
        with started_server(where.folder, where.settings) as server:
            async with caller(server) as http:
                job_id = await begin(http, rows)

                async def is_asked() -> bool:
                    return bool(await fetched(where.gateway))

                with worker(where, {}) as stopped:
                    await until(is_asked)
                    os.kill(stopped.pid, signal.SIGSTOP)
                    try:
                        assert (await done(http, job_id))["progress"]["done"] == 0
                        with worker(where, {}):
                            job = await ended(http, job_id, 2 * LEASE.total_seconds() + 60)
                        before = await products_of(where)
                    finally:
                        os.kill(stopped.pid, signal.SIGCONT)
                    await asyncio.sleep(3)
                    after = await products_of(where)
        output = (where.folder / "worker.txt").read_text()

        assert before == after
        assert len(after) == rows - job["progress"]["failed"]
        await assert_all_done_once(where, job, rows, 1)
        assert "Traceback" not in output


@pytest.mark.skipif(
    not on_postgres() or PG_CTL is None, reason="needs a PostgreSQL that it may restart"
)
async def test_a_job_goes_on_when_postgresql_crashed_and_came_back(
    tmp_path: Path, whole: bool
) -> None:
    rows, restarts = (20_000, 20) if whole else (2_000, 2)
    moments = random.Random(3)
    async with cluster() as own, place(tmp_path, DATABASE_URL=own.url) as usual:
        where = replace(usual, database=own.url)
        with started_server(where.folder, where.settings) as server:
            async with caller(server) as http:

                async def is_ready() -> bool:
                    return (await http.get("/readyz")).status_code == 200

                job_id = await begin(http, rows)
                for _ in range(restarts):
                    await asyncio.sleep(moments.uniform(0.1, 0.8))
                    await own.crash()
                    await until(is_ready)
                    await leases_end(where)
                job = await ended(http, job_id, 300)
                lines = await results(http, job_id)

        assert [line["number"] for line in lines] == list(range(rows))
        assert all(line["isDone"] for line in lines)
        await assert_all_done_once(where, job, rows, restarts)


async def leases_end(where: Place) -> None:
    """As when the time has passed for which batches are held whose outcome could not be stored."""
    held = "SET due_at = $1 WHERE token IS NOT NULL"
    async with open_database(where.database, shared=False):
        await statements.rows(f"UPDATE job_batches {held} RETURNING id", [datetime.now(UTC)])


async def products_of(where: Place) -> list[dict[str, Any]]:
    async with open_database(where.database, shared=False):
        return await statements.rows(
            "SELECT external_id, synced_at, observed_at FROM products ORDER BY external_id"
        )


async def test_a_server_that_is_ended_gives_its_work_back_in_time(tmp_path: Path) -> None:
    async with place(tmp_path) as where:
        with started_server(where.folder, where.settings) as server:
            async with caller(server) as http:
                job_id = await begin(http, 2_000)

                async def is_asked() -> bool:
                    return bool(await fetched(where.gateway))

                await until(is_asked)
            began = time.monotonic()
            server.process.terminate()
            server.process.wait(timeout=30)
            seconds = time.monotonic() - began
        async with open_database(where.database, shared=False):
            held = await statements.rows("SELECT id FROM job_batches WHERE token IS NOT NULL")
        with started_server(where.folder, where.settings) as server:
            async with caller(server) as http:
                job = await ended(http, job_id, 120)

        assert seconds < 25
        assert held == []
        await assert_all_done_once(where, job, 2_000, 1)

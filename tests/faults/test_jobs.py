"""Workers that are killed, or stopped for longer than their lease, while a job runs."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import statements
from db.connection import open_database
from db.job_batches import LEASE
from db.keys import new_key
from sandbox.aliexpress.made import made_listings
from tests.database import migrated_database, on_postgres
from tests.graph import ALIEXPRESS
from tests.processes import PLAIN, ROOT, ServerProcess, started_server
from tests.sandbox.processes import started

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

KEY = "a-key-for-the-jobs-0123456789-abcdef"
FIRST = 1005000000001001
IN_A_CALL = 50
MOST_IN_FLIGHT = 4 * 250  # ids of the batches that one worker has
START = """
mutation S($text: String!) {
  startImport(input: {text: $text, marketplace: ALIEXPRESS, idempotencyKey: "once"}) {
    job { id } errors { code message } } }
"""
READ = """
query R($id: ID!) { job(id: $id) { status progress { total done failed } } }
"""
RESULTS = """
query R($id: ID!, $after: String) { job(id: $id) { results(first: 250, after: $after) {
  nodes { number isDone product { externalId } errors { code } }
  pageInfo { hasNextPage endCursor } } } }
"""


@dataclass
class Place:
    """A gateway, a database, and the settings of whoever uses them."""

    gateway: str
    settings: dict[str, str]
    database: str
    folder: Path


@contextlib.asynccontextmanager
async def place(folder: Path, **settings: str) -> AsyncIterator[Place]:
    with started("--latency", "0.2") as gateway:
        async with migrated_database(folder) as database:
            keys = {"ENCRYPTION_KEYS": new_key(), "ADMIN_API_KEY": KEY, "DATABASE_URL": database}
            yield Place(
                gateway,
                keys
                | {
                    "ALIEXPRESS_GATEWAY_URL": f"{gateway}/aliexpress/sync",
                    "ALIEXPRESS_APP_KEY": ALIEXPRESS["appKey"],
                    "ALIEXPRESS_APP_SECRET": ALIEXPRESS["appSecret"],
                    "ALIEXPRESS_TRACKING_ID": ALIEXPRESS["trackingId"],
                    "ALIEXPRESS_CALLS_PER_SECOND": "1000",
                    "ALIEXPRESS_CALLS_PER_DAY": "1000000",
                    "LOG_LEVEL": "WARNING",
                }
                | settings,
                database,
                folder / "data",
            )


def caller(server: ServerProcess) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=server.address, headers={"Authorization": f"Bearer {KEY}"}, timeout=120
    )


async def ask(http: httpx.AsyncClient, query: str, **variables: object) -> Any:
    answer = (await http.post("/graphql", json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def begin(http: httpx.AsyncClient, rows: int) -> str:
    """The id of a job over so many numbers, of which only the first are products."""
    text = " ".join(str(FIRST + number) for number in range(rows))
    payload = (await ask(http, START, text=text))["startImport"]
    assert payload["errors"] == []
    return str(payload["job"]["id"])


async def done(http: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = (await ask(http, READ, id=job_id))["job"]
    return job


async def ended(http: httpx.AsyncClient, job_id: str, seconds: float) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job = await done(http, job_id)
        if job["status"] not in ("QUEUED", "RUNNING"):
            return job
        await asyncio.sleep(0.2)
    raise AssertionError(f"The job goes on: {job}")


async def results(http: httpx.AsyncClient, job_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = (await ask(http, RESULTS, id=job_id, after=after))["job"]["results"]
        rows += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


async def fetched(gateway: str) -> Counter[str]:
    """How often each id was asked for."""
    async with httpx.AsyncClient(base_url=gateway) as control:
        calls = (await control.get("/control/calls")).json()
    return Counter(each for call in calls for each in call["ids"])


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


@contextlib.contextmanager
def worker(where: Place, environ: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """`server.py worker` in a process of its own; terminated at the end."""
    where.folder.mkdir(exist_ok=True)
    with (where.folder / "worker.txt").open("a") as sink:
        process = subprocess.Popen(
            [sys.executable, "server.py", "worker"],
            cwd=ROOT,
            env=PLAIN | {"DATA_DIR": str(where.folder)} | where.settings | dict(environ),
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)


async def until(is_so: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not await is_so():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


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

"""Jobs over real gateways and real processes, which tests kill and stop."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from db.keys import new_key
from tests.database import migrated_database
from tests.graph import ALIEXPRESS
from tests.processes import PLAIN, ROOT, ServerProcess
from tests.sandbox.processes import started

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

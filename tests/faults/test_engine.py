"""Everything the engine does at once, while it is killed, stopped, or loses its database."""

import asyncio
import contextlib
import os
import random
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db import statements
from db.connection import open_database
from sandbox.aliexpress.made import made_listings
from tests.database import on_postgres
from tests.faults.jobs import (
    FIRST,
    IN_A_CALL,
    MOST_IN_FLIGHT,
    Place,
    ask,
    caller,
    ended,
    fetched,
    place,
    results,
    until,
    worker,
)
from tests.faults.serving import serving
from tests.processes import ServerProcess, started_server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

OLD = 100  # products that are due to be refreshed
START = """mutation S($text: String!, $key: String!) {
  startImport(input: {text: $text, marketplace: ALIEXPRESS, idempotencyKey: $key}) {
    job { id } errors { code message } } }"""
CANCEL = "mutation C($id: ID!) { cancelJob(input: {id: $id}) { job { id } } }"
HOOK = """mutation H($url: String!) {
  createWebhook(input: {url: $url, events: [JOB_FINISHED]}) {
    webhook { id } secret errors { code message } } }"""
TOLD = """query T($id: ID!) { webhook(id: $id) { isEnabled
  deliveries(first: 250) { nodes { eventId state attempt } } } }"""


@dataclass
class Receiver:
    """Whoever a webhook leads to. `answer`: with which status."""

    answer: Callable[[str, int], Awaitable[int]]
    tries: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    bodies: list[tuple[bytes, Mapping[str, str]]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """One try of a delivery."""
        self.bodies.append((await request.body(), dict(request.headers)))
        tries = self.tries[request.headers["webhook-id"]]
        status = await self.answer(request.headers["webhook-id"], len(tries))
        tries.append(status)
        return Response(status_code=status, headers={"Retry-After": "1"} if status == 503 else {})

    def all_verified(self, secret: str) -> bool:
        """Whether all that came was signed. Raises what the library does otherwise."""
        return all(Webhook(secret).verify(body, dict(head)) for body, head in self.bodies)


@contextlib.asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[str]:
    """Its address."""
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    async with serving(app) as (_, port):
        yield f"http://127.0.0.1:{port}/hook"


@contextlib.asynccontextmanager
async def running(where: Place) -> AsyncIterator[tuple[ServerProcess, httpx.AsyncClient]]:
    """A server in a process of its own, while this one goes on answering, and a caller."""
    starting = started_server(where.folder, where.settings)
    server = await asyncio.to_thread(starting.__enter__)
    try:
        async with caller(server) as http:
            yield server, http
    finally:
        await asyncio.to_thread(starting.__exit__, None, None, None)


async def begin(http: httpx.AsyncClient, key: str, first: int, rows: int) -> str:
    """The id of a job over so many numbers, the same for the same key."""
    text = " ".join(str(number) for number in range(first, first + rows))
    payload = (await ask(http, START, text=text, key=key))["startImport"]
    assert payload["errors"] == []
    return str(payload["job"]["id"])


async def age(where: Place) -> int:
    """What is stored was seen two days ago, is worth a look, and may be looked at now; how many."""
    before = datetime.now(UTC) - timedelta(days=2)
    async with open_database(where.database, shared=False):
        for change in (
            "products SET selling_price_amount = 9, selling_price_currency = 'USD',"
            " synced_at = $1, observed_at = $1, refresh_at = $1",
            "price_observations SET observed_at = $1",
            "marketplace_accounts SET refresh_calls = 100000, refresh_at = $1,"
            " refresh_state = 'ACTIVE'",
        ):
            await statements.rows(f"UPDATE {change} RETURNING id", [before])
        return len(await statements.rows("SELECT id FROM products"))


async def leases_end(where: Place) -> int:
    """As when their time has passed; of how many deliveries."""
    now = datetime.now(UTC) - timedelta(seconds=1)
    async with open_database(where.database, shared=False):
        held = "SET refresh_at = $1 WHERE refresh_token IS NOT NULL"
        await statements.rows(f"UPDATE marketplace_accounts {held} RETURNING id", [now])
        held = "SET due_at = $1 WHERE token IS NOT NULL"
        return len(await statements.rows(f"UPDATE webhook_deliveries {held} RETURNING id", [now]))


async def pauses_end(where: Place) -> None:
    """As when the time has passed that a receiver who failed is left alone: five minutes and more
    from the second try on, and a try that was killed counts."""
    now = datetime.now(UTC)
    async with open_database(where.database, shared=False):
        waiting = "state = 'PENDING' AND token IS NULL AND due_at > $1"
        await statements.rows(
            f"UPDATE webhook_deliveries SET due_at = $1 WHERE {waiting} RETURNING id", [now]
        )


async def refreshed(where: Place) -> int:
    """How many of the old products were looked at again."""
    since = datetime.now(UTC) - timedelta(days=1)
    async with open_database(where.database, shared=False):
        [row] = await statements.rows(
            "SELECT COUNT(*) AS total FROM products WHERE synced_at > $1"
            " AND selling_price_amount IS NOT NULL",
            [since],
        )
    return int(row["total"])


async def told(http: httpx.AsyncClient, webhook: str) -> dict[str, str]:
    """The states of its deliveries, by event."""
    nodes = (await ask(http, TOLD, id=webhook))["webhook"]["deliveries"]["nodes"]
    return {node["eventId"]: node["state"] for node in nodes}


async def effects(where: Place) -> dict[str, list[int]]:
    """How often each thing was done: prices seen by product, ends told by job."""
    async with open_database(where.database, shared=False):
        prices = await statements.rows(
            "SELECT p.external_id AS name, COUNT(*) AS total FROM price_observations o"
            " JOIN products p ON p.id = o.product_id GROUP BY p.external_id"
        )
        ends = await statements.rows(
            "SELECT facts, COUNT(*) AS total FROM events WHERE type = 'job.finished' GROUP BY facts"
        )
    new = str(FIRST + OLD)
    return {
        "old": sorted({row["total"] for row in prices if row["name"] < new}),
        "new": sorted({row["total"] for row in prices if row["name"] >= new}),
        "ends": sorted({row["total"] for row in ends}),
    }


async def kill(where: Place, server: ServerProcess) -> None:
    server.process.kill()


async def cut_off(where: Place, _server: ServerProcess) -> None:
    """What a restart of PostgreSQL looks like: every connection is gone."""
    async with open_database(where.database, shared=False):
        await statements.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize(
    "harm",
    [
        kill,
        pytest.param(
            cut_off,
            marks=pytest.mark.skipif(not on_postgres(), reason="SQLite has no connections"),
        ),
    ],
)
async def test_all_kinds_of_work_are_done_once_whatever_happens_meanwhile(
    harm: Callable[[Place, ServerProcess], Awaitable[None]],
    tmp_path: Path,
    whole: bool,
    record_property: Callable[[str, object], None],
) -> None:
    rows, few, times = (20_000, 100, 20) if whole else (1_000, 10, 3)
    chance = random.Random(5)

    async def three_of_ten_fail(_event: str, before: int) -> int:
        return 503 if before < 3 and chance.random() < 0.3 else 200

    receiver = Receiver(three_of_ten_fail)
    async with receiving(receiver) as url, place(tmp_path, LOCAL_WEBHOOKS="on") as where:
        async with running(where) as (_, http):
            await ended(http, await begin(http, "old", FIRST, OLD), 60)
            hook = (await ask(http, HOOK, url=url))["createWebhook"]
        old = await age(where)
        asked_before = sum((await fetched(where.gateway)).values())

        async def began(http: httpx.AsyncClient) -> list[str]:
            names = [("large", FIRST + OLD, rows), *((f"{n}", FIRST + OLD, 1) for n in range(few))]
            return [await begin(http, *name) for name in names]

        for _ in range(times):
            async with running(where) as (server, http):
                await began(http)
                await asyncio.sleep(chance.uniform(0.1, 1.5))
                await harm(where, server)
            await leases_end(where)
        async with running(where) as (_, http):
            [large, *small] = await began(http)
            job = await ended(http, large, 300)
            states = [(await ended(http, each, 60))["status"] for each in small]
            lines = await results(http, large)

            async def all_is_told() -> bool:
                await pauses_end(where)
                found = await told(http, hook["webhook"]["id"])
                return len(found) == few + 1 and set(found.values()) == {"DELIVERED"}

            async def all_is_refreshed() -> bool:
                return await refreshed(where) == old

            await until(all_is_told, 120)
            await until(all_is_refreshed, 120)
            events = await told(http, hook["webhook"]["id"])
        asked = sum((await fetched(where.gateway)).values()) - asked_before
        there = [each for each in made_listings("") if each.in_program and each.on_sale]
        record_property("rows, refreshed, told", (rows, old, few + 1))
        record_property("asked twice", asked - rows - old - few)

        assert job["progress"]["done"] == rows
        assert [line["number"] for line in lines] == list(range(rows))
        assert all(line["isDone"] for line in lines)
        assert states == ["SUCCEEDED"] * few
        assert sum(not line["errors"] for line in lines) == len(there) - old
        assert await effects(where) == {"old": [2], "new": [1], "ends": [1]}
        assert len(receiver.tries) == len(events)
        assert all(200 in tries for tries in receiver.tries.values())
        assert receiver.all_verified(hook["secret"])
        assert asked - rows - old - few <= times * (2 * MOST_IN_FLIGHT + IN_A_CALL)


@pytest.mark.skipif(not on_postgres(), reason="a worker of its own needs PostgreSQL")
async def test_a_worker_that_was_stopped_past_its_lease_changes_no_delivery_when_it_wakes(
    tmp_path: Path, redis_url: str
) -> None:
    asked, released = asyncio.Event(), asyncio.Event()

    async def the_first_is_held(_event: str, before: int) -> int:
        if asked.is_set():
            return 200
        asked.set()
        await released.wait()
        return 410  # which would switch the webhook off

    receiver = Receiver(the_first_is_held)
    settings = {"REDIS_URL": redis_url, "WORKER": "off", "LOG_LEVEL": "INFO"}
    async with (
        receiving(receiver) as url,
        place(tmp_path, LOCAL_WEBHOOKS="on", **settings) as where,
        running(where) as (_, http),
    ):
        hook = (await ask(http, HOOK, url=url))["createWebhook"]["webhook"]["id"]
        await ask(http, CANCEL, id=await begin(http, "one", FIRST, 1))
        with worker(where, {}) as stopped:
            await asyncio.wait_for(asked.wait(), 60)
            os.kill(stopped.pid, signal.SIGSTOP)
            try:
                assert await leases_end(where) == 1
                with worker(where, {}):

                    async def is_delivered() -> bool:
                        return set((await told(http, hook)).values()) == {"DELIVERED"}

                    await until(is_delivered)
            finally:
                os.kill(stopped.pid, signal.SIGCONT)
            released.set()

            async def has_noticed() -> bool:
                output = (where.folder / "worker.txt").read_text()
                return "A delivery was taken over by another worker" in output

            await until(has_noticed)
        webhook: dict[str, Any] = (await ask(http, TOLD, id=hook))["webhook"]

        assert webhook["isEnabled"]
        [delivery] = webhook["deliveries"]["nodes"]
        assert (delivery["state"], delivery["attempt"]) == ("DELIVERED", 2)
        assert sorted(map(sorted, receiver.tries.values())) == [[200, 410]]

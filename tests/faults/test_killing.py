"""A server that is killed: what it left behind holds nobody up, and no call of the day is lost."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.database import on_postgres
from tests.graph import ALIEXPRESS
from tests.processes import ServerProcess, started_server
from tests.sandbox.processes import started

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,
    pytest.mark.skipif(on_postgres(), reason="the server's own database is SQLite here"),
]

KEY = "a-key-for-the-kill-0123456789-abcdef"
WAITING, PRODUCTS = 3, 250  # requests, and what each imports: several batches
IMPORT = """
mutation I($products: [ProductLookup!]!, $key: String!) {
  importProducts(input: {products: $products, idempotencyKey: $key}) {
    results { product { id } errors { code } } errors { code }
  }
}
"""
USED = "{ marketplace(code: ALIEXPRESS) { quota { usedToday } } }"


def lookups(first: int) -> list[dict[str, str]]:
    return [{"url": str(1005000000001016 + first + each)} for each in range(PRODUCTS)]


async def post(http: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    body = {"query": query, "variables": variables}
    answer: dict[str, Any] = (await http.post("/graphql", json=body)).json()
    return answer


def caller(server: ServerProcess) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=server.address, headers={"Authorization": f"Bearer {KEY}"}, timeout=60
    )


async def calls(gateway: str) -> int:
    async with httpx.AsyncClient(base_url=gateway) as control:
        return len((await control.get("/control/calls")).json())


async def fault(gateway: str, method: str, **fault: object) -> None:
    async with httpx.AsyncClient(base_url=gateway) as control:
        (await control.request(method, "/control/faults", json=fault or None)).raise_for_status()


async def test_a_killed_server_holds_nobody_up_and_counts_few_calls_too_many(
    tmp_path: Path,
) -> None:
    with started() as gateway:
        settings = {
            "ADMIN_API_KEY": KEY,
            "ALIEXPRESS_GATEWAY_URL": f"{gateway}/aliexpress/sync",
            "ALIEXPRESS_APP_KEY": ALIEXPRESS["appKey"],
            "ALIEXPRESS_APP_SECRET": ALIEXPRESS["appSecret"],
            "ALIEXPRESS_TRACKING_ID": ALIEXPRESS["trackingId"],
            "ALIEXPRESS_CALLS_PER_SECOND": "2",
        }
        await fault(gateway, "POST", kind="latency", seconds=5)
        with started_server(tmp_path / "data", settings) as server:
            async with caller(server) as http:
                given = [
                    {"products": lookups(each * PRODUCTS), "key": f"order {each}"}
                    for each in range(WAITING)
                ]
                tasks = [asyncio.create_task(post(http, IMPORT, **each)) for each in given]
                await asyncio.sleep(2)
                assert not any(task.done() for task in tasks)
                server.process.kill()
                await asyncio.gather(*tasks, return_exceptions=True)
        await fault(gateway, "DELETE")
        made = await calls(gateway)

        with started_server(tmp_path / "data", settings) as server:
            async with caller(server) as http:
                used = (await post(http, USED))["data"]["marketplace"]["quota"]["usedToday"]
                began = time.monotonic()
                answers = await asyncio.gather(*(post(http, IMPORT, **each) for each in given))
                seconds = time.monotonic() - began

    assert made <= used <= made + WAITING
    imports = [each["data"]["importProducts"] for each in answers]
    assert [one["errors"] for one in imports] == [[]] * WAITING
    codes = {error["code"] for one in imports for row in one["results"] for error in row["errors"]}
    assert codes <= {"NOT_FOUND"}  # some of the numbers are no products
    assert seconds < 14  # shorter than any lease

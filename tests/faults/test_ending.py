"""The end of a real server: requests under way are finished, and a second signal ends at once."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.graph import ALIEXPRESS
from tests.processes import ServerProcess, started_server
from tests.sandbox.processes import started

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

KEY = "a-key-for-the-end-0123456789-abcdef"
REQUESTS = 200
PRODUCT = "query P($url: String!) { product(by: {url: $url}) { externalId } }"


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server whose AliExpress takes six seconds for each call."""
    with started() as gateway:
        async with httpx.AsyncClient(base_url=gateway) as control:
            fault = {"kind": "latency", "seconds": 6}
            (await control.post("/control/faults", json=fault)).raise_for_status()
        settings = {
            "ADMIN_API_KEY": KEY,
            "LIMIT_MARKETPLACE_QUERY_SECONDS": "60",
            "LIMIT_QUERY_SECONDS": "60",
            "ALIEXPRESS_GATEWAY_URL": f"{gateway}/aliexpress/sync",
            "ALIEXPRESS_APP_KEY": ALIEXPRESS["appKey"],
            "ALIEXPRESS_APP_SECRET": ALIEXPRESS["appSecret"],
            "ALIEXPRESS_TRACKING_ID": ALIEXPRESS["trackingId"],
        }
        with started_server(tmp_path / "data", settings) as server:
            yield server


def caller(server: ServerProcess) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=server.address,
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=60,
        limits=httpx.Limits(max_connections=REQUESTS),
    )


async def begun(http: httpx.AsyncClient, number: int) -> "list[asyncio.Task[httpx.Response]]":
    """Requests that the server has read and not answered."""
    tasks = [
        asyncio.ensure_future(
            http.post(
                "/graphql",
                json={"query": PRODUCT, "variables": {"url": str(1005000000001016 + each)}},
            )
        )
        for each in range(number)
    ]
    await asyncio.sleep(3)
    assert not any(task.done() for task in tasks)
    return tasks


async def test_no_request_under_way_is_lost(slow: ServerProcess) -> None:
    async with caller(slow) as http:
        tasks = await begun(http, REQUESTS)
        slow.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        async with caller(slow) as late:
            with pytest.raises(httpx.TransportError):
                await late.get("/readyz")
        answers = await asyncio.gather(*tasks)
    code = slow.process.wait(timeout=30)

    assert [answer.status_code for answer in answers] == [200] * REQUESTS
    bodies = [answer.json() for answer in answers]
    assert all("data" in body for body in bodies)
    codes = {error["extensions"]["code"] for body in bodies for error in body.get("errors", ())}
    assert codes <= {"NOT_FOUND"}  # some of the numbers are no products
    assert code in (0, -signal.SIGTERM)
    assert "Traceback" not in slow.output


async def test_a_server_is_not_ready_before_it_shuts_the_door(tmp_path: Path) -> None:
    settings = {"ADMIN_API_KEY": KEY, "DRAIN_SECONDS": "6"}
    with started_server(tmp_path / "data", settings) as server:
        server.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        async with caller(server) as late:
            ready, alive = await late.get("/readyz"), await late.get("/healthz")
            answer = await late.post("/graphql", json={"query": "{ __typename }"})
        code = server.process.wait(timeout=30)

    assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
    assert alive.status_code == 200
    assert answer.json()["data"] == {"__typename": "Query"}
    assert code in (0, -signal.SIGTERM)


async def test_the_keyboard_waits_for_nobody(tmp_path: Path) -> None:
    with started_server(tmp_path / "data", {"DRAIN_SECONDS": "60"}) as server:
        server.process.send_signal(signal.SIGINT)
        code = server.process.wait(timeout=30)

    assert code in (0, -signal.SIGINT, 130)


async def test_a_second_signal_ends_at_once(slow: ServerProcess) -> None:
    async with caller(slow) as http:
        tasks = await begun(http, 5)
        slow.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        still_runs = slow.process.poll() is None
        slow.process.send_signal(signal.SIGTERM)
        slow.process.wait(timeout=30)
        answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert still_runs
    assert all(isinstance(answer, httpx.TransportError) for answer in answers)


async def test_subscriptions_are_ended_and_hold_up_nothing(tmp_path: Path) -> None:
    settings = {"ADMIN_API_KEY": KEY, "DRAIN_SECONDS": "1"}
    query = {"query": "subscription { events { type } }"}
    text = ""
    with started_server(tmp_path / "data", settings) as server:
        async with (
            caller(server) as http,
            http.stream(
                "POST", "/graphql", json=query, headers={"Accept": "text/event-stream"}
            ) as stream,
        ):
            pieces = stream.aiter_text()
            text += await anext(pieces)
            server.process.send_signal(signal.SIGTERM)
            told = time.monotonic()
            async for piece in pieces:
                text += piece
        code = server.process.wait(timeout=30)
        seconds = time.monotonic() - told

    assert "SERVER_ENDING" in text
    assert text.endswith("event: complete\ndata:\n\n")
    assert seconds < 20
    assert code in (0, -signal.SIGTERM)
    assert "Traceback" not in server.output

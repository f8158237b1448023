"""A broken connection is httpx's own exception, and nothing stays behind."""

import asyncio

import httpx
import pytest

from sandbox import Sandbox
from sandbox.wire import MIB
from tests.sandbox.callers import (
    BRIEF,
    IDS,
    OPERATION,
    Caller,
    five_products,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("hang", httpx.ReadTimeout),
        ("latency", httpx.ReadTimeout),
        ("trickle", httpx.ReadTimeout),
        ("reset", httpx.ReadError),
        ("close_before", httpx.RemoteProtocolError),
        ("truncated", httpx.RemoteProtocolError),
    ],
)
async def test_a_broken_connection_is_an_exception_and_leaves_no_task(
    sandbox: Sandbox, caller: Caller, kind: str, error: type[Exception]
) -> None:
    tasks = asyncio.all_tasks()
    sandbox.faults.inject(kind, calls=1, seconds=30)
    params = caller.signed(OPERATION, product_ids=IDS)

    with pytest.raises(error):
        await caller.http.post("/aliexpress/sync", data=params, timeout=BRIEF)

    assert asyncio.all_tasks() == tasks
    assert (await five_products(caller)).status_code == 200
    assert asyncio.all_tasks() == tasks


async def test_an_abandoned_call_is_closed_without_a_status(
    sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.faults.inject("hang")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(caller.aliexpress("category.get"), BRIEF)

    assert [call.status for call in sandbox.calls] == [0]


async def test_a_body_without_end_ends_with_its_reader(sandbox: Sandbox, caller: Caller) -> None:
    tasks = asyncio.all_tasks()
    sandbox.faults.inject("huge")
    params = caller.signed(OPERATION, product_ids=IDS)
    read = 0

    async with caller.http.stream("POST", "/aliexpress/sync", data=params) as response:
        async for part in response.aiter_bytes():
            read += len(part)
            if read > MIB:
                break

    assert read > MIB
    assert asyncio.all_tasks() == tasks

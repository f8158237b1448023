"""One sandbox with made products, its clock, and a caller without a network."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from sandbox import Sandbox, SandboxTransport
from tests.graph import Clock
from tests.sandbox.callers import BASE, Caller
from tests.sandbox.processes import started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(public_url="http://127.0.0.1:8000", now=clock)


@pytest.fixture
async def caller(sandbox: Sandbox, clock: Clock) -> AsyncIterator[Caller]:
    transport = SandboxTransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, timeout=5) as http:
        yield Caller(http, clock)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with started("--accounts", "2") as address:
        yield address


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=5) as client:
        await client.post("/control/reset")
        yield client

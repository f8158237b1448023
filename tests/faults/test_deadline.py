"""An operation that takes too long is stopped; what it shared with others goes on for them.

A second is soon over on a busy machine: only what has to be stopped has so little.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from db.keys import KeyRing, new_key
from tests.faults.asking import aliexpress
from tests.graph import ALIEXPRESS, Graph, running_graph
from tests.schema.test_products import IMPORT

pytestmark = pytest.mark.anyio

PREVIEW = "query P($url: String!) { product(by: {url: $url}) { externalId } }"
HURRIED_QUERIES = {"LIMIT_QUERY_SECONDS": "1"}
HURRIED_MUTATIONS = {"LIMIT_MUTATION_SECONDS": "1"}


class Servers:
    """Servers of one catalogue, one after the other, with AliExpress connected."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._database_url, self._folder = database_url, folder
        self._keyring = KeyRing.from_text(new_key())

    @asynccontextmanager
    async def started(
        self, environ: dict[str, str] | None = None, *, wiped: bool = False
    ) -> AsyncIterator[Graph]:
        """One with these settings."""
        async with running_graph(
            self._database_url, self._folder, environ=environ, keyring=self._keyring, wiped=wiped
        ) as graph:
            yield graph


@pytest.fixture
async def servers(migrated_database: str, tmp_path: Path) -> AsyncIterator[Servers]:
    """The account is connected; all of it is gone at the end."""
    servers = Servers(migrated_database, tmp_path)
    async with servers.started() as graph:
        await graph.connect("ALIEXPRESS", ALIEXPRESS)
    yield servers
    async with servers.started(wiped=True):
        pass


def code(body: dict[str, Any]) -> object:
    """The code of the only error; None without one."""
    errors = body.get("errors")
    return errors[0]["extensions"]["code"] if isinstance(errors, list) else None


async def landed(graph: Graph, tasks: int) -> None:
    """Wait until no more tasks are left than there were."""
    for _ in range(3000):
        if len(asyncio.all_tasks()) <= tasks:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"tasks are left: {asyncio.all_tasks()}")


async def in_time(graph: Graph, id: str) -> dict[str, Any]:
    """What is answered about a product, at a moment when the machine leaves us a second."""
    for _ in range(20):
        body = await graph.post(PREVIEW, {"url": id})
        if code(body) != "OPERATION_TIMEOUT":
            break
    return body


async def test_a_stopped_query_leaves_nothing_behind_and_the_next_one_works(
    servers: Servers,
) -> None:
    async with servers.started(HURRIED_QUERIES) as graph:
        [id] = aliexpress(graph, 1)
        tasks = len(asyncio.all_tasks())
        graph.sandbox.faults.inject("latency", operation="productdetail.get", seconds=1.5)

        stopped = await graph.post(PREVIEW, {"url": id})
        graph.sandbox.faults.clear()
        await landed(graph, tasks)
        after = await in_time(graph, id)

    assert code(stopped) == "OPERATION_TIMEOUT"
    assert stopped["data"] is None
    assert after["data"] == {"product": {"externalId": id}}


async def test_a_call_shared_with_a_stopped_query_lands_for_the_others(servers: Servers) -> None:
    async with servers.started(HURRIED_QUERIES) as graph:
        [id] = aliexpress(graph, 1)
        graph.sandbox.faults.inject("latency", operation="productdetail.get", seconds=1.5)

        query, mutation = await asyncio.gather(
            graph.post(PREVIEW, {"url": id}), graph.run(IMPORT, {"products": [{"url": id}]})
        )
        calls = graph.calls("aliexpress", "productdetail.get")

    assert code(query) == "OPERATION_TIMEOUT"
    [row] = mutation["importProducts"]["results"]
    assert row["product"]["externalId"] == id
    assert calls == 1


async def test_a_stopped_mutation_frees_its_idempotency_key(servers: Servers) -> None:
    async with servers.started(HURRIED_MUTATIONS) as graph:
        [id] = aliexpress(graph, 1)
        given = {"products": [{"url": id}], "key": "import-1"}
        tasks = len(asyncio.all_tasks())
        graph.sandbox.faults.inject("latency", operation="productdetail.get", seconds=1.5)

        stopped = await graph.post(IMPORT, given)
        await landed(graph, tasks)
    async with servers.started() as graph:
        again = await graph.run(IMPORT, given)

    assert code(stopped) == "OPERATION_TIMEOUT"
    assert [row["errors"] for row in again["importProducts"]["results"]] == [[]]

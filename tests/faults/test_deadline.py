"""An operation that takes too long is stopped; what it shared with others goes on for them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.graph import ALIEXPRESS, Graph, running_graph
from tests.schema.test_products import IMPORT, aliexpress_ids

pytestmark = pytest.mark.anyio

PREVIEW = "query P($url: String!) { product(by: {url: $url}) { externalId } }"


@pytest.fixture
async def hurried(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """Queries and mutations have a second each."""
    seconds = {"LIMIT_QUERY_SECONDS": "1", "LIMIT_MUTATION_SECONDS": "1"}
    async with running_graph(migrated_database, tmp_path, environ=seconds) as running:
        await running.connect("ALIEXPRESS", ALIEXPRESS)
        yield running


def code(body: dict[str, object]) -> object:
    """The code of the only error; None without one."""
    errors = body.get("errors")
    return errors[0]["extensions"]["code"] if isinstance(errors, list) else None


async def landed(graph: Graph, tasks: int) -> None:
    """Wait until no more tasks are left than there were."""
    for _ in range(400):
        if len(asyncio.all_tasks()) <= tasks:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"tasks are left: {asyncio.all_tasks()}")


async def test_a_stopped_query_leaves_nothing_behind_and_the_next_one_works(
    hurried: Graph,
) -> None:
    [id] = await aliexpress_ids(hurried, 1)
    tasks = len(asyncio.all_tasks())
    hurried.sandbox.faults.inject("latency", operation="productdetail.get", seconds=1.5)

    stopped = await hurried.post(PREVIEW, {"url": id})
    hurried.sandbox.faults.clear()
    await landed(hurried, tasks)
    after = await hurried.post(PREVIEW, {"url": id})

    assert code(stopped) == "OPERATION_TIMEOUT"
    assert stopped["data"] is None
    assert after["data"] == {"product": {"externalId": id}}


@pytest.mark.slow
async def test_a_call_shared_with_a_stopped_query_lands_for_the_others(hurried: Graph) -> None:
    [id] = await aliexpress_ids(hurried, 1)
    before = hurried.calls("aliexpress", "productdetail.get")
    hurried.sandbox.faults.inject("latency", operation="productdetail.get", seconds=1.4)

    first = asyncio.ensure_future(hurried.post(PREVIEW, {"url": id}))
    await asyncio.sleep(0.8)  # the call lands amid the two deadlines
    second = asyncio.ensure_future(hurried.post(PREVIEW, {"url": id}))
    answers = [await first, await second]

    assert [code(answer) for answer in answers] == ["OPERATION_TIMEOUT", None]
    assert answers[1]["data"] == {"product": {"externalId": id}}
    assert hurried.calls("aliexpress", "productdetail.get") == before + 1


async def test_a_stopped_mutation_frees_its_idempotency_key(hurried: Graph) -> None:
    [id] = await aliexpress_ids(hurried, 1)
    tasks = len(asyncio.all_tasks())
    given = {"products": [{"url": id}], "key": "import-1"}
    hurried.sandbox.faults.inject("latency", operation="productdetail.get", seconds=1.5)

    stopped = await hurried.post(IMPORT, given)
    hurried.sandbox.faults.clear()
    await landed(hurried, tasks)
    again = await hurried.run(IMPORT, given)

    assert code(stopped) == "OPERATION_TIMEOUT"
    assert [row["errors"] for row in again["importProducts"]["results"]] == [[]]

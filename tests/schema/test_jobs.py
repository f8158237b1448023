"""Jobs: begun, read, ended and repeated through the graph, with a worker at work."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db import job_batches, statements
from domain.products import ProductRef
from schema import ids
from tests.graph import API_KEY, Graph, running_graph

pytestmark = pytest.mark.anyio

JOB = """
  id kind status progress { total done failed } createdAt startedAt goesOnAt finishedAt
"""
RESULTS = """
  results(first: 250) { nodes { number isDone isSkipped changed product { externalId }
    affiliateLink { url } words errors { code path } } totalCount pageInfo { hasNextPage } }
"""
START_IMPORT = f"""mutation($input: StartImportInput!) {{
  startImport(input: $input) {{ job {{ {JOB} }} errors {{ code message path }} }} }}"""
START_SYNC = f"""mutation($input: StartSyncInput!) {{
  startSync(input: $input) {{ job {{ {JOB} }} errors {{ code message path }} }} }}"""
START_LINKS = f"""mutation($input: StartLinksInput!) {{
  startLinks(input: $input) {{ job {{ {JOB} }} errors {{ code message path }} }} }}"""
CANCEL = f"""mutation($id: ID!) {{
  cancelJob(input: {{id: $id}}) {{ job {{ {JOB} }} errors {{ code message path }} }} }}"""
RETRY = f"""mutation($id: ID!, $onlyFailed: Boolean!) {{
  retryJob(input: {{id: $id, onlyFailed: $onlyFailed}}) {{
    job {{ {JOB} }} errors {{ code message path }} }} }}"""
READ = f"query($id: ID!) {{ job(id: $id) {{ {JOB} {RESULTS} }} }}"


@pytest.fixture
async def working(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """The application with a worker inside."""
    async with running_graph(migrated_database, tmp_path, environ={"WORKER": "on"}) as running:
        await running.connect_both()
        yield running


def urls(graph: Graph, count: int, *, first: int = 0) -> list[str]:
    """Addresses of products that the sandbox's AliExpress shows."""
    shown = graph.sandbox.catalog["aliexpress"].listings()[first : first + count]
    return [f"https://www.aliexpress.com/item/{listing.id}.html" for listing in shown]


async def ended(graph: Graph, job_id: str) -> dict[str, Any]:
    """The job once it has ended."""
    for _ in range(600):
        job: dict[str, Any] = (await graph.run(READ, {"id": job_id}))["job"]
        if job["finishedAt"] is not None:
            return job
        await asyncio.sleep(0.05)
    raise AssertionError(f"The job goes on: {job}")


async def given_back() -> None:
    """Until a batch was tried and given back for another try."""
    tried = "SELECT id FROM job_batches WHERE tries = 1 AND token IS NULL"
    for _ in range(600):
        if await statements.rows(tried):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("No batch was tried.")


async def payload(graph: Graph, document: str, *, key: str = API_KEY, **given: object) -> Any:
    """What a mutation answered."""
    [answered] = (await graph.run(document, given, key=key)).values()
    return answered


async def begin(graph: Graph, document: str, **input: object) -> dict[str, Any]:
    """The job that a mutation began."""
    answered = await payload(graph, document, input=input)
    assert answered["errors"] == []
    job: dict[str, Any] = answered["job"]
    return job


def codes(node: dict[str, Any]) -> list[str]:
    return [error["code"] for error in node["errors"]]


def products(addresses: Sequence[str]) -> list[dict[str, str]]:
    return [{"url": address} for address in addresses]


async def test_results_are_in_the_order_of_the_input_with_each_product_asked_once(
    working: Graph,
) -> None:
    shown = urls(working, 60)
    rows = [shown[0], "https://example.com/no-product", *shown, shown[5]]

    begun = await begin(working, START_IMPORT, products=products(rows))
    job = await ended(working, begun["id"])

    assert begun["status"] == "QUEUED"
    assert job["status"] == "SUCCEEDED"
    assert job["progress"]["total"] == job["progress"]["done"] == 63
    nodes = job["results"]["nodes"]
    assert [node["number"] for node in nodes] == list(range(63))
    assert codes(nodes[1]) == ["UNKNOWN_HOST"]
    assert nodes[1]["errors"][0]["path"] == ["input", "products", "1", "url"]
    for number, node in enumerate(nodes):
        if node["product"] is not None:
            assert node["product"]["externalId"] in rows[number]
    assert nodes[0]["product"] == nodes[2]["product"]
    assert working.calls("aliexpress", "productdetail.get") == 2  # 60 in batches of 50


async def test_what_the_catalogue_has_is_skipped_at_no_call(working: Graph) -> None:
    old, new = urls(working, 2)
    await ended(working, (await begin(working, START_IMPORT, products=products([old])))["id"])
    before = working.calls("aliexpress", "productdetail.get")

    begun = await begin(working, START_IMPORT, products=products([old]), onlyNew=True)
    job = await ended(working, begun["id"])
    after = working.calls("aliexpress", "productdetail.get")
    mixed = await begin(working, START_IMPORT, products=products([old, new]), onlyNew=True)
    rows = (await ended(working, mixed["id"]))["results"]["nodes"]

    assert (job["status"], job["progress"]["failed"]) == ("SUCCEEDED", 0)
    assert job["results"]["nodes"][0]["product"]["externalId"] in old
    assert after == before
    assert [row["isSkipped"] for row in rows] == [True, False]


async def test_a_sync_tells_what_changed(working: Graph) -> None:
    [url] = urls(working, 1)
    imported = await begin(working, START_IMPORT, products=products([url]))
    [first] = (await ended(working, imported["id"]))["results"]["nodes"]
    external_id = first["product"]["externalId"]
    working.sandbox.catalog.set_price(external_id, "1.23")
    working.clock.advance(hours=2)

    product_id = ids.of_product(ProductRef("aliexpress", external_id))
    job = await ended(working, (await begin(working, START_SYNC, ids=[product_id]))["id"])

    assert job["kind"] == "SYNC"
    assert "price" in job["results"]["nodes"][0]["changed"]


async def test_links_are_made_of_what_a_text_names(working: Graph) -> None:
    shown = urls(working, 2)

    job = await begin(working, START_LINKS, text=f"one {shown[0]} and {shown[1]}", subId="autumn")
    nodes = (await ended(working, job["id"]))["results"]["nodes"]

    assert [node["words"] for node in nodes] == shown
    assert all(node["affiliateLink"]["url"] for node in nodes)


async def test_the_same_key_begins_one_job(graph: Graph) -> None:
    rows = products(urls(graph, 2))
    once = await begin(graph, START_IMPORT, products=rows, idempotencyKey="k")

    again = await begin(graph, START_IMPORT, products=rows, idempotencyKey="k")
    other = await payload(graph, START_IMPORT, input={"products": rows[:1], "idempotencyKey": "k"})

    assert again["id"] == once["id"]
    assert codes(other) == ["IDEMPOTENCY_CONFLICT"]
    assert (await graph.run("{ jobs { totalCount } }"))["jobs"]["totalCount"] == 1


async def test_a_cancelled_job_is_worked_on_no_more_until_it_is_retried(graph: Graph) -> None:
    job = await begin(graph, START_IMPORT, products=products(urls(graph, 2)))

    cancelled = await payload(graph, CANCEL, id=job["id"])
    due = await job_batches.due(graph.clock(), of_each=9)
    retried = await payload(graph, RETRY, id=job["id"], onlyFailed=True)
    due_again = await job_batches.due(graph.clock(), of_each=9)

    assert cancelled["job"]["status"] == "CANCELLED"
    assert due == []
    assert retried["job"]["status"] == "QUEUED"
    assert len(due_again) == 1


async def test_only_what_failed_is_tried_again(working: Graph) -> None:
    shown = urls(working, 3)
    gone = shown[1].split("/")[-1].removesuffix(".html")
    working.sandbox.catalog.remove(gone)
    begun = await begin(working, START_IMPORT, products=products(shown))
    failed = await ended(working, begun["id"])
    working.sandbox.catalog.restore(gone)
    working.clock.advance(hours=2)
    before = working.calls("aliexpress", "productdetail.get")

    retried = await payload(working, RETRY, id=begun["id"], onlyFailed=True)
    job = await ended(working, begun["id"])

    assert failed["progress"] == {"total": 3, "done": 3, "failed": 1}
    assert codes(failed["results"]["nodes"][1]) == ["NOT_FOUND"]
    assert retried["job"]["progress"] == {"total": 3, "done": 2, "failed": 0}
    assert job["status"] == "SUCCEEDED"
    assert job["progress"] == {"total": 3, "done": 3, "failed": 0}
    assert working.calls("aliexpress", "productdetail.get") == before + 1


async def test_nothing_to_retry_is_told(working: Graph) -> None:
    job = await begin(working, START_IMPORT, products=products(urls(working, 1)))
    await ended(working, job["id"])

    refused = await payload(working, RETRY, id=job["id"], onlyFailed=True)

    assert codes(refused) == ["INVALID_INPUT"]


async def test_a_job_waits_for_a_marketplace_that_is_away_and_goes_on_by_itself(
    working: Graph,
) -> None:
    working.sandbox.faults.inject("status", code=503, marketplace="aliexpress")
    began = working.clock()
    begun = await begin(working, START_IMPORT, products=products(urls(working, 2)))
    await given_back()
    waiting = (await working.run(READ, {"id": begun["id"]}))["job"]
    goes_on_at = datetime.fromisoformat(waiting["goesOnAt"])
    working.sandbox.faults.clear()

    working.clock.advance(hours=1)
    job = await ended(working, begun["id"])

    assert waiting["status"] == "RUNNING"
    assert waiting["progress"]["done"] == 0
    assert timedelta(seconds=15) <= goes_on_at - began <= timedelta(minutes=1)
    assert job["status"] == "SUCCEEDED"
    assert job["progress"]["failed"] == 0
    assert job["goesOnAt"] is None


async def test_a_job_needs_the_scope_of_its_kind_also_to_be_ended(graph: Graph) -> None:
    rows = products(urls(graph, 1))
    importer, reader = await graph.make_key("IMPORT"), await graph.make_key("READ")

    refused = await payload(graph, START_IMPORT, input={"products": rows}, key=reader)
    begun = await payload(graph, START_IMPORT, input={"products": rows}, key=importer)
    kept = await payload(graph, CANCEL, id=begun["job"]["id"], key=reader)
    ended_by_it = await payload(graph, CANCEL, id=begun["job"]["id"], key=importer)

    assert codes(refused) == codes(kept) == ["FORBIDDEN"]
    assert ended_by_it["job"]["status"] == "CANCELLED"


async def test_a_job_of_a_key_that_was_taken_back_ends(working: Graph) -> None:
    working.sandbox.faults.inject("status", code=503, marketplace="aliexpress")
    key = await working.make_key("IMPORT")
    rows = products(urls(working, 1))
    begun = (await payload(working, START_IMPORT, input={"products": rows}, key=key))["job"]
    await given_back()
    [found] = (await working.run("{ apiKeys { nodes { id name } } }"))["apiKeys"]["nodes"]
    revoke = "mutation($id: ID!) { revokeApiKey(input: {id: $id}) { errors { code } } }"
    await working.run(revoke, {"id": found["id"]})

    working.clock.advance(hours=1)
    job = await ended(working, begun["id"])

    assert job["status"] == "CANCELLED"
    assert job["progress"]["done"] == 0


async def test_jobs_of_another_workspace_are_not_seen(graph: Graph) -> None:
    job = await begin(graph, START_IMPORT, products=products(urls(graph, 1)))
    stranger = await graph.make_workspace("other")

    seen = await graph.run(READ, {"id": job["id"]}, key=stranger)
    listed = await graph.run("{ jobs { totalCount } }", key=stranger)
    ended_by_it = await payload(graph, CANCEL, id=job["id"], key=stranger)

    assert seen["job"] is None
    assert listed["jobs"]["totalCount"] == 0
    assert codes(ended_by_it) == ["NOT_FOUND"]


async def test_jobs_are_listed_by_status_newest_first(graph: Graph) -> None:
    first = await begin(graph, START_IMPORT, products=products(urls(graph, 1)))
    graph.clock.advance(minutes=1)
    second = await begin(graph, START_IMPORT, products=products(urls(graph, 1)))
    await payload(graph, CANCEL, id=first["id"])

    every = await graph.run("{ jobs { nodes { id } } }")
    waiting = await graph.run("{ jobs(filter: {status: [QUEUED]}) { nodes { id } } }")

    assert every["jobs"]["nodes"] == [{"id": second["id"]}, {"id": first["id"]}]
    assert waiting["jobs"]["nodes"] == [{"id": second["id"]}]


async def test_results_are_paged(graph: Graph) -> None:
    job = await begin(graph, START_IMPORT, products=products(urls(graph, 5)))
    page = """query($id: ID!, $after: String) { node(id: $id) { ... on Job {
      results(first: 2, after: $after) { nodes { number isDone }
        pageInfo { hasNextPage endCursor } } } } }"""
    numbers, after, pages = [], None, 0
    while pages == 0 or after is not None:
        found = (await graph.run(page, {"id": job["id"], "after": after}))["node"]["results"]
        numbers += [node["number"] for node in found["nodes"]]
        after = found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None
        pages += 1

    assert numbers == [0, 1, 2, 3, 4]
    assert pages == 3


async def test_no_rows_begin_no_job(graph: Graph) -> None:
    refused = await payload(graph, START_SYNC, input={"ids": []})

    assert codes(refused) == ["INVALID_INPUT"]
    assert refused["job"] is None

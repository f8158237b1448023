"""startExport: a worker writes the file, which is then read as one that is streamed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import deleted_products, products, statements
from domain.api_keys import Scope
from domain.catalog import PublisherFields
from domain.exceptions import NotFound
from domain.jobs import BATCH_ROWS, MAX_EXPORTS
from domain.products import Image
from engine import worker
from exports import formats
from resolvers import export_jobs
from resolvers.context import Context
from schema import ids
from tests.clients.aliexpress.fakes import FakeSender
from tests.db.records import NOW, keep, product, ref, usd
from tests.exports.files import SHOP
from tests.graph import API_KEY, Graph, running_graph
from tests.web.test_exports import SANDBOX, export, stored_variety
from upstream.contract import Upstream

pytestmark = pytest.mark.anyio

JOB = "id kind status url progress { total done failed }"
START = f"""mutation($input: StartExportInput!) {{
  startExport(input: $input) {{ job {{ {JOB} }} errors {{ code message path }} }} }}"""
READ = f"query($id: ID!) {{ job(id: $id) {{ {JOB} }} }}"
ROWS = """query($id: ID!) { job(id: $id) { results(first: 2) {
  nodes { isDone product { title } errors { code path } } } } }"""
CANCEL = "mutation($id: ID!) { cancelJob(input: {id: $id}) { errors { code } } }"
FORMULA = '=HYPERLINK("https://evil.example", "+1")'


@pytest.fixture
async def working(
    migrated_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Graph]:
    """The application with a worker inside, which looks often."""
    monkeypatch.setattr(worker, "POLL", 0.05)
    async with running_graph(migrated_database, tmp_path, environ={"WORKER": "on"}) as running:
        yield running


async def begun(graph: Graph, key: str = API_KEY, /, **input: object) -> Any:
    """What startExport answered."""
    return (await graph.run(START, {"input": input}, key=key))["startExport"]


async def written(graph: Graph, **input: object) -> Any:
    """The job once it has ended."""
    payload = await begun(graph, **input)
    assert payload["errors"] == []
    for _ in range(1200):
        job = (await graph.run(READ, {"id": payload["job"]["id"]}))["job"]
        if job["status"] not in ("QUEUED", "RUNNING"):
            return job
        await asyncio.sleep(0.05)
    raise AssertionError(f"The job goes on: {job}")


async def read(graph: Graph, path: str, key: str = API_KEY, **headers: str) -> httpx.Response:
    return await graph.http.get(f"/{path}", headers={"X-Api-Key": key} | headers)


async def refusal(graph: Graph, path: str, key: str = API_KEY) -> tuple[int, str]:
    answer = await read(graph, path, key)
    return answer.status_code, answer.json()["errors"][0]["message"]


async def stored_many() -> None:
    """Of both marketplaces, more than a batch, imported at two times; one is for a spreadsheet."""
    picture = (Image(url="https://img.example/1.jpg"),)
    some = [
        product(number, at=NOW, price=usd("5"), images=picture, marketplace=marketplace)
        for number in range(BATCH_ROWS)
        for marketplace in ("aliexpress", "amazon")
    ]
    await keep(some, workspace=SANDBOX)
    await keep([product(9999, at=NOW, title=FORMULA, price=usd("5"))], workspace=SANDBOX)
    change = PublisherFields(selling_price=usd("9"))
    await products.change(SANDBOX, [(ref(number), change) for number in range(0, 200, 2)])


@pytest.mark.parametrize(
    ("format", "input", "params"),
    [
        ("JSON", {}, {}),
        ("CSV", {"filter": {"marketplace": "ALIEXPRESS"}}, {"marketplace": "ALIEXPRESS"}),
        (
            "WOOCOMMERCE",
            {"published": "KEEP", "filter": {"marketplace": "ALIEXPRESS"}},
            {"published": "keep", "marketplace": "ALIEXPRESS"},
        ),
        ("SHOPIFY", {"legacyHeader": True, "currencyCode": "EUR"}, {"header": "legacy"}),
        ("SHOPIFY", {"pictures": "FIRST"}, {"pictures": "first"}),
        ("MERCHANT", {"link": SHOP}, {"link": SHOP}),
    ],
)
async def test_both_ways_give_the_same_file(
    working: Graph, format: str, input: dict[str, object], params: dict[str, str]
) -> None:
    await stored_many()
    await stored_variety(working)
    params = params | ({"currency": str(input["currencyCode"])} if "currencyCode" in input else {})

    job = await written(working, format=format, **input)
    answer = await read(working, job["url"])
    streamed = await export(working, format.lower(), params)

    assert (job["kind"], job["status"], job["progress"]["failed"]) == ("EXPORT", "SUCCEEDED", 0)
    assert job["progress"]["done"] == job["progress"]["total"] > BATCH_ROWS
    assert answer.status_code == 200
    assert answer.content == streamed.content
    for name in ("content-type", "content-disposition", "vary"):
        assert answer.headers[name] == streamed.headers[name]
    # What is left out of Amazon's is another matter at each reading.
    is_known = format in ("JSON", "CSV") or "filter" in input
    for name in ("x-left-out", "x-left-out-words"):
        assert answer.headers.get(name) == (streamed.headers.get(name) if is_known else None)


async def test_a_file_is_made_smaller_and_is_safe_in_a_spreadsheet(working: Graph) -> None:
    await stored_many()

    job = await written(working, format="CSV")
    answer = await read(working, job["url"], **{"Accept-Encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert "'=HYPERLINK" in answer.text


async def test_what_must_not_be_kept_is_in_no_row_and_no_file_a_day_later(working: Graph) -> None:
    secret = product(1, marketplace="amazon", price=usd("777.77"))
    await keep([secret, product(2, price=usd("55.55"))], workspace=SANDBOX)

    job = await written(working, format="JSON")
    fresh = await read(working, job["url"])
    rows = repr(await statements.rows("SELECT * FROM job_batches"))
    working.clock.advance(hours=25)
    old = await read(working, job["url"])

    assert "777.77" in fresh.text
    assert "777.77" not in rows
    assert "55.55" in rows
    assert sorted(row["price"] or "" for row in old.json()) == ["", "55.55"]


async def test_what_was_deleted_before_it_was_written_is_told_and_is_not_in_the_file(
    working: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep([product(1), product(2)], workspace=SANDBOX)
    write = export_jobs.write

    async def late(*given: Any) -> Any:
        await deleted_products.delete(SANDBOX, [ref(1)], now=NOW)
        return await write(*given)

    monkeypatch.setattr(export_jobs, "write", late)
    job = await written(working, format="JSON", filter={"marketplace": "ALIEXPRESS"})
    [file] = (await read(working, job["url"])).json()
    results = (await working.run(ROWS, {"id": job["id"]}))["job"]["results"]["nodes"]

    assert job["progress"] == {"total": 2, "done": 2, "failed": 1}
    assert file["title"] == "Lamp 2"
    assert sorted(len(result["errors"]) for result in results) == [0, 1]
    [error] = [error for result in results for error in result["errors"]]
    assert error == {"code": "NOT_FOUND", "path": ["input", "filter"]}


async def test_there_is_no_file_before_it_is_written(graph: Graph) -> None:
    await keep([product(1)], workspace=SANDBOX)

    job = (await begun(graph, format="JSON"))["job"]
    waiting = await refusal(graph, f"export/job/{job['id']}")
    other = await refusal(graph, f"export/job/{ids.of_job('12')}")
    no_id = await refusal(graph, "export/job/12")

    assert (job["status"], job["url"]) == ("QUEUED", None)
    assert waiting[0] == 404
    assert "the job is QUEUED" in waiting[1]
    assert other == (404, export_jobs.MISSING)
    assert no_id[0] == 400


@pytest.mark.parametrize(
    ("_case", "sql"),
    [
        ("forgotten", "DELETE FROM jobs RETURNING id"),
        (
            "begun anew",
            f"UPDATE job_batches SET outcomes = '[{', '.join(['null'] * BATCH_ROWS)}]' RETURNING 1",
        ),
    ],
)
async def test_a_file_whose_job_is_not_there_any_more_breaks_off(
    working: Graph, _case: str, sql: str
) -> None:
    await stored_many()
    job = await written(working, format="JSON")
    assert working.keyring is not None
    context = Context(
        workspace=SANDBOX,
        upstream=Upstream(sender=FakeSender([]), now=working.clock),
        keys=working.keyring,
        formats=formats.by_name,
    )
    pages = export_jobs.pages(context, await export_jobs.get(context, ids.job(job["id"])))

    first = await anext(pages)
    await statements.rows(sql)
    with pytest.raises(NotFound):
        await anext(pages)

    assert len(first.texts) == BATCH_ROWS


async def test_a_file_is_for_who_may_read_in_its_workspace(working: Graph) -> None:
    await keep([product(1)], workspace=SANDBOX)
    reader, importer, public = [
        await working.make_key(scope) for scope in ("READ", "IMPORT", "PUBLIC")
    ]
    theirs = await working.make_workspace("theirs", Scope.READ)

    job = await written(working, format="JSON")
    begin = [await begun(working, key, format="JSON") for key in (reader, importer, public)]
    answers = [
        await read(working, job["url"], key) for key in (reader, importer, public, theirs, "none")
    ]

    assert [payload["job"] is not None for payload in begin] == [True, False, False]
    assert {error["code"] for payload in begin for error in payload["errors"]} == {"FORBIDDEN"}
    assert [answer.status_code for answer in answers] == [200, 403, 403, 404, 401]


@pytest.mark.parametrize(
    ("_case", "input", "path"),
    [
        ("nothing is there", {"format": "CSV"}, ["input", "filter"]),
        (
            "filter",
            {"format": "CSV", "filter": {"currencyCode": "x"}},
            ["input", "filter", "currencyCode"],
        ),
        ("currency", {"format": "CSV", "currencyCode": "x"}, ["input", "currencyCode"]),
        ("link", {"format": "MERCHANT"}, ["input", "link"]),
    ],
)
async def test_a_bad_input_is_told_with_its_place(
    graph: Graph, _case: str, input: dict[str, object], path: list[str]
) -> None:
    payload = await begun(graph, **input)

    assert payload["job"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [
        ("INVALID_INPUT", path)
    ]


async def test_more_than_fit_into_a_file_are_refused(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_jobs, "MAX_JOB_ROWS", 1)
    await keep([product(1), product(2)], workspace=SANDBOX)

    payload = await begun(graph, format="JSON")

    [error] = payload["errors"]
    assert "A file has at most 1 products" in error["message"]


async def test_no_more_are_begun_at_once_than_a_workspace_keeps(graph: Graph) -> None:
    await keep([product(1)], workspace=SANDBOX)
    jobs = [(await begun(graph, format="JSON"))["job"] for _ in range(MAX_EXPORTS)]

    refused = await begun(graph, format="JSON")
    await graph.run(CANCEL, {"id": jobs[1]["id"]})
    taken = await begun(graph, format="JSON")

    assert [error["code"] for error in refused["errors"]] == ["INVALID_INPUT"]
    assert taken["errors"] == []


async def test_the_newest_files_are_kept_and_what_was_cancelled_takes_no_place(
    working: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.jobs.MAX_EXPORTS", 2)
    await keep([product(1)], workspace=SANDBOX)
    files = []
    for _ in range(3):
        files.append(await written(working, format="JSON"))
        working.clock.advance(seconds=1)
    for _ in range(3):
        job = await written(working, format="CSV")
        cancelled = "UPDATE jobs SET status = 'CANCELLED' WHERE id = $1 RETURNING id"
        await statements.rows(cancelled, [ids.job(job["id"])])
        working.clock.advance(seconds=1)
    last = await written(working, format="JSON")

    found = [(await read(working, job["url"])).status_code for job in [*files, last]]

    assert found == [404, 200, 200, 200]


async def test_a_key_gives_its_job_again_whatever_the_catalogue_has_now(graph: Graph) -> None:
    await keep([product(1)], workspace=SANDBOX)
    first = await begun(graph, format="JSON", idempotencyKey="k")
    await deleted_products.delete(SANDBOX, [ref(1)], now=NOW)

    same = await begun(graph, format="JSON", idempotencyKey="k")
    other = await begun(graph, format="CSV", idempotencyKey="k")
    none = await begun(graph, format="JSON")

    assert same["job"]["id"] == first["job"]["id"]
    assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert [error["message"] for error in none["errors"]] == ["No product meets the filter."]


async def test_head_is_told_of_the_file_and_costs_no_row(working: Graph) -> None:
    await keep([product(1)], workspace=SANDBOX)
    job = await written(working, format="CSV")

    answer = await working.http.head(f"/{job['url']}", headers={"X-Api-Key": API_KEY})

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"

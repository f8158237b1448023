"""Files that are looked at and those that a job imports: who may send one, and what is too much."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import jobs
from domain.catalog import PageArgs
from tests.graph import API_KEY, Graph, running_graph
from tests.workbooks import workbook
from web import files

pytestmark = pytest.mark.anyio

ITEM = "https://www.aliexpress.com/item/1005000000001151.html"
SHORT = "https://s.click.aliexpress.com/e/_oLamp01"
SENT = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/octet-stream"}


async def post(
    graph: Graph, content: bytes, name: str = "a.csv", headers: dict[str, str] | None = None
) -> httpx.Response:
    return await graph.http.post(
        "/import/rows", params={"name": name}, content=content, headers=SENT | (headers or {})
    )


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    [error] = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"], error["message"]


async def test_each_row_is_answered_with_its_words_or_its_reason(graph: Graph) -> None:
    content = f"url;n\n{ITEM};a\n1,00501E+15;b\n\n{SHORT};c\n".encode()

    answer = await post(graph, content)

    assert answer.status_code == 200
    rows: list[dict[str, Any]] = answer.json()["rows"]
    assert [(row["line"], row["text"], (row["error"] or {}).get("code")) for row in rows] == [
        (2, ITEM, None),
        (3, "1,00501E+15", "INVALID_URL"),
        (5, SHORT, None),
    ]


async def test_a_workbook_is_read(graph: Graph) -> None:
    content = workbook([["ASIN"], ["B0LAMP0001"]], more={"More": [["id"], ["B0LAMP0002"]]})

    rows = (await post(graph, content, "a.xlsx")).json()["rows"]

    assert [(row["sheet"], row["text"]) for row in rows] == [
        ("Products", "B0LAMP0001"),
        ("More", "B0LAMP0002"),
    ]


@pytest.mark.parametrize(
    ("_case", "content", "words"),
    [
        ("no column", b"Artikel;Preis\nLampe;12\n", "Its columns: Artikel, Preis"),
        ("a picture", b"\x89PNG\r\n\x1a\n\x00", "is a picture"),
        ("empty", b"", "is empty"),
        ("too many rows", b"1005000000001151\n" * 11, "11 rows; here it may have 10"),
        ("many in a row", f"{ITEM} ".encode() * 12, "12 rows"),
    ],
)
async def test_a_file_that_cannot_be_used_is_told(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, _case: str, content: bytes, words: str
) -> None:
    monkeypatch.setattr(files, "MOST_ROWS", 10)

    status, code, message = error_of(await post(graph, content))

    assert (status, code) == (400, "INVALID_INPUT")
    assert words in message


async def test_a_giant_file_is_not_read(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1_000)

    status, code, message = error_of(await post(graph, b"x" * 1_001))

    assert (status, code) == (413, "PAYLOAD_TOO_LARGE")
    assert "server.py import FILE" in message


async def test_a_file_is_paid_for_before_it_comes_in(
    migrated_database: str, tmp_path: Path
) -> None:
    small = {"LIMIT_COST": "100", "BUCKET_CAPACITY": "100", "BUCKET_RESTORE": "1"}
    taken = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(90):
            taken.append(number)
            yield b"#" * 100

    headers = SENT | {"Content-Length": "9000"}
    async with running_graph(migrated_database, tmp_path, environ=small) as graph:
        first = await graph.http.post("/import/rows", content=b"#" * 9000, headers=SENT)
        second = await graph.http.post("/import/rows", content=pieces(), headers=headers)
        unknown = await graph.http.post("/import/rows", content=pieces(), headers=SENT)

    assert first.status_code == 400  # which names nothing
    assert error_of(second)[:2] == (429, "THROTTLED")
    assert error_of(unknown)[:2] == (411, "BAD_REQUEST")
    assert taken == []


async def test_only_bytes_are_taken(graph: Graph) -> None:
    answer = await post(graph, b"url\n", headers={"Content-Type": "text/plain"})

    assert error_of(answer)[:2] == (415, "BAD_REQUEST")


async def test_who_may_not_read_sends_no_file(graph: Graph) -> None:
    key = await graph.make_key("SETTINGS")

    stranger = await post(graph, b"url\n", headers={"Authorization": "Bearer another-key-0123"})
    other = await post(graph, b"url\n", headers={"Authorization": f"Bearer {key}"})

    assert error_of(stranger)[:2] == (401, "UNAUTHENTICATED")
    assert error_of(other)[:2] == (403, "FORBIDDEN")


async def test_rows_are_paid_for(migrated_database: str, tmp_path: Path) -> None:
    small = {"LIMIT_COST": "100", "BUCKET_CAPACITY": "100", "BUCKET_RESTORE": "1"}
    content = ("url\n" + f"{ITEM}\n" * 50).encode()
    async with running_graph(migrated_database, tmp_path, environ=small) as graph:
        first, second = await post(graph, content), await post(graph, content)

    assert len(first.json()["rows"]) == 50
    assert error_of(second)[:2] == (429, "THROTTLED")
    assert int(second.headers["retry-after"]) > 0


async def put(graph: Graph, content: bytes, key: str = API_KEY, **named: str) -> httpx.Response:
    headers = SENT | {"Authorization": f"Bearer {key}"}
    return await graph.http.put("/import/job", params=named, content=content, headers=headers)


JOB = """query J($id: ID!) { job(id: $id) { kind progress { total done failed }
  results { nodes { place words isDone errors { code path } } } } }"""


async def test_a_file_begins_a_job_that_knows_its_rows(graph: Graph) -> None:
    content = f"url;n\n{ITEM};a\n1,00501E+15;b\n{SHORT};c\n".encode()

    answer = await put(graph, content, name="a.csv")
    assert answer.status_code == 202, answer.text
    job = answer.json()["job"]
    shown = (await graph.run(JOB, {"id": job["id"]}))["job"]

    assert (job["status"], job["total"]) == ("QUEUED", 3)
    assert (shown["kind"], shown["progress"]) == ("IMPORT", {"total": 3, "done": 1, "failed": 1})
    assert [(row["place"], row["words"], row["isDone"]) for row in shown["results"]["nodes"]] == [
        ("line 2", ITEM, False),
        ("line 3", "1,00501E+15", True),
        ("line 4", SHORT, False),
    ]
    assert shown["results"]["nodes"][1]["errors"] == [
        {"code": "INVALID_URL", "path": ["input", "file"]}
    ]


async def test_a_file_can_be_imported_for_what_is_new_alone(graph: Graph) -> None:
    content = f"{ITEM}\n".encode()

    plain = await put(graph, content, idempotencyKey="k")
    other = await put(graph, content, idempotencyKey="k", onlyNew="true")
    only_new = await put(graph, content, onlyNew="true")

    assert plain.status_code == only_new.status_code == 202
    assert other.json()["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_CONFLICT"
    begun = (await jobs.page("default", (), PageArgs(10))).records
    assert sorted(job.options["onlyNew"] is True for job in begun) == [False, True]


async def test_a_file_that_is_sent_twice_is_one_job_and_another_file_is_refused(
    graph: Graph,
) -> None:
    content = f"{ITEM}\n".encode()
    first = await put(graph, content, idempotencyKey="monday")

    again = await put(graph, content, idempotencyKey="monday")
    other = await put(graph, content * 2, idempotencyKey="monday")

    assert again.json()["job"]["id"] == first.json()["job"]["id"]
    assert error_of(other)[:2] == (409, "IDEMPOTENCY_CONFLICT")


async def test_whose_bare_ids_are_can_be_said(graph: Graph) -> None:
    found = await put(graph, b"B0LAMP0001\n", marketplace="amazon", locale="DE")
    unknown = await put(graph, b"B0LAMP0001\n", marketplace="EBAY")
    no_site = await put(graph, b"B0LAMP0001\n", marketplace="AMAZON", locale="XX")

    assert found.status_code == 202
    assert error_of(unknown)[:2] == (400, "INVALID_INPUT")
    assert "ALIEXPRESS, AMAZON" in error_of(unknown)[2]
    assert error_of(no_site)[:2] == (400, "WRONG_LOCALE")


async def test_a_job_needs_the_right_to_import_and_a_file_of_a_size(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await graph.make_key("READ")
    monkeypatch.setattr(files, "MOST_BYTES_OF_A_JOB", 2_000_000)

    assert error_of(await put(graph, b"B0LAMP0001", key=reader))[:2] == (403, "FORBIDDEN")
    assert error_of(await put(graph, b"x" * 2_000_001))[0] == 413
    assert error_of(await put(graph, b"\n"))[:2] == (400, "INVALID_INPUT")

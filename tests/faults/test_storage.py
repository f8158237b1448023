"""The storage is locked, full, read-only or gone: what callers see, and that it passes."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest

from db import connection, statements
from db.keys import new_key
from tests.database import migrated_database, on_postgres
from tests.graph import ALIEXPRESS, Graph
from tests.processes import ServerProcess, started_server
from tests.schema.test_products import IMPORT, aliexpress_ids

pytestmark = pytest.mark.anyio

KEY = "a-key-for-the-storage-0123456789-abcdef"
sqlite_only = pytest.mark.skipif(on_postgres(), reason="about SQLite's file")
postgres_only = pytest.mark.skipif(not on_postgres(), reason="about PostgreSQL's server")


async def import_(graph: Graph, ids: list[str]) -> list[str | None]:
    """Import; the code of each row, or of the whole call for each row."""
    body = await graph.post(IMPORT, {"products": [{"url": id} for id in ids]})
    if "errors" in body:
        return [body["errors"][0]["extensions"]["code"]] * len(ids)
    rows = body["data"]["importProducts"]["results"]
    return [row["errors"][0]["code"] if row["errors"] else None for row in rows]


async def count(graph: Graph) -> int:
    data = await graph.run("{ products { totalCount } }")
    return int(data["products"]["totalCount"])


@contextlib.contextmanager
def locked(url: str) -> Any:
    """Another process holds the write lock meanwhile."""
    other = sqlite3.connect(connection.sqlite_path(url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        other.close()


@sqlite_only
async def test_a_short_lock_of_another_process_is_waited_for(
    graph: Graph, migrated_database: str
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = await aliexpress_ids(graph, 3)

    with locked(migrated_database) as other:
        asyncio.get_running_loop().call_later(0.5, other.execute, "ROLLBACK")
        codes = await import_(graph, ids)

    assert codes == [None] * 3


@sqlite_only
async def test_a_long_lock_is_told_with_nothing_half_done_and_reads_go_on(
    graph: Graph, migrated_database: str
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = await aliexpress_ids(graph, 20)
    await statements.rows("PRAGMA busy_timeout = 50")

    with locked(migrated_database):
        during = await import_(graph, ids)
        read = await count(graph)
    await statements.rows("PRAGMA busy_timeout = 5000")
    after = await import_(graph, ids)

    assert during == ["DATABASE_UNAVAILABLE"] * 20
    assert read == 0
    assert after == [None] * 20
    assert await count(graph) == 20


@sqlite_only
@pytest.mark.parametrize(
    ("_case", "fault", "cure"),
    [
        ("a full disk", "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1073741823"),
        ("a read-only file", "PRAGMA query_only = 1", "PRAGMA query_only = 0"),
    ],
)
async def test_where_nothing_can_be_written_reads_go_on(
    graph: Graph, _case: str, fault: str, cure: str
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = await aliexpress_ids(graph, 180)
    await import_(graph, ids[:1])
    await statements.rows("VACUUM")  # no free pages of earlier tests to write into

    await statements.rows(fault)
    codes = await import_(graph, ids[1:])
    read = await count(graph)
    await statements.rows(cure)
    after = await import_(graph, ids[1:])

    assert set(codes) == {"DATABASE_UNAVAILABLE"}
    assert read == 1
    assert set(after) == {None}
    assert await statements.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


class Line:
    """The way to the PostgreSQL server, which can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def mend(self) -> None:
        """Let connections through, on the same port as before."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._ends |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def cuttable(tmp_path: Path) -> AsyncIterator[tuple[Line, ServerProcess]]:
    """A server whose way to PostgreSQL can be cut."""
    async with migrated_database(tmp_path) as url:
        parts = urlsplit(url)
        line = Line(parts.hostname or "127.0.0.1", parts.port or 5432)
        await line.mend()
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        by_line = urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{line.port}"))
        settings = {"DATABASE_URL": by_line, "ENCRYPTION_KEYS": new_key(), "ADMIN_API_KEY": KEY}
        starting = started_server(tmp_path / "data", settings)
        server = await asyncio.to_thread(starting.__enter__)
        try:
            yield line, server
        finally:
            await asyncio.to_thread(starting.__exit__, None, None, None)
            await line.cut()


@postgres_only
async def test_a_lost_postgresql_is_told_and_found_again(
    cuttable: tuple[Line, ServerProcess],
) -> None:
    line, server = cuttable
    query = {"query": "{ products { totalCount } }"}
    async with httpx.AsyncClient(
        base_url=server.address, headers={"Authorization": f"Bearer {KEY}"}, timeout=30
    ) as http:
        before = await http.post("/graphql", json=query)
        await line.cut()
        during = await http.post("/graphql", json=query)
        alive, ready = await http.get("/healthz"), await http.get("/readyz")
        await line.mend()
        mended = time.monotonic()
        after = await http.post("/graphql", json=query)
        seconds = time.monotonic() - mended
        ready_again = await http.get("/readyz")

    assert before.json()["data"]["products"]["totalCount"] == 0
    assert during.json()["errors"][0]["extensions"]["code"] == "DATABASE_UNAVAILABLE"
    assert (alive.status_code, ready.status_code) == (200, 503)
    assert ready.headers["retry-after"] == "5"
    assert after.json()["data"]["products"]["totalCount"] == 0
    assert seconds < 20
    assert ready_again.status_code == 200
    assert server.process.poll() is None
    assert "unexpected failure" not in server.output

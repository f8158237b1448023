"""SQLite runs as a server needs it."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from db import connection, statements

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("sqlite_only")]

COUNT = "SELECT count(*) AS total FROM workspaces"
INSERT = "INSERT INTO workspaces (id, created_at) VALUES ($1, $2) RETURNING id"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


async def count() -> int:
    [row] = await statements.rows(COUNT)
    return int(row["total"])


@pytest.mark.usefixtures("db")
async def test_sqlite_runs_as_it_should() -> None:
    asked = ("journal_mode", "busy_timeout", "synchronous", "foreign_keys", "secure_delete")

    found = {name: (await statements.rows(f"PRAGMA {name}"))[0] for name in asked}

    assert [next(iter(row.values())) for row in found.values()] == ["wal", 5000, 1, 1, 1]


async def test_a_writer_that_waits_for_the_lock_stops_no_reader(db: str) -> None:
    path = connection.sqlite_path(db)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writer = asyncio.create_task(statements.rows(INSERT, ["late", "2026-11-21"]))
        await asyncio.sleep(0)

        read = await count()
        waits = not writer.done()
        other.execute("ROLLBACK")
        await writer

    assert (read, waits) == (1, True)
    assert await count() == 2


@pytest.mark.usefixtures("db")
async def test_no_read_waits_for_a_scan_and_one_that_is_given_up_ends() -> None:
    scans = [asyncio.create_task(statements.rows(ENDLESS)) for _ in range(3)]
    await asyncio.sleep(0)

    read = await count()
    running = not any(scan.done() for scan in scans)
    for scan in scans:
        scan.cancel()
    await asyncio.gather(*scans, return_exceptions=True)

    assert (read, running) == (1, True)
    assert await asyncio.gather(*(count() for _ in range(20))) == [1] * 20


@pytest.mark.usefixtures("db")
async def test_a_transaction_reads_what_it_wrote_and_the_others_after_its_end() -> None:
    has_written, has_read = asyncio.Event(), asyncio.Event()

    async def other() -> int:
        await has_written.wait()
        read = await count()
        has_read.set()
        return read

    outside = asyncio.create_task(other())
    async with statements.transaction():
        await statements.rows(INSERT, ["new", "2026-11-21"])
        inside = await count()
        has_written.set()
        await has_read.wait()

    assert (inside, await outside) == (2, 1)
    assert await count() == 2

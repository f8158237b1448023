"""SQLite runs as a server needs it."""

import pytest

from db import statements

pytestmark = pytest.mark.anyio


@pytest.mark.usefixtures("db", "sqlite_only")
async def test_sqlite_runs_as_it_should() -> None:
    asked = ("journal_mode", "busy_timeout", "synchronous", "foreign_keys", "secure_delete")

    found = {name: (await statements.rows(f"PRAGMA {name}"))[0] for name in asked}

    assert [next(iter(row.values())) for row in found.values()] == ["wal", 5000, 1, 1, 1]

"""What is recorded of the tables makes the same as the migrations do."""

from pathlib import Path

import pytest

from db import doctor, migrate, recorded, statements
from db.connection import open_database
from tests.database import on_postgres
from tests.tables import nothing_recorded

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(on_postgres(), reason="recorded for SQLite alone"),
]

EVERYTHING = "SELECT type, name, sql FROM sqlite_master WHERE name <> 'sqlite_sequence'"


async def made(url: str) -> tuple[set[str], set[tuple[object, ...]]]:
    """A new database: what the doctor sees, and what SQLite says."""
    await migrate.migrate(url)
    async with open_database(url, shared=False):
        said = {tuple(row.values()) for row in await statements.rows(EVERYTHING)}
        return await doctor.facts(), said


async def test_tables_are_those_that_the_migrations_make(tmp_path: Path) -> None:
    quick = await made(f"sqlite://{tmp_path}/quick.db")
    with nothing_recorded(tmp_path):
        slow = await made(f"sqlite://{tmp_path}/slow.db")

    assert len(quick[0]) > 100
    assert quick == slow


def test_it_is_left_alone_where_it_stands_for_what_this_release_does_not_know() -> None:
    known = migrate.known_migrations()

    names, tables = recorded.read(known)

    assert len(tables) > len(names) > 10
    assert recorded.read(known[:3]) == ([], [])

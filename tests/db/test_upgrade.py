"""From the tables that were released first, with what they held, to those of today."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import db.migrations
from db import connection, migrate, products, statements
from db.connection import open_database
from tests.database import empty_database, on_postgres
from tests.db.records import OURS, full_product, keep

pytestmark = pytest.mark.anyio

FIRST = "0001_initial"
COLUMNS = (
    "SELECT column_name AS name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND table_name = $1"
    if on_postgres()
    else "SELECT name FROM pragma_table_info($1)"
)
Rows = list[dict[str, Any]]


@pytest.fixture
async def of_first_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A database with the tables of the first release, a product and a price of it."""
    rows = await _rows_of_today(tmp_path)
    folder = tmp_path / "first" / "first_migrations"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / f"{FIRST}.py").write_text(
        (Path(db.migrations.__path__[0]) / f"{FIRST}.py").read_text()
    )

    def configuration(url: str, **overrides: Any) -> dict[str, Any]:
        config = connection.configuration(url, **overrides)
        config["apps"]["models"]["migrations"] = "first_migrations"
        return config

    async with empty_database(tmp_path) as url:
        with monkeypatch.context() as older:
            for name in [name for name in sys.modules if name.startswith("first_migrations")]:
                older.delitem(sys.modules, name)
            older.syspath_prepend(folder.parent)
            older.setattr(migrate, "configuration", configuration)
            assert (await migrate.migrate(url)).applied == (FIRST,)
        async with open_database(url, shared=False):
            for table, found in rows.items():
                await _insert(table, found)
        yield url


async def _rows_of_today(folder: Path) -> dict[str, Rows]:
    async with empty_database(folder) as url:
        await migrate.migrate(url)
        async with open_database(url, shared=False):
            await keep([full_product()], history=True)
            return {
                table: [dict(row) for row in await statements.rows(f"SELECT * FROM {table}")]
                for table in ("products", "price_observations")
            }


async def _insert(table: str, rows: Rows) -> None:
    """The columns that were there then."""
    known = {row["name"] for row in await statements.rows(COLUMNS, [table])}
    for row in rows:
        kept = {name: value for name, value in row.items() if name in known}
        places = ", ".join(f"${number}" for number in range(1, len(kept) + 1))
        await statements.rows(
            f"INSERT INTO {table} ({', '.join(kept)}) VALUES ({places}) RETURNING 1",
            list(kept.values()),
        )


async def test_what_the_first_release_stored_is_there_after_the_upgrade(
    of_first_release: str,
) -> None:
    done = await migrate.migrate(of_first_release)

    async with open_database(of_first_release, shared=False):
        stored = await products.by_refs(OURS, [full_product().ref])
        [seen] = await statements.rows("SELECT count(*) AS total FROM price_observations")
    assert FIRST not in done.applied
    assert done.applied[0] == "0002_api_keys"
    assert stored[full_product().ref].source == full_product()
    assert seen["total"] == 1
    assert await migrate.pending(of_first_release) == ()
    assert await migrate.examine(of_first_release) == []

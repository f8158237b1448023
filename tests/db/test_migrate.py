"""Migrations: when they run, what they leave, what the doctor sees."""

import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tortoise.context import TortoiseContext

import db.migrations
from db import connection, doctor, migrate, products, statements
from db.connection import open_database
from db.exceptions import InvalidDatabaseURL, MigrationFailed, MigrationsPending, SchemaTooNew
from tests.database import empty_database, migrated_database, on_postgres
from tests.db.records import OURS, full_product, keep

pytestmark = pytest.mark.anyio

Later = Callable[[str], None]

ALL = (
    "0001_initial",
    "0002_api_keys",
    "0003_fingerprints",
    "0004_key_allowances",
    "0005_catalog_search",
    "0006_catalog_texts",
    "0007_bound_seals",
    "0008_idempotency_holders",
    "0009_jobs",
    "0010_events",
    "0013_deleted_products",
    "0014_webhooks",
    "0015_watches",
    "0016_refresh",
    "0017_events_of_products",
    "0018_settled_prices",
    "0019_tags",
)
LATER = "9000_later"

MIGRATION = """
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [("models", "{latest}")]
    operations = [{operation}]
"""
ADD_COLUMN = 'ops.AddField("Product", "colour", fields.TextField(null=True))'
LOSE_ROWS = "ops.RunSQL('DELETE FROM products')"
BREAK_HALFWAY = "ops.RunSQL('CREATE TABLE half (id INT)'), ops.RunSQL('CREATE TABLE half (id INT)')"


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[str]:
    async with empty_database(tmp_path) as url:
        yield url


@pytest.fixture
async def populated(tmp_path: Path) -> AsyncIterator[str]:
    async with migrated_database(tmp_path) as url:
        async with open_database(url):
            await keep([full_product()], history=True)
        yield url


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Later:
    """Adds one more migration to the release."""

    def add(operation: str) -> None:
        folder = tmp_path / "release" / "later_migrations"
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        for known in ALL:
            released = Path(db.migrations.__path__[0]) / f"{known}.py"
            (folder / f"{known}.py").write_text(released.read_text())
        migration = MIGRATION.format(latest=ALL[-1], operation=operation)
        (folder / f"{LATER}.py").write_text(migration)
        for name in [name for name in sys.modules if name.startswith("later_migrations")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.syspath_prepend(folder.parent)

        def configuration(url: str, **overrides: Any) -> dict[str, Any]:
            config = connection.configuration(url, **overrides)
            config["apps"]["models"]["migrations"] = "later_migrations"
            return config

        monkeypatch.setattr(migrate, "configuration", configuration)

    return add


async def test_empty_database_needs_all_migrations(empty: str, tmp_path: Path) -> None:
    assert await migrate.pending(empty) == ALL
    assert list(tmp_path.iterdir()) == []


async def test_migrated_database_is_well_and_needs_none(empty: str) -> None:
    done = await migrate.migrate(empty)

    assert done == migrate.Migrated(applied=ALL)
    assert await migrate.migrate(empty) == migrate.Migrated()
    assert await migrate.pending(empty) == ()
    assert await migrate.examine(empty) == []


async def test_start_makes_the_tables_of_an_empty_database(empty: str) -> None:
    assert (await migrate.prepare(empty)).applied == ALL


@pytest.mark.skipif(not on_postgres(), reason="SQLite has one server, which migrates itself")
async def test_start_does_not_migrate_a_postgresql_database_in_use(
    populated: str, later: Later
) -> None:
    later(ADD_COLUMN)

    with pytest.raises(MigrationsPending, match=r"python server\.py migrate"):
        await migrate.prepare(populated)


@pytest.mark.parametrize("auto", [True, False])
async def test_start_does_as_it_is_told(empty: str, auto: bool) -> None:
    if auto:
        assert (await migrate.prepare(empty, auto=True)).applied == ALL
        assert await migrate.prepare(empty, auto=False) == migrate.Migrated()
        return

    with pytest.raises(MigrationsPending, match=ALL[-1]):
        await migrate.prepare(empty, auto=False)


async def test_opening_an_empty_database_names_the_command(empty: str) -> None:
    with pytest.raises(MigrationsPending, match=r"python server\.py migrate"):
        async with open_database(empty):
            pass


async def test_tables_of_the_migrations_are_those_of_the_models(empty: str, tmp_path: Path) -> None:
    await migrate.migrate(empty)
    async with open_database(empty):
        migrated = await doctor.facts()

    async with empty_database(tmp_path) as url, TortoiseContext() as context:
        await context.init(config=connection.configuration(url))
        await context.generate_schemas()
        modelled = await doctor.facts()

    assert modelled - migrated == set()
    only_migrated = {fact for fact in migrated - modelled if "tortoise_migrations" not in fact}
    # What a model cannot state: an index with more than it sorts by, and those of a few rows.
    # Three of an expression are one to SQLite, which does not tell it.
    assert len(only_migrated) == (9 if on_postgres() else 7)
    assert all(
        any(part in fact for part in ("imported_at", "id)", "refresh_at", "pace", "(observed_at)"))
        for fact in only_migrated
    )


async def test_populated_database_keeps_its_rows(populated: str, later: Later) -> None:
    later(ADD_COLUMN)

    done = await migrate.migrate(populated)

    async with open_database(populated):
        stored = await products.by_refs(OURS, [full_product().ref])
        [colour] = await statements.rows("SELECT colour FROM products")
        [seen] = await statements.rows("SELECT count(*) AS total FROM price_observations")
    assert done.applied == (LATER,)
    assert stored[full_product().ref].source == full_product()
    assert (colour["colour"], seen["total"]) == (None, 1)
    assert await migrate.examine(populated) == []


@pytest.mark.usefixtures("sqlite_only")
async def test_populated_sqlite_file_is_copied_first(populated: str, later: Later) -> None:
    later(ADD_COLUMN)

    copy = (await migrate.migrate(populated)).copy

    assert copy is not None
    assert copy.stat().st_mode & 0o777 == 0o600
    opened = sqlite3.connect(copy)
    assert opened.execute("SELECT price_amount FROM products").fetchall() == [("19.90",)]
    assert "colour" not in {row[1] for row in opened.execute("PRAGMA table_info(products)")}
    opened.close()


@pytest.mark.usefixtures("sqlite_only")
async def test_files_are_for_their_owner_only(empty: str) -> None:
    await migrate.migrate(empty)

    folder = Path(connection.sqlite_path(empty)).parent

    assert {file.stat().st_mode & 0o077 for file in folder.glob("*.db*")} == {0}


async def test_failed_migration_is_taken_back_and_can_run_again(
    populated: str, later: Later
) -> None:
    later(BREAK_HALFWAY)

    with pytest.raises(MigrationFailed, match="taken back"):
        await migrate.migrate(populated)

    assert await migrate.pending(populated) == (LATER,)
    async with open_database(populated):
        assert "half" not in await doctor.tables()


async def test_lost_rows_are_told(populated: str, later: Later) -> None:
    later(LOSE_ROWS)

    with pytest.raises(MigrationFailed, match="products had 1 rows and has 0") as failure:
        await migrate.migrate(populated)

    assert ("as it was before" in str(failure.value)) is not on_postgres()


async def test_lost_index_is_told(populated: str, later: Later) -> None:
    async with open_database(populated):
        await statements.rows('DROP INDEX "idx_products_imported"')
    later(ADD_COLUMN)

    with pytest.raises(MigrationFailed, match=r"missing: .*margin_key, has_link"):
        await migrate.migrate(populated)


@pytest.mark.usefixtures("sqlite_only")
async def test_children_without_parents_are_told(populated: str) -> None:
    path = connection.sqlite_path(populated)
    raw = sqlite3.connect(path)
    raw.execute("DELETE FROM products")
    raw.commit()
    raw.close()

    told = {fact.split()[0] for fact in await migrate.examine(populated)}

    assert told == {"price_observations", "product_categories", "product_texts"}


async def test_newer_tables_are_refused(populated: str) -> None:
    async with open_database(populated):
        await statements.rows(
            "INSERT INTO tortoise_migrations (app, name, applied_at)"
            " VALUES ('models', '9999_future', CURRENT_TIMESTAMP) RETURNING name"
        )

    for attempt in (migrate.pending, migrate.prepare, migrate.migrate):
        with pytest.raises(SchemaTooNew, match="9999_future"):
            await attempt(populated)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://localhost/test",
        "nonsense",
        "",
        "sqlite://",
        "sqlite://:memory:",
        "sqlite:///tmp/a.db?mode=ro",
        "postgres://someone:hunter2@localhost",
        "postgres://someone:hunter2@localhost:port/name",
    ],
)
async def test_unknown_address_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(InvalidDatabaseURL) as failure:
        await migrate.pending(url)

    assert "hunter2" not in str(failure.value)

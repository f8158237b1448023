"""Brings the tables up to the code: one process at a time, a copy first, a doctor afterwards.

Tortoise's own command is not used, for three reasons: processes that migrate at once fail, a crash
between a migration and its record leaves the database stuck, and on SQLite the rebuilding of a
table deletes its children when foreign keys are on.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.recorder import MigrationRecorder

from db import doctor, recorded, statements, texts
from db.availability import resilient
from db.connection import configuration, is_sqlite, sqlite_path
from db.exceptions import MigrationFailed, MigrationsPending, SchemaTooNew
from db.logs import quiet_logs

COMMAND = "python server.py migrate"
ADVISORY_LOCK = 0x616666696C  # any number that no other program of the database takes
LOCK_TIMEOUT = 600  # seconds


@dataclass(frozen=True, slots=True)
class Migrated:
    """What `migrate` did: names of the migrations, and the copy of the SQLite file made before."""

    applied: tuple[str, ...] = ()
    copy: Path | None = None


async def prepare(url: str, *, auto: bool | None = None) -> Migrated:
    """Make sure at start that the tables fit the code.

    `auto`: migrate when needed. None: SQLite migrates itself, and so does an empty PostgreSQL
    database; one with tables does not, since other processes of the older code may be using it.
    Raises MigrationsPending, SchemaTooNew, MigrationFailed, DatabaseUnavailable.
    """
    waiting = await pending(url)
    if not waiting:
        return Migrated()
    if auto is None:
        auto = migrates_itself(url, waiting)
    if auto:
        return await migrate(url)
    raise MigrationsPending(
        f"The database needs {len(waiting)} migration(s), up to {waiting[-1]}. Make a backup,"
        f" then run: {COMMAND}"
    )


def migrates_itself(url: str, waiting: tuple[str, ...]) -> bool:
    """Whether a start applies these pending migrations without being told to."""
    return is_sqlite(url) or is_first(waiting)


def is_first(waiting: tuple[str, ...]) -> bool:
    """Whether these pending migrations are all that there are: there is no table yet."""
    return waiting == known_migrations()


@resilient
async def pending(url: str) -> tuple[str, ...]:
    """Names of the migrations that the database lacks, in order. Makes no file.

    Raises SchemaTooNew, DatabaseUnavailable, InvalidDatabaseURL.
    """
    quiet_logs()
    if is_sqlite(url) and not await asyncio.to_thread(os.path.exists, sqlite_path(url)):
        return known_migrations()
    async with _connected(url):
        return await _missing()


@resilient
async def migrate(url: str) -> Migrated:
    """Apply what is pending. Of several processes at once one works and the others wait.

    Raises SchemaTooNew, MigrationFailed, DatabaseUnavailable, InvalidDatabaseURL.
    """
    quiet_logs()
    if is_sqlite(url):
        path = Path(sqlite_path(url))
        await asyncio.to_thread(create_file, path)
        async with _file_lock(path), _connected(url, foreign_keys="OFF"):
            return await _migrate(url, path)
    async with _connected(url), _advisory_lock():
        return await _migrate(url, None)


@resilient
async def examine(url: str) -> list[str]:
    """The doctor's findings on the tables of a migrated database; none when it is well."""
    quiet_logs()
    async with _connected(url):
        found, strays = await doctor.facts(), await doctor.orphans()
    return doctor.differences(await _facts_of_fresh(url), found) + strays


async def _migrate(url: str, path: Path | None) -> Migrated:
    waiting = await _missing()
    if not waiting:
        await texts.ensure_index()
        return Migrated()
    before = await doctor.row_counts()
    copy = None
    if path is not None and _is_populated(before):
        copy = await _copy(path, waiting[0])
    kept = f" The file as it was before is {copy}." if copy else ""
    try:
        await _apply()
    except (BaseORMException, ValueError) as failure:
        raise MigrationFailed(
            f"A migration failed and was taken back: {failure}.{kept}"
        ) from failure
    findings = doctor.losses(before, await doctor.row_counts()) + await doctor.orphans()
    if not is_first(waiting):  # else what was made is what a fresh one has
        findings += doctor.differences(await _facts_of_fresh(url), await doctor.facts())
    if findings:
        raise MigrationFailed(
            f"After migrating, the tables are not as they should be: {'; '.join(findings)}.{kept}"
        )
    return Migrated(waiting, copy)


async def _apply() -> None:
    """Apply every pending migration to the open database, each with its record or not at all."""
    executor = MigrationExecutor(statements.connection(), _apps())
    await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
    if not statements.is_postgres() and is_first(await _missing()):
        await _apply_recorded()
    plan = await executor.plan()
    applied = set(await executor.recorder.applied_migrations())
    state = await executor._project_state(applied)
    for step in plan:
        migration = step.migration
        if migration.atomic:
            async with statements.transaction() as client:
                editor = executor._schema_editor()
                editor.client = client
                state = await migration.apply(state, schema_editor=editor)
                await _record(client, migration.name)
        else:
            editor = executor._schema_editor(atomic=False)
            state = await migration.apply(state, schema_editor=editor)
            await _record(statements.connection(), migration.name)


async def _apply_recorded() -> None:
    """Make the tables of the open, empty SQLite database as far as they are recorded."""
    names, made = recorded.read(known_migrations())
    async with statements.transaction() as client:
        for sql in made:
            await client.execute_query(sql)
        for name in names:
            await _record(client, name)
    await texts.ensure_index()


async def _record(client: Any, name: str) -> None:
    await MigrationRecorder(client).record_applied("models", name)


async def _missing() -> tuple[str, ...]:
    """Pending migrations of the open database. Reading fails loudly, unlike Tortoise's."""
    known = known_migrations()
    applied = set()
    if doctor.MIGRATIONS_TABLE in await doctor.tables():
        found = await statements.rows(
            f"SELECT name FROM {doctor.MIGRATIONS_TABLE} WHERE app = 'models'"
        )
        applied = {row["name"] for row in found}
    if unknown := sorted(applied - set(known)):
        raise SchemaTooNew(
            f"The database was migrated by a newer release ({unknown[-1]}). Start that release,"
            " or restore the backup made before."
        )
    return tuple(name for name in known if name not in applied)


def known_migrations() -> tuple[str, ...]:
    """Names of the migrations that the code brings; they are numbered, so sorted."""
    loader = MigrationLoader(_apps(), MigrationRecorder(None), load=False)
    loader.load_disk()
    return tuple(sorted(key.name for key in loader.disk_migrations))


def _apps() -> dict[str, dict[str, Any]]:
    apps: dict[str, dict[str, Any]] = configuration("sqlite://unused")["apps"]
    return apps


async def _facts_of_fresh(url: str) -> set[str]:
    """The schema of a new database: another file, or another schema of the same database."""
    if is_sqlite(url):
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            async with _connected(f"sqlite://{folder}/fresh.db"):
                await _apply()
                return await doctor.facts()
    name = f"doctor_{uuid4().hex}"
    async with _connected(url):
        await statements.rows(f"CREATE SCHEMA {name}")
        try:
            async with _connected(url, schema=name):
                await _apply()
                return await doctor.facts()
        finally:
            await statements.rows(f"DROP SCHEMA {name} CASCADE")


def _is_populated(counts: dict[str, int]) -> bool:
    return any(
        count > (1 if table == "workspaces" else 0) for table, count in counts.items()
    )  # the workspace "default" is in every database


async def _copy(path: Path, migration: str) -> Path:
    """Copy the open SQLite file aside, readable by its owner only."""
    copy = await asyncio.to_thread(create_copy, path, migration)
    await statements.rows("VACUUM INTO $1", [str(copy)])
    return copy


def create_copy(path: Path, migration: str) -> Path:
    """An empty file of a new name, which VACUUM INTO fills."""
    number = 1
    while True:
        copy = path.with_name(f"{path.name}.before-{migration}.{number}")
        try:
            os.close(os.open(copy, os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            number += 1
        else:
            return copy


def create_file(path: Path) -> None:
    """Make the database file, if absent, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT, 0o600))


@asynccontextmanager
async def _file_lock(path: Path) -> AsyncIterator[None]:
    """The lock file stays: deleting it would let two processes lock two files."""
    handle = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        await asyncio.to_thread(fcntl.flock, handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@asynccontextmanager
async def _advisory_lock() -> AsyncIterator[None]:
    """Held by one connection of the pool, which gives it up when it is handed back."""
    pooled: AbstractAsyncContextManager[Any] = statements.connection().acquire_connection()
    async with pooled as held:
        await held.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK, timeout=LOCK_TIMEOUT)
        yield


@asynccontextmanager
async def _connected(url: str, **overrides: Any) -> AsyncIterator[None]:
    async with TortoiseContext() as context:
        await context.init(config=configuration(url, **overrides))
        yield

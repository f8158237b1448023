"""A database for tests: a SQLite file, or a database of its own on the server that
TEST_DATABASE_URL names. One engine to a process.

    async with empty_database(tmp_path) as url: ...  # no tables
    async with migrated_database(tmp_path) as url: ...  # all tables, no rows

The tables are made once in a run of the tests, whichever of its processes needs them first, and
copied from then on.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]
import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.asyncpg.client import TransactionWrapper as AsyncpgTransaction
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper

from application import upkeep
from db import migrate, statements
from db.connection import DEFAULT_WORKSPACE
from tests.run import RUN, once

SERVER = os.environ.get("TEST_DATABASE_URL", "")
POSTGRES_TEMPLATE = "postgres-template"  # the file of the run that holds its name
TABLES = (
    "watch_firings",
    "watches",
    "webhook_deliveries",
    "webhooks",  # children first
    "job_batches",
    "job_lines",
    "jobs",
    "sessions",
    "api_keys",
    "events",
    "event_sequences",
    "price_observations",
    "products",
    "affiliate_links",
    "marketplace_credentials",
    "marketplace_accounts",
    "quota_days",
    "idempotency_keys",
    "encryption_canary",
)


def on_postgres() -> bool:
    """Whether the tests of this process run on PostgreSQL."""
    return bool(SERVER)


@asynccontextmanager
async def empty_database(folder: Path) -> AsyncIterator[str]:
    """The URL of a database without tables; a PostgreSQL one is dropped at the end."""
    if not on_postgres():
        yield f"sqlite://{folder}/test-{uuid4().hex}.db"
        return
    async with _database() as url:
        yield url


@asynccontextmanager
async def migrated_database(folder: Path) -> AsyncIterator[str]:
    """The URL of a database with all tables and no rows."""
    if not on_postgres():
        path = folder / f"test-{uuid4().hex}.db"
        shutil.copyfile(sqlite_template(), path)
        yield f"sqlite://{path}"
        return
    async with _database(_postgres_template()) as url:
        yield url


def sqlite_template() -> Path:
    """A migrated SQLite file, to be copied."""
    return once("template.db", lambda path: _apart(_migrate(f"sqlite://{path}")))


def drop_template() -> None:
    """At the end of the run: PostgreSQL's template goes."""
    name = RUN.folder / POSTGRES_TEMPLATE
    if name.exists():
        _apart(_at_server(f"DROP DATABASE {name.read_text()} WITH (FORCE)"))


async def wipe() -> None:
    """Empty the tables of the open database."""
    emptied = [f"DELETE FROM {table}" for table in TABLES]
    emptied.append(f"DELETE FROM workspaces WHERE id <> '{DEFAULT_WORKSPACE}'")
    await statements.connection().execute_script(";".join(emptied))


def count_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fills with whatever is sent to the database from now on, but for the server's upkeep."""
    sent: list[str] = []

    def watch(client: type, name: str) -> None:
        real = getattr(client, name)

        def counted(self: object, sql: str, *more: object) -> object:
            task = asyncio.current_task()
            if task is None or task.get_name() != upkeep.__name__:
                sent.append(sql)
            return real(self, sql, *more)

        monkeypatch.setattr(client, name, counted)

    for client in (SqliteClient, SqliteTransactionWrapper, AsyncpgDBClient, AsyncpgTransaction):
        for name in ("execute_query", "execute_query_dict", "execute_many", "execute_insert"):
            if name in vars(client):
                watch(client, name)
    return sent


def _postgres_template() -> str:
    """The name of a migrated database that nobody opens."""

    async def make(path: Path) -> None:
        name = _new_name()
        await _at_server(f"CREATE DATABASE {name}")
        path.write_text(name)
        await _migrate(_url(name))

    return once(POSTGRES_TEMPLATE, lambda path: _apart(make(path))).read_text()


async def _migrate(url: str) -> None:
    await migrate.migrate(url)


def _apart(work: Coroutine[Any, Any, None]) -> None:
    """Do it in a loop of its own, whether or not one runs here."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@asynccontextmanager
async def _database(template: str = "template1") -> AsyncIterator[str]:
    name = _new_name()
    await _at_server(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield _url(name)
    finally:
        await _at_server(f"DROP DATABASE {name} WITH (FORCE)")


def _new_name() -> str:
    return f"affiliate_test_{uuid4().hex}"


def _url(name: str) -> str:
    return urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))


async def _at_server(sql: str) -> None:
    connection = await asyncpg.connect(SERVER)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()

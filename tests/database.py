"""A database for tests: a SQLite file, or a database of its own on the server that
TEST_DATABASE_URL names. One engine to a process.

    @pytest.fixture(scope="module")  # a process shares one open database at a time
    async def database(tmp_path_factory, anyio_backend) -> AsyncIterator[str]:
        async with fresh_database(tmp_path_factory.mktemp("database")) as url:
            yield url

    @pytest.fixture
    async def db(database: str) -> AsyncIterator[str]:
        yield database
        await wipe()
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]
import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.asyncpg.client import TransactionWrapper as AsyncpgTransaction
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper

from db import migrate, statements
from db.connection import DEFAULT_WORKSPACE, open_database

SERVER = os.environ.get("TEST_DATABASE_URL", "")
TABLES = (  # children first
    "sessions",
    "api_keys",
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
    name = f"affiliate_test_{uuid4().hex}"
    await _at_server(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
    finally:
        await _at_server(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def fresh_database(folder: Path) -> AsyncIterator[str]:
    """Migrate a new database and open it; its URL. `folder`: for the SQLite file."""
    async with empty_database(folder) as url:
        await migrate.migrate(url)
        async with open_database(url):
            yield url


async def wipe() -> None:
    """Empty the tables of the open database."""
    for table in TABLES:
        await statements.rows(f"DELETE FROM {table} RETURNING 1")
    await statements.rows("DELETE FROM workspaces WHERE id <> $1 RETURNING 1", [DEFAULT_WORKSPACE])


def count_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fills with whatever is sent to the database from now on."""
    sent: list[str] = []

    def watch(client: type, name: str) -> None:
        real = getattr(client, name)

        def counted(self: object, sql: str, *more: object) -> object:
            sent.append(sql)
            return real(self, sql, *more)

        monkeypatch.setattr(client, name, counted)

    for client in (SqliteClient, SqliteTransactionWrapper, AsyncpgDBClient, AsyncpgTransaction):
        for name in ("execute_query", "execute_many", "execute_insert"):
            if name in vars(client):
                watch(client, name)
    watch(SqliteClient, "execute_query_dict")  # PostgreSQL's goes through execute_query
    return sent


async def _at_server(sql: str) -> None:
    connection = await asyncpg.connect(SERVER)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()

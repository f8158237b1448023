"""Opening and closing the database."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.context import TortoiseContext
from tortoise.exceptions import ConfigurationError, OperationalError

from db import postgres, statements, workspaces
from db.availability import resilient
from db.exceptions import DatabaseUnavailable, InvalidDatabaseURL, MigrationsPending
from db.logs import quiet_logs

LEAST_FREE = 16 * 1024 * 1024  # bytes: a bulk import, its journal, and some lines of a log
DEFAULT_WORKSPACE = "default"
POSTGRES_SCHEMES = ("postgres", "postgresql")


@asynccontextmanager
async def open_database(url: str, *, shared: bool = True) -> AsyncIterator[None]:
    """Open the database whose tables `migrate.prepare` made ready; close it at the end.

    `shared`: seen by every task of the process, which a server needs, since its requests do not
    inherit the context of its start. A process shares one database; a second one is opened with
    shared=False and seen only inside the `async with`.

    Raises InvalidDatabaseURL, DatabaseUnavailable, MigrationsPending.
    """
    quiet_logs()
    context = TortoiseContext()
    try:
        with context:  # its init looks for itself in the context
            await context.init(config=configuration(url), _enable_global_fallback=shared)
            await _ensure_default_workspace()
            if not shared:
                yield
        if shared:
            yield
    finally:
        await context.close_connections()


@resilient
async def ping() -> None:
    """Ask the database for a sign of life. Raises DatabaseUnavailable."""
    await statements.rows("SELECT 1 AS alive")


async def require_ready(url: str) -> None:
    """Ask the database for a sign of life, and on SQLite for room on its disk.

    Raises DatabaseUnavailable.
    """
    await ping()
    if is_sqlite(url) and _free_bytes(Path(sqlite_path(url)).parent) < LEAST_FREE:
        raise DatabaseUnavailable(
            "The disk of the database is full: nothing can be stored. Make room on it.",
            retryable=False,
        )


def _free_bytes(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


def is_sqlite(url: str) -> bool:
    """Whether the URL names a SQLite file. Raises InvalidDatabaseURL for unknown forms."""
    scheme = urlsplit(url).scheme
    if scheme != "sqlite" and scheme not in POSTGRES_SCHEMES:
        raise InvalidDatabaseURL(
            "The database URL is sqlite:///path/to/file.db or"
            " postgres://user:password@host:5432/name."
        )
    return scheme == "sqlite"


def sqlite_path(url: str) -> str:
    """The file of a SQLite URL.

    sqlite:///var/data.db is the absolute /var/data.db, sqlite://data.db a relative one.
    """
    path = url.removeprefix("sqlite://")
    if not path or "?" in path or ":memory:" in path:
        raise InvalidDatabaseURL(
            "A SQLite URL names a file and nothing else: sqlite:///var/lib/affiliate-graph/data.db"
        )
    return path


def configuration(url: str, **overrides: Any) -> dict[str, Any]:
    """Tortoise's configuration; `overrides` are pragmas (SQLite) or asyncpg's settings."""
    credentials: dict[str, Any]
    if is_sqlite(url):
        engine, credentials = "db.sqlite", {"file_path": sqlite_path(url)} | overrides
    else:
        engine, credentials = "db.postgres", postgres.SETTINGS | _postgres(url) | overrides
    return {
        "connections": {"default": {"engine": engine, "credentials": credentials}},
        "apps": {
            "models": {
                "models": ["db.models"],
                "migrations": "db.migrations",
                "default_connection": "default",
            }
        },
    }


def _postgres(url: str) -> dict[str, Any]:
    try:
        credentials: dict[str, Any] = expand_db_url(url)["credentials"]
    except (ConfigurationError, ValueError):
        credentials = {}
    if not credentials.get("database"):
        # The URL may hold a password: neither it nor the parser's words are shown.
        raise InvalidDatabaseURL(
            "The PostgreSQL URL lacks a part: postgres://user:password@host:5432/name."
        )
    return credentials


@asynccontextmanager
async def open_pool(url: str, *, size: int) -> AsyncIterator[Any]:
    """A pool of asyncpg's own, for a package that brings its statements along.

    Raises what asyncpg raises (see db/availability.py).
    """
    credentials = _postgres(url)
    schema = credentials.get("schema")
    pool = asyncpg.create_pool(
        **{
            name: credentials.get(name) for name in ("host", "port", "user", "password", "database")
        },
        ssl=credentials.get("ssl"),
        server_settings={"search_path": schema} if schema else None,
        timeout=postgres.SETTINGS["timeout"],
        command_timeout=postgres.SETTINGS["command_timeout"],
        min_size=1,
        max_size=size,
    )
    async with pool:
        yield pool


async def _ensure_default_workspace() -> None:
    try:
        await workspaces.create(DEFAULT_WORKSPACE, datetime.now(UTC))
    except OperationalError as failure:
        if "no such table" in str(failure) or "does not exist" in str(failure):
            raise MigrationsPending(
                "The database has no tables yet. Run: python server.py migrate"
            ) from failure
        raise

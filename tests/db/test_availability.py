"""A database that is locked, restarted or away."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # type: ignore[import-untyped]
import pytest

from db import availability, connection, quota, statements
from db.availability import diagnose, resilient
from db.connection import open_database, ping
from db.exceptions import DatabaseUnavailable
from db.migrate import migrate
from domain.exceptions import AffiliateGraphError
from tests.db.records import ALIEXPRESS, NOW

pytestmark = pytest.mark.anyio

SLEEPLESS = (0.0, 0.0, 0.0)
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Relay:
    """Stands between a client and PostgreSQL, and can go away."""

    def __init__(self, url: str) -> None:
        self.target = urlsplit(url)
        self.port = 0
        self.writers: set[asyncio.StreamWriter] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.server: asyncio.Server | None = None

    async def up(self) -> None:
        self.server = await asyncio.start_server(self.join, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        if self.server:
            self.server.close()
        for writer in self.writers:
            writer.transport.abort()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = await asyncio.open_connection(self.target.hostname, self.target.port or 5432)
        self.writers |= {writer, server[1]}
        for source, target in ((reader, server[1]), (server[0], writer)):
            self.tasks.add(asyncio.create_task(self.pass_on(source, target)))

    async def pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            target.close()

    @property
    def url(self) -> str:
        return urlunsplit(self.target._replace(netloc=f"postgres@127.0.0.1:{self.port}"))


@asynccontextmanager
async def relayed(url: str) -> AsyncIterator[Relay]:
    relay = Relay(url)
    await relay.up()
    try:
        yield relay
    finally:
        await relay.down()


@pytest.fixture
def sleepless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "WAITS", SLEEPLESS)


async def failing(times: int, failure: Exception) -> int:
    """How many attempts a unit of work took that fails so many times."""
    attempts = 0

    @resilient
    async def work() -> int:
        nonlocal attempts
        attempts += 1
        if attempts <= times:
            raise failure
        return attempts

    return await work()


@pytest.mark.usefixtures("sleepless")
@pytest.mark.parametrize(
    "failure",
    [
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("another operation (2) is in progress"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.DeadlockDetectedError("deadlock detected"),
        ConnectionRefusedError(),
        ConnectionResetError(),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_lost_connection_is_tried_again_and_then_told(failure: Exception) -> None:
    assert await failing(3, failure) == 4

    with pytest.raises(DatabaseUnavailable, match="Try again") as told:
        await failing(4, failure)

    assert told.value.retryable
    assert isinstance(told.value, AffiliateGraphError)
    assert told.value.code == "DATABASE_UNAVAILABLE"


@pytest.mark.parametrize(
    ("failure", "retryable"),
    [
        (TimeoutError(), True),
        (asyncpg.DiskFullError("disk full"), False),
        (asyncpg.ReadOnlySQLTransactionError("read-only"), False),
        (asyncpg.InvalidPasswordError("no"), False),
        (asyncpg.InvalidCatalogNameError("no"), False),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_does_not_pass_is_told_at_once(failure: Exception, retryable: bool) -> None:
    with pytest.raises(DatabaseUnavailable) as told:
        await failing(1, failure)

    assert told.value.retryable is retryable


@pytest.mark.parametrize(
    ("code", "retryable"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_FULL, False),
        (sqlite3.SQLITE_READONLY, False),
        (sqlite3.SQLITE_CANTOPEN, False),
        (sqlite3.SQLITE_NOTADB, False),
    ],
)
def test_troubles_of_sqlite_are_told_apart(code: int, retryable: bool) -> None:
    failure = sqlite3.OperationalError("told by its code")
    failure.sqlite_errorcode = code

    trouble = diagnose(failure)

    assert trouble is not None
    assert trouble.exception.retryable is retryable


@pytest.mark.parametrize(
    "failure", [asyncpg.PostgresSyntaxError("at"), sqlite3.OperationalError("no such table")]
)
async def test_wrong_statement_stays_what_it_is(failure: Exception) -> None:
    with pytest.raises(type(failure)):
        await failing(1, failure)


@pytest.mark.usefixtures("sqlite_only")
async def test_locked_database_is_told_and_works_again_afterwards(migrated: str) -> None:
    other = sqlite3.connect(connection.sqlite_path(migrated), isolation_level=None)
    async with open_database(migrated):
        await statements.rows("PRAGMA busy_timeout = 1")
        other.execute("BEGIN IMMEDIATE")

        for _ in range(3):
            with pytest.raises(DatabaseUnavailable, match="busy") as told:
                await quota.book(ALIEXPRESS, day=NOW.date(), limit=None)
            with pytest.raises(Exception, match="locked"):
                async with statements.transaction():
                    pass
        await ping()
        other.execute("ROLLBACK")
        other.close()

        assert told.value.retryable
        assert await quota.book(ALIEXPRESS, day=NOW.date(), limit=None)
        async with statements.transaction():
            assert await statements.rows("SELECT used FROM quota_days") == [{"used": 1}]


@pytest.mark.usefixtures("sqlite_only")
async def test_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database" * 100)

    with pytest.raises(DatabaseUnavailable, match="SQLite file"):
        await migrate(f"sqlite://{tmp_path}/text.db")


@pytest.mark.usefixtures("postgres_only", "sleepless")
async def test_restarted_server_is_not_noticed(migrated: str) -> None:
    async with open_database(migrated):
        for _ in range(3):
            await asyncio.gather(*(ping() for _ in range(20)))
            killer = await asyncpg.connect(migrated)
            await killer.execute(TERMINATE)
            await killer.close()

            booked = [quota.book(ALIEXPRESS, day=NOW.date(), limit=None) for _ in range(20)]
            assert all(await asyncio.gather(*booked))


@pytest.mark.usefixtures("postgres_only", "sleepless")
async def test_transactions_of_a_lost_server_give_their_connections_back(migrated: str) -> None:
    async with relayed(migrated) as relay, open_database(relay.url):
        for _ in range(15):  # more than the pool has
            async with statements.transaction():
                await statements.rows("SELECT 1")
            await relay.down()
            with pytest.raises(availability.FAILURES):
                async with statements.transaction():
                    await statements.rows("SELECT 1")
            with pytest.raises(DatabaseUnavailable, match="does not answer"):
                await ping()
            await relay.up()

        await ping()


@pytest.mark.usefixtures("postgres_only")
async def test_absent_database_is_told(migrated: str) -> None:
    absent = urlunsplit(urlsplit(migrated)._replace(path="/affiliate_absent"))

    with pytest.raises(DatabaseUnavailable, match="database name") as told:
        await migrate(absent)

    assert not told.value.retryable

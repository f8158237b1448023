"""The SQLite engine: Tortoise's client, whose transactions take the write lock at once, and whose
reads have connections of their own.

A deferred transaction that reads first and writes later fails with "database is locked" as soon as
another process writes in between, whatever the busy timeout. BEGIN IMMEDIATE waits instead.

Outside of a transaction a SELECT waits for nobody: not for the writer, which may wait for the lock,
and not for another's scan. In WAL mode it sees whatever was committed before it began. Inside, it
goes the transaction's way and sees what that has written.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Hashable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar, cast
from uuid import UUID

from tortoise.backends.base.client import TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections

from db import reads
from db.reads import READING

PRAGMAS = {
    "busy_timeout": 5000,  # milliseconds; first, so that switching to WAL waits as well
    "journal_mode": "WAL",
    "synchronous": "NORMAL",
    "foreign_keys": "ON",
    "secure_delete": "ON",
}

T = TypeVar("T")
Rows = list[dict[str, Any]]
Found = tuple[int, list[Any]]

READERS = 8  # at once, each opened when the others are busy
READER_PRAGMAS = {
    "busy_timeout": PRAGMAS["busy_timeout"],
    "query_only": "ON",
    "cache_size": -16384,  # KiB, at most
}

# Instead of Tortoise's own: numbers without an exponent, and times that compare as texts.
sqlite3.register_adapter(Decimal, lambda amount: format(amount, "f"))
sqlite3.register_adapter(datetime, lambda moment: moment.astimezone(UTC).isoformat(" "))
sqlite3.register_adapter(UUID, str)


class ImmediateTransaction(SqliteTransactionContext):
    """Gives the connection back when the transaction cannot begin; Tortoise's own keeps it."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        client: TransactionalDBClient = self.connection
        return client


class ImmediateTransactionClient(SqliteTransactionWrapper):
    """A transaction that begins with the write lock."""

    async def begin(self) -> None:
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            # Cancelled while waiting: the statement may still get its lock. This runs after it.
            await self._connection.rollback()
            raise


class Reader(SqliteClient):
    """A connection that reads. What is given up stops, lest the next one wait for it."""

    def __init__(self, file_path: str) -> None:
        super().__init__(file_path, connection_name="reader", **READER_PRAGMAS)

    async def open(self) -> None:
        """Open it all the way or not at all."""
        try:
            await self.create_connection(with_db=True)
        except BaseException:
            await self.close()
            raise

    async def stop(self) -> None:
        """Break off what it was told to do, also what it has not begun yet."""
        if self._connection is None:
            return
        rest = asyncio.ensure_future(self._connection.commit())  # comes behind all that
        while not rest.done():
            await self._connection.interrupt()
            await asyncio.wait([rest], timeout=0.01)


class Client(SqliteClient):
    """One connection to a file that writes, and some that read.

    `credentials` may override a pragma of the one that writes.
    """

    def __init__(self, file_path: str, **kwargs: Any) -> None:
        super().__init__(file_path, **(PRAGMAS | kwargs))
        self._file = file_path
        self._watcher: sqlite3.Connection | None = None
        self._readers = [Reader(file_path) for _ in range(READERS)]
        self._idle = asyncio.LifoQueue[Reader]()
        for reader in self._readers:
            self._idle.put_nowait(reader)

    async def close(self) -> None:
        """Close every connection."""
        for client in self._readers:
            await client.close()
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
        await super().close()

    def version(self) -> Hashable:
        """Another one after each commit, of whichever process; None where it cannot be told.

        Asked without a thread: it stands in memory that the processes share, and waits for nobody.
        """
        try:
            if self._watcher is None:
                if self._connection is None:  # perhaps there is no file yet
                    return None
                self._watcher = sqlite3.connect(
                    self._file, timeout=0, isolation_level=None, check_same_thread=False
                )
                self._watcher.execute("PRAGMA query_only = ON")
            # Of this connection alone, which never writes: of another one it tells something else.
            return self._watcher, self._watcher.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            return None

    async def execute_query(self, query: str, values: list[Any] | None = None) -> Found:
        """The number of rows that were changed or found, and those found."""
        if not query.lstrip().startswith(READING):
            reads.note_more()
            return cast(Found, await super().execute_query(query, values))
        rows = reads.ahead(query, values)
        if rows is None:
            _, found = await self._read(lambda reader: reader.execute_query(query, values))
            rows = list(found)
        reads.note(query, values, rows)
        return len(rows), rows

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> Rows:
        """The rows found."""
        if not query.lstrip().startswith(READING):
            reads.note_more()
            return cast(Rows, await super().execute_query_dict(query, values))
        return list(map(dict, (await self.execute_query(query, values))[1]))

    def _in_transaction(self) -> TransactionContext:
        reads.note_more()
        return ImmediateTransaction(ImmediateTransactionClient(self), self._lock)

    async def _read(self, run: Callable[[Reader], Awaitable[T]]) -> T:
        if self._connection is None:  # the first one puts the file into WAL mode
            async with self.acquire_connection():
                pass
        reader = await self._idle.get()
        try:
            if reader._connection is None:
                await reader.open()
            return await run(reader)
        except asyncio.CancelledError:
            await reader.stop()
            raise
        finally:
            self._idle.put_nowait(reader)


client_class = Client

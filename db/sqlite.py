"""The SQLite engine: Tortoise's client, whose transactions take the write lock at once.

A deferred transaction that reads first and writes later fails with "database is locked" as soon as
another process writes in between, whatever the busy timeout. BEGIN IMMEDIATE waits instead.
"""

import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections

PRAGMAS = {
    "busy_timeout": 5000,  # milliseconds; first, so that switching to WAL waits as well
    "journal_mode": "WAL",
    "synchronous": "NORMAL",
    "foreign_keys": "ON",
    "secure_delete": "ON",
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


class Client(SqliteClient):
    """One connection to a file; `credentials` may override a pragma."""

    def __init__(self, file_path: str, **kwargs: Any) -> None:
        super().__init__(file_path, **(PRAGMAS | kwargs))

    def _in_transaction(self) -> TransactionContext:
        return ImmediateTransaction(ImmediateTransactionClient(self), self._lock)


client_class = Client

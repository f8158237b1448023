"""The PostgreSQL engine: Tortoise's client, whose transactions never lose a pooled connection."""

from typing import Any, cast

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections

from db import reads
from db.reads import READING

Rows = list[dict[str, Any]]
Found = tuple[int, list[Any]]

SETTINGS = {
    "timeout": 5,  # seconds to connect
    "command_timeout": 30,  # seconds for a statement
    "minsize": 1,
    "maxsize": 10,
}


class PooledTransaction(TransactionContextPooled):
    """Gives the connection back when the transaction cannot begin; Tortoise's own loses it."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        pool = self.client._parent._pool
        self.client._connection = await pool.acquire()
        try:
            await self.client.begin()
        except BaseException:
            await pool.release(self.client._connection)
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(self, *failure: Any) -> None:
        try:
            await super().__aexit__(*failure)
        finally:
            # Giving a connection back can fail as well; the task must not keep the dead one.
            if not self.token._used:
                get_connections().reset(self.token)


class Client(AsyncpgDBClient):
    """A pool of connections."""

    async def execute_query(self, query: str, values: list[Any] | None = None) -> Found:
        """The number of rows that were changed or found, and those found."""
        if not query.startswith(READING):
            reads.note_more()
            return cast(Found, await super().execute_query(query, values))
        rows = reads.ahead(query, values)
        if rows is None:
            _, rows = await super().execute_query(query, values)
        reads.note(query, values, rows)
        return len(rows), rows

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> Rows:
        """The rows found."""
        if query.startswith(READING):
            return list(map(dict, (await self.execute_query(query, values))[1]))
        reads.note_more()
        return cast(Rows, await super().execute_query_dict(query, values))

    def _in_transaction(self) -> TransactionContext:
        reads.note_more()
        return PooledTransaction(TransactionWrapper(self), self._pool_init_lock)


client_class = Client

"""The PostgreSQL engine: Tortoise's client, whose transactions never lose a pooled connection."""

from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections

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

    def _in_transaction(self) -> TransactionContext:
        return PooledTransaction(TransactionWrapper(self), self._pool_init_lock)


client_class = Client

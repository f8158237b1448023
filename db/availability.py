"""Turns a lost, locked or full database into one exception, after trying again where that helps.

asyncpg raises four unrelated kinds of exception when its server restarts, sqlite3 one for
everything. A function under `resilient` is one unit of work: it is run again from its beginning,
so it holds at most one transaction and never runs inside another one. A commit whose answer got
lost may have happened: the work must bear being done twice.
"""

import asyncio
import functools
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import asyncpg  # type: ignore[import-untyped]
from tortoise.exceptions import BaseORMException, DBConnectionError

from db.exceptions import DatabaseUnavailable

P = ParamSpec("P")
T = TypeVar("T")

WAITS: tuple[float, ...] = (0, 0.1, 0.3, 0.6, 1.0)  # seconds before each further attempt

FAILURES = (
    BaseORMException,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    sqlite3.Error,
    OSError,  # a refused, reset or timed out connection
)
# What one unusable value makes of a whole batch: the drivers' own kinds and ours.
REFUSED_VALUES = (
    BaseORMException,
    asyncpg.PostgresError,
    sqlite3.Error,
    ValueError,
    TypeError,
    OverflowError,
)
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,  # the server's farewell came between two statements
)
COLLIDED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
FULL = (asyncpg.DiskFullError, asyncpg.ReadOnlySQLTransactionError)
REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    DBConnectionError,
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the database does not answer, and whether to try again at once."""

    exception: DatabaseUnavailable
    passes: bool = False


def diagnose(failure: BaseException) -> Trouble | None:
    """What stands in the way; None when the database is well and the statement is wrong."""
    cause = _innermost(failure)
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    if isinstance(cause, REFUSED):
        return Trouble(
            DatabaseUnavailable(
                "The PostgreSQL server refuses the user, the password or the database name of"
                " the database URL.",
                retryable=False,
            )
        )
    if isinstance(cause, FULL):
        return Trouble(_full())
    if isinstance(cause, TimeoutError):
        return Trouble(_lost())
    # Also the kind for wrong arguments: only its words tell.
    closed = isinstance(cause, asyncpg.InterfaceError) and (
        "clos" in str(cause) or "another operation" in str(cause)
    )
    if closed or isinstance(cause, (*LOST, *COLLIDED, OSError)):
        return Trouble(_lost(), passes=True)
    return None


def _innermost(failure: BaseException) -> BaseException:
    """Tortoise wraps the driver's exception as its only argument."""
    inner = failure.args[0] if failure.args else None
    if isinstance(failure, BaseORMException) and isinstance(inner, BaseException):
        return _innermost(inner)
    return failure


def _of_sqlite(code: int) -> Trouble | None:
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Trouble(
            DatabaseUnavailable(
                "The database is busy with another process. Try again in a moment.",
                retryable=True,
            )
        )
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY):
        return Trouble(_full())
    if code in (
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    ):
        return Trouble(
            DatabaseUnavailable(
                "The database file cannot be used. Check that its folder exists, that this user"
                " may write there, and that it is a SQLite file.",
                retryable=False,
            )
        )
    return None


def _full() -> DatabaseUnavailable:
    return DatabaseUnavailable(
        "The database cannot store anything: its disk is full or read-only.", retryable=False
    )


def _lost() -> DatabaseUnavailable:
    return DatabaseUnavailable(
        "The database does not answer. Try again in a moment.", retryable=True
    )


def resilient(work: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Run the unit of work again while its connection is lost; then raise DatabaseUnavailable."""

    @functools.wraps(work)
    async def attempts(*args: P.args, **kwargs: P.kwargs) -> T:
        waits = iter(WAITS)
        while True:
            try:
                return await work(*args, **kwargs)
            except FAILURES as failure:
                trouble = diagnose(failure)
                if trouble is None:
                    raise
                wait = next(waits, None)
                if wait is None or not trouble.passes:
                    raise trouble.exception from failure
            await asyncio.sleep(wait)

    return attempts

"""What an answer was made from: the statements that read, with the rows that they found.

After a write anywhere the same statements tell whether anything is different for that answer: to
read its rows takes a fraction of the time in which it is made of them. Rows are noted by the
engines' clients (db/sqlite.py, db/postgres.py), through which goes whatever is read.
"""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from tortoise.connection import get_connection

from db.availability import FAILURES

READING = ("SELECT", "WITH")  # what statements begin with that change nothing
PATIENCE = 0.5  # seconds: who reads that long is quicker with a new answer, made by another way
Found = tuple[str, Sequence[Any], list[Any]]  # by which statement with which values, which rows


@dataclass(slots=True)
class Reads:
    """Those of one piece of work, also of the tasks that it begins.

    `can_repeat`: nothing but single statements read, and nothing was written.
    """

    can_repeat: bool = True
    _found: list[Found] = field(default_factory=list)
    _ahead: list[Found] = field(default_factory=list)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Notes what is read inside."""
        before = _noted.set(self)
        try:
            yield
        finally:
            _noted.reset(before)

    async def holds(self, before: "Reads") -> bool:
        """Whether all that was read before finds the same rows now. What it reads for that, the
        work does not read again."""
        client = get_connection("default")
        try:
            async with asyncio.timeout(PATIENCE):
                for sql, values, rows in before._found:
                    _, found = await client.execute_query(sql, list(values))
                    self._ahead.append((sql, values, list(found)))
                    if found != rows:
                        return False
        except (TimeoutError, *FAILURES):
            return False
        return before.can_repeat

    def end(self) -> None:
        """The work is done: what was read for it and not used is let go."""
        self._ahead.clear()

    @property
    def size(self) -> int:
        """About, in bytes."""
        return sum(
            _size((sql, *values)) + sum(_size(tuple(row)) for row in rows)
            for sql, values, rows in self._found
        )


_noted: ContextVar[Reads | None] = ContextVar("reads", default=None)


def _size(values: Iterable[object]) -> int:
    return sum(map(sys.getsizeof, values))


def ahead(sql: str, values: Sequence[Any] | None) -> list[Any] | None:
    """The rows that this statement found already, given once; None where it is to be run."""
    if reads := _noted.get():
        for each in reads._ahead:
            if each[:2] == (sql, values):
                reads._ahead.remove(each)
                return each[2]
    return None


def note(sql: str, values: Sequence[Any] | None, rows: list[Any]) -> None:
    """A statement found these rows."""
    if reads := _noted.get():
        reads._found.append((sql, values or [], rows))


def note_more() -> None:
    """Something else is done than to read by a statement."""
    if reads := _noted.get():
        reads.can_repeat = False
        reads._ahead.clear()

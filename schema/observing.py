"""Tells the meter about each operation, without anything that the caller wrote but its name."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from domain.metering import OperationNote
from resolvers.context import Context

_running: ContextVar[OperationNote | None] = ContextVar("running operation", default=None)


@contextmanager
def observed(document: str, context: Context, note: OperationNote) -> Iterator[None]:
    """Lasts from before a document is read until its answer is there; the note is to be filled."""
    digest = hashlib.sha256(document.encode(errors="surrogatepass")).hexdigest()
    note.document_hash = digest
    before = _running.set(note)
    try:
        with context.upstream.meter.operation(note):
            try:
                yield
            finally:
                note.calls = context.budget.calls
    finally:
        _running.reset(before)


def note_failure(code: str) -> None:
    """An expected failure is told to the caller, as data in the answer."""
    note = _running.get()
    if note is not None:
        note.codes.add(code)

"""Tells the meter about each operation, without anything that the caller wrote but its name."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from domain.metering import OperationNote
from resolvers.context import Context


@contextmanager
def observed(document: str, context: Context) -> Iterator[OperationNote]:
    """Lasts from before a document is read until its answer is there; the note is to be filled."""
    digest = hashlib.sha256(document.encode(errors="surrogatepass")).hexdigest()
    note = OperationNote(document_hash=digest)
    with context.upstream.meter.operation(note):
        try:
            yield note
        finally:
            note.calls = context.budget.calls

"""What is counted and timed while the server works. Who listens is not known here.

A note holds names, numbers and kinds: no argument, no text of a document, no secret, no address.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from domain.marketplaces import AccountKey


class OperationOutcome(Enum):
    """How an operation of a caller ended."""

    OK = "ok"
    ERRORS = "errors"  # with an entry in the response's `errors`
    REFUSED = "refused"  # nothing was run
    THROTTLED = "throttled"  # nothing was run, since the caller's points did not suffice
    ABANDONED = "abandoned"  # a query that was stopped, since its caller hung up


@dataclass(slots=True, kw_only=True)
class OperationNote:
    """One operation of a caller, filled in while it runs.

    `name`: as the caller named it, "" for none. `kind`: query or mutation, "" while unknown.
    `document_hash`: of the document's text, SHA-256 in hex. `calls`: marketplace calls it paid for.
    `points`: what it cost the caller. `codes`: of whatever failed in it, in payloads too.
    """

    name: str = ""
    kind: str = ""
    document_hash: str = ""
    calls: int = 0
    points: int = 0
    outcome: OperationOutcome = OperationOutcome.ERRORS
    codes: set[str] = field(default_factory=set)


class Meter(Protocol):
    """Takes notes. No method fails, waits or keeps what it is given longer than it needs."""

    def operation(self, note: OperationNote) -> AbstractContextManager[None]:
        """Lasts as long as the operation; the note is read at its end."""
        ...

    def called(self, account: AccountKey, operation: str, outcome: str, seconds: float) -> None:
        """One call to a marketplace ended: "ok", the code of its failure, or "cancelled"."""
        ...

    def batch(self, account: AccountKey, operation: str, size: int) -> None:
        """So many keys are asked together."""
        ...

    def cache(self, account: AccountKey, operation: str, *, hits: int, misses: int) -> None:
        """So many keys were found among the kept answers, and so many were not."""
        ...


class NoMeter:
    """Implements `Meter` when nobody listens."""

    def operation(self, note: OperationNote) -> AbstractContextManager[None]:
        """See `Meter`."""
        return nullcontext()

    def called(self, account: AccountKey, operation: str, outcome: str, seconds: float) -> None:
        """See `Meter`."""

    def batch(self, account: AccountKey, operation: str, size: int) -> None:
        """See `Meter`."""

    def cache(self, account: AccountKey, operation: str, *, hits: int, misses: int) -> None:
        """See `Meter`."""


class Meters:
    """Implements `Meter` for several that listen."""

    def __init__(self, meters: Sequence[Meter]) -> None:
        self._meters = tuple(meters)

    @contextmanager
    def operation(self, note: OperationNote) -> Iterator[None]:
        """See `Meter`."""
        with ExitStack() as stack:
            for meter in self._meters:
                stack.enter_context(meter.operation(note))
            yield

    def called(self, account: AccountKey, operation: str, outcome: str, seconds: float) -> None:
        """See `Meter`."""
        for meter in self._meters:
            meter.called(account, operation, outcome, seconds)

    def batch(self, account: AccountKey, operation: str, size: int) -> None:
        """See `Meter`."""
        for meter in self._meters:
            meter.batch(account, operation, size)

    def cache(self, account: AccountKey, operation: str, *, hits: int, misses: int) -> None:
        """See `Meter`."""
        for meter in self._meters:
            meter.cache(account, operation, hits=hits, misses=misses)

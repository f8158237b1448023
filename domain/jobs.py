"""Jobs: imports, syncs and links of many rows that are worked on while nobody waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

MAX_JOB_ROWS = 100_000
BATCH_ROWS = 250  # full batches of every marketplace fit into it
MAX_EXPORTS = 5  # of a workspace: each may be a hundred megabytes
MAX_TRIES = 10  # of a batch, before it is given up; quota that is used up counts as none

Document = Mapping[str, object]


class JobKind(Enum):
    """What a job does with each of its rows."""

    IMPORT = "IMPORT"
    SYNC = "SYNC"
    LINKS = "LINKS"
    EXPORT = "EXPORT"


class JobStatus(Enum):
    """How far a job is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


OPEN_STATUSES = (JobStatus.QUEUED, JobStatus.RUNNING)


class BatchState(Enum):
    """OPEN: to be worked on at its time. DEAD: given up after MAX_TRIES."""

    OPEN = "OPEN"
    DONE = "DONE"
    DEAD = "DEAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job without its rows. `done` counts rows that were gone through, `failed` those of them
    that did not work. `key_id`: the API key that began it, None for the operator's own.

    `options`: what all rows have in common. `fingerprint`: of the input that its idempotency key
    came with.
    """

    id: str
    workspace: str
    kind: JobKind
    status: JobStatus
    options: Document
    key_id: str | None
    idempotency_key: str | None
    fingerprint: str
    total: int
    done: int
    failed: int
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be worked on."""
        return self.status in OPEN_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be stored. `lines`: one for each row of the input, in its order, saying where its
    outcome is. `batches`: what is asked, each once, with the number of rows that it stands for."""

    job: Job
    lines: Sequence[Document]
    batches: Sequence[Sequence[tuple[Document, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A part of a job, claimed to be worked on.

    `rows`: of the input, by item. `outcomes`: None for an item that has none yet.
    """

    id: str
    job: Job
    number: int
    tries: int
    items: Sequence[Document]
    rows: Sequence[int]
    outcomes: Sequence[Document | None]

    @property
    def rest(self) -> list[int]:
        """The places of the items that have no outcome yet."""
        return [place for place, outcome in enumerate(self.outcomes) if outcome is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What became of a batch. `due_at`: when an OPEN one is to be tried again; `counts`: whether
    this was one of its tries."""

    outcomes: Sequence[Document | None]
    state: BatchState
    due_at: datetime
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the input: how it was named there, and what became of it, None while it waits."""

    number: int
    named: Document
    outcome: Document | None


def has_failed(outcome: Document) -> bool:
    """Whether the row did not work."""
    return outcome.get("error") is not None


def pause_after(tries: int) -> timedelta:
    """How long a batch waits after so many tries: ten of them take longer than an hour."""
    return timedelta(seconds=min(15 * 2 ** min(tries, 10), 900))

"""Answers that follow from stored rows, kept as they are sent until anything is written.

An answer is kept where its plan asks for nothing else (`plan.rests_on_rows`), and where no
marketplace was asked after all. It is given again as long as the database has the version of
before (`Context.version`): so no writer has to say what it changed. After a write, what it was made
from is read again: of the same rows it is the same answer. What the time makes another answer ends
it too. It is kept by the document, its variables, the workspace, and what its caller
may see. See docs/decisions/0043-plans.md.
"""

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import orjson

from domain.kept import Kept
from resolvers.context import Asked, Context, Reads

KEPT_BYTES = 16 * 1024 * 1024
LARGEST = 1024 * 1024  # bytes of one answer
BESIDE = 10_000  # about, of one: what it notes
Key = tuple[Hashable, ...]


class Told(NamedTuple):
    """What is told of an operation. `most`: the points that it may cost."""

    kind: str
    name: str
    most: int


@dataclass
class Recalled:
    """An answer's `data` as JSON, with what is told beside it.

    `told`: of its operation. `points`: what it cost. `version`: the latest that it is known to be
    of. `reads`: what it was made from; None where that was not noted. `since` and `until`: when the
    time makes no other answer of it. `valid_until`: see Context. `asked`: what is noted of each
    request.
    """

    data: bytes
    told: Told
    points: int
    version: Hashable
    since: datetime
    until: datetime | None
    valid_until: datetime | None
    asked: Asked
    reads: Reads | None = None

    @property
    def body(self) -> dict[str, object]:
        """The response's JSON, without what it cost."""
        return {"data": orjson.Fragment(self.data)}

    @cached_property
    def tag(self) -> str:
        """Tells its data from other data."""
        return tag_of(self.data)

    def holds(self, now: datetime) -> bool:
        """Whether the time is still the same to it, also where the clock was set back."""
        return self.since <= now and (self.until is None or now < self.until)


def encoded(data: object) -> bytes:
    """An answer's data as JSON."""
    return orjson.dumps(data)


def tag_of(data: bytes) -> str:
    """Tells an answer's data from other data."""
    return hashlib.sha256(data).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Answers:
    """Those of one server, whose terms are the same for all requests."""

    _kept: Kept[Key, Recalled] = field(default_factory=lambda: Kept(KEPT_BYTES))

    async def find(self, key: Key, context: Context, reads: Reads | None = None) -> Recalled | None:
        """The answer to give again. Notes what is noted when it is made.

        `reads`: those of a new answer, of which so many are begun as tell whether it is needed.
        """
        found = self._kept.get(key)
        if found is None or not found.holds(context.now):
            return None
        if found.version != (version := await context.version()):
            if version is None or reads is None or found.reads is None:
                return None
            if not await reads.holds(found.reads):
                found.reads = None  # else each would look again, until an answer is kept
                return None
            found.version = version
        context.valid_until = found.valid_until
        context.note_again(found.asked)
        return found

    def keep(self, key: Key, answer: Recalled, reads: Reads) -> None:
        """Until the time or other rows make another one, or others are used more.

        Its reads are kept from the second answer by that key on: many are asked for only once.
        """
        size = len(answer.data) + sum(len(part) for part in key if isinstance(part, str))
        if reads.can_repeat and self._kept.get(key) is not None:
            reads.end()
            if size + reads.size <= LARGEST:
                answer.reads = reads
                size += reads.size
        if size <= LARGEST:
            self._kept.keep(key, answer, size + BESIDE)


def key_of(
    document: str, name: str | None, variables: Mapping[str, object] | None, context: Context
) -> Key:
    """What an answer follows from, beside rows and time."""
    given = repr(variables) if variables else ""
    return document, name, given, context.workspace.id, context.caller.scopes

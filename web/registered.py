"""Automatic persisted queries: documents that callers registered, to name them by hash afterwards.

Kept in the memory of one process, each caller's apart: nobody learns what others send, and nobody
fills the room of others. One that is forgotten is told as unknown, and its client sends it again.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

MOST_CALLERS = 64
MOST_DOCUMENTS = 250  # of one caller
MOST_CHARACTERS = 512_000  # of one caller's documents together


@dataclass(slots=True)
class _Shelf:
    """The documents of one caller by hash, the one longest not used first."""

    documents: OrderedDict[str, str] = field(default_factory=OrderedDict)
    characters: int = 0

    def put(self, digest: str, document: str) -> None:
        self.characters += len(document) - len(self.documents.pop(digest, ""))
        self.documents[digest] = document
        while self.characters > MOST_CHARACTERS or len(self.documents) > MOST_DOCUMENTS:
            _, forgotten = self.documents.popitem(last=False)
            self.characters -= len(forgotten)


class RegisteredDocuments:
    """Documents by caller and hash. Whoever used none for the longest time is forgotten first."""

    def __init__(self) -> None:
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()

    def find(self, caller: str, digest: str) -> str | None:
        """The document that this caller registered under this hash."""
        shelf = self._shelves.get(caller)
        if shelf is None or digest not in shelf.documents:
            return None
        self._shelves.move_to_end(caller)
        shelf.documents.move_to_end(digest)
        return shelf.documents[digest]

    def keep(self, caller: str, digest: str, document: str) -> None:
        """Remember a document of this caller; one that is larger than all its room is not kept."""
        self._shelves.setdefault(caller, _Shelf()).put(digest, document)
        self._shelves.move_to_end(caller)
        if len(self._shelves) > MOST_CALLERS:
            self._shelves.popitem(last=False)

"""Cursors: opaque text that says where in which list the reader stands."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from domain.catalog import PageArgs
from domain.exceptions import InvalidInput

CursorPart = str | int | None
MAX_PAGE_SIZE = 250


def fingerprint(*parts: object) -> str:
    """Tells lists apart: the same parts give the same 8 hex digits."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


def encode(of_list: str, position: Sequence[CursorPart]) -> str:
    """A cursor for `position` of the list with that fingerprint."""
    text = json.dumps([of_list, *position], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(of_list: str, cursor: str | None, *, path: tuple[str, ...]) -> tuple[CursorPart, ...]:
    """The position inside a cursor, () without one.

    Raises InvalidInput for text that is no cursor and for a cursor of another list.
    """
    if cursor is None:
        return ()
    parts = _parts(cursor)
    if parts is None:
        raise InvalidInput("This is not a cursor. Send an endCursor that was given out.", path=path)
    if parts[0] != of_list:
        raise InvalidInput(
            "This cursor belongs to another list: arguments must stay the same from page to page.",
            path=path,
        )
    return parts[1:]


def _parts(cursor: str) -> tuple[CursorPart, ...] | None:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(parts, list) or not parts:
        return None
    if not all(part is None or _is_part(part) for part in parts):
        return None
    return tuple(parts)


def _is_part(part: object) -> bool:
    # A forged number may have thousands of digits, which could not be written out again.
    return type(part) is str or (type(part) is int and abs(part) < 2**63)


def page_size(first: int | None, *, default: int = 20, name: str = "first") -> int:
    """How many rows to show. Raises InvalidInput, for `name`, unless 1 <= first <= 250."""
    if first is None:
        return default
    if not 1 <= first <= MAX_PAGE_SIZE:
        raise InvalidInput(
            f"A page holds 1 to {MAX_PAGE_SIZE} rows; {first} were asked for. Use first and after.",
            path=(name,),
        )
    return first


@dataclass(frozen=True, slots=True)
class ConnectionArgs:
    """The arguments that every stored list takes. With `last`, `first` does not count."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def page(self, of_list: str, *, default: int = 20) -> PageArgs:
        """Which rows are meant of the list with that fingerprint. Raises InvalidInput."""
        from_end = self.last is not None
        return PageArgs(
            size=page_size(self.last, name="last")
            if from_end
            else page_size(self.first, default=default),
            after=decode(of_list, self.after, path=("after",)) or None,
            before=decode(of_list, self.before, path=("before",)) or None,
            from_end=from_end,
        )

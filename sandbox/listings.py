"""Listings: what a catalogue holds of a product, and how a folder of real ones is read.

A folder holds `*.jsonl`: one product a line, in its marketplace's own shape. Keys that begin with
"_" are notes about the row. They help to find it and are never served.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

Row = dict[str, Any]
NAMED_PROBLEMS = 10


class BadListings(ValueError):
    """The folder cannot be served. The message names each file and line with what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(ABC):
    """One product on one country site ("" where there is only one). `fields`: everything that the
    marketplace could say of it, as on the wire; `haystack`: what keywords are looked up in."""

    id: str
    title: str
    fields: Row
    haystack: str
    site: str = ""

    @abstractmethod
    def repriced(self, price: Decimal) -> Self:
        """The same product at another price, in the currency that it is priced in."""


L = TypeVar("L", bound=Listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFormat(Generic[L]):
    """The shape of one marketplace's rows.

    `id_field` tells its rows from those of others. `read` raises BadListings. `made`: the products
    of our own making, given the address of the folder of pictures.
    """

    id_field: str
    read: Callable[[Row], L]
    made: Callable[[str], Iterable[L]]
    default_site: str = ""


ListingFormats = Mapping[str, ListingFormat[Any]]  # by marketplace


def searchable(*texts: object) -> str:
    """What keywords are looked up in."""
    return " ".join(str(text) for text in texts if text).casefold()


def has_words(haystack: str, keywords: str) -> bool:
    """Whether every word of `keywords` occurs."""
    return all(word in haystack for word in keywords.casefold().split())


def read_folder(folder: Path, formats: ListingFormats) -> dict[str, list[Listing]]:
    """The listings of every `*.jsonl` of the folder by marketplace, in the order of files and
    lines. Raises BadListings."""
    listings: dict[str, list[Listing]] = {marketplace: [] for marketplace in formats}
    paths = sorted(folder.glob("*.jsonl"))
    problems = [text for path in paths for text in _problems(path, formats, listings)]
    if problems:
        more = len(problems) - NAMED_PROBLEMS
        named = problems[:NAMED_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
        raise BadListings("These listings cannot be read:\n" + "\n".join(named))
    if not any(listings.values()):
        raise BadListings(f"{folder} holds no listings: no line in any file ending in .jsonl.")
    return listings


def _problems(
    path: Path, formats: ListingFormats, listings: dict[str, list[Listing]]
) -> Iterator[str]:
    """Read a file into `listings`; what is wrong with it."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        yield f"{path.name}: not UTF-8 at byte {error.start}"
        return
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                row = json.loads(line)
                marketplace = marketplace_of(row, formats)
                listings[marketplace].append(formats[marketplace].read(row))
        except (ValueError, RecursionError) as error:
            yield f"{path.name}, line {number}: {error}"


def marketplace_of(row: object, formats: ListingFormats) -> str:
    """Whose row it is, by its id. Raises BadListings."""
    if not isinstance(row, dict):
        raise BadListings("a line must hold one JSON object")
    for marketplace, format in formats.items():
        if format.id_field in row:
            return marketplace
    ids = (f"{format.id_field} ({marketplace})" for marketplace, format in formats.items())
    raise BadListings(f"neither {' nor '.join(ids)}")


def notes_of(row: Row) -> Row:
    """What the row's notes say of its page."""
    notes = row.get("_page")
    return notes if isinstance(notes, dict) else {}


def require_text(row: Row, name: str) -> None:
    """Raises BadListings unless that field is a text."""
    if not isinstance(row.get(name), str) or not row[name]:
        raise BadListings(f"{name} must be a text")


def without_notes(value: Any) -> Any:
    """The value without any key that begins with "_", at all levels."""
    if isinstance(value, dict):
        return {name: without_notes(value[name]) for name in value if not name.startswith("_")}
    if isinstance(value, list):
        return [without_notes(inner) for inner in value]
    return value

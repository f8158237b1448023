"""Tags: the publisher's own words, by which products are collected.

Two that differ in the case of letters alone are the same tag. A tag stands in lists that are parted
by commas, in shops and on the page, so it holds none.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from domain.exceptions import InvalidInput

MOST = 20  # of a product
LONGEST = 50  # characters of one
UNSTORABLE = ("Cc", "Cs")  # categories of Unicode: control characters, half characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag that products have. `products`: how many."""

    name: str
    products: int


def key(tag: str) -> str:
    """By which it is told from others: without case, each accented letter in one form."""
    return unicodedata.normalize("NFC", " ".join(tag.split())).casefold()


def checked(tags: Iterable[str], path: tuple[str, ...]) -> tuple[str, ...]:
    """The tags as they are stored, each once, without blanks around. Raises InvalidInput."""
    unique = {key(tag): _checked(tag, path) for tag in tags}
    if len(unique) > MOST:
        raise _too_many(path)
    return tuple(unique.values())


def changed(
    tags: tuple[str, ...], *, add: tuple[str, ...], remove: tuple[str, ...]
) -> tuple[str, ...]:
    """The tags without those that are removed, then with those that are added.

    One that is there keeps its spelling. Raises InvalidInput for more than a product may have.
    """
    removed = set(map(key, remove))
    kept = {key(tag): tag for tag in tags if key(tag) not in removed}
    added = {key(tag): tag for tag in add}
    now = tuple((added | kept).values())
    if len(now) > max(MOST, len(kept)):
        raise _too_many()
    return tuple(sorted(now, key=key))


def _too_many(path: tuple[str, ...] = ()) -> InvalidInput:
    return InvalidInput(
        f"A product has at most {MOST} tags. Remove some of them in the same change.", path=path
    )


def _checked(tag: str, path: tuple[str, ...]) -> str:
    text = " ".join(tag.split())
    if not text:
        raise InvalidInput("A tag is not empty.", path=path)
    if len(text) > LONGEST:
        raise InvalidInput(f"A tag has at most {LONGEST} characters.", path=path)
    if "," in text:
        raise InvalidInput("A tag holds no comma. Send each tag by itself.", path=path)
    if any(unicodedata.category(character) in UNSTORABLE for character in text):
        raise InvalidInput("A tag holds no control characters. Take them out.", path=path)
    return text

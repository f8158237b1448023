"""Texts of a marketplace that people read: titles, names, selling points.

They come with HTML escapes, with control characters, and with marks that turn the direction of the
text around them. Joiners stay: emoji and several scripts are written with them.
"""

import html
import re

# Only with its semicolon: "R&D&notes" is no escape.
ESCAPE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
BREAKS = re.compile("[\t\n\x0b\x0c\r\x85\u2028\u2029]")
HALVES = "\ud800-\udfff"
UNSEEN = re.compile(
    f"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff{HALVES}]"
)
HALF = re.compile(f"[{HALVES}]")


class Digits(str):
    """A whole number of an answer, as it was written: no text for people."""

    __slots__ = ()


def shown(text: str) -> str:
    """The text as it is meant: one level of HTML escapes undone, what is not seen left out."""
    unescaped = ESCAPE.sub(lambda escape: html.unescape(escape[0]), text)
    return UNSEEN.sub("", BREAKS.sub(" ", unescaped)).strip()


def is_intact(value: object) -> bool:
    """Whether it is text, with something to read in it and no half characters."""
    if not isinstance(value, str) or isinstance(value, Digits):
        return False
    return bool(shown(value)) and not HALF.search(value)

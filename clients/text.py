"""Finds the addresses and the words that stand alone in a text that somebody pasted.

Pure: nothing is opened, and which address is whose is asked of the caller. What people paste is
cleaned first (characters that nobody sees, HTML escapes), places are those of the text as pasted.
An address inside the query of a foreign address is part of that one. Protects against text made to
hold the reader up: the work grows linearly with the text, whatever it holds.
"""

import bisect
import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from clients.base import PageKind

# Unicode's Default_Ignorable_Code_Point, and annotation marks: zero-width, direction, soft hyphen.
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
ENCODED_IGNORABLE = (
    r"%C2%AD|%D8%9C|%E1%A0%8[B-F]|%E2%80%(?:8[B-F]|A[A-E])|%E2%81%A[0-9A-F]"
    r"|%EF%B8%8[0-9A-F]|%EF%BB%BF"
)
INVISIBLE = re.compile(rf"(?:[{IGNORABLE}]|{ENCODED_IGNORABLE})+", re.IGNORECASE)
# With its semicolon only: "&copy=" and "&region=" are parameters.
ESCAPE = r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});"
NOISE = re.compile(rf"{INVISIBLE.pattern}|(?P<kept>{ESCAPE}|\\/)", re.IGNORECASE)

START = re.compile(
    # What runs or holds something is no address, and neither is what stands in it.
    r"(?P<opaque>(?<!\w)(?:javascript|vbscript|data|mailto|tel|blob):)"
    r"|(?P<scheme>https?|(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,30})"
    r"(?::/{2}|(?P<encoded>%3a(?:%2f%2f|//)))"
    # Without a scheme: behind nothing that it could be a part of, or beginning with "www.".
    r"|(?P<host>(?:(?<![\w.@/:%-])(?://)?|(?<=\w)(?=www\.))"
    r"(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}\.?(?![\w-]|://|%3a))",
    re.IGNORECASE | re.ASCII,
)
BODY = re.compile(r'[^\s"<>`|\x00-\x1f\x7f]*')
ENCODED_BODY = re.compile(r'[^\s"<>`|\x00-\x1f\x7f&?#=]*')
BLACK = re.compile(r"\S*")
# Not a parameter's value, encoded once or twice.
GLUED_HOST = r"(?<=[a-z0-9])(?<!%[0-9a-f][0-9a-f])(?<!%25[0-9a-f][0-9a-f])www\."
# What an address may end at: text that goes on without a blank between, or another address.
EVENT = re.compile(rf"https?://|{GLUED_HOST}|" r"[^\x21-\x7e]|[?#,;()\[\]{}'*\\^!]", re.IGNORECASE)
OPENED_BY = {")": "(", "]": "[", "}": "{"}
VALUE = "=:@%"  # behind one of these an address is part of the one before
JOINT = "/#?&"  # behind one of these it is part of a foreign one
TRAILING = ".,;:!?&'*~([{\\" + "\u2026\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f\uff09\u3011"

ENCODED_TRAILING = {"%20", "%22", "%27", "%29", "%2C", "%3E", "%0A", "%0D", "%09"}

LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
FIGURE = r"(?<![0-9])[0-9],[0-9]++E\+[0-9]++"  # one number, written with a comma
# Cells, by what separates them; a comma or semicolon before a blank is punctuation.
CELLS = {
    "\t": re.compile(r"[^\t]+"),
    "|": re.compile(r"[^|]+"),
    ";": re.compile(r'(?:"[^"]*+"|;(?=\s)|[^;"])++'),
    ",": re.compile(rf'(?:"[^"]*+"|{FIGURE}|,(?=\s)|[^,"])++', re.IGNORECASE),
}
COMMAS = ",;\uff0c\uff1b\u3001\u060c\u061b"  # also those of Chinese, Japanese and Arabic
LISTED = re.compile(rf"(?:{FIGURE}|[^{COMMAS}])++", re.IGNORECASE)
# Dashes and dots, the numbers of a list, the boxes of a Markdown list of tasks.
LIST_MARK = re.compile(
    r"\s*(?:[-*+\u00b7\u2013\u2014\u2022\u2023\u25aa\u25cf\u25e6]|\(?[0-9]{1,3}[.)])\s+"
    r"(?:\[[ xX]\]\s+)?"
)
WRAPPING = (
    " \t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u202f\u205f\u3000\u3002\uff08\uff09\u3010\u3011\u300c\u300d"
    "\"'`<>()[]{}=*.,;:!?\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
)
BARE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.,+-]{0,39}")
LISTED_WORD = rf"[\"'`]?(?:https?://[^\s{COMMAS}\"'`<>|]++|[0-9A-Za-z.+-]++)[\"'`]?"
LIST_OF_WORDS = re.compile(
    rf"[\s\[(]*+{LISTED_WORD}(?:\s*+[{COMMAS}]\s*+{LISTED_WORD})++[\s{COMMAS}\]).\u3002]*+"
)
BORDER = re.compile(r"[\r\n\t|,;]")
NEAR = 16  # characters beside an address that tell whether it stands alone

KindOf = Callable[[str], PageKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """An address or a word that stands alone. `start`, `end`: its place in the text as pasted.

    `text` is what it says once cleaned. `is_alone`: nothing else is in its field, line or cell.
    """

    start: int
    end: int
    text: str
    is_address: bool
    is_alone: bool


@dataclass(frozen=True, slots=True)
class _Span:
    """A place in the cleaned text. `reach`: no word that stands alone begins before it."""

    start: int
    end: int
    reach: int
    text: str


def words(text: str, kind_of: KindOf) -> list[Word]:
    """Addresses and words that stand alone, in order. `kind_of`: what an address stands for."""
    clean = _Cleaned(text)
    spans = list(_addresses(clean.text, kind_of, is_whole=True))
    found = [(span, True) for span in spans]
    found += [(span, False) for span in _outside(spans, _lone_words(clean.text))]
    return [
        Word(
            start=clean.place(span.start),
            end=clean.place(span.end - 1) + 1,
            text=span.text,
            is_address=is_address,
            is_alone=not is_address or _is_alone(clean.text, span),
        )
        for span, is_address in sorted(found, key=lambda each: each[0].start)
    ]


class _Cleaned:
    """A text without what nobody sees, escapes undone; it knows where each character was."""

    def __init__(self, text: str) -> None:
        pieces: list[str] = []
        self._here, self._there = [0], [0]
        length = last = 0

        def add(piece: str, upto: int) -> None:
            nonlocal length
            pieces.append(piece)
            length += len(piece)
            self._here.append(length)
            self._there.append(upto)

        for noise in NOISE.finditer(text):
            add(text[last : noise.start()], noise.start())
            add(_undone(noise["kept"]) if noise["kept"] else "", noise.end())
            last = noise.end()
        pieces.append(text[last:])
        self.text = "".join(pieces)

    def place(self, at: int) -> int:
        """Where the character of the cleaned text was."""
        piece = bisect.bisect_right(self._here, at) - 1
        return self._there[piece] + at - self._here[piece]


def _undone(escape: str) -> str:
    return "/" if escape == "\\/" else INVISIBLE.sub("", html.unescape(escape))


def _addresses(text: str, kind_of: KindOf, *, is_whole: bool) -> Iterator[_Span]:
    at = run_end = 0
    while match := START.search(text, at):
        if match["opaque"]:
            at = _end(BLACK, text, match.end())
        elif match["encoded"]:
            at = _end(ENCODED_BODY, text, match.end())
            if is_whole:  # one level of encoding is undone
                decoded = INVISIBLE.sub("", unquote(text[match.start() : at]))
                for inner in _addresses(decoded, kind_of, is_whole=False):
                    yield replace(inner, start=match.start(), end=at, reach=at)
        else:
            if match.end() > run_end:
                run_end = _end(BODY, text, match.end())
            span = _address(text, match, run_end, kind_of)
            at = max(span.end, match.end())
            yield span


def _end(body: re.Pattern[str], text: str, at: int) -> int:
    match = body.match(text, at)
    return match.end() if match else at


def _address(text: str, match: re.Match[str], run_end: int, kind_of: KindOf) -> _Span:
    """The address that begins here; it ends in its run of characters without a blank.

    Text may go on behind it: where the shorter reading names something, it is that. It ends at the
    latest at a bracket that it has not opened, or where another address is glued to it. In the
    query of a foreign one an address is no other. What was looked at is not looked at again.
    """
    start, stop = _start(match), run_end
    depths = dict.fromkeys(OPENED_BY.values(), 0)
    has_query = was_cut = False
    is_ours: bool | None = None
    for event in EVENT.finditer(text, match.end(), run_end):
        at, sign = event.start(), event[0]
        if sign in "?#":
            has_query = True
        elif len(sign) > 1:  # another address
            if text[at - 1] in VALUE:
                continue
            is_part = has_query or text[at - 1] in JOINT
            if is_part and is_ours is None:
                is_ours = kind_of(_trimmed(text, start, at)) is not PageKind.FOREIGN
            if is_ours or not is_part:
                stop = at
                break
        else:
            if not was_cut:
                was_cut, short = True, _trimmed(text, start, at)
                if kind_of(short) in (PageKind.PRODUCT, PageKind.SHORT_LINK):
                    end = start + len(short)
                    return _Span(start, end, run_end if has_query else end, short)
            if not _closes(depths, sign):
                stop = at
                break
    long = _trimmed(text, start, stop)
    return _Span(start, start + len(long), stop, long)


def _trimmed(text: str, start: int, end: int) -> str:
    """The address without the punctuation of the text around it, also where that was encoded."""
    while end > start:
        if text[end - 1] in TRAILING:
            end -= 1
        elif text[end - 3 : end].upper() in ENCODED_TRAILING:
            end -= 3
        else:
            break
    marks = text[max(start - 3, 0) : start]
    while marks.endswith("_") and text[end - 1 : end] == "_":  # slanted or bold in Markdown
        marks, end = marks[:-1], end - 1
    return text[start:end]


def _closes(depths: dict[str, int], sign: str) -> bool:
    """Count a bracket. False for one that closes what was not opened."""
    if sign in depths:
        depths[sign] += 1
    elif sign in OPENED_BY:
        depths[OPENED_BY[sign]] -= 1
        return depths[OPENED_BY[sign]] >= 0
    return True


def _start(match: re.Match[str]) -> int:
    """Where it begins: a word may be glued before its scheme."""
    scheme = (match["scheme"] or "").lower()
    for known in ("https", "http"):
        if scheme.endswith(known):
            return match.end("scheme") - len(known)
    return match.start()


def _lone_words(text: str) -> Iterator[_Span]:
    """Words that are all that their line or cell holds."""
    for line in LINE.finditer(text):
        separator = next((each for each in CELLS if each in line[0]), None)
        cells = CELLS[separator] if separator else LINE
        if LIST_OF_WORDS.fullmatch(line[0]):
            cells = LISTED
        for cell in cells.finditer(text, *line.span()):
            mark = LIST_MARK.match(cell[0])
            start = cell.start() + (mark.end() if mark else 0)
            held = text[start : cell.end()]
            word = held.strip(WRAPPING)
            if BARE.fullmatch(word):
                start += len(held) - len(held.lstrip(WRAPPING))
                end = start + len(word)
                yield _Span(start, end, end, word)


def _outside(spans: Sequence[_Span], lone: Iterable[_Span]) -> Iterator[_Span]:
    """The words that are not part of an address."""
    at = reach = 0
    for word in lone:
        while at < len(spans) and spans[at].start <= word.start:
            reach = max(reach, spans[at].reach)
            at += 1
        if word.start >= reach:
            yield word


def _is_alone(text: str, span: _Span) -> bool:
    """Whether a border of the field, line or cell stands on both sides."""
    before = ("" if span.start > NEAR else "\n") + text[max(span.start - NEAR, 0) : span.start]
    after = text[span.end : span.end + NEAR] + ("" if span.end + NEAR < len(text) else "\n")
    left, right = BORDER.split(before), BORDER.split(after)
    if len(left) == 1 or len(right) == 1:
        return False
    return not (LIST_MARK.sub("", left[-1], count=1).strip(WRAPPING) or right[0].strip(WRAPPING))

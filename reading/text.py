"""Finds the addresses and the words that stand alone in a text that somebody pasted.

Pure: nothing is opened, and which address is whose is asked of the caller. What people paste is
cleaned first (`reading.cleaning`), places are those of the text as pasted. An address that a mail
program has broken into lines is one; an address inside the query of a foreign address is part of
that one. Protects against text made to hold the reader up: the work grows linearly with the text,
whatever it holds.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import unquote

from reading import headings
from reading.cleaning import Cleaned, cleaned

START = re.compile(
    # What runs or holds something is no address, and neither is what stands in it.
    r"(?P<opaque>(?<!\w)(?:javascript|vbscript|data|mailto|tel|blob):)"
    r"|(?P<scheme>https?|(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,30})"
    r"(?::/{2}|(?P<encoded>%3a(?:%2f%2f|//)))"
    # Without a scheme: behind nothing that it could be a part of, a label ("Link:") or a mark of
    # Markdown; or beginning with "www.".
    r"|(?P<host>(?:(?:(?<![\w.@/:%-])|(?<=[^\s\d.@/:%_-]:)|(?<=\s_)|(?<=\A_))(?://)?"
    r"|(?<=\w)(?=www\.))"
    r"(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}\.?(?![\w-]|://|%3a))",
    re.IGNORECASE | re.ASCII,
)
SCHEME = re.compile(r"https?://", re.IGNORECASE)
# Nothing in it could end it, or be something else.
PLAIN = re.compile(r"(?!.*\w[wW]{3}\.)https?://[a-z0-9.-]*[a-z0-9]/[A-Za-z0-9/_-]+(?:\.html)?")
BODY = re.compile(r'[^\s"<>`|\x00-\x1f\x7f]*')
ENCODED_BODY = re.compile(r'[^\s"<>`|\x00-\x1f\x7f&?#=]*')
ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)  # behind a host without a scheme
BLACK = re.compile(r"\S+")
# Not a parameter's value, encoded once or twice.
GLUED = r"(?<=[a-z0-9])(?<!%[0-9a-f][0-9a-f])(?<!%25[0-9a-f][0-9a-f])www\."
GLUED_HOST = re.compile(GLUED, re.IGNORECASE)
# What an address may end at: text that goes on without a blank between, or another address.
EVENT = re.compile(
    rf"https?://|{GLUED}|" r"(?<=\.html)[a-z]|[^\x21-\x7e]|[?#,;()\[\]{}'*\\^!]", re.IGNORECASE
)
# The next line, as far as an address can go on there; mail programs quote with ">".
NEXT_LINE = re.compile(r"[ \t]*(?:\r\n|\r|\n)[ \t>]*(?P<more>[A-Za-z0-9/?#&=%._~:@+$-]+)")
REST_OF_A_NUMBER = re.compile(r"[0-9]+(?:\.html?\b|\?[A-Za-z_]+=)")
HOST = re.compile(r"(?:https?://)?[A-Za-z0-9.-]+")  # and nothing behind it
# Codes of short links have seven signs or eight; a line is broken only where it is full.
CODE = re.compile(r"(?:(?P<begun>[A-Za-z0-9]+)|/[a-z]/)\Z")
CODE_ALONE = re.compile(r"([A-Za-z0-9]+)[.?]?")
SHORTEST_CODE, LONGEST_CODE, FULL = 6, 9, 40
MOST_BREAKS = 8
LONGEST_BROKEN = 4_096
OPENED_BY = {")": "(", "]": "[", "}": "{"}
VALUE = "=:@%"  # behind one of these an address is part of the one before
JOINT = "/#?&"  # behind one of these it is part of a foreign one
TRAILING = ".,;:!?&'*~([{\\" + "\u2026\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f\uff09\u3011"

# Behind what programs have cut to show it; one that merely ends a sentence is looked at by callers.
CUT = re.compile(r"\[?(?:\u2026|\.{3})")
JOINERS = "+-_~"  # what people put between two addresses

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
    r"\s*(?:[-*+\u00b7\u2013\u2014\u2022\u2023\u25aa\u25cf\u25e6]"
    r"|\(?(?:[0-9]{1,3}\.|(?:[0-9]{1,3}\.?|[a-z])\)))\s+"
    r"(?:\[[ xX]\]\s+)?"
)
# Arrows, boxes, ticks, stars, hands, fires and numbers in keys, which stand there like a blank;
# never telephones or parcels, which tell what the number behind them is.
MARKS = re.compile(
    "[0-9]\u20e3|[\u2190-\u21ff\u25a0-\u25ff\u2605\u2606\u2610-\u2612\u2705\u2713\u2714\u2764\u2794\u27a1\u27a4"
    "\u2b50\U0001f381\U0001f446-\U0001f449\U0001f4a5\U0001f525\U0001f534-\U0001f53b\U0001f6d2]"
)
# What tells whose the ids are: they may stand in running text.
HYPHEN = "[ \u2010-\u2013-]?"  # what the groups of a book's number are parted by
OTHER_HYPHENS = re.compile("[ \u2010-\u2013]")
ISBN_13 = rf"97[89](?:{HYPHEN}[0-9]){{10}}"
CHECKED_ID = rf"(?:B[0-9A-Z]{{9}}|{ISBN_13}|[0-9](?:{HYPHEN}[0-9]){{8}}{HYPHEN}[0-9X])(?![\w-])"
LABELLED = re.compile(
    r"(?<![\w-])(?:ASIN|ISBN(?:[ -]?1[03])?)s?[\s:\uff1a\u3000=#*_|\"'\u2013\u2014-]++"
    rf"(?P<ids>{CHECKED_ID}(?:[\s,;/&]++(?:(?:and|or|und|oder)\s++)?{CHECKED_ID})*+)",
    re.IGNORECASE | re.ASCII,
)
LABELLED_ID = re.compile(CHECKED_ID, re.IGNORECASE | re.ASCII)
# What does not tell it: the id still has to stand alone behind it.
LABEL = re.compile(
    r"[\s{\"']*(?:(?:product|item|goods|\u5546\u54c1)[ _-]?(?:ids?|no\.?|numbers?)|ids?)[\"']?"
    r"\s*[:=#\uff1a]\s*",
    re.IGNORECASE,
)
BLOCK_TAG = re.compile(
    r"</?(?:t[dhr]|table|t(?:head|body|foot)|li|[uod]l|d[dt]|p|div|br|hr|h[1-6]|option)\b[^<>]*>",
    re.IGNORECASE,
)
TEXT_TAG = re.compile(
    r"</?(?:a|b|i|u|em|strong|span|font|small|big|code|tt|su[bp]|mark|img|bdi)\b[^<>]*>",
    re.IGNORECASE,
)
WRAPPING = (
    " \t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u202f\u205f\u3000\u3002\uff08\uff09\u3010\u3011\u300c\u300d"
    "\"'`<>()[]{}=*_~\\.,;:!?\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
)
NUMBER = re.compile(r"(?!97[89][0-9]{10}\Z)[0-9]+")  # but for those of books
BARE = re.compile(rf"[0-9A-Za-z][0-9A-Za-z.,+-]{{0,39}}|{ISBN_13}")
ID_IN_A_ROW = re.compile(r"(?=[A-Z]*[0-9])[0-9A-Z]{10,19}")
LISTED_WORD = rf"[\"'`]?(?:https?://[^\s{COMMAS}\"'`<>|]++|[0-9A-Za-z.+-]++)[\"'`]?"
LIST_OF_WORDS = re.compile(
    rf"[\s\[(]*+{LISTED_WORD}(?:\s*+[{COMMAS}]\s*+{LISTED_WORD})++[\s{COMMAS}\]).\u3002]*+"
)
BORDER = re.compile(r"[\r\n\t|,;]")
NEAR = 16  # characters beside an address that tell whether it stands alone


class PageKind(Enum):
    """What an address stands for, as one marketplace reads it."""

    PRODUCT = "PRODUCT"
    SHORT_LINK = "SHORT_LINK"
    NOT_A_PRODUCT = "NOT_A_PRODUCT"  # the marketplace's own page, but of no product
    FOREIGN = "FOREIGN"  # nothing of this marketplace


KindOf = Callable[[str], PageKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """An address or a word that stands alone. `start`, `end`: its place in the text as pasted.

    `text` is what it says once cleaned. `is_alone`: nothing else is in its field, line or cell.
    `is_cut`: it is an address with dots behind, as what is shown of a long one.
    """

    start: int
    end: int
    text: str
    is_address: bool
    is_alone: bool
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class _Span:
    """A place in the cleaned text. `reach`: no word that stands alone begins before it."""

    start: int
    end: int
    reach: int
    text: str


def words(text: str, kind_of: KindOf) -> list[Word]:
    """Addresses and words that stand alone, in order. `kind_of`: what an address stands for."""
    if PLAIN.fullmatch(text):
        return [Word(start=0, end=len(text), text=text, is_address=True, is_alone=True)]
    clean = Cleaned(text)
    spans = list(_addresses(clean.text, kind_of, is_whole=True))
    untagged = _untagged(clean.text)
    lone = {span.start: span for span in (*_lone_words(untagged), *_labelled(untagged))}
    found = [(span, True) for span in spans]
    found += [(span, False) for span in _outside(spans, map(lone.__getitem__, sorted(lone)))]
    return [
        Word(
            start=clean.place(span.start),
            end=clean.place(span.end - 1) + 1,
            text=span.text,
            is_address=is_address,
            is_alone=not is_address or _is_alone(clean.text, span),
            is_cut=is_address and CUT.match(clean.text, span.end) is not None,
        )
        for span, is_address in sorted(found, key=lambda each: each[0].start)
    ]


def _addresses(text: str, kind_of: KindOf, *, is_whole: bool) -> Iterator[_Span]:
    at = run_end = 0
    while match := START.search(text, at):
        if match["opaque"]:
            at = _end(BLACK, text, match.end())
        elif match["encoded"] or (match["host"] and ENCODED_SLASH.match(text, match.end())):
            at = _end(ENCODED_BODY, text, match.end())
            if is_whole:  # one level of encoding is undone
                decoded = cleaned(unquote(text[match.start() : at]))
                for inner in _addresses(decoded, kind_of, is_whole=False):
                    yield replace(inner, start=match.start(), end=at, reach=at)
        elif SCHEME.match(text, match.end()):  # written twice
            at = match.end()
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
                stop = start + len(text[start:at].rstrip(JOINERS))
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
    whole = _over_lines(text, start, stop, kind_of) if stop == run_end else None
    return whole or _Span(start, start + len(long), stop, long)


def _over_lines(text: str, start: int, end: int, kind_of: KindOf) -> _Span | None:
    """The address that was broken into lines; `end`: where it is broken first.

    A line that names something by itself is never taken for the rest of another. Put together is
    what makes a product or a short link of a page, or of a host that is cut; a number that a line
    cannot begin with otherwise; and the code of a short link that is too short to be one.
    """
    joined, kind = text[start:end], PageKind.NOT_A_PRODUCT
    for number in range(MOST_BREAKS):
        line = NEXT_LINE.match(text, end) if len(joined) <= LONGEST_BROKEN else None
        if line is None:
            break
        if number == 0:
            kind = kind_of(_trimmed(text, start, end))
        is_host = kind is PageKind.FOREIGN and HOST.fullmatch(joined) is not None
        if _begins_another(text, line.start("more")):
            if not is_host or kind_of(line["more"]) is not PageKind.FOREIGN:
                break
        elif not is_host and not _goes_on(
            kind, joined, line["more"], text[max(end - FULL, 0) : end]
        ):
            break
        joined, end = joined + line["more"], line.end()
        address = _trimmed(joined, 0, len(joined))
        whole = kind_of(address)
        if whole is PageKind.PRODUCT or (
            whole is PageKind.SHORT_LINK and not ID_IN_A_ROW.fullmatch(line["more"])
        ):
            return _Span(start, end - len(joined) + len(address), end, address)
    return None


def _goes_on(kind: PageKind, joined: str, more: str, before: str) -> bool:
    """Whether the next line may hold the rest of what was read so far."""
    if kind is PageKind.PRODUCT:
        return joined[-1].isdecimal() and REST_OF_A_NUMBER.match(more) is not None
    if kind is PageKind.SHORT_LINK:
        code, rest = CODE.search(joined), CODE_ALONE.fullmatch(more)
        is_full = len(before) == FULL and "\n" not in before
        if code is None or rest is None or (code["begun"] and not is_full):
            return False
        begun = code["begun"] or ""
        return len(begun) < SHORTEST_CODE <= len(begun + rest[1]) <= LONGEST_CODE
    return kind is PageKind.NOT_A_PRODUCT


def _begins_another(text: str, at: int) -> bool:
    match = START.match(text, at)
    return match is not None and not match[0].lower().rstrip(".").endswith((".html", ".htm"))


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
    """Where it begins: a word may be glued before its scheme, or before its "www."."""
    if glued := match["host"] and GLUED_HOST.search(match["host"]):
        return match.start() + glued.start()
    scheme = (match["scheme"] or "").lower()
    for known in ("https", "http"):
        if scheme.endswith(known):
            return match.end("scheme") - len(known)
    return match.start()


def _untagged(text: str) -> str:
    """The text with cells and paragraphs of HTML as lines, and marks as blanks; what is left stands
    where it stood."""
    if not text.isascii():
        text = MARKS.sub(lambda mark: " " * len(mark[0]), text)
    if "<" not in text:
        return text
    lines = BLOCK_TAG.sub(lambda tag: "\n" * len(tag[0]), text)
    return TEXT_TAG.sub(lambda tag: " " * len(tag[0]), lines)


def _labelled(text: str) -> Iterator[_Span]:
    """Ids behind a word that says what they are, wherever they stand."""
    for match in LABELLED.finditer(text):
        for id in LABELLED_ID.finditer(text, *match.span("ids")):
            yield _Span(id.start(), id.end(), id.end(), _hyphened(id[0]))


def _hyphened(id: str) -> str:
    """With plain hyphens between the groups of a book's number."""
    return OTHER_HYPHENS.sub("-", id)


def _lone_words(text: str) -> Iterator[_Span]:
    """Words that are all that their line or cell holds."""
    above = ""  # or before it in its row: what tells of a number that it is a telephone's
    for line in LINE.finditer(text):
        start, end = line.span()
        if label := LABEL.match(text, start, end):  # of all that is listed behind it
            start = label.end()
        for cells in _cells_of(text[start:end]):
            before = above
            for cell in cells.finditer(text, start, end):
                word = _lone_word(text, *cell.span())
                if word and not (NUMBER.fullmatch(word.text) and headings.is_of_others(before)):
                    yield word
                before = cell[0]
        above = line[0]


def _cells_of(line: str) -> Sequence[re.Pattern[str]]:
    """What the cells of a line can be: a title between commas may hold a bar itself."""
    if LIST_OF_WORDS.fullmatch(line):
        return (LISTED,)
    if _is_row_of_ids(line.split()):
        return (BLACK,)
    return [cells for separator, cells in CELLS.items() if separator in line] or (LINE,)


def _lone_word(text: str, start: int, end: int) -> _Span | None:
    """The word of a cell that holds no other."""
    for before in (LIST_MARK, LABEL):
        mark = before.match(text, start, end)
        start = mark.end() if mark else start
    held = text[start:end]
    word = held.strip(WRAPPING)
    if BARE.fullmatch(word) is None:
        return None
    start += len(held) - len(held.lstrip(WRAPPING))
    return _Span(start, start + len(word), start + len(word), _hyphened(word))


def _is_row_of_ids(words: Sequence[str]) -> bool:
    """Whether nothing is in the line but ids of one length: a telephone number has groups."""
    return (
        len(words) > 1 and len(set(map(len, words))) == 1 and all(map(ID_IN_A_ROW.fullmatch, words))
    )


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

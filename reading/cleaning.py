"""Takes out of a pasted text what nobody sees, and undoes what programs did to it.

Characters without a shape, HTML escapes, and what e-mails are written in: base64 and
quoted-printable. What is left knows its place in the text as pasted. The work grows linearly with
the text.
"""

import bisect
import html
import re
from collections.abc import Iterable, Iterator

from reading import mails
from reading.mails import Piece

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
OF_SCRIPTS = r"\\/|\\u(?:00|20)[0-9a-f]{2}"  # in strings of JSON and JavaScript
NOISE = re.compile(rf"{INVISIBLE.pattern}|(?P<kept>{ESCAPE}|{OF_SCRIPTS})", re.IGNORECASE)

# Quoted-printable: "=3D" is the sign "=", and one at the end of a line says that it goes on.
QUOTED = r"(?:=[0-9A-F]{2})+"
SOFT_BREAK = r"=[ \t]*\r?\n(?:>[> \t]*)?"  # also where a mail quotes the source of another
# As long as its lines get; a list of addresses may have one that ends in "=" as well.
FULL_LINE = re.compile(r"^[^\r\n]{70,75}=[ \t]*\r?\n(?!\s*(?:https?:|www\.|//))", re.I | re.M)
HEAD_OF_QUOTED = re.compile(
    r"^content-transfer-encoding:[ \t]*quoted-printable", re.IGNORECASE | re.MULTILINE
)
QUOTED_SIGN = re.compile("=[0-9A-F]{2}")
QUOTED_NOISE = re.compile(
    rf"{SOFT_BREAK}|{INVISIBLE.pattern}|(?P<kept>{ESCAPE}|{OF_SCRIPTS}|(?-i:{QUOTED}))",
    re.IGNORECASE,
)


class Cleaned:
    """What a text says to people; it knows where each character was."""

    def __init__(self, text: str) -> None:
        self._layers = [_Layer(text, mails.decoded(text))]
        self._layers.append(_Layer(self._layers[0].text, _noises(self._layers[0].text)))
        self.text = self._layers[1].text

    def place(self, at: int) -> int:
        """Where the character of the cleaned text was."""
        for layer in reversed(self._layers):
            at = layer.place(at)
        return at


class _Layer:
    """A text in which pieces are replaced."""

    def __init__(self, text: str, pieces: Iterable[Piece]) -> None:
        parts: list[str] = []
        self._here, self._there = [0], [0]
        length = last = 0
        for start, end, piece in pieces:
            for part, upto in ((text[last:start], start), (piece, end)):
                parts.append(part)
                length += len(part)
                self._here.append(length)
                self._there.append(upto)
            last = end
        parts.append(text[last:])
        self.text = "".join(parts)

    def place(self, at: int) -> int:
        """Where the character was; in a longer or shorter piece, about where."""
        part = bisect.bisect_right(self._here, at) - 1
        begin, offset = self._there[part], at - self._here[part]
        if offset and part + 1 < len(self._here):
            length = self._here[part + 1] - self._here[part]
            offset = offset * (self._there[part + 1] - begin) // length
        return begin + offset


def _noises(text: str) -> Iterator[Piece]:
    noises = QUOTED_NOISE if _is_quoted_printable(text) else NOISE
    for noise in noises.finditer(text):
        yield noise.start(), noise.end(), _replaced(noise)


def cleaned(text: str) -> str:
    """The text without what nobody sees, its escapes undone, where places do not matter."""
    return NOISE.sub(_replaced, text)


def _replaced(noise: re.Match[str]) -> str:
    return _undone(noise["kept"]) if noise["kept"] else ""


def _is_quoted_printable(text: str) -> bool:
    """Whether it is of an e-mail's source: "=3D" alone may be a value that begins with 3D."""
    if "=" not in text:
        return False
    if FULL_LINE.search(text) or HEAD_OF_QUOTED.search(text):
        return True
    if "=3D" not in text:
        return False
    if re.search(SOFT_BREAK, text):
        return True
    return text.count("=3D") > 1 and len(QUOTED_SIGN.findall(text)) == text.count("=")


def _undone(escape: str) -> str:
    if escape == "\\/":
        return "/"
    if escape.startswith("\\"):
        undone = chr(int(escape[2:], 16))
    elif escape.startswith("="):
        undone = bytes.fromhex(escape.replace("=", "")).decode(errors="replace")
    else:
        undone = html.unescape(escape)
    return INVISIBLE.sub("", undone)

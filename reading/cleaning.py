"""Takes out of a pasted text what nobody sees, and undoes what programs did to it.

Characters without a shape, HTML escapes, and the quoted-printable writing of e-mails. What is left
knows its place in the text as pasted. The work grows linearly with the text.
"""

import bisect
import html
import re

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

# Quoted-printable: "=3D" is the sign "=", and one at the end of a line says that it goes on.
QUOTED = r"(?:=[0-9A-F]{2})+"
SOFT_BREAK = r"=[ \t]*\r?\n"
QUOTED_SIGN = re.compile("=[0-9A-F]{2}")
QUOTED_NOISE = re.compile(
    rf"{SOFT_BREAK}|{INVISIBLE.pattern}|(?P<kept>{ESCAPE}|\\/|(?-i:{QUOTED}))", re.IGNORECASE
)


class Cleaned:
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

        noises = QUOTED_NOISE if _is_quoted_printable(text) else NOISE
        for noise in noises.finditer(text):
            add(text[last : noise.start()], noise.start())
            add(_undone(noise["kept"]) if noise["kept"] else "", noise.end())
            last = noise.end()
        pieces.append(text[last:])
        self.text = "".join(pieces)

    def place(self, at: int) -> int:
        """Where the character of the cleaned text was."""
        piece = bisect.bisect_right(self._here, at) - 1
        return self._there[piece] + at - self._here[piece]


def _is_quoted_printable(text: str) -> bool:
    """Whether it is of an e-mail's source: "=3D" alone may be a value that begins with 3D."""
    if "=3D" not in text:
        return False
    if re.search(SOFT_BREAK, text):
        return True
    return text.count("=3D") > 1 and len(QUOTED_SIGN.findall(text)) == text.count("=")


def _undone(escape: str) -> str:
    if escape == "\\/":
        return "/"
    if escape.startswith("="):
        undone = bytes.fromhex(escape.replace("=", "")).decode(errors="replace")
    else:
        undone = html.unescape(escape)
    return INVISIBLE.sub("", undone)

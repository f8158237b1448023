"""How long the reader of pasted texts takes, and whether its time grows with the text alone."""

import time
from dataclasses import dataclass

from clients.registry import read_text

MEGABYTE = 1_000_000
# Repeated to fill a text: what people paste, and what holds careless readers up.
PIECES = {
    "messages": "Look (https://www.amazon.de/dp/B0LAMP0001?th=1), cheap!\n1005007000000017\n",
    "no address": "nothing but words and 49301234567 numbers, and. dots. ",
    "addresses without a blank": "https://www.amazon.de/dp/B0LAMP0001,",
    "addresses in a query": "http://a.bc/?u=https://www.amazon.de/",
    "encoded addresses": "https%3A%2F%2Fa.bc%2F",
    "dots": "a.",
    "brackets": "http://a.bc/(",
    "lines of a mail": "www.amazon.de/a-\nxyz\n",
    "source of a mail": "a=3D=\n",
    "parts in base64": "Content-Transfer-Encoding: base64\n\nQUJD\n\n",
    "cut hosts": "https://www.ama\n",
    "cells of HTML": "<td>a</td><td <b>",
    "separators": '",;|\t',
}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """CPU seconds for a text of half a megabyte, and for one of a whole."""

    name: str
    half: float
    whole: float

    @property
    def ratio(self) -> float:
        """2 where the time grows linearly."""
        return self.whole / self.half


def readings() -> list[Reading]:
    """Each kind of text, read at both lengths."""
    return [
        Reading(name=name, half=_seconds(piece, MEGABYTE // 2), whole=_seconds(piece, MEGABYTE))
        for name, piece in PIECES.items()
    ]


def _seconds(piece: str, length: int) -> float:
    """The better of two times: what else the machine does counts less."""
    text = (piece * (length // len(piece) + 1))[:length]
    return min(_once(text) for _ in range(2))


def _once(text: str) -> float:
    started = time.process_time()
    read_text(text)
    return time.process_time() - started

"""Progress of a long command: a bar on a terminal, plain lines elsewhere."""

from types import TracebackType
from typing import Self, TextIO

WIDTH = 30
CLEAR_LINE = "\r\x1b[K"


class Progress:
    """`stream`: where it is shown, usually standard error. `total`: how much there is to do."""

    def __init__(self, stream: TextIO, *, total: int) -> None:
        self._stream = stream
        self._total = total
        self._is_bar = stream.isatty()
        self._bar = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar:
            self._stream.write("\n")
            self._stream.flush()

    def show(self, done: int, note: str) -> None:
        """So much is done by now; the note stands behind it."""
        if not self._is_bar:
            print(f"{done} of {self._total}, {note}", file=self._stream, flush=True)
            return
        filled = WIDTH * done // max(self._total, 1)
        self._bar = f"[{'#' * filled}{' ' * (WIDTH - filled)}] {done}/{self._total}, {note}"
        self._draw()

    def tell(self, line: str) -> None:
        """Print a line of the result on standard output, above the bar."""
        if self._bar:
            self._stream.write(CLEAR_LINE)
            self._stream.flush()
        print(line, flush=True)
        if self._bar:
            self._draw()

    def _draw(self) -> None:
        self._stream.write(f"{CLEAR_LINE}{self._bar}")
        self._stream.flush()

"""Several server processes on one port (WORKERS): a parent that holds the socket, and its workers.

The parent answers nothing. It starts each worker as a process of its own, which accepts connections
of the same socket; starts another one where a worker died; hands SIGTERM on to all, so that each
finishes what it began; and ends when they ended. A worker whose parent is gone ends too. What the
workers share is in PostgreSQL and Redis, and their numbers are in files of a folder
(web/metrics.py).
"""

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

SERVER = Path(__file__).resolve().parent.parent / "server.py"
PROGRAM = (sys.executable, str(SERVER), "serve")
POLL_SECONDS = 0.1
SHORT_LIFE = 5.0  # seconds: who lives no longer is not followed at once
CANNOT_START = 3
log = logging.getLogger("affiliate_graph.server")


@dataclass(kw_only=True)
class Workers:
    """`count` processes that accept connections of `listener`, with `environ`.

    `greet` is called when all of them are ready. `program`: what a worker runs; it is told the
    numbers of the socket and of a pipe, to which it writes a byte when it is ready.
    """

    count: int
    listener: socket.socket
    environ: Mapping[str, str]
    greet: Callable[[], None]
    program: Sequence[str] = PROGRAM
    _running: list["_Worker"] = field(default_factory=list)
    _signals: list[int] = field(default_factory=list)
    _may_start_at: float = 0.0

    def run(self) -> int:
        """Until a signal ends it, or a worker cannot start. Returns the exit code."""
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._note)
        self._running = [self._start() for _ in range(self.count)]
        code = self._until_ready()
        if code is None and not self._signals:
            self.greet()
        while code is None and not self._signals:
            time.sleep(POLL_SECONDS)
            self._replace_the_dead()
        self._end(signal.SIGTERM if code else self._signals[0])
        if code is not None:
            return code
        return self._by_signal()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._signals.append(number)

    def _start(self) -> "_Worker":
        ready, tells_ready = os.pipe()
        with os.fdopen(tells_ready, "wb"):
            of_ours = (f"--socket={self.listener.fileno()}", f"--ready={tells_ready}")
            process = subprocess.Popen(
                [*self.program, *of_ours],
                env=dict(self.environ),
                pass_fds=(self.listener.fileno(), tells_ready),
                start_new_session=True,  # Ctrl-C is for the parent, which tells them
            )
        return _Worker(process, ready, time.monotonic())

    def _until_ready(self) -> int | None:
        """The exit code where one of them ended instead."""
        while not self._signals:
            for each in self._running:
                if (code := each.process.poll()) is not None:
                    return code or CANNOT_START
            if all(each.is_ready() for each in self._running):
                break
            time.sleep(POLL_SECONDS)
        return None

    def _replace_the_dead(self) -> None:
        """Start another one for each, but not in a hurry where they die young."""
        for place, each in enumerate(self._running):
            code = each.process.poll()
            if code is None or time.monotonic() < self._may_start_at:
                continue
            log.warning("a worker ended", extra={"worker": each.process.pid, "exitCode": code})
            if time.monotonic() - each.since < SHORT_LIFE:
                self._may_start_at = time.monotonic() + SHORT_LIFE
            each.close()
            self._running[place] = self._start()

    def _end(self, number: int) -> None:
        """Tell all of them, wait for them, and hand on a second signal: that ends them at once."""
        told = min(1, len(self._signals))  # before it is sent: the next one may come at once
        self._send(number)
        while any(each.process.poll() is None for each in self._running):
            time.sleep(POLL_SECONDS)
            if len(self._signals) > told:
                told = len(self._signals)
                self._send(signal.SIGINT)
        for each in self._running:
            each.close()

    def _send(self, number: int) -> None:
        for each in self._running:
            if each.process.poll() is None:
                each.process.send_signal(number)

    def _by_signal(self) -> int:
        """End as one process would: well by Ctrl-C, else by the signal itself."""
        if self._signals[0] == signal.SIGINT:
            return 0
        sys.stdout.flush()
        signal.signal(self._signals[0], signal.SIG_DFL)
        os.kill(os.getpid(), self._signals[0])
        return 128 + self._signals[0]


@dataclass(frozen=True, slots=True)
class _Worker:
    process: "subprocess.Popen[bytes]"
    ready: int
    since: float

    def is_ready(self) -> bool:
        """Whether it accepts connections; it says so by one byte."""
        return bool(select.select([self.ready], [], [], 0)[0])

    def close(self) -> None:
        """Forget it."""
        os.close(self.ready)

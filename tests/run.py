"""One run of the tests, in as many processes as pytest starts: what they share, and how they wait
for each other. A process by itself is a run too.
"""

import atexit
import fcntl
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# Below the ports that systems give to outgoing connections, which could take one meanwhile.
PORTS = range(20_000, 32_000)


class Run:
    """`folder` belongs to all processes of the run; the one that began it deletes it at the end."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    @property
    def folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="affiliate-graph-tests-"))
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def join(self, folder: str) -> None:
        """Be one of the processes of a run that another process began."""
        self._folder = Path(folder)


RUN = Run()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Of the processes of this machine one is in here at a time."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def once(name: str, make: Callable[[Path], None]) -> Path:
    """A file of the run, made by the first process that needs it."""
    path = RUN.folder / name
    with locked(path.with_name(f"{name}.lock")):
        if not path.exists():
            unfinished = path.with_name(f"{name}.unfinished")
            make(unfinished)
            unfinished.rename(path)
    return path


def free_port() -> int:
    """A port that nobody uses now, and that no connection of ours takes before it is used."""
    while True:
        with socket.socket() as probe:
            port = random.choice(PORTS)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port

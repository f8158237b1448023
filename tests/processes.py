"""The real server as a process of its own, for tests that start it as a user does."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from config import DATABASE_FILE
from tests.database import sqlite_template
from tests.run import free_port

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
# Nothing of the surroundings but what a program needs to run at all.
PLAIN = {
    "PATH": os.environ.get("PATH", ""),
    "HOME": os.environ.get("HOME", "/tmp"),
    "DRAIN_SECONDS": "0",  # nobody sends traffic by /readyz here
}


# The real pace of a marketplace is a call a second: a test of something else need not wait.
UNHURRIED = {"ALIEXPRESS_CALLS_PER_SECOND": "1000", "AMAZON_CALLS_PER_SECOND": "1000"}


@dataclass
class ServerProcess:
    """A started server. `output`: what it printed so far, standard error included."""

    address: str
    process: "subprocess.Popen[str]"
    output_file: Path

    @property
    def output(self) -> str:
        return self.output_file.read_text("utf-8")


def run_server(
    *arguments: str, environ: Mapping[str, str], seconds: float = START_SECONDS
) -> "subprocess.CompletedProcess[str]":
    """Run `server.py` to its end."""
    return subprocess.run(
        [sys.executable, "server.py", *arguments],
        cwd=ROOT,
        env=PLAIN | dict(environ),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@contextlib.contextmanager
def started_server(
    data_dir: Path, environ: Mapping[str, str], *, migrated: bool = True
) -> Iterator[ServerProcess]:
    """`server.py` on a free port, ready; terminated at the end.

    `migrated`: a new SQLite database has its tables already, which saves time.
    """
    port = free_port()
    data_dir.mkdir(exist_ok=True)
    database = data_dir / DATABASE_FILE
    if migrated and "DATABASE_URL" not in environ and not database.exists():
        shutil.copy(sqlite_template(), database)
    output = data_dir / f"output-{port}.txt"
    with output.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, "server.py"],
            cwd=ROOT,
            env=PLAIN | {"PORT": str(port), "DATA_DIR": str(data_dir)} | dict(environ),
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
        )
        server = ServerProcess(f"http://127.0.0.1:{port}", process, output)
        try:
            _wait(server)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(server: ServerProcess) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise AssertionError(f"the server ended at once:\n{server.output}")
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{server.address}/readyz", timeout=2).status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server was not ready in time:\n{server.output}")

"""The real server as a process of its own, for tests that start it as a user does."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
# Nothing of the surroundings but what a program needs to run at all.
PLAIN = {
    "PATH": os.environ.get("PATH", ""),
    "HOME": os.environ.get("HOME", "/tmp"),
    "DRAIN_SECONDS": "0",  # nobody sends traffic by /readyz here
}


@dataclass
class ServerProcess:
    """A started server. `output`: what it printed so far, standard error included."""

    address: str
    process: "subprocess.Popen[str]"
    output_file: Path

    @property
    def output(self) -> str:
        return self.output_file.read_text("utf-8")


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
def started_server(data_dir: Path, environ: Mapping[str, str]) -> Iterator[ServerProcess]:
    """`server.py` on a free port, ready; terminated at the end."""
    port = free_port()
    data_dir.mkdir(exist_ok=True)
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

"""A client that tells what its server's process used, and servers started for it."""

import contextlib
import hashlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import bare
from tests.run import free_port

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks/peers"
REQUESTS = 100  # of each server in a round


class Client:
    """Sends requests over one connection and knows the server's process."""

    def __init__(self, port: int, pid: int, key: str = "") -> None:
        self.key = key
        self._http = http.client.HTTPConnection("127.0.0.1", port)
        self._pid = pid

    def get(self, path: str) -> bytes:
        """The body of the answer."""
        return self._sent("GET", path)

    def post(self, document: str, variables: dict[str, object]) -> bytes:
        """The body of the answer of /graphql."""
        return self._sent(
            "POST", "/graphql", json.dumps({"query": document, "variables": variables})
        )

    def tag(self, document: str) -> str:
        """That of the answer of a trusted document."""
        self._http.request("GET", _named(document), headers={"X-Api-Key": self.key})
        response = self._http.getresponse()
        response.read()
        return response.headers["ETag"]

    def unchanged(self, document: str, tag: str) -> bytes:
        """Asks for a trusted document whose answer is there already."""
        return self._sent("GET", _named(document), tag=tag)

    def _sent(self, method: str, path: str, body: str | None = None, tag: str = "") -> bytes:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        headers |= {"If-None-Match": tag} if tag else {}
        try:
            self._http.request(method, path, body, headers)
            return self._http.getresponse().read()
        except (
            ConnectionResetError,
            BrokenPipeError,
        ):  # it was idle for long, while the other one worked
            self._http.close()
            return self._sent(method, path, body, tag)

    def cost(self, send: Callable[[], bytes]) -> float:
        """Milliseconds of the server's CPU for one request."""
        before = cpu(self._pid)
        for _ in range(REQUESTS):
            send()
        return (cpu(self._pid) - before) / REQUESTS * 1000


def _named(document: str) -> str:
    return f"/graphql?documentId={hashlib.sha256(document.encode()).hexdigest()}"


def cpu(pid: int) -> float:
    """Seconds of CPU that the threads of the process have used, in and outside the kernel."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 10**9


@contextlib.contextmanager
def writer(url: str) -> Iterator[Callable[[str], None]]:
    """Commits something of a product, by another process than the server's."""
    command = [sys.executable, "-m", "benchmarks.writer", url]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        lines, told = process.stdin, process.stdout
        assert lines is not None
        assert told is not None

        def write(external_id: str) -> None:
            lines.write(f"{external_id}\n")
            lines.flush()
            assert told.readline() == "written\n"

        yield write
        lines.close()


@contextlib.contextmanager
def bare_server(url: str) -> Iterator[Client]:
    """The server without a graph."""
    port = free_port()
    with _started([sys.executable, "-m", "benchmarks.bare", url, str(port)], port) as client:
        yield client


@contextlib.contextmanager
def peer_server(name: str, url: str) -> Iterator[Client]:
    """A GraphQL server from npm over the same rows of PostgreSQL: see benchmarks/peers."""
    port = free_port()
    command = ["node", str(PEERS / "server.mjs"), name, url, str(port)]
    with _started(command, port, given=bare.PAGE) as client:
        yield client


@contextlib.contextmanager
def _started(command: Sequence[str], port: int, given: str = "") -> Iterator[Client]:
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(given)
    process.stdin.close()
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                client = Client(port, process.pid)
                client.get("/")
                break
            time.sleep(0.05)
        yield client
    finally:
        process.terminate()
        process.wait(30)

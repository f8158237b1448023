"""Several processes on one port: who died is followed, and a signal reaches all of them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from db.keys import new_key
from tests.database import empty_database, on_postgres
from tests.graph import ALIEXPRESS
from tests.processes import ROOT, started_server

pytestmark = pytest.mark.anyio

PARENT = """
import socket, sys
from commands.workers import Workers

def greet():
    print("ready", flush=True)

listener = socket.create_server(("127.0.0.1", 0))
program = (sys.executable, "-c", sys.argv[1])
sys.exit(Workers(count=2, listener=listener, environ={}, greet=greet, program=program).run())
"""
WORKER = """
import os, signal, sys
ready = int(sys.argv[2].partition("=")[2])
def end(number, frame):
    print("ended", os.getpid(), number, flush=True)
    sys.exit(0)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, end)
print("worker", os.getpid(), flush=True)
os.write(ready, b".")
while True:
    signal.pause()
"""
STUBBORN = WORKER.replace("sys.exit(0)", "number == signal.SIGINT and sys.exit(0)")
HOPELESS = "import sys; sys.exit(3)"
KEY = "an-admin-key-of-the-tests-0123456789"
HEADERS = {"X-Api-Key": KEY}
SHARED = {
    "SANDBOX": "on",
    "METRICS": "on",
    "WORKERS": "2",
    "ENCRYPTION_KEYS": new_key(),
    "ADMIN_API_KEY": KEY,
    "ALIEXPRESS_APP_KEY": ALIEXPRESS["appKey"],
    "ALIEXPRESS_APP_SECRET": ALIEXPRESS["appSecret"],
    "ALIEXPRESS_TRACKING_ID": ALIEXPRESS["trackingId"],
}
SEARCH = '{ searchProducts(marketplace: ALIEXPRESS, search: {keywords: "case"}) { totalCount } }'
postgres_only = pytest.mark.skipif(not on_postgres(), reason="processes share PostgreSQL")


@contextlib.contextmanager
def parent(worker: str) -> Iterator["subprocess.Popen[str]"]:
    """The parent of two of these."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, worker],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def read_until(process: "subprocess.Popen[str]", word: str) -> list[str]:
    """Its lines up to the first with that word."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if word in line:
            return lines
    raise AssertionError(f"it ended: {lines}")


def test_a_signal_reaches_all_workers_and_ends_the_parent_as_it_ends_one_process() -> None:
    with parent(WORKER) as process:
        read_until(process, "ready")

        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)

    ended = [line.split()[2] for line in output.splitlines() if line.startswith("ended")]
    assert ended == [str(int(signal.SIGTERM))] * 2
    assert process.returncode == -signal.SIGTERM


def test_ctrl_c_ends_the_parent_well() -> None:
    with parent(WORKER) as process:
        read_until(process, "ready")

        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)

    assert output.count("ended") == 2
    assert process.returncode == 0


def test_a_second_signal_is_handed_on_so_that_workers_end_at_once() -> None:
    with parent(STUBBORN) as process:
        read_until(process, "ready")

        process.send_signal(signal.SIGTERM)
        read_until(process, "ended")
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)

    assert output.count(f" {int(signal.SIGINT)}\n") == 2


def test_a_worker_that_dies_is_followed_by_another() -> None:
    with parent(WORKER) as process:
        first = [line.split()[1] for line in read_until(process, "ready") if "worker" in line]

        os.kill(int(first[0]), signal.SIGKILL)
        told = read_until(process, "worker ")

        assert any("a worker ended" in line for line in told)
        assert told[-1].split()[1] not in first
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_workers_that_cannot_start_end_the_parent_with_their_code() -> None:
    with parent(HOPELESS) as process:
        output, _ = process.communicate(timeout=20)

    assert process.returncode == 3
    assert "ready" not in output


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def workers_of(process: "subprocess.Popen[str]") -> list[int]:
    """The ids of its workers."""
    found = subprocess.run(
        ["ps", "--ppid", str(process.pid), "-o", "pid="], capture_output=True, text=True, check=True
    )
    return [int(line) for line in found.stdout.split()]


def sign_in(address: str, then: Sequence[str]) -> list[int]:
    """How these addresses answer to the browser that signed in at the first."""
    with httpx.Client() as browser:
        browser.post(
            f"{address}/session", json={"key": KEY}, headers={"GraphQL-Preflight": "1"}
        ).raise_for_status()
    return [httpx.get(f"{each}/session", cookies=browser.cookies).status_code for each in then]


def asked(address: str, times: int) -> None:
    """So many searches, each over a connection of its own, so that any worker may get it."""
    for _ in range(times):
        answer = httpx.post(f"{address}/graphql", json={"query": SEARCH}, headers=HEADERS)
        assert answer.json()["data"]["searchProducts"]["totalCount"] > 0


def counted(address: str, metric: str) -> float:
    """The sum of its series, as one of the workers tells it."""
    text = httpx.get(f"{address}/metrics", headers=HEADERS).text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(metric))


@pytest.mark.slow
@postgres_only
async def test_two_machines_of_two_processes_are_one_server(tmp_path: Path, redis_url: str) -> None:
    async with empty_database(tmp_path) as url:
        environ = SHARED | {"DATABASE_URL": url, "REDIS_URL": redis_url}
        with (
            started_server(tmp_path / "one", environ) as one,
            started_server(tmp_path / "two", environ) as two,
        ):
            signed_in = sign_in(one.address, [one.address, two.address] * 4)
            asked(one.address, 12)
            asked(two.address, 3)

            totals = {counted(one.address, "affiliate_graph_operations_total") for _ in range(8)}
            calls = [
                counted(each.address, "affiliate_graph_upstream_calls_total") for each in (one, two)
            ]

            assert signed_in == [200] * 8
            assert totals == {12}
            assert sum(calls) == 1  # the other answers were in the cache of all


@pytest.mark.slow
@postgres_only
async def test_a_killed_worker_is_replaced_and_its_numbers_stay(
    tmp_path: Path, redis_url: str
) -> None:
    async with empty_database(tmp_path) as url:
        environ = SHARED | {"DATABASE_URL": url, "REDIS_URL": redis_url}
        with started_server(tmp_path / "one", environ) as server:
            wait_until(lambda: "Affiliate Graph" in server.output)  # all of them are ready
            asked(server.address, 8)
            before = workers_of(server.process)

            os.kill(before[0], signal.SIGKILL)
            wait_until(lambda: server.output.count('"started"') == 3)
            asked(server.address, 2)

            assert counted(server.address, "affiliate_graph_operations_total") == 10
            server.process.terminate()
            assert server.process.wait(timeout=30) == -signal.SIGTERM
        assert "a worker ended" in server.output
        assert server.output.count('"stopped"') == 2


@pytest.mark.slow
@postgres_only
async def test_workers_do_not_outlive_their_parent(tmp_path: Path, redis_url: str) -> None:
    async with empty_database(tmp_path) as url:
        environ = SHARED | {"DATABASE_URL": url, "REDIS_URL": redis_url}
        with started_server(tmp_path / "one", environ) as server:
            workers = workers_of(server.process)

            server.process.kill()
            server.process.wait()

            wait_until(lambda: not any(Path(f"/proc/{each}/exe").exists() for each in workers))

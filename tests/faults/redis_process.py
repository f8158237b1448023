"""A Redis server of the test's own, to be killed, stopped and brought back."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.processes import PLAIN
from tests.run import free_port

BINARY = shutil.which("redis-server") or shutil.which("valkey-server")


class RedisProcess:
    """Not running until `start`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Ready when this returns."""
        assert BINARY is not None
        self._process = subprocess.Popen(
            [BINARY, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            cwd=self._folder,
            env=PLAIN,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 5
        with contextlib.closing(redis.Redis(port=self.port)) as probe:
            while time.monotonic() < until:
                with contextlib.suppress(redis.ConnectionError):
                    probe.ping()
                    return
                time.sleep(0.01)
        raise AssertionError("Redis was not ready in time")

    def kill(self) -> None:
        """Gone, with everything that it kept."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def hang(self) -> None:
        """Still there, but answering nobody."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Go on after `hang`."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)


@contextlib.contextmanager
def redis_process(folder: Path) -> Iterator[RedisProcess]:
    """A server that is not started yet; skipped where there is no Redis, which CI must have."""
    if BINARY is None:
        message = "There is no redis-server on this machine: these tests prove nothing here."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    server = RedisProcess(folder)
    try:
        yield server
    finally:
        server.kill()

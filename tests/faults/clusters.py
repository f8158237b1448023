"""A PostgreSQL of a test's own, which may crash while others use theirs."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.run import free_port

# Debian keeps them off the path, a folder for each version.
FOLDERS = [*map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))]
PG_CTL = shutil.which("pg_ctl", path=os.pathsep.join([os.environ["PATH"], *FOLDERS]))
# It refuses to run as root.
USER = "postgres" if os.geteuid() == 0 else None


@dataclass(frozen=True)
class Cluster:
    """A running one. `url`: of its database."""

    url: str
    folder: Path
    options: str

    async def crash(self) -> None:
        """It ends in the middle of everything, and starts again."""
        await _run("restart", "-w", "-m", "immediate", "-D", str(self.folder), "-o", self.options)


@contextlib.asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    """A new one, which is gone at the end."""
    with tempfile.TemporaryDirectory() as place:
        if USER:
            shutil.chown(place, USER)
        folder, port = Path(place, "data"), free_port()
        await _run("init", "-D", str(folder), "-o", "-U postgres -A trust --no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place}"
        one = Cluster(f"postgres://postgres@127.0.0.1:{port}/postgres", folder, options)
        await _run("start", "-w", "-D", str(folder), "-o", options)
        try:
            yield one
        finally:
            await _run("stop", "-m", "immediate", "-D", str(folder))


async def _run(*arguments: str) -> None:
    """As its user. Its output goes to a file: a server that it starts would keep a pipe open."""
    assert PG_CTL is not None
    with tempfile.TemporaryFile() as output:
        code = await asyncio.to_thread(
            subprocess.call,
            [PG_CTL, *arguments],
            cwd="/",
            user=USER,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        output.seek(0)
        assert code == 0, output.read().decode()

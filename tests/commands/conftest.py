"""Commands in this process, on an empty database of either engine, with the sandbox."""

import io
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from clients.registry import SETTINGS
from commands.main import main
from commands.words import PROGRAM
from config import known_names
from db.keys import new_key, write_private
from tests.database import empty_database, migrated_database, on_postgres
from tests.graph import API_KEY
from tests.processes import ServerProcess, started_server
from web.logs import NOISY

ALIEXPRESS = "appKey=500100\nappSecret=sandbox-app-secret\ntrackingId=sandbox_blog\n"


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command sets the log up for its process; the next test finds it as it was."""
    names = ("", *NOISY)
    root = logging.getLogger()
    handlers, levels = list(root.handlers), [logging.getLogger(name).level for name in names]
    yield
    root.handlers[:] = handlers
    for name, level in zip(names, levels, strict=True):
        logging.getLogger(name).setLevel(level)


@pytest.fixture
async def database(
    request: pytest.FixtureRequest,
    anyio_backend: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[str]:
    """The environment of a start with the sandbox and nothing stored; the URL of its database.

    It has its tables already, which saves time; see `first_start`.
    """
    new_database = empty_database if "first_start" in request.fixturenames else migrated_database
    for name in known_names(SETTINGS) & os.environ.keys():
        monkeypatch.delenv(name)
    async with new_database(tmp_path) as url:
        monkeypatch.setenv("SANDBOX", "on")
        monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("PORT", "0")
        monkeypatch.setenv("ALIEXPRESS_CALLS_PER_SECOND", "100")  # tests need not wait
        if not on_postgres() and new_database is migrated_database:
            (tmp_path / "data").mkdir(mode=0o700)
            write_private(tmp_path / "data" / "encryption.key", f"{new_key()}\n")
        if on_postgres():
            monkeypatch.setenv("ENCRYPTION_KEYS", new_key())
            monkeypatch.setenv("ADMIN_API_KEY", API_KEY)
        yield url


@pytest.fixture
def first_start() -> None:
    """The database has no tables yet."""


@pytest.fixture
def command(
    database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Runs a command; `typed` stands on its standard input, which is no terminal."""

    def run(*arguments: str, typed: str = "", program: str = PROGRAM) -> Done:
        with monkeypatch.context() as patched:
            patched.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
            patched.setattr("os.environ", dict(os.environ))  # which --env-file adds to
            code = main(arguments, program=program)
        printed = capsys.readouterr()
        return Done(code=code, out=printed.out, err=printed.err)

    return run


@pytest.fixture
def server_beside(command: Command, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server process on the same data as the commands."""
    names = known_names(SETTINGS) & os.environ.keys() - {"PORT"}
    with started_server(tmp_path / "data", {name: os.environ[name] for name in names}) as server:
        yield server


@pytest.fixture
def connected(command: Command) -> Command:
    """As `command`, with the sandbox's AliExpress connected."""
    assert command("connect", "aliexpress", typed=ALIEXPRESS).code == 0
    return command

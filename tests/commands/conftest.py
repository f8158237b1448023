"""Commands in this process, on an empty database of either engine, with the sandbox."""

import io
import logging
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from clients.registry import SETTINGS
from commands.main import main
from config import known_names
from db.connection import sqlite_path
from db.keys import new_key
from db.migrate import migrate
from tests.database import empty_database, on_postgres
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


@pytest.fixture(scope="session")
async def tables(
    tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[Path | None]:
    """A SQLite file with all tables, to be copied; None on PostgreSQL."""
    if on_postgres():
        yield None
        return
    async with empty_database(tmp_path_factory.mktemp("tables")) as url:
        await migrate(url)
        yield Path(sqlite_path(url))


@pytest.fixture
async def database(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tables: Path | None
) -> AsyncIterator[str]:
    """The environment of a start with the sandbox and nothing stored; the URL of its database.

    SQLite has its tables already, which saves time; see `first_start`.
    """
    for name in known_names(SETTINGS) & os.environ.keys():
        monkeypatch.delenv(name)
    async with empty_database(tmp_path) as url:
        monkeypatch.setenv("SANDBOX", "on")
        monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("PORT", "0")
        monkeypatch.setenv("ALIEXPRESS_CALLS_PER_SECOND", "100")  # tests need not wait
        if tables is None:
            monkeypatch.setenv("ENCRYPTION_KEYS", new_key())
        else:
            shutil.copyfile(tables, sqlite_path(url))
        yield url


@pytest.fixture
def first_start(database: str) -> None:
    """There is no database file yet. A PostgreSQL database is empty anyway."""
    if not on_postgres():
        Path(sqlite_path(database)).unlink()


@pytest.fixture
def command(
    database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Runs a command; `typed` stands on its standard input, which is no terminal."""

    def run(*arguments: str, typed: str = "") -> Done:
        with monkeypatch.context() as patched:
            patched.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
            code = main(arguments)
        printed = capsys.readouterr()
        return Done(code=code, out=printed.out, err=printed.err)

    return run


@pytest.fixture
def connected(command: Command) -> Command:
    """As `command`, with the sandbox's AliExpress connected."""
    assert command("connect", "aliexpress", typed=ALIEXPRESS).code == 0
    return command

"""serve: the socket that it listens on, and how a signal ends it."""

import importlib.util
import logging
import signal
import socket
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from clients.registry import SETTINGS
from commands.serve import Server, http_parser, listen
from config import DATABASE_FILE, read_settings
from db.keys import new_key, write_private
from domain.starting import CannotStart
from tests.commands.conftest import Command
from tests.database import on_postgres
from web.health import Shutdown

pytestmark = pytest.mark.anyio

key_files = pytest.mark.skipif(on_postgres(), reason="with PostgreSQL keys are settings")


@pytest.fixture
def folder(database: str, tmp_path: Path) -> Path:
    """DATA_DIR of a start over a database without rows."""
    return tmp_path / "data"


def test_small_answers_are_sent_at_once() -> None:
    # asyncio sets TCP_NODELAY only where the listener names its protocol; without it every answer
    # on a kept connection waits 40 ms for an acknowledgement.
    with listen(read_settings({"PORT": "0"}, SETTINGS)) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_a_taken_port_is_told_with_what_to_do() -> None:
    with listen(read_settings({"PORT": "0"}, SETTINGS)) as taken:
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(CannotStart, match=f"port {port}.*set PORT to another one"):
            listen(read_settings({"PORT": str(port)}, SETTINGS))


def test_without_the_quick_parser_there_is_pythons_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = http_parser()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    assert with_it == "commands.quick_http:BoundedHeaders"
    assert http_parser() == "h11"


@pytest.fixture
def shutdown() -> Shutdown:
    return Shutdown()


@pytest.fixture
def server(shutdown: Shutdown) -> Server:
    """A server that nothing was connected to, with half a minute to turn elsewhere."""
    server = Server(uvicorn.Config(Starlette(), log_config=None), shutdown, drain=30)
    server.config.load()
    server.server_state.default_headers = []
    return server


async def test_a_terminated_server_says_so_before_it_shuts_the_door(
    server: Server, shutdown: Shutdown, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="affiliate_graph")
    assert not await server.on_tick(1)

    server.handle_exit(signal.SIGTERM, None)
    is_shut = [await server.on_tick(tick) for tick in (2, 3)]

    assert shutdown.is_requested
    assert is_shut == [False, False]
    assert [(line.message, vars(line)["signal"]) for line in caplog.records] == [
        ("stopping", "SIGTERM")
    ]


@pytest.mark.parametrize(
    "signals", [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM]], ids=["keyboard", "second"]
)
async def test_the_keyboard_and_a_second_signal_end_it_at_once(
    server: Server, shutdown: Shutdown, signals: list[signal.Signals]
) -> None:
    for each in signals:
        server.handle_exit(each, None)

    assert await server.on_tick(1)
    assert shutdown.is_requested


def test_an_unknown_command_is_told(command: Command) -> None:
    done = command("serv")

    assert done.code == 2
    assert "migrate" in done.err


def test_all_wrong_credentials_of_the_environment_are_told(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMAZON_CREDENTIAL_VERSION", "7.7")
    monkeypatch.setenv("AMAZON_CREDENTIAL_SECRET", "secret-marker")
    monkeypatch.setenv("AMAZON_PARTNER_TAG", "no tag")
    monkeypatch.setenv("ALIEXPRESS_APP_KEY", "a b")

    done = command()

    assert done.code == 2
    assert "AMAZON_CREDENTIAL_VERSION" in done.err
    assert "AMAZON_PARTNER_TAG" in done.err
    assert "ALIEXPRESS_APP_KEY" in done.err
    assert "secret-marker" not in done.err


def test_postgres_without_a_key_is_refused(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENCRYPTION_KEYS", raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgres://user:password-marker@127.0.0.1:1/none")

    done = command()

    assert done.code == 2
    assert "ENCRYPTION_KEYS" in done.err
    assert "password-marker" not in done.err


@pytest.mark.parametrize(
    ("settings", "word", "code"),
    [
        pytest.param({"SANDBOX_CATALOG": "{empty}"}, "SANDBOX_CATALOG", 2, id="no listings"),
        pytest.param({"DATA_DIR": "{file}"}, "DATA_DIR", 3, id="a file as data folder"),
        pytest.param({"HOST": "203.0.113.7"}, "HOST", 3, id="no such address"),
    ],
)
def test_what_cannot_be_started_is_told(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    settings: dict[str, str],
    word: str,
    code: int,
) -> None:
    empty, file = tmp_path / "empty", tmp_path / "file"
    empty.mkdir()
    file.write_text("x")
    for name, text in settings.items():
        monkeypatch.setenv(name, text.format(empty=empty, file=file))

    done = command()

    assert done.code == code
    assert word in done.err


def test_another_encryption_key_than_that_of_the_data_is_refused(
    connected: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS", new_key())

    done = connected()

    assert done.code == 3
    assert "key" in done.err


@key_files
def test_a_key_file_that_others_can_read_is_refused(command: Command, folder: Path) -> None:
    (folder / "encryption.key").chmod(0o644)

    done = command()

    assert done.code == 3
    assert "chmod 600" in done.err


@key_files
def test_a_lost_key_is_not_replaced_over_old_data(
    connected: Command, monkeypatch: pytest.MonkeyPatch, database: str, folder: Path
) -> None:
    Path(database.removeprefix("sqlite://")).rename(folder / DATABASE_FILE)
    monkeypatch.delenv("DATABASE_URL")
    (folder / "encryption.key").unlink()

    done = connected()

    assert done.code == 3
    assert not (folder / "encryption.key").exists()


@key_files
@pytest.mark.parametrize(
    ("text", "mode"), [("", 0o600), ("x" * 40, 0o644)], ids=["empty", "for others too"]
)
def test_an_unusable_admin_key_file_is_refused(
    command: Command, folder: Path, text: str, mode: int
) -> None:
    place = folder / "admin.key"
    write_private(place, text)
    place.chmod(mode)

    done = command()

    assert done.code == 3
    assert "admin.key" in done.err

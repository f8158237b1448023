"""doctor: every fault is found, named, and told with what mends it; nothing is changed."""

import asyncio
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from commands import doctor
from db import webhooks
from db.connection import open_database
from db.keys import KeyRing, new_key
from tests.commands.conftest import ALIEXPRESS, Command
from tests.database import on_postgres
from tests.db.records import new_target, new_webhook
from tests.graph import API_KEY
from tests.processes import ServerProcess, started_server

sqlite_only = pytest.mark.skipif(on_postgres(), reason="a property of SQLite")


@pytest.fixture
def real_tables() -> None:
    """The tables are compared with those of a new database, which takes a second."""


@pytest.fixture(autouse=True)
def tables(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Well, whatever they are, unless a test asks for `real_tables`."""

    async def none(_url: str) -> list[str]:
        return []

    if "real_tables" not in request.fixturenames:
        monkeypatch.setattr(doctor, "examine", none)


def lines(printed: str, verdict: str) -> list[str]:
    return [line for line in printed.splitlines() if line.startswith(verdict)]


@pytest.mark.usefixtures("first_start")
def test_a_first_start_has_nothing_to_mend(command: Command, tmp_path: Path) -> None:
    done = command("doctor")

    assert done.code == 0
    assert "Nothing to mend." in done.out
    assert not (tmp_path / "data").exists()  # looking makes nothing


@pytest.mark.usefixtures("real_tables")
def test_a_server_in_use_has_nothing_to_mend(connected: Command) -> None:
    connected("verify")

    done = connected("doctor")

    assert done.code == 0
    assert "ok    AliExpress in default: HEALTHY" in done.out
    assert "ok    Sealed values" in done.out


def test_the_mode_is_told_and_that_nothing_is_connected(command: Command) -> None:
    done = command("doctor")

    assert done.code == 0
    assert "the mode is SANDBOX" in done.out
    assert "note  Marketplaces: nothing is connected in SANDBOX\n" in done.out
    assert " python server.py connect MARKETPLACE" in done.out


def test_two_admin_keys_are_told(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "admin.key").write_text("x" * 40)
    monkeypatch.setenv("ADMIN_API_KEY", "y" * 40)

    done = command("doctor")

    assert "note  Admin API key: ADMIN_API_KEY counts; " in done.out


@pytest.mark.skipif(not on_postgres(), reason="SQLite is of one machine")
def test_servers_of_one_database_with_two_admin_keys_are_told(
    command: Command, tmp_path: Path
) -> None:
    shared = {name: os.environ[name] for name in ("DATABASE_URL", "ENCRYPTION_KEYS", "SANDBOX")}
    with started_server(tmp_path / "one", shared | {"ADMIN_API_KEY": API_KEY}) as one:
        agreed = command("doctor")
    with started_server(tmp_path / "two", shared | {"ADMIN_API_KEY": "y" * 40}) as other:
        pass

    differing = command("doctor")

    assert "another ADMIN_API_KEY" not in one.output + agreed.out
    assert "another ADMIN_API_KEY" in other.output
    assert differing.code == 1
    assert "FAIL  Admin API key: the server of this database that" in differing.out


def test_credentials_of_the_environment_that_are_not_used_are_told(
    connected: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALIEXPRESS_APP_KEY", "500100")
    monkeypatch.setenv("ALIEXPRESS_APP_SECRET", "of-last-year")

    done = connected("doctor")

    assert "note  ALIEXPRESS_APP_SECRET: the environment has another value" in done.out
    assert "ALIEXPRESS_APP_KEY" not in done.out
    assert "of-last-year" not in done.out


def test_bad_settings_are_each_told(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eighty")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")

    done = command("doctor")

    assert done.code == 1
    assert len(lines(done.out, "FAIL")) == 2


def test_an_account_that_does_not_work_is_told_with_its_cure(command: Command) -> None:
    command("connect", "aliexpress", typed=ALIEXPRESS.replace("sandbox-app", "another"))
    untried = command("doctor")
    command("verify")

    done = command("doctor")

    assert untried.code == 0
    assert " python server.py --workspace default verify aliexpress" in untried.out
    assert done.code == 1
    assert "FAIL  AliExpress in default: CREDENTIALS_REJECTED" in done.out
    assert "->" in done.out


def test_an_incomplete_account_is_told_in_its_workspace(command: Command) -> None:
    command("workspace", "create", "b")
    command("--workspace", "b", "connect", "aliexpress", typed="appKey=500100\n")

    done = command("doctor")

    assert done.code == 1
    assert "FAIL  AliExpress in b" in done.out
    assert " python server.py --workspace b connect aliexpress" in done.out


def test_a_reading_key_of_web_pages_is_told_of(command: Command) -> None:
    command("key", "create", "box", "READ", "--origin", "https://shop.example.com")

    done = command("doctor")

    assert done.code == 0
    assert "note  API key box of default: stands in web pages" in done.out
    assert " python server.py --workspace default key narrow " in done.out


def test_a_foreign_encryption_key_is_told(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("key", "list")
    monkeypatch.setenv("ENCRYPTION_KEYS", new_key())

    done = command("doctor")

    assert done.code == 1
    assert "FAIL  Sealed values" in done.out
    assert "not loaded" in done.out


@sqlite_only
def test_a_lost_key_file_is_told_and_not_replaced(command: Command, tmp_path: Path) -> None:
    command("key", "list")
    place = tmp_path / "data" / "encryption.key"
    place.unlink()

    done = command("doctor")

    assert done.code == 1
    assert "Restore" in done.out
    assert not place.exists()


@sqlite_only
@pytest.mark.parametrize("name", ["encryption.key", "admin.key"])
def test_key_files_that_others_can_read_are_told(
    command: Command, tmp_path: Path, name: str
) -> None:
    command("key", "list")
    place = tmp_path / "data" / name
    if not place.exists():
        place.write_text("x" * 40)
    place.chmod(0o644)

    done = command("doctor")

    assert done.code == 1
    assert f"chmod 600 {place}" in done.out


@sqlite_only
def test_a_folder_that_others_can_enter_is_noted(command: Command, tmp_path: Path) -> None:
    command("key", "list")
    (tmp_path / "data").chmod(0o755)

    done = command("doctor")

    assert f"-> chmod 700 {tmp_path / 'data'}" in done.out


def test_pending_migrations_are_told_with_the_command_where_one_is_needed(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("migrate")

    async def waiting(_url: str) -> tuple[str, ...]:
        return ("9999_later",)

    monkeypatch.setattr(doctor, "pending", waiting)

    done = command("doctor")

    assert "9999_later" in done.out
    assert done.code == (1 if on_postgres() else 0)  # SQLite migrates itself
    assert (" python server.py migrate" in done.out) is on_postgres()


def test_a_clock_behind_the_data_is_told(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command("key", "create", "shop", "READ")

    class Behind:
        @staticmethod
        def now(zone: tzinfo) -> datetime:
            return datetime.now(zone) - timedelta(hours=1)

    monkeypatch.setattr(doctor, "datetime", Behind)

    done = command("doctor")

    assert done.code == 1
    assert "FAIL  Clock" in done.out


@pytest.fixture
def taken_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Somebody else listens there and answers nothing."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        number = int(other.getsockname()[1])
        monkeypatch.setenv("PORT", str(number))
        yield number


def test_a_taken_port_is_told(
    command: Command, taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if on_postgres():
        command("migrate")
    monkeypatch.setenv("PORT", str(taken_port))

    done = command("doctor")

    assert done.code == 1
    assert str(taken_port) in lines(done.out, "FAIL")[0]


@sqlite_only
def test_beside_the_working_server_the_port_is_well(
    command: Command, server_beside: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", server_beside.address.rpartition(":")[2])

    done = command("doctor")

    assert done.code == 0, done.out
    assert "this server answers" in done.out


def test_tables_that_are_not_as_they_should_be_are_told(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("migrate")

    async def differences(_url: str) -> list[str]:
        return ["missing: index on products"]

    monkeypatch.setattr(doctor, "examine", differences)

    done = command("doctor")

    assert done.code == 1
    assert "FAIL  Database: missing: index on products" in done.out


def test_a_webhook_whose_document_fits_no_more_is_told(command: Command, database: str) -> None:
    async def make() -> None:
        async with open_database(database):
            for number, field in enumerate(("sequence", "fieldOfLastYear")):
                made = replace(
                    new_webhook(),
                    shown_url=f"https://hooks.example/{number}",
                    document=f"subscription {{ events {{ {field} }} }}",
                )
                await webhooks.create(made, new_target(), KeyRing.from_text(new_key()), most=9)

    asyncio.run(make())

    done = command("doctor")

    [told] = [line for line in lines(done.out, "FAIL") if "Webhook" in line]
    assert told.startswith("FAIL  Webhook https://hooks.example/1 of default: ")
    assert "fieldOfLastYear" in told
    assert "updateWebhook" in done.out


def test_a_silent_redis_is_told(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command("migrate")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("REDIS_URL", f"redis://:word@127.0.0.1:{nobody.getsockname()[1]}/0")

        done = command("doctor")

    assert done.code == 1
    assert "FAIL  Redis: does not answer" in done.out
    assert "word@" not in done.out


def test_a_missing_graphiql_is_no_failure(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command("migrate")
    monkeypatch.setattr("commands.doctor.assets.FOLDER", tmp_path)

    done = command("doctor")

    assert done.code == 0
    assert "note  GraphiQL" in done.out

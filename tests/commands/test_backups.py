"""backup and restore: beside a server, with its key only, and never over data by accident."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from db.keys import new_key
from tests.commands.conftest import Command
from tests.database import on_postgres
from tests.processes import ServerProcess

SQLITE = pytest.mark.skipif(on_postgres(), reason="about SQLite's file")


def empty(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """The place of a database that does not exist, which the commands use from now on."""
    place = folder / "new.sqlite3"
    monkeypatch.setenv("DATABASE_URL", f"sqlite://{place}")
    return place


@SQLITE
def test_a_backup_is_put_back_as_it_was(
    connected: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected("key", "create", "shop", "READ")
    file = tmp_path / "copy"
    made = connected("backup", str(file))
    place = empty(monkeypatch, tmp_path)
    done = connected("restore", str(file))

    assert (made.code, made.out) == (0, f"{file}\n")
    assert "does not hold the encryption key" in made.err
    assert (done.code, done.out) == (0, "Restored.\n")
    assert "assume-quota-used" in done.err
    assert connected("verify").out == "AliExpress: HEALTHY.\n"
    assert "shop" in connected("key", "list").out
    assert [stat.S_IMODE(each.stat().st_mode) for each in (file, place)] == [0o600] * 2
    assert not [each for each in os.listdir(tmp_path) if each.startswith(".")]


@SQLITE
def test_a_working_server_is_copied_and_never_overwritten(
    command: Command, server_beside: ServerProcess, tmp_path: Path
) -> None:
    file = tmp_path / "copy"

    made = command("backup", str(file))
    during = command("restore", "--force", str(file))
    server_beside.process.terminate()
    server_beside.process.wait(timeout=30)
    afterwards = command("restore", "--force", str(file))

    assert made.code == 0, made.err
    assert during.code == 3
    assert "is in use. Stop the server" in during.err
    assert afterwards.code == 0, afterwards.err


@SQLITE
def test_data_is_replaced_only_by_force_and_then_kept_aside(
    connected: Command, tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    connected("backup", str(file))
    connected("key", "create", "later", "READ")

    refused = connected("restore", str(file))
    before = connected("key", "list").out
    forced = connected("restore", "--force", str(file))

    assert refused.code == 3
    assert "--force" in refused.err
    assert "later" in before
    assert "later" not in connected("key", "list").out
    aside = Path(forced.out.splitlines()[0].removeprefix("The file as it was before: "))
    with closing(sqlite3.connect(aside)) as opened:
        assert opened.execute("SELECT name FROM api_keys").fetchall() == [("later",)]


@SQLITE
def test_a_backup_whose_key_is_not_loaded_is_refused(
    connected: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "copy"
    connected("backup", str(file))
    place = empty(monkeypatch, tmp_path)
    monkeypatch.setenv("ENCRYPTION_KEYS", new_key())

    done = connected("restore", str(file))

    assert done.code == 3
    assert "Put the keys of its time back first" in done.err
    assert not place.exists()


@SQLITE
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no database at all, but long enough to be looked at" * 20, "it is no SQLite file"),
        (b"", "of something else"),
        (None, "There is no file"),
    ],
)
def test_what_is_no_backup_changes_nothing(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes | None,
    words: str,
) -> None:
    file, place = tmp_path / "copy", empty(monkeypatch, tmp_path)
    if content is not None:
        file.write_bytes(content)

    done = command("restore", str(file))

    assert done.code == 3
    assert words in done.err
    assert not place.exists()


@SQLITE
def test_a_backup_of_a_newer_release_is_refused(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "copy"
    command("backup", str(file))
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("UPDATE tortoise_migrations SET name = '9999_later' WHERE id = 1")

    done = command("restore", str(file))

    assert done.code == 3
    assert "newer release (9999_later)" in done.err


@SQLITE
@pytest.mark.parametrize(
    ("file", "words"), [("there", "is there already"), ("no/such", "No such file or directory")]
)
def test_a_backup_that_cannot_be_written_leaves_nothing(
    command: Command, tmp_path: Path, file: str, words: str
) -> None:
    (tmp_path / "there").write_text("mine")

    done = command("backup", str(tmp_path / file))

    assert done.code == 3
    assert words in done.err
    assert [each for each in os.listdir(tmp_path) if each.startswith(".")] == []
    assert (tmp_path / "there").read_text() == "mine"


@pytest.mark.skipif(not on_postgres(), reason="about PostgreSQL")
@pytest.mark.parametrize(
    ("word", "program"), [("backup", "(umask 077; pg_dump "), ("restore", "pg_restore ")]
)
def test_postgresql_is_left_to_its_own_programs(command: Command, word: str, program: str) -> None:
    done = command(word, "my copy")

    assert done.code == 2
    assert f"  {program}" in done.err
    assert "'my copy'" in done.err

"""Every command: its help, its exit codes, and no traceback for what is expected."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from commands.main import main, parser_of_commands
from tests.commands.conftest import Command
from tests.database import on_postgres
from tests.processes import PLAIN, ROOT, run_server

COMMANDS = (
    ("serve",),
    ("doctor",),
    ("migrate",),
    ("schema",),
    ("workspace",),
    ("workspace", "create"),
    ("workspace", "list"),
    ("workspace", "rename"),
    ("workspace", "delete"),
    ("key",),
    ("key", "create"),
    ("key", "list"),
    ("key", "revoke"),
    ("key", "rotate"),
    ("keys",),
    ("keys", "status"),
    ("keys", "reencrypt"),
    ("connect",),
    ("verify",),
    ("import",),
    ("export",),
    ("sync",),
    ("backup",),
    ("restore",),
    ("assume-quota-used",),
    ("worker",),
)
COPYING = ("backup", "copy")  # on PostgreSQL it says which program does it


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*words, "--help"])

    printed = capsys.readouterr().out
    assert code == 0
    assert f"python server.py {words[0]}" in printed
    assert ".\n" in printed


def test_without_a_command_the_server_is_started_as_by_serve() -> None:
    parser = parser_of_commands()

    assert parser.parse_args([]) == parser.parse_args(["serve"])


def test_help_lists_the_commands_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])

    printed = " ".join(capsys.readouterr().out.split())
    assert all(f" {words[0]} " in printed for words in COMMANDS)
    assert "Exit codes: 0 good; 1 " in printed


@pytest.mark.parametrize(
    "arguments",
    [
        ("unknown",),
        ("key",),
        ("key", "create", "shop"),
        ("key", "create", "shop", "FLY"),
        ("key", "create", "shop", "READ", "--days", "0"),
        ("key", "create", "shop", "READ", "--days", "soon"),
        ("key", "create", "shop", "READ", "IMPORT", "--origin", "https://shop.example.com"),
        ("key", "rotate", "1", "--overlap", "many"),
        ("connect", "ebay"),
        ("connect", "aliexpress", "--locale", "www.amazon.de"),
        ("verify", "--locale", "www.amazon.de"),
        ("import",),
        ("import", "no-such-file"),
        ("import", "-", "--locale", "www.amazon.de"),
        ("export", "--format", "clay"),
        ("export", "--output", "/no/such/folder/file"),
        ("workspace", "create", "Big Shop"),
        ("workspace", "create", "default"),
        ("--workspace", "nobody", "key", "list"),
        ("key", "list", "--workspace", "nobody"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_used_is_told_with_exit_code_2(
    command: Command, arguments: tuple[str, ...]
) -> None:
    done = command(*arguments)

    assert done.code == 2
    assert done.err.strip()
    assert "Traceback" not in done.err


def test_what_is_not_there_is_a_failure(command: Command) -> None:
    for words in (("key", "revoke", "x"), ("key", "rotate", "x")):
        done = command(*words)

        assert done.code == 1
        assert "no such API key" in done.err


def test_bad_settings_are_told_by_every_command(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "eighty")

    for words in (("key", "list"), ("export",), ("migrate",), ("serve",)):
        done = command(*words)

        assert done.code == 2
        assert "PORT" in done.err


def test_a_database_out_of_reach_is_told_with_exit_code_3(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "no-database").write_text("x" * 5000)
    monkeypatch.setenv("DATABASE_URL", f"sqlite://{tmp_path / 'no-database'}")

    done = command("workspace", "list")

    assert done.code == 3
    assert "database" in done.err
    assert "Traceback" not in done.err


def test_a_foreign_encryption_key_is_told_with_exit_code_3(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("key", "list")
    monkeypatch.setenv("ENCRYPTION_KEYS", "A" * 42 + "E=")

    done = command("key", "list")

    assert done.code == 3
    assert "not loaded" in done.err


READING = (
    ("workspace", "list"),
    ("workspace", "rename", "shop", "store"),
    ("workspace", "delete", "shop", "--yes"),
    ("key", "list"),
    ("key", "revoke", "x"),
    ("keys", "status"),
    ("verify",),
    ("export",),
    ("sync",),
    ("assume-quota-used",),
)


@pytest.mark.usefixtures("first_start")
@pytest.mark.parametrize("words", READING if on_postgres() else (*READING, COPYING), ids=" ".join)
def test_a_command_that_reads_makes_nothing_and_says_what_is_missing(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = command(*words)

    assert (done.code, done.out) == (3, "")
    assert "There is no database at " in done.err
    assert "--env-file" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(on_postgres(), reason="keys are demanded there")
def test_a_database_whose_key_is_elsewhere_is_told_as_such(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "elsewhere"))

    done = command("key", "list")

    assert done.code == 3
    assert "There is no encryption key at " in done.err
    assert not (tmp_path / "elsewhere").exists()


def test_a_command_says_on_whose_data_it_works(command: Command, tmp_path: Path) -> None:
    done = command("key", "create", "shop", "READ")

    place, _, rest = done.err.partition("\n")
    assert place.startswith("SANDBOX, database ")
    assert place.endswith(f", data folder {tmp_path / 'data'}")
    assert "SANDBOX" not in done.out + rest


def test_options_alone_serve(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "none")

    code = main(["--workspace", "default"])

    assert code == 2
    assert "PORT must be" in capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"Affiliate Graph {project['version']}\n"


def test_schema_needs_no_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == (ROOT / "schema.graphql").read_text("utf-8")


@pytest.mark.usefixtures("first_start")
def test_migrate_tells_what_it_did(command: Command) -> None:
    first, second = command("migrate"), command("migrate")

    assert (first.code, second.code) == (0, 0)
    assert "0001_initial" in first.out
    assert "none were needed" in second.out


def test_a_reader_that_has_enough_is_no_failure_to_tell(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} server.py schema | head -c 10"],
        cwd=ROOT,
        env=PLAIN,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert len(done.stdout) == 10
    assert done.stderr == ""


def test_a_full_disk_is_told_without_a_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} server.py schema > /dev/full"],
        cwd=ROOT,
        env=PLAIN,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("The system refused: ")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(on_postgres(), reason="a process of its own uses SQLite here")
def test_commands_work_as_processes_of_their_own(tmp_path: Path) -> None:
    environ = {"DATA_DIR": str(tmp_path / "data"), "SANDBOX": "on"}

    made = run_server("key", "create", "shop", "READ", environ=environ)
    listed = run_server("key", "list", environ=environ)

    assert made.returncode == listed.returncode == 0
    assert made.stdout.strip()[-4:] in listed.stdout
    assert not (tmp_path / "data" / "admin.key").exists()  # the first start makes and shows it


def test_no_command_is_to_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commands.serve.serve", lambda _settings: 0)

    assert main([]) == main(["serve"]) == 0

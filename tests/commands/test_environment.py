"""--env-file: what a file may hold, and who wins where it and the environment differ."""

import os
from pathlib import Path

import pytest

from clients.registry import SETTINGS
from commands.environment import begin_demo, load, variables
from config import from_environment
from domain.exceptions import InvalidInput
from tests.commands.conftest import Command


def test_a_file_is_read_as_systemd_and_docker_read_it() -> None:
    text = (
        "# settings\n; more\n\nPORT=8001\n"
        "export SANDBOX=on\nADMIN_API_KEY=\"a b=c\"\nREDIS_URL='x'\nHOST=\n"
    )

    assert variables(text) == {
        "PORT": "8001",
        "SANDBOX": "on",
        "ADMIN_API_KEY": "a b=c",
        "REDIS_URL": "x",
        "HOST": "",
    }


@pytest.mark.parametrize("line", ["my secret", "=my secret", "two words=my secret"])
def test_another_line_is_told_by_its_number_alone(line: str) -> None:
    with pytest.raises(InvalidInput, match=r"^Line 2 is not NAME=VALUE\.$"):
        variables(f"PORT=1\n{line}\n")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(InvalidInput, match="is not a text file"):
        load(file)


def test_the_environment_wins_and_what_it_overrides_is_told(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "env"
    file.write_text("SANDBOX=off\nDRAIN_SECONDS=eighty\n")
    monkeypatch.setenv("DRAIN_SECONDS", "1")
    monkeypatch.delenv("SANDBOX")

    done = command("--env-file", str(file), "workspace", "list")

    assert done.code == 0
    assert "other values than" in done.err
    assert "unset DRAIN_SECONDS\n" in done.err
    assert "LIVE, database" in done.err


def test_it_is_understood_behind_the_command_too(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("LOG_LEVEL=LOUD\n")

    done = command("workspace", "list", "--env-file", str(file))

    assert done.code == 2
    assert "LOG_LEVEL" in done.err


def test_a_file_that_is_not_there_is_told(command: Command, tmp_path: Path) -> None:
    done = command("workspace", "list", "--env-file", str(tmp_path / "none"))

    assert done.code == 2
    assert "none cannot be read" in done.err


@pytest.mark.parametrize(
    ("given", "is_sandbox", "app_key"),
    [
        ({}, True, "500100"),
        ({"SANDBOX": "", "ALIEXPRESS_APP_KEY": ""}, True, "500100"),
        ({"SANDBOX": "off"}, False, None),
        ({"ALIEXPRESS_TRACKING_ID": "mine"}, True, None),
        ({"ALIEXPRESS_CALLS_PER_DAY": "9"}, True, "500100"),
    ],
)
def test_a_demo_connects_what_nobody_else_did(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], is_sandbox: bool, app_key: str | None
) -> None:
    monkeypatch.setattr(os, "environ", dict(given))

    begin_demo()

    settings = from_environment(SETTINGS)
    keys = {each.marketplace: each.values.get("appKey") for each in settings.bootstrap}
    found = keys.get("aliexpress")
    assert settings.sandbox is is_sandbox
    assert (found.reveal() if found else None) == app_key
    assert "amazon" not in keys

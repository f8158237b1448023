"""What the graph words with mutations is told at a terminal with commands."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from clients.registry import BY_CODE, SETTINGS
from commands.words import CALL, COMMANDS, Call, in_commands
from config import known_names
from tests.commands.conftest import ALIEXPRESS, Command
from tests.processes import PLAIN, ROOT

OWN_PYTHON = shlex.join((sys.executable, "server.py"))
MUTATIONS = (ROOT / "schema.graphql").read_text("utf-8").partition("type Mutation {")[2]


@pytest.mark.parametrize("mutation", COMMANDS)
def test_each_is_a_mutation_of_the_schema(mutation: str) -> None:
    assert re.search(rf"^  {mutation}\(", MUTATIONS, re.MULTILINE)
    assert in_commands(f"Store it with {mutation}.") == f"Store it with {COMMANDS[mutation]}."


@pytest.mark.parametrize("code", BY_CODE)
def test_no_cure_names_a_mutation_at_a_terminal(code: str) -> None:
    cures = " ".join(BY_CODE[code].cures.values())

    assert "Marketplace" not in in_commands(cures)


def test_a_command_that_fails_names_commands(command: Command) -> None:
    done = command("verify", "aliexpress")

    assert done.code == 1
    assert "connectMarketplace" not in done.out + done.err
    assert "python server.py connect" in done.out + done.err


@pytest.mark.parametrize(
    ("call", "text", "told"),
    [
        (Call(), "Run: python server.py migrate", "Run: python server.py migrate"),
        (
            Call(),
            "By narrowApiKey, or python server.py key narrow",
            "By python server.py key narrow",
        ),
        (
            Call(program=".venv/bin/python server.py", env_file=Path("/etc/my settings")),
            "Run: python server.py migrate",
            "Run: .venv/bin/python server.py --env-file '/etc/my settings' migrate",
        ),
        (
            Call(variables={"DATA_DIR": "/a b"}, workspace="shop"),
            "connectMarketplace stores it.",
            "DATA_DIR='/a b' python server.py --workspace shop connect stores it.",
        ),
        (
            Call(env_file=Path("env"), workspace="shop"),
            "python server.py --workspace store verify, or python server.py workspace list",
            "python server.py --env-file env --workspace store verify, or "
            "python server.py --env-file env workspace list",
        ),
        (
            Call(program=".venv/bin/python server.py"),
            "From then on: .venv/bin/python server.py",
            "From then on: .venv/bin/python server.py",
        ),
    ],
)
def test_advice_is_called_as_the_command_that_gives_it(call: Call, text: str, told: str) -> None:
    before = CALL.set(call)
    try:
        assert in_commands(text) == told
        assert in_commands(told) == told or not call.env_file
    finally:
        CALL.reset(before)


@pytest.mark.slow
def test_advice_works_when_it_is_pasted(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = tmp_path / "settings"
    settings.write_text(f"SANDBOX=on\nDATA_DIR={tmp_path / 'own'}\n")
    for name in known_names(SETTINGS) & os.environ.keys():
        monkeypatch.delenv(name)

    def paste(line: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            line,
            shell=True,
            cwd=ROOT,
            env=PLAIN,
            input=ALIEXPRESS,
            capture_output=True,
            text=True,
            check=False,
        )

    option = ("--env-file", str(settings))
    made = command(*option, "workspace", "create", "shop")
    advice = command(*option, "--workspace", "shop", "verify", program=OWN_PYTHON)
    done = paste(advice.out.strip().partition(": ")[2].replace("MARKETPLACE", "aliexpress"))
    tried = paste(done.stdout.partition("Try it: ")[2].strip())

    assert made.code == 0, made.err
    assert advice.code == 1
    assert done.returncode == 0, (advice.out, done.stderr)
    assert "CONNECTED" in done.stdout
    assert tried.stdout == "AliExpress: HEALTHY.\n"

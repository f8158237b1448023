"""What the graph words with mutations is told at a terminal with commands."""

import re

import pytest

from clients.registry import BY_CODE
from commands.words import COMMANDS, in_commands
from tests.commands.conftest import Command
from tests.processes import ROOT

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

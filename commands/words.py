"""Advice for somebody at a terminal: what the graph calls by a mutation's name is a command, and a
command is told as it has to be typed here, with the settings and the workspace of the present one.
"""

import re
import shlex
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = "python server.py"
COMMANDS = {
    "connectMarketplace": "python server.py connect",
    "verifyMarketplace": "python server.py verify",
    "createApiKey": "python server.py key create",
    "rotateApiKey": "python server.py key rotate",
    "revokeApiKey": "python server.py key revoke",
    "importProducts": "python server.py import",
    "importProduct": "python server.py import",
    "syncProducts": "python server.py sync",
    "syncProduct": "python server.py sync",
}
MUTATION = re.compile(rf"\b({'|'.join(COMMANDS)})\b")
EITHER = re.compile(r"\b[a-z]+[A-Z]\w*, or (?=python server\.py\b)")  # a mutation, or its command
# Behind it may stand what it says of the workspace itself. Not what is told as it is typed.
TOLD = re.compile(r"(?<![\w/=])python server\.py\b(?! --env-file)( --workspace| workspace)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How the present command was called. `variables`: settings that stood before it, as far as
    they may be shown."""

    program: str = PROGRAM
    variables: Mapping[str, str] = field(default_factory=dict)
    env_file: Path | None = None
    workspace: str | None = None

    def another(self, *, has_workspace: bool) -> str:
        """The beginning of another command that works on the same data."""
        words = [f"{name}={shlex.quote(text)}" for name, text in self.variables.items()]
        words.append(self.program)
        if self.env_file is not None:
            words.append(f"--env-file {shlex.quote(str(self.env_file))}")
        if self.workspace is not None and not has_workspace:
            words.append(f"--workspace {shlex.quote(self.workspace)}")
        return " ".join(words)


CALL: ContextVar[Call] = ContextVar("CALL", default=Call())  # noqa: B039 - it is frozen


def program() -> str:
    """What was typed before the arguments: this Python, and its script."""
    python, here = Path(sys.executable), Path.cwd()
    shown = python.relative_to(here) if python.is_relative_to(here) else python
    return shlex.join((str(shown), sys.argv[0]))


def in_commands(text: str) -> str:
    """The text with each mutation that is a command too named as that command, and each command as
    it has to be typed."""
    call = CALL.get()
    named = MUTATION.sub(lambda match: COMMANDS[match[1]], EITHER.sub("", text))
    return TOLD.sub(
        lambda match: call.another(has_workspace=bool(match[1])) + (match[1] or ""), named
    )

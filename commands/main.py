"""Reads a command and its options, runs it, and words what hinders it."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from clients.registry import BY_CODE
from commands import (
    api_keys,
    assume_quota_used,
    backups,
    database,
    doctor,
    encryption,
    environment,
    exports,
    imports,
    marketplaces,
    serve,
    settings,
    sync,
    worker,
    workspaces,
)
from commands.words import CALL, PROGRAM, Call, in_commands
from config import set_now
from db.connection import DEFAULT_WORKSPACE
from db.exceptions import DatabaseUnavailable, NotReady
from domain.exceptions import AffiliateGraphError, InvalidInput
from domain.release import VERSION
from domain.settings import BadSettings
from domain.starting import CannotStart
from sandbox import BadListings

GOOD, FAILED, USAGE, CANNOT_START, INTERRUPTED = 0, 1, 2, 3, 130
NAMES = " and ".join(market.name for market in BY_CODE.values())
DESCRIPTION = (
    f"One GraphQL server over the affiliate APIs of {NAMES}. Settings come from the environment: "
    "see docs/configuration.md."
)
EXIT_CODES = (
    "Exit codes: 0 good; 1 the work, or a part of it, failed; 2 the command or the settings cannot "
    "be used; 3 it cannot start: database, keys or port."
)
MODULES = (
    serve,
    worker,
    doctor,
    database,
    workspaces,
    api_keys,
    encryption,
    marketplaces,
    imports,
    exports,
    sync,
    backups,
    assume_quota_used,
    settings,
)


SHOWN = ("DATA_DIR", "SANDBOX")  # settings that hold no secret, and say whose data is meant


def main(arguments: Sequence[str], *, program: str = PROGRAM) -> int:
    """Run a command of the operator. Returns the exit code; see EXIT_CODES.

    `program`: what was typed before the arguments.
    """
    try:
        command = parser_of_commands().parse_args(arguments)
    except SystemExit as exit:
        return exit.code if isinstance(exit.code, int) else USAGE
    told = CALL.set(
        Call(
            program=program,
            variables=set_now(SHOWN),
            env_file=command.env_file,
            workspace=None if command.workspace == DEFAULT_WORKSPACE else command.workspace,
        )
    )
    try:
        return _run(command)
    finally:
        CALL.reset(told)


def _run(command: argparse.Namespace) -> int:
    try:
        if command.env_file is not None:
            environment.load(command.env_file)
        code: int = command.run(command)
        sys.stdout.flush()
    except BadSettings as bad:
        print("The settings cannot be used:", *bad.problems, sep="\n  ", file=sys.stderr)
        return USAGE
    except BadListings as bad:
        print(f"SANDBOX_CATALOG cannot be used: {bad}", file=sys.stderr)
        return USAGE
    except (CannotStart, NotReady, DatabaseUnavailable) as failure:
        print(in_commands(str(failure)), file=sys.stderr)
        return CANNOT_START
    except AffiliateGraphError as error:
        print(in_commands(error.message), file=sys.stderr)
        return USAGE if isinstance(error, InvalidInput) else FAILED
    except (KeyboardInterrupt, EOFError):
        print("\nStopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output has enough
        _drop_output()
        return FAILED
    except OSError as error:
        _drop_output()
        print(f"The system refused: {error.strerror or error}.", file=sys.stderr)
        return FAILED
    return code


def _drop_output() -> None:
    """What was not written yet goes nowhere: Python would complain about it at its own end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser_of_commands() -> argparse.ArgumentParser:
    """What reads a command line; without a command it is that of `serve`."""
    parser = argparse.ArgumentParser(
        prog="python server.py", description=DESCRIPTION, epilog=EXIT_CODES
    )
    parser.add_argument("--version", action="version", version=f"Affiliate Graph {VERSION}")
    parser.add_argument(
        "--env-file",
        metavar="FILE",
        type=Path,
        help="settings as NAME=VALUE lines, for what the environment does not set",
    )
    parser.add_argument(
        "--workspace",
        metavar="NAME",
        default=DEFAULT_WORKSPACE,
        help=f"whose keys, settings and products are meant (default: {DEFAULT_WORKSPACE})",
    )
    # Also understood behind the command. There it has no default, which would win over the first.
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--env-file", metavar="FILE", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    shared.add_argument(
        "--workspace", metavar="NAME", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    parser.set_defaults(run=serve.run, demo=False, socket=None, ready=None)
    commands = parser.add_subparsers(
        title="commands", metavar="[COMMAND]", parser_class=argparse.ArgumentParser
    )
    for module in MODULES:
        module.add(commands, shared)
    return parser

"""How a command is added to the parser, so that all of them read alike."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

from clients.base import Marketplace
from clients.registry import BY_CODE

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run = Callable[[argparse.Namespace], int]


def add_command(
    commands: Commands, shared: argparse.ArgumentParser, name: str, help: str, run: Run
) -> argparse.ArgumentParser:
    """A command whose name and arguments lead to `run`; `help` is a sentence without its stop."""
    parser = commands.add_parser(
        name, help=help, description=f"{help[0].upper()}{help[1:]}.", parents=[shared]
    )
    parser.set_defaults(run=run)
    return parser


def add_group(
    commands: Commands, shared: argparse.ArgumentParser, name: str, help: str
) -> Commands:
    """A command that has commands of its own: `key create`."""
    parser = commands.add_parser(
        name, help=help, description=f"{help[0].upper()}{help[1:]}.", parents=[shared]
    )
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def marketplace(text: str) -> Marketplace:
    """An argument's marketplace, by its code in any case of letters."""
    market = BY_CODE.get(text.lower())
    if market is None:
        raise argparse.ArgumentTypeError(f"{text} is none of: {', '.join(BY_CODE)}")
    return market

"""migrate and schema."""

import argparse
import asyncio

from commands.arguments import Commands, add_command
from commands.context import read_settings
from db.migrate import migrate
from schema import schema


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    add_command(commands, shared, "migrate", "bring the database's tables up to date", run_migrate)
    add_command(commands, shared, "schema", "print the GraphQL schema", run_schema)


def run_migrate(_arguments: argparse.Namespace) -> int:
    """Apply what is pending, and say what that was."""
    done = asyncio.run(migrate(read_settings().database_url))
    print(f"Migrations applied: {', '.join(done.applied) or 'none were needed'}.")
    if done.copy is not None:
        print(f"The file as it was before: {done.copy}")
    return 0


def run_schema(_arguments: argparse.Namespace) -> int:
    """Print it as SDL."""
    print(schema.as_str())
    return 0

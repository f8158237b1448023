"""migrate and schema."""

import argparse
import asyncio

from application.keys import load_ring
from application.preparation import make_folder, prepare_storage
from commands.arguments import Commands, add_command
from commands.context import quiet_logs, read_settings, tell_place
from schema import schema


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    add_command(commands, shared, "migrate", "bring the database's tables up to date", run_migrate)
    add_command(commands, shared, "schema", "print the GraphQL schema", run_schema)


def run_migrate(_arguments: argparse.Namespace) -> int:
    """Apply what is pending, and say what that was. Raises NotReady."""
    settings = read_settings()
    quiet_logs(settings)
    tell_place(settings)
    make_folder(settings.data_dir)
    ring, made_ring = load_ring(settings)
    done = asyncio.run(prepare_storage(settings, ring, made_ring, auto=True))
    print(f"Migrations applied: {', '.join(done.applied) or 'none were needed'}.")
    if done.copy is not None:
        print(f"The file as it was before: {done.copy}")
    return 0


def run_schema(_arguments: argparse.Namespace) -> int:
    """Print it as SDL."""
    print(schema.as_str())
    return 0

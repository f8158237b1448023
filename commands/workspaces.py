"""workspace create and workspace list."""

import argparse
import asyncio
from datetime import UTC, datetime

from commands.arguments import Commands, add_command, add_group
from commands.context import open_storage, read_settings
from commands.tables import print_table
from db import workspaces
from domain.exceptions import InvalidInput
from domain.workspaces import WorkspaceSummary, checked_name


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    group = add_group(
        commands,
        shared,
        "workspace",
        "make and list workspaces, each with data and keys of its own",
    )
    create = add_command(group, shared, "create", "make a workspace", run_create)
    create.add_argument("name", metavar="NAME", help="lower-case letters, digits and hyphens")
    add_command(group, shared, "list", "list the workspaces and what they hold", run_list)


def run_create(arguments: argparse.Namespace) -> int:
    """Make it. Raises InvalidInput for a bad name and for one that is taken."""
    asyncio.run(_create(checked_name(arguments.name)))
    print(
        f"Made. Its first key: python server.py --workspace {arguments.name} key create admin ADMIN"
    )
    return 0


async def _create(name: str) -> None:
    async with open_storage(read_settings(), makes=True):
        if not await workspaces.create(name, datetime.now(UTC)):
            raise InvalidInput(f"There is a workspace {name} already.")


def run_list(_arguments: argparse.Namespace) -> int:
    """One line each."""
    summaries = asyncio.run(_list())
    print_table(
        ("WORKSPACE", "CREATED", "PRODUCTS", "API KEYS"),
        [
            (each.name, f"{each.created_at:%Y-%m-%d}", str(each.products), str(each.api_keys))
            for each in summaries
        ],
    )
    return 0


async def _list() -> list[WorkspaceSummary]:
    async with open_storage(read_settings()):
        return await workspaces.summaries()

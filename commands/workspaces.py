"""workspace create, list, rename and delete."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from commands.arguments import Commands, add_command, add_group
from commands.context import open_storage, read_settings
from commands.tables import print_table
from commands.words import in_commands
from db import whole_workspaces, workspaces
from db.connection import DEFAULT_WORKSPACE
from domain.exceptions import InvalidInput
from domain.workspaces import WorkspaceContents, WorkspaceSummary, checked_name


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    group = add_group(
        commands,
        shared,
        "workspace",
        "make, list, rename and delete workspaces, each with data and keys of its own",
    )
    create = add_command(group, shared, "create", "make a workspace", run_create)
    create.add_argument("name", metavar="NAME", help="lower-case letters, digits and hyphens")
    add_command(group, shared, "list", "list the workspaces and what they hold", run_list)
    rename = add_command(
        group, shared, "rename", "give a workspace another name; its keys go on", run_rename
    )
    rename.add_argument("name", metavar="OLD", help="see: workspace list")
    rename.add_argument("new", metavar="NEW", help="lower-case letters, digits and hyphens")
    delete = add_command(
        group, shared, "delete", "delete a workspace with everything in it", run_delete
    )
    delete.add_argument("name", metavar="NAME", help="see: workspace list")
    delete.add_argument("--yes", action="store_true", help="without asking for the name once more")


def run_create(arguments: argparse.Namespace) -> int:
    """Make it. Raises InvalidInput for a bad name and for one that is taken."""
    asyncio.run(_create(checked_name(arguments.name)))
    create = f"python server.py --workspace {arguments.name} key create admin ADMIN"
    print(in_commands(f"Made. Its first key: {create}"))
    return 0


async def _create(name: str) -> None:
    async with open_storage(read_settings(), makes=True):
        if not await workspaces.exists(name):
            await whole_workspaces.clear(name)
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


def run_rename(arguments: argparse.Namespace) -> int:
    """Rename it. Raises InvalidInput, and NotReady for a credential that does not open."""
    asyncio.run(_rename(arguments.name, checked_name(arguments.new)))
    print(
        f"Renamed: {arguments.name} is {arguments.new} now. Its API keys and the browsers that "
        f"signed in go on; commands take --workspace {arguments.new}."
    )
    return 0


async def _rename(name: str, new: str) -> None:
    async with open_storage(read_settings()) as ring:
        await _require_other(name)
        await whole_workspaces.rename(name, new, ring)


def run_delete(arguments: argparse.Namespace) -> int:
    """Delete it, once its name was typed again. Raises InvalidInput."""
    return asyncio.run(_delete(arguments.name, is_confirmed=arguments.yes))


async def _delete(name: str, *, is_confirmed: bool) -> int:
    async with open_storage(read_settings()):
        await _require_other(name)
        lost = _words(await whole_workspaces.contents(name))
        if not is_confirmed:
            print(
                f"Lost with the workspace {name}: {lost}. Only a backup brings them back.\n"
                "Type its name to delete it: ",
                end="",
                file=sys.stderr,
                flush=True,
            )
            if (await asyncio.to_thread(sys.stdin.readline)).strip() != name:
                raise InvalidInput("Nothing was deleted: that is not its name. Or give --yes.")
        await whole_workspaces.delete(name)
    print(f"Deleted: {name}, with {lost}.")
    return 0


async def _require_other(name: str) -> None:
    """Raises InvalidInput for the default workspace, and for one that is not there."""
    if name == DEFAULT_WORKSPACE:
        raise InvalidInput(
            f"The workspace {name} stays: the admin key and the environment's credentials are its."
        )
    if not await workspaces.exists(name):
        raise InvalidInput(f"There is no workspace {name}. See: python server.py workspace list")


def _words(lost: WorkspaceContents) -> str:
    *most, last = (
        f"{_number(lost.products, 'product')} with notes and price history",
        _number(lost.links, "affiliate link"),
        f"the credentials of {_number(lost.accounts, 'marketplace account')}",
        _number(lost.watches, "watch", "watches"),
        _number(lost.webhooks, "webhook"),
        _number(lost.jobs, "job"),
        _number(lost.api_keys, "API key"),
    )
    return f"{', '.join(most)} and {last}"


def _number(count: int, noun: str, plural: str | None = None) -> str:
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"

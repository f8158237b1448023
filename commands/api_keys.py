"""key create, list, narrow, revoke and rotate. A new key alone goes to standard output, once."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime, timedelta

from commands.arguments import Commands, add_command, add_group
from commands.context import open_context, read_settings
from commands.tables import print_table
from commands.words import in_commands
from domain.api_keys import APIKey, Scope, in_order
from resolvers import api_keys
from resolvers.api_keys import DEFAULT_OVERLAP, MAX_CALLS_PER_DAY, Made
from resolvers.context import Context
from resolvers.cursors import ConnectionArgs

PAGE = 250


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    group = add_group(commands, shared, "key", "make, list, replace and take back API keys")
    create = add_command(group, shared, "create", "make an API key; it is printed once", run_create)
    create.add_argument("name", metavar="NAME", help="what to call it")
    create.add_argument(
        "scopes",
        metavar="SCOPE",
        nargs="+",
        type=_scope,
        help=f"what it may do: {', '.join(scope.name for scope in Scope)}",
    )
    create.add_argument(
        "--days", type=_days, metavar="N", help="it ends after N days (default: never)"
    )
    create.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="URL",
        help="a web page that may use it, such as https://shop.example.com; may be repeated",
    )
    _add_calls(create, "no limit of its own, and 0 for PUBLIC alone")
    add_command(group, shared, "list", "list the API keys, newest first", run_list)
    revoke = add_command(group, shared, "revoke", "take an API key back, at once", run_revoke)
    revoke.add_argument("id", metavar="ID", help="see: key list")
    narrow = add_command(
        group, shared, "narrow", "take scopes away from an API key; its text stays", run_narrow
    )
    narrow.add_argument("id", metavar="ID", help="see: key list")
    narrow.add_argument(
        "scopes",
        metavar="SCOPE",
        nargs="*",
        type=_scope,
        default=[Scope.PUBLIC],
        help="what it may still do (default: PUBLIC)",
    )
    _add_calls(narrow, "as it is, and 0 where it had no limit and is now PUBLIC alone")
    rotate = add_command(
        group, shared, "rotate", "replace an API key; the new one is printed once", run_rotate
    )
    rotate.add_argument("id", metavar="ID", help="see: key list")
    rotate.add_argument(
        "--overlap",
        type=int,
        default=DEFAULT_OVERLAP,
        metavar="HOURS",
        help="for how long the old key goes on (default: %(default)s)",
    )


def run_create(arguments: argparse.Namespace) -> int:
    """Make a key. Raises InvalidInput."""
    expires_at = datetime.now(UTC) + timedelta(days=arguments.days) if arguments.days else None

    async def create() -> Made:
        async with open_context(read_settings(), arguments.workspace, makes=True) as context:
            return await api_keys.create(
                context,
                name=arguments.name,
                scopes=arguments.scopes,
                expires_at=expires_at,
                origins=arguments.origin,
                calls_per_day=arguments.marketplace_calls_per_day,
            )

    _print_made(asyncio.run(create()))
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """One line each."""

    async def keys_and_calls() -> list[tuple[APIKey, int | None]]:
        async with open_context(read_settings(), arguments.workspace) as context:
            keys = await _all_keys(context)
            calls = await asyncio.gather(*(api_keys.calls_today(context, key) for key in keys))
            return list(zip(keys, calls, strict=True))

    now, listed = datetime.now(UTC), asyncio.run(keys_and_calls())
    print_table(
        ("ID", "NAME", "KEY", "SCOPES", "STATUS", "EXPIRES", "LAST USED", "CALLS TODAY"),
        [
            (
                key.id,
                key.name,
                f"{key.prefix}...{key.last_four}",
                ",".join(scope.name for scope in in_order(key.scopes)),
                key.status(now).name,
                _minute(key.expires_at),
                _minute(key.last_used_at),
                "no limit" if calls is None else f"{calls:,} of {key.calls_per_day:,}",
            )
            for key, calls in listed
        ],
    )
    for key, _ in listed:
        if warning := api_keys.warning(key, now):
            print(in_commands(f"{key.name}: {warning}"), file=sys.stderr)
    return 0


def run_revoke(arguments: argparse.Namespace) -> int:
    """Take it back. Raises NotFound."""

    async def revoke() -> APIKey:
        async with open_context(read_settings(), arguments.workspace) as context:
            return await api_keys.revoke(context, arguments.id)

    print(f"Revoked: {asyncio.run(revoke()).name}. It is accepted no more.")
    return 0


def run_narrow(arguments: argparse.Namespace) -> int:
    """Take scopes away. Raises NotFound, InvalidInput."""

    async def narrow() -> APIKey:
        async with open_context(read_settings(), arguments.workspace) as context:
            return await api_keys.narrow(
                context,
                arguments.id,
                scopes=arguments.scopes,
                calls_per_day=arguments.marketplace_calls_per_day,
            )

    key = asyncio.run(narrow())
    print(f"Narrowed: {key.name} has {_scopes(key)} now.")
    return 0


def run_rotate(arguments: argparse.Namespace) -> int:
    """Make the successor. Raises NotFound, InvalidInput."""

    async def rotate() -> Made:
        async with open_context(read_settings(), arguments.workspace) as context:
            return await api_keys.rotate(context, arguments.id, overlap_hours=arguments.overlap)

    _print_made(asyncio.run(rotate()))
    print(f"The old key goes on for {arguments.overlap} hours.", file=sys.stderr)
    return 0


def _add_calls(command: argparse.ArgumentParser, default: str) -> None:
    command.add_argument(
        "--marketplace-calls-per-day",
        type=_calls,
        metavar="N",
        help="its requests may make N marketplace calls a day (UTC); 0: only what is stored or "
        f"cached (default: {default})",
    )


def _scopes(key: APIKey) -> str:
    return ", ".join(scope.name for scope in in_order(key.scopes))


async def _all_keys(context: Context) -> list[APIKey]:
    keys: list[APIKey] = []
    after = None
    while True:
        of_list, page = await api_keys.page(context, ConnectionArgs(PAGE, after))
        keys += page.records
        if not page.has_next:
            return keys
        after = api_keys.cursor(of_list, page)


def _print_made(made: Made) -> None:
    print(
        f"API key {made.key.name} of workspace {made.key.workspace}: {_scopes(made.key)}. "
        f"Expires: {_minute(made.key.expires_at)}. It is shown this once:",
        file=sys.stderr,
    )
    print(made.text.reveal())
    if warning := api_keys.warning(made.key, made.key.created_at):
        print(in_commands(warning), file=sys.stderr)


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"


def _scope(text: str) -> Scope:
    try:
        return Scope[text.upper()]
    except KeyError:
        names = ", ".join(scope.name for scope in Scope)
        raise argparse.ArgumentTypeError(f"{text} is none of: {names}") from None


def _calls(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MAX_CALLS_PER_DAY:
        raise argparse.ArgumentTypeError(f"{text} is not a number of calls")
    return int(text)


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 36500:
        raise argparse.ArgumentTypeError(f"{text} is not a number of days, 1 to 36500")
    return int(text)

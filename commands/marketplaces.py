"""connect and verify. Credentials are typed or piped in; they never stand in the command line."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Iterable

from clients.base import CredentialField, Marketplace, Visibility
from clients.registry import BY_CODE
from commands.arguments import Commands, add_command, marketplace
from commands.context import open_context, read_settings
from commands.words import in_commands
from domain.exceptions import InvalidInput
from domain.marketplaces import HealthState, MarketplaceStatus
from resolvers import marketplaces
from resolvers.context import Context
from resolvers.marketplaces import ConnectedMarketplace

Pairs = list[tuple[str, str]]


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    codes = ", ".join(BY_CODE)
    connect = add_command(
        commands,
        shared,
        "connect",
        "store credentials of a marketplace: asks for each, or reads NAME=VALUE lines from a pipe",
        run_connect,
    )
    connect.add_argument("marketplace", type=marketplace, metavar="MARKETPLACE", help=codes)
    connect.add_argument("--locale", metavar="SITE", help="country site, if there are several")
    verify = add_command(
        commands,
        shared,
        "verify",
        "try the stored credentials with the cheapest real calls",
        run_verify,
    )
    verify.add_argument(
        "marketplace",
        type=marketplace,
        nargs="?",
        metavar="MARKETPLACE",
        help=f"{codes} (default: every connected one)",
    )
    verify.add_argument("--locale", metavar="SITE", help="country site, if there are several")


def run_connect(arguments: argparse.Namespace) -> int:
    """Store what is typed or piped in. Raises InvalidInput, WrongLocale."""
    settings = read_settings()
    pairs = _typed(arguments.marketplace) if sys.stdin.isatty() else _piped(sys.stdin)

    async def connect() -> ConnectedMarketplace:
        async with open_context(settings, arguments.workspace, makes=True) as context:
            return await marketplaces.connect(
                context, arguments.marketplace, arguments.locale, pairs
            )

    try:
        connected = asyncio.run(connect())
    except InvalidInput as error:
        raise _named(error, pairs) from None
    print(f"{_name(connected)}: {connected.status.value}.")
    if connected.status is not MarketplaceStatus.CONNECTED:
        print(in_commands(connected.cure or ""))
        return 1
    site = f" --locale {arguments.locale}" if arguments.locale else ""
    print(in_commands(f"Try it: python server.py verify {arguments.marketplace.code}{site}"))
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    """Ask the marketplaces. 1 when one does not work, or none is connected."""
    if arguments.locale and not arguments.marketplace:
        raise InvalidInput("Name the marketplace that the locale belongs to.")
    return asyncio.run(_verify(arguments))


async def _verify(arguments: argparse.Namespace) -> int:
    async with open_context(read_settings(), arguments.workspace) as context:
        accounts = await _accounts(context, arguments.marketplace, arguments.locale)
        if not accounts:
            connect = "python server.py connect MARKETPLACE"
            print(in_commands(f"No marketplace is connected. Connect one: {connect}"))
            return 1
        codes = [await _try(context, market, locale) for market, locale in accounts]
    return max(codes)


async def _accounts(
    context: Context, market: Marketplace | None, locale: str | None
) -> list[tuple[Marketplace, str | None]]:
    """What to verify: the one that is named, else every one that has credentials."""
    if market is not None:
        return [(market, locale)]
    return [
        (each.marketplace, each.locale)
        for each in await marketplaces.get_all(context)
        if each.account.credentials
    ]


async def _try(context: Context, market: Marketplace, locale: str | None) -> int:
    connected, failure = await marketplaces.verify(context, market, locale)
    if failure is None and connected.health.state is HealthState.HEALTHY:
        print(f"{_name(connected)}: HEALTHY.")
        return 0
    words = in_commands(str(failure or ""))
    print(f"{_name(connected)}: {connected.health.state.value}. {words}".rstrip())
    if connected.cure:
        print(f"  {in_commands(connected.cure)}")
    return 1


def _name(connected: ConnectedMarketplace) -> str:
    site = f" ({connected.locale})" if connected.locale else ""
    return f"{connected.marketplace.name}{site}"


def _typed(market: Marketplace) -> Pairs:
    """What is typed for each field; nothing typed leaves a field as it is."""
    print(f"{market.name}. Press Enter to leave a field as it is.")
    answers = [(field.name, _ask(field)) for field in market.fields]
    return [(name, value) for name, value in answers if value]


def _ask(field: CredentialField) -> str:
    print(f"\n{field.help}")
    if field.visibility is Visibility.PUBLIC:
        return input(f"{field.label}: ").strip()
    return getpass.getpass(f"{field.label} (not shown): ").strip()


def _piped(lines: Iterable[str]) -> Pairs:
    """NAME=VALUE, one a line; an empty value clears. Raises InvalidInput, showing no value."""
    pairs = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, sign, value = text.partition("=")
        if not sign:
            raise InvalidInput(f"Line {number} is not NAME=VALUE.")
        pairs.append((name.strip(), value.strip()))
    return pairs


def _named(error: InvalidInput, pairs: Pairs) -> InvalidInput:
    """The error with the name of the field that its path leads to."""
    row = error.path[2] if len(error.path) > 2 else ""
    if not row.isdigit() or int(row) >= len(pairs):
        return error
    return InvalidInput(f"{pairs[int(row)][0]}: {error.message}")

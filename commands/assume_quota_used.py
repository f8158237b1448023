"""assume-quota-used: what must be assumed after an old copy of the database was put in place."""

import argparse
import asyncio
from datetime import UTC, datetime

from application.runtime import modes, quotas
from clients.registry import BY_CODE
from commands.arguments import Commands, add_command
from commands.context import open_storage, read_settings
from commands.tables import print_table
from config import Settings
from db import credentials as stored_credentials
from db import quota, workspaces
from db.keys import KeyRing
from domain.marketplaces import Account, Workspace


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    add_command(
        commands,
        shared,
        "assume-quota-used",
        "after a backup was put back: take today's calls for unknown, so that no limit is exceeded",
        run,
    )
    # Its earlier name, which scripts of operators know. Without a `help` no list shows it.
    commands.add_parser("restored", parents=[shared]).set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """Book what background work may use today; only the reserve for people is left."""
    rows = asyncio.run(_assume(read_settings()))
    if not rows:
        print("No connected marketplace has a limit of calls a day. Nothing to assume.")
        return 0
    print_table(("MARKETPLACE", "LEFT TODAY", "COUNTED ANEW"), rows)
    print("Background work waits until then. See docs/operations.md for what else to look after.")
    return 0


async def _assume(settings: Settings) -> list[tuple[str, str, str]]:
    now, rules, rows = datetime.now(UTC), quotas(settings), {}
    async with open_storage(settings) as ring:
        for account in await _accounts(settings, ring):
            market, rule = BY_CODE[account.key.marketplace], rules[account.key.marketplace]
            most, unknown = rule.calls_per_day, rule.limit(is_background=True)
            if most is None or unknown is None:
                continue
            quota_account, day = market.quota_account(account), rule.day(now)
            await quota.assume(quota_account, day=day, used=unknown)
            left = most - await quota.used(quota_account, day=day)
            rows[quota_account] = (
                market.name,
                f"{max(0, left):,}",
                f"{rule.resets_at(now):%H:%M} UTC",
            )
    return list(rows.values())


async def _accounts(settings: Settings, ring: KeyRing) -> list[Account]:
    """The stored accounts of every workspace."""
    accounts: list[Account] = []
    for each in await workspaces.summaries():
        accounts += await stored_credentials.accounts(Workspace(each.name, modes(settings)), ring)
    return accounts

"""keys status and keys reencrypt: the encryption keys, what needs them, and changing them."""

import argparse
import asyncio
from datetime import UTC, datetime

from commands.arguments import Commands, add_command, add_group
from commands.context import open_storage, read_settings
from commands.tables import print_table
from db import api_keys
from db.encryption import key_usage, reencrypt


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    group = add_group(commands, shared, "keys", "the encryption keys and what needs them")
    add_command(group, shared, "status", "show how much needs each encryption key", run_status)
    add_command(
        group, shared, "reencrypt", "seal everything anew with the newest key", run_reencrypt
    )


def run_status(_arguments: argparse.Namespace) -> int:
    """One line for each key that is loaded. A key that is not and is needed raises KeyMissing."""
    asyncio.run(_status())
    return 0


def run_reencrypt(_arguments: argparse.Namespace) -> int:
    """Seal anew, beside a working server if there is one. Raises EncryptionError at the end."""
    asyncio.run(_reencrypt())
    return 0


async def _status() -> None:
    async with open_storage(read_settings()) as ring:
        sealed, hashed = await key_usage(), await api_keys.pepper_usage(datetime.now(UTC))
    lost = sorted(set(hashed) - set(ring.ids))
    print_table(
        ("ENCRYPTION KEY", "SEALED VALUES", "API KEYS", ""),
        [
            (
                key_id,
                str(sealed.get(key_id, 0)),
                str(hashed.get(key_id, 0)),
                _advice(
                    is_newest=key_id == ring.current_id,
                    is_sealing=key_id in sealed,
                    is_hashing=key_id in hashed,
                ),
            )
            for key_id in ring.ids
        ],
    )
    for key_id in lost:
        print(
            f"{hashed[key_id]} API keys were hashed with key {key_id}, which is not loaded: they "
            "are refused. Load that key again, or make new API keys."
        )


def _advice(*, is_newest: bool, is_sealing: bool, is_hashing: bool) -> str:
    if is_newest:
        return "the newest: it seals"
    if is_sealing:
        return "needed: run keys reencrypt"
    if is_hashing:
        return "needed by API keys that were not used since; each moves when it is used"
    return "not needed: it can be removed"


async def _reencrypt() -> None:
    async with open_storage(read_settings()) as ring:
        done = await reencrypt(ring)
        print(f"Sealed anew with key {ring.current_id}: {done}.")
        waiting = await api_keys.pepper_usage(datetime.now(UTC))
    if older := sum(count for key_id, count in waiting.items() if key_id != ring.current_id):
        print(
            f"{older} API keys still need an older key: each moves to the newest when it is used. "
            "Keep the older key loaded until `keys status` counts none, or rotate them."
        )

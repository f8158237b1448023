"""What must hold before anything is opened: a folder, tables that fit, keys that open them."""

import logging
from pathlib import Path

from application.keys import Keys
from config import Settings
from db import admin_key
from db.connection import is_sqlite, open_database
from db.encryption import check_canary, require_keys
from db.exceptions import EncryptionError
from db.keys import KeyRing
from db.migrate import Migrated, is_first, pending, prepare
from domain.starting import CannotStart

log = logging.getLogger("affiliate_graph.server")


def make_folder(folder: Path) -> None:
    """Make DATA_DIR, for its owner only, unless it is there. Raises CannotStart."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"DATA_DIR: {folder} cannot be made: {error.strerror}.") from None


async def prepare_storage(
    settings: Settings, ring: KeyRing, made_ring: Path | None, *, auto: bool | None = None
) -> Migrated:
    """Bring the tables and seals up to date and try the keys on what is sealed; what was done.

    `made_ring`: the file of the keys, where this start made it; removed when it opens nothing.
    `auto`: as of `migrate.prepare`. Raises NotReady, DatabaseUnavailable.
    """
    url = settings.database_url
    try:
        waiting = await pending(url)
        if waiting and not is_first(waiting):
            # Before anything is changed: the older release can go on until the key is found.
            async with open_database(url, shared=False):
                await require_keys(ring)
        done = await prepare(url, auto=auto)
        async with open_database(url, shared=False):
            await check_canary(ring)
    except EncryptionError:
        _forget(made_ring)
        raise
    return done


async def note_admin_key(settings: Settings, keys: Keys) -> None:
    """Tell it where another server of the same PostgreSQL was started with another admin key.

    Raises DatabaseUnavailable.
    """
    if is_sqlite(settings.database_url):  # its folder holds the key: one for all
        return
    async with open_database(settings.database_url, shared=False):
        if await admin_key.keep(keys.admin, keys.ring):
            log.warning(
                "The server of this database that started last has another ADMIN_API_KEY: what one "
                "accepts another one refuses. Give all the same, and restart those that lack it."
            )


def _forget(made_ring: Path | None) -> None:
    """A key that was made just now, for data that another one sealed, would only mislead."""
    if made_ring is not None:
        made_ring.unlink(missing_ok=True)

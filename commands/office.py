"""What a command works with: checked settings, an open database, and a Context of one workspace."""

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from application.runtime import Overrides, open_upstream, sandbox_of
from clients import registry
from commands.bootstrap import check_bootstrap, store_bootstrap
from config import Settings, from_environment
from db import workspaces
from db.connection import open_database
from db.encryption import check_canary
from db.exceptions import EncryptionError
from db.keys import KeyRing
from db.migrate import prepare
from domain.exceptions import InvalidInput
from domain.marketplaces import Workspace
from resolvers.access import OPERATOR
from resolvers.context import Context
from web import logs
from web.keys import CannotStart, load_ring

Work = Callable[[Context], Coroutine[Any, Any, int]]


def read_settings() -> Settings:
    """The settings of this process, credentials included. Raises BadSettings."""
    settings = from_environment(registry.SETTINGS)
    check_bootstrap(settings)
    return settings


@contextlib.asynccontextmanager
async def open_office(settings: Settings) -> AsyncIterator[KeyRing]:
    """The encryption keys, while the database is open. What is missing is made, as at a start.

    Raises CannotStart, NotReady, DatabaseUnavailable.
    """
    quiet_logs(settings)
    make_folder(settings.data_dir)
    ring, made = load_ring(settings)
    await prepare(settings.database_url)
    async with open_database(settings.database_url, shared=False):
        try:
            await check_canary(ring)
        except EncryptionError:
            if made is not None:
                made.unlink(missing_ok=True)  # a key made just now over data that another sealed
            raise
        yield ring


@contextlib.asynccontextmanager
async def open_context(settings: Settings, workspace: str) -> AsyncIterator[Context]:
    """The operator in that workspace, with the way to the marketplaces.

    Raises InvalidInput when there is no such workspace, and as `open_office` does.
    """
    overrides = Overrides()
    async with (
        open_office(settings) as ring,
        open_upstream(settings, ring, sandbox_of(settings, overrides), overrides) as upstream,
    ):
        await require_workspace(workspace)
        await store_bootstrap(settings, upstream, ring)
        with overrides.shared.request():
            yield Context(
                workspace=Workspace(workspace, upstream.modes),
                upstream=upstream,
                keys=ring,
                caller=replace(OPERATOR, workspace=workspace),
            )
        await overrides.shared.land()


async def require_workspace(name: str) -> None:
    """Raises InvalidInput when there is no such workspace."""
    if not await workspaces.exists(name):
        raise InvalidInput(
            f"There is no workspace {name}. Make it: python server.py workspace create {name}"
        )


def make_folder(folder: Path) -> None:
    """Make DATA_DIR, for its owner only, unless it is there. Raises CannotStart."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"DATA_DIR: {folder} cannot be made: {error.strerror}.") from None


def quiet_logs(settings: Settings) -> None:
    """A command's own words are on the screen; of the log only what is wrong."""
    level = logging.getLevelName(settings.log_level)
    logs.configure(logging.getLevelName(max(logging.WARNING, level)), settings.secrets())

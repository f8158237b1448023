"""What a command works with: checked settings, an open database, and a Context of one workspace."""

import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

from application.keys import load_ring
from application.preparation import make_folder, prepare_storage
from application.runtime import open_runtime
from clients import registry
from commands.bootstrap import check_bootstrap, store_bootstrap
from config import Settings, from_environment
from db import workspaces
from db.connection import open_database
from db.keys import KeyRing
from domain.exceptions import InvalidInput
from resolvers.access import OPERATOR
from resolvers.context import Context
from upstream.budget import CallBudget
from web import logs


def read_settings() -> Settings:
    """The settings of this process, credentials included. Raises BadSettings."""
    settings = from_environment(registry.SETTINGS)
    check_bootstrap(settings)
    return settings


@contextlib.asynccontextmanager
async def open_storage(settings: Settings) -> AsyncIterator[KeyRing]:
    """The encryption keys, while the database is open. What is missing is made, as at a start.

    Raises CannotStart, NotReady, DatabaseUnavailable.
    """
    ring = await _prepared(settings)
    async with open_database(settings.database_url, shared=False):
        yield ring


@contextlib.asynccontextmanager
async def open_context(
    settings: Settings, workspace: str, budget: CallBudget | None = None
) -> AsyncIterator[Context]:
    """The operator in that workspace, with the way to the marketplaces.

    Raises InvalidInput when there is no such workspace, and as `open_storage` does.
    """
    ring = await _prepared(settings)
    async with open_runtime(settings, ring) as runtime:
        await _require_workspace(workspace)
        await store_bootstrap(settings, runtime.upstream, ring)
        with runtime.under_way(workspace):
            yield runtime.context(replace(OPERATOR, workspace=workspace), budget)


async def _prepared(settings: Settings) -> KeyRing:
    quiet_logs(settings)
    make_folder(settings.data_dir)
    ring, made = load_ring(settings)
    await prepare_storage(settings, ring, made)
    return ring


async def _require_workspace(name: str) -> None:
    if not await workspaces.exists(name):
        raise InvalidInput(
            f"There is no workspace {name}. Make it: python server.py workspace create {name}"
        )


def quiet_logs(settings: Settings) -> None:
    """A command's own words are on the screen; of the log only what is wrong."""
    level = logging.getLevelName(settings.log_level)
    logs.configure(
        logging.getLevelName(max(logging.WARNING, level)),
        settings.secrets(),
        form=settings.log_format,
    )

"""What a command works with: checked settings, an open database, and a Context of one workspace."""

import contextlib
import logging
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

from application.keys import load_ring
from application.preparation import make_folder, prepare_storage
from application.runtime import Runtime, open_runtime
from clients import registry
from commands.bootstrap import check_bootstrap, store_bootstrap
from config import Settings, from_environment
from db import workspaces
from db.connection import open_database
from db.exceptions import NotReady
from db.keys import KeyRing
from db.migrate import is_first, pending
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
async def open_storage(settings: Settings, *, makes: bool = False) -> AsyncIterator[KeyRing]:
    """The encryption keys, while the database is open.

    `makes`: what is missing is made, as at a start; else it is told. Raises CannotStart, NotReady,
    DatabaseUnavailable.
    """
    ring = await _prepared(settings, makes=makes)
    async with open_database(settings.database_url, shared=False):
        yield ring


@contextlib.asynccontextmanager
async def open_context(
    settings: Settings,
    workspace: str,
    budget: CallBudget | None = None,
    *,
    makes: bool = False,
) -> AsyncIterator[Context]:
    """The operator in that workspace, with the way to the marketplaces.

    Raises InvalidInput when there is no such workspace, and as `open_storage` does.
    """
    async with open_workspace(settings, workspace, makes=makes) as runtime:
        with runtime.under_way(workspace):
            yield operator(runtime, workspace, budget)


def operator(runtime: Runtime, workspace: str, budget: CallBudget | None = None) -> Context:
    """The Context of one piece of the operator's work in that workspace."""
    return runtime.context(replace(OPERATOR, workspace=workspace), budget)


@contextlib.asynccontextmanager
async def open_workspace(
    settings: Settings, workspace: str, *, makes: bool = False
) -> AsyncIterator[Runtime]:
    """What is open for work in that workspace. Raises as `open_context`."""
    ring = await _prepared(settings, makes=makes)
    async with open_runtime(settings, ring) as runtime:
        await _require_workspace(workspace)
        await store_bootstrap(settings, runtime.upstream, ring)
        yield runtime


def tell_place(settings: Settings) -> None:
    """Whose data a command works on, on standard error: the mode, the database and the folder."""
    print(
        f"{mode_of(settings)}, database {shown_database(settings)}, "
        f"data folder {settings.data_dir}",
        file=sys.stderr,
    )


def mode_of(settings: Settings) -> str:
    """SANDBOX or LIVE."""
    return "SANDBOX" if settings.sandbox else "LIVE"


def shown_database(settings: Settings) -> str:
    """Where the data is, without a password."""
    parts = urlsplit(settings.database_url)
    return parts.path if parts.scheme == "sqlite" else f"{parts.hostname}{parts.path}"


async def require_database(settings: Settings) -> None:
    """Raises NotReady where nothing was made yet, which a command that only reads leaves so."""
    ring = settings.data_dir / "encryption.key"
    if is_first(await pending(settings.database_url)):
        missing = f"There is no database at {shown_database(settings)}"
    elif not settings.encryption_keys and not ring.exists():
        missing = f"There is no encryption key at {ring}"
    else:
        return
    raise NotReady(
        f"{missing}, and this command makes none. Give it the server's settings: in the "
        "environment, or from the server's file with --env-file FILE; DATA_DIR is looked for from "
        "the folder that you are in. The first start makes both: python server.py"
    )


async def _prepared(settings: Settings, *, makes: bool) -> KeyRing:
    quiet_logs(settings)
    tell_place(settings)
    if makes:
        make_folder(settings.data_dir)
    else:
        await require_database(settings)
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

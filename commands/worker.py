"""worker: work on jobs without serving, on this machine or another one."""

import argparse
import asyncio
import logging
import os
import signal

from application.keys import load_keys
from application.preparation import prepare_storage
from application.runtime import open_runtime
from commands.arguments import Commands, add_command
from commands.context import mode_of, read_settings, shown_database
from config import Settings
from db.connection import is_sqlite
from domain.starting import CannotStart
from engine.worker import run as work
from exports import formats
from schema.shaping import WebhookDocuments
from web import logs

log = logging.getLogger("affiliate_graph.engine")
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    add_command(commands, shared, "worker", "work on jobs until a signal, without serving", run)


def run(_arguments: argparse.Namespace) -> int:
    """Work until a signal. Raises CannotStart where processes could not share their work."""
    settings = read_settings()
    if is_sqlite(settings.database_url) or settings.redis_url is None:
        raise CannotStart(
            "A worker of its own needs PostgreSQL and Redis, by which processes share their work "
            "and the pace of their calls: set DATABASE_URL to a postgres:// address, and "
            "REDIS_URL. On SQLite the server has a worker inside."
        )
    logs.configure(settings.log_level, settings.secrets(), form=settings.log_format)
    asyncio.run(_run(settings))
    return 0


async def _run(settings: Settings) -> None:
    keys = load_keys(settings)
    await prepare_storage(settings, keys.ring, keys.made_ring)
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in SIGNALS:
        loop.add_signal_handler(each, ending.set)
    documents = WebhookDocuments(settings.limits)
    async with open_runtime(
        settings, keys.ring, documents=documents, formats=formats.by_name
    ) as runtime:
        log.info(
            "working",
            extra={
                "pid": os.getpid(),
                "mode": mode_of(settings),
                "database": shown_database(settings),
            },
        )
        await work(runtime, settings.database_url, ending)
    log.info("stopped")

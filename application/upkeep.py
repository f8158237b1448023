"""What a server does for its tables while it runs: what is old enough goes, in small pieces."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from db import deleted_products, events, jobs, old_prices, webhook_deliveries
from db.availability import FAILURES
from db.exceptions import DatabaseUnavailable

EVERY = 3600.0  # seconds
BREATH = 0.1  # seconds for others to write, after some prices
DELETED_FOR = timedelta(days=1)  # so long a deleted product can be put back at least
log = logging.getLogger("affiliate_graph.upkeep")


@contextlib.asynccontextmanager
async def upkeep(
    kept_for: timedelta, prices_for: timedelta, now: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Prunes at the start and every hour, until the end. `kept_for`: events; `prices_for`: each
    price of a day."""
    task = asyncio.create_task(_prune(kept_for, prices_for, now), name=__name__)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _prune(kept_for: timedelta, prices_for: timedelta, now: Callable[[], datetime]) -> None:
    while True:
        try:
            pruned = {
                "events": await events.prune(now() - kept_for),
                "jobs": await jobs.prune(now()),
                "deliveries": await webhook_deliveries.prune(now() - kept_for),
                "products": await deleted_products.prune(now() - DELETED_FOR),
            }
            if any(pruned.values()):
                log.info("pruned", extra=pruned)
            await _settle_prices(now() - prices_for)
        except (DatabaseUnavailable, *FAILURES) as failure:  # without its text: it has values
            log.warning("What is old was not pruned: %s", type(failure).__name__)
        await asyncio.sleep(EVERY)


async def _settle_prices(before: datetime) -> None:
    while True:
        if not await old_prices.settle(before):
            return
        await asyncio.sleep(BREATH)

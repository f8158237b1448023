"""What happens, told on and on: events behind a cursor, and products that change.

Nothing waits in memory for a slow reader: events are read in their table from where it stands, and
a product or a job is read when it is told. So no event is lost, and of those the latest wins.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial

from clients.registry import BY_CODE
from db import events as stored_events
from db import jobs as stored_jobs
from db import products as stored_products
from domain.catalog import PageArgs, Position
from domain.events import Event, EventFilter
from domain.exceptions import NotFound
from domain.jobs import Job
from domain.products import ProductRef
from resolvers import cursors
from resolvers.context import Context
from resolvers.events import OF_LIST, require_reached
from resolvers.jobs import MISSING
from resolvers.products import Listing

__all__ = ["Event", "events", "job", "products"]

AT_ONCE = 100  # events in one reading
READ_AT_ONCE = 20  # products: the last of them waits for a slow reader to take the others
LOOK_EVERY = 1.0  # seconds; one lookup by a primary key
COMPARE_EVERY = 2.0  # seconds; one statement for all products of the reader


async def events(
    context: Context, filter: EventFilter, after: str | None
) -> AsyncGenerator[Event, None]:
    """Each event behind the cursor, or from now on. Raises InvalidInput for what is no cursor."""
    workspace = context.workspace
    position: Position = cursors.decode(OF_LIST, after, path=("after",))
    if after is None:
        position = (await stored_events.last_number(workspace.id),)
    else:
        await stored_events.page(workspace, filter, PageArgs(1, position))  # looks at its form
        await require_reached(context, position)
    return _events(context, filter, position)


async def _events(
    context: Context, filter: EventFilter, position: Position
) -> AsyncGenerator[Event, None]:
    seen = -1
    while True:
        # What has no higher number than this one is there, so all of it is read below.
        last = await stored_events.last_number(context.workspace.id)
        if last == seen:
            await asyncio.sleep(LOOK_EVERY)
            continue
        seen, goes_on = last, True
        while goes_on:
            args = PageArgs(AT_ONCE, position)
            page = await stored_events.page(context.workspace, filter, args)
            for place, event in page.rows:
                yield event
                position = place
            goes_on = page.has_next
        if not page.records:
            position = (last,)  # the next reading need not look through what was left out


async def products(context: Context, refs: Sequence[ProductRef]) -> AsyncGenerator[Listing, None]:
    """The products that are in the catalogue, and each again whenever it changed."""
    known: dict[ProductRef, int] = {}
    untracked = [code for code, one in BY_CODE.items() if not one.policy.keeps_price_history]
    versions = partial(stored_products.versions, context.workspace, untracked=untracked)
    while True:
        present = await versions(refs)
        changed = [ref for ref, version in present.items() if known.get(ref) != version]
        known = {ref: version for ref, version in known.items() if ref in present}
        for start in range(0, len(changed), READ_AT_ONCE):
            some = changed[start : start + READ_AT_ONCE]
            known |= await versions(some)  # first: what changes after it is told once more
            for entry in (await stored_products.by_refs(context.workspace, some)).values():
                yield Listing(source=entry.source, entry=entry)
        await asyncio.sleep(COMPARE_EVERY)


async def job(context: Context, job_id: str) -> AsyncGenerator[Job, None]:
    """The job, and again whenever it has moved on, until it has ended. Raises NotFound."""
    found = await stored_jobs.by_id(context.workspace.id, job_id)
    if found is None:
        raise NotFound(MISSING, path=("id",))
    return _job(context, found)


async def _job(context: Context, job: Job) -> AsyncGenerator[Job, None]:
    told: Job | None = None
    found: Job | None = job
    while found is not None:
        if found != told:
            yield found
            told = found
        if not found.is_open:
            return
        await asyncio.sleep(LOOK_EVERY)
        found = await stored_jobs.by_id(context.workspace.id, job.id)

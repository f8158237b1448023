"""What happened in a workspace: read back, or read on from where a caller stands."""

from db import events as stored_events
from domain.catalog import Page, PageArgs, Position
from domain.events import Event, EventFilter
from domain.exceptions import InvalidInput
from resolvers import cursors
from resolvers.context import Context
from resolvers.cursors import ConnectionArgs

# A cursor is a place among all events of the workspace, whatever is asked of them.
OF_LIST = cursors.fingerprint("events")


async def page(
    context: Context, filter: EventFilter, args: ConnectionArgs
) -> tuple[str, Page[Event]]:
    """One page of events, oldest first, with the fingerprint of its cursors."""
    rows = args.page(OF_LIST)
    page = await stored_events.page(context.workspace, filter, rows)
    if not page.records and rows.after is not None:
        await require_reached(context, rows.after)
    return OF_LIST, page


async def require_reached(context: Context, position: Position) -> None:
    """Raises InvalidInput for a place behind all events: whoever reads on from there would miss
    those that are given the numbers before it anew."""
    [number] = position
    if isinstance(number, int) and number > await stored_events.last_number(context.workspace.id):
        raise InvalidInput(
            "This cursor is ahead of all events: a backup was put back since it was given out. "
            "Read on from a time, with `since`.",
            path=("after",),
        )


async def count(context: Context, filter: EventFilter) -> int | None:
    """How many events the filter lets through."""
    counted = await stored_events.page(context.workspace, filter, PageArgs(1), count=True)
    return counted.total


async def by_id(context: Context, event_id: str) -> Event | None:
    """The event of that id; None when there is none, or none any more."""
    return await stored_events.by_id(context.workspace, event_id)

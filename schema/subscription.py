"""Subscription: what is told as it happens. Each field hands over to resolvers/following.py."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from domain.api_keys import Scope
from domain.events import EventFilter
from domain.exceptions import InvalidInput
from domain.jobs import Job as JobRecord
from resolvers import following
from resolvers.cursors import MAX_PAGE_SIZE
from resolvers.products import Listing
from schema import ids as global_ids
from schema.access import Needs
from schema.events import Event, Types
from schema.jobs import Job
from schema.naming import ref_of
from schema.node import Info
from schema.products import Product


@strawberry.type(
    description="What is told as it happens, over server-sent events or multipart: send Accept: "
    "text/event-stream, or multipart/mixed;subscriptionSpec=1.0. docs/events.md shows how."
)
class Subscription:
    @strawberry.subscription(
        description="Each event as it happens.", extensions=[Needs(Scope.READ)]
    )
    async def events(
        self,
        info: Info,
        types: Types = None,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="The cursor of the last event that you saw: what happened since then "
                "comes first. Left out: only what happens from now on."
            ),
        ] = None,
    ) -> AsyncGenerator[Event, None]:
        filter = EventFilter(types=None if types is None else frozenset(types))
        return _events(await following.events(info.context, filter, after))

    @strawberry.subscription(
        description="Catalogue products: each as it is now, and again whenever it changes. What "
        "changes while one is being sent is told once, as it is then. Where the marketplace's "
        "terms forbid to track prices, a new price alone is no change.",
        extensions=[Needs(Scope.READ)],
    )
    async def product_changed(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="Which products, at most 250.")
        ],
    ) -> AsyncGenerator[Product, None]:
        if len(ids) > MAX_PAGE_SIZE:
            raise InvalidInput(f"At most {MAX_PAGE_SIZE} ids; {len(ids)} were sent.", path=("ids",))
        refs = [ref_of(id, ("ids", str(number))) for number, id in enumerate(ids)]
        return _products(following.products(info.context, refs))

    @strawberry.subscription(
        description="A job as it is now, and again whenever it has moved on; ends with the job. "
        "What moves on while one is being sent is told once, as it is then.",
        extensions=[Needs(Scope.READ)],
    )
    async def job_progress(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Which job.")],
    ) -> AsyncGenerator[Job, None]:
        return _jobs(await following.job(info.context, global_ids.job(id)))


async def _events(found: AsyncGenerator[following.Event, None]) -> AsyncGenerator[Event, None]:
    async with aclosing(found):
        async for event in found:
            yield Event.of(event)


async def _products(found: AsyncGenerator[Listing, None]) -> AsyncGenerator[Product, None]:
    async with aclosing(found):
        async for listing in found:
            yield Product.of(listing)


async def _jobs(found: AsyncGenerator[JobRecord, None]) -> AsyncGenerator[Job, None]:
    async with aclosing(found):
        async for job in found:
            yield Job.of(job)

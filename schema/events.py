"""Events: what happened, as a list to read on from."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain import events as records
from domain.events import EventType
from resolvers import cursors
from resolvers.events import OF_LIST
from resolvers.products import Listing
from schema import ids
from schema import marketplaces as marketplace_types
from schema.jobs import Job
from schema.marketplaces import Marketplace
from schema.node import Info, Node
from schema.products import AffiliateLink, Product
from schema.values import Money, money

Types = Annotated[
    list[EventType] | None, strawberry.argument(description="Only of these types; null: of all.")
]


@strawberry.type(
    description="Something that happened. What its type does not tell is null; docs/events.md says "
    "which type tells what."
)
class Event(Node):
    record: strawberry.Private[records.Event]
    sequence: int = strawberry.field(
        description="Rises with each event of the workspace; not by one each time."
    )
    cursor: str = strawberry.field(
        description="Send it as `after` of events, to read on behind this one."
    )
    type: EventType = strawberry.field(description="What happened.")
    occurred_at: datetime = strawberry.field(description="When it was seen here.")
    product_id: strawberry.ID | None = strawberry.field(
        description="Of the product that it is about, also when it was deleted since."
    )
    link_id: strawberry.ID | None = strawberry.field(
        description="Of the link that it is about, also when it was deleted since."
    )
    job_id: strawberry.ID | None = strawberry.field(
        description="Of the job that it is about, also when it was forgotten since."
    )
    webhook_id: strawberry.ID | None = strawberry.field(
        description="Of the webhook that it is about, also when it was deleted since."
    )
    watch_id: strawberry.ID | None = strawberry.field(
        description="Of the watch that fired, also when it was deleted since."
    )
    previous_price: Money | None = strawberry.field(
        description="The price that was announced before; of a watch, the one before."
    )
    price: Money | None = strawberry.field(description="The price that is announced with this.")
    upstream_code: str | None = strawberry.field(
        description="The marketplace's own code of what it refused."
    )
    calls_per_day: int | None = strawberry.field(
        description="The account's calls of a day, of which 80 % are used up."
    )

    @classmethod
    def of(cls, record: records.Event) -> "Event":
        news = record.news
        return cls(
            record=record,
            id=ids.of_event(record.id),
            sequence=record.sequence,
            cursor=cursors.encode(OF_LIST, (record.sequence,)),
            type=news.type,
            occurred_at=news.occurred_at,
            product_id=ids.of_product(news.product) if news.product else None,
            link_id=ids.of_link(news.link) if news.link else None,
            job_id=ids.of_job(news.job) if news.job else None,
            webhook_id=ids.of_webhook(news.webhook) if news.webhook else None,
            watch_id=ids.of_watch(news.watch) if news.watch else None,
            previous_price=money(news.previous_price),
            price=money(news.price),
            upstream_code=news.upstream_code,
            calls_per_day=news.calls_per_day,
        )

    @strawberry.field(description="The marketplace that it is about; null: it is about none.")
    def marketplace(self, info: Info) -> Marketplace | None:
        news = self.record.news
        if not news.marketplace:
            return None
        return marketplace_types.of_site(info.context, news.marketplace, news.locale)

    @strawberry.field(
        description="The product as the catalogue has it now; null when it was deleted."
    )
    async def product(self, info: Info) -> Product | None:
        ref = self.record.news.product
        entry = await info.context.dataloaders.catalog_product.load(ref) if ref else None
        return Product.of(Listing(source=entry.source, entry=entry)) if entry else None

    @strawberry.field(description="The link as it is stored now; null when it was deleted.")
    async def link(self, info: Info) -> AffiliateLink | None:
        key = self.record.news.link
        stored = await info.context.dataloaders.stored_link.load(key) if key else None
        return AffiliateLink.of(stored) if stored else None

    @strawberry.field(description="The job as it is now; null when it was forgotten.")
    async def job(self, info: Info) -> Job | None:
        job = self.record.news.job
        found = await info.context.dataloaders.job.load(job) if job else None
        return Job.of(found) if found else None

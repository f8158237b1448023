"""Webhooks, and what they were told."""

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from domain.api_keys import Scope
from domain.events import EventType
from domain.webhooks import (
    Attempt,
    Delivery,
    DeliveryFilter,
    DeliveryState,
    DisabledReason,
    WebhookKind,
)
from domain.webhooks import Webhook as WebhookRecord
from resolvers import webhooks
from resolvers.cursors import ConnectionArgs
from schema import ids
from schema.access import Needs
from schema.connections import Connection, Paged, StoredPage
from schema.events import Event
from schema.node import Info, Node

States = Annotated[
    list[DeliveryState] | None,
    strawberry.argument(description="Only in one of these states; null: in any."),
]


@strawberry.type(description="One try to tell a webhook of an event.")
class WebhookAttempt:
    at: datetime = strawberry.field(description="When it was made.")
    status: int | None = strawberry.field(
        description="What was answered, as an HTTP status; null without an answer. Anything but "
        "200 to 299 is a failure; redirects are not followed."
    )
    milliseconds: int = strawberry.field(description="How long it took.")
    answer: str = strawberry.field(
        description="The first 2 kB of what was answered. Numbers that were sent are left out (#): "
        "prices of some marketplaces must not be kept."
    )
    error: str | None = strawberry.field(description="Why there was no answer, in words.")

    @classmethod
    def of(cls, attempt: Attempt) -> "WebhookAttempt":
        return cls(
            at=attempt.at,
            status=attempt.status,
            milliseconds=attempt.milliseconds,
            answer=attempt.answer,
            error=attempt.error,
        )


@strawberry.type(description="An event that a webhook is told, and how that went.")
class WebhookDelivery:
    record: strawberry.Private[Delivery]
    id: strawberry.ID = strawberry.field(description="Send it to redeliver.")
    event_id: strawberry.ID = strawberry.field(
        description="Of the event. The header webhook-id has the part of it behind the type."
    )
    type: EventType = strawberry.field(description="What happened.")
    state: DeliveryState = strawberry.field(description="How far it is.")
    attempt: int = strawberry.field(description="How many tries there were since it was last due.")
    created_at: datetime = strawberry.field(description="When it happened.")
    next_try_at: datetime | None = strawberry.field(
        description="When it is tried next; null: it is not."
    )
    attempts: list[WebhookAttempt] = strawberry.field(
        description="The last 20 tries, the newest last."
    )

    @strawberry.field(
        description="The event; null when it is not kept any more.",
        extensions=[Needs(Scope.READ)],
    )
    async def event(self, info: Info) -> Event | None:
        found = await info.context.dataloaders.event.load(self.record.event_id)
        return Event.of(found) if found else None

    @classmethod
    def of(cls, record: Delivery) -> "WebhookDelivery":
        return cls(
            record=record,
            id=ids.of_delivery(record.id),
            event_id=ids.of_event(record.event_id),
            type=record.type,
            state=record.state,
            attempt=record.tries,
            created_at=record.created_at,
            next_try_at=record.next_at,
            attempts=[WebhookAttempt.of(each) for each in record.attempts],
        )


@strawberry.type(
    description="An address that is told of events as they happen, by Standard Webhooks, or a chat "
    "that gets a sentence: docs/events.md#webhooks."
)
class Webhook(Node):
    record: strawberry.Private[WebhookRecord]
    url: str = strawberry.field(
        description="Where it leads, without what may be secret: a query, and of chats the path."
    )
    kind: WebhookKind = strawberry.field(description="What is behind the address.")
    events: list[EventType] = strawberry.field(description="What it is told of.")
    query: str | None = strawberry.field(
        description="The subscription that shapes `data`; null: the usual one."
    )
    is_enabled: bool = strawberry.field(description="Whether it is told anything.")
    disabled_at: datetime | None = strawberry.field(description="Since when it is not.")
    disabled_reason: DisabledReason | None = strawberry.field(description="Why it is not.")
    failing_since: datetime | None = strawberry.field(
        description="Since when each try failed; null while it is well. After five days it is "
        "switched off."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @strawberry.field(
        description="What it was told, newest first, kept as long as events are.",
        extensions=[Paged()],
    )
    async def deliveries(
        self,
        info: Info,
        args: ConnectionArgs,
        states: States = None,
    ) -> Connection[WebhookDelivery]:
        filter = DeliveryFilter(states=states)
        page = StoredPage(*await webhooks.deliveries(self.record, filter, args))
        counted = partial(webhooks.count_deliveries, self.record, filter)
        return Connection(page=page, shown=WebhookDelivery.of, counted=counted)

    @classmethod
    def of(cls, record: WebhookRecord) -> "Webhook":
        return cls(
            record=record,
            id=ids.of_webhook(record.id),
            url=record.shown_url,
            kind=webhooks.kind_of(record),
            events=sorted(record.types, key=lambda each: each.value),
            query=record.document,
            is_enabled=record.disabled_at is None,
            disabled_at=record.disabled_at,
            disabled_reason=record.disabled_reason,
            failing_since=record.failing_since,
            created_at=record.created_at,
        )


@strawberry.type
class WebhookQueries:
    """The fields of Query about webhooks."""

    @strawberry.field(
        description="A webhook by its id; null when there is none.",
        extensions=[Needs(Scope.SETTINGS)],
    )
    async def webhook(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="As given out here.")],
    ) -> Webhook | None:
        found = await webhooks.by_id(info.context, ids.webhook(id))
        return Webhook.of(found) if found else None

    @strawberry.field(
        description="The workspace's webhooks, newest first.",
        extensions=[Needs(Scope.SETTINGS), Paged()],
    )
    async def webhooks(
        self,
        info: Info,
        args: ConnectionArgs,
    ) -> Connection[Webhook]:
        page = StoredPage(*await webhooks.page(info.context, args))
        counted = partial(webhooks.count, info.context)
        return Connection(page=page, shown=Webhook.of, counted=counted)

"""What makes, changes, tries and repeats webhooks."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from domain.api_keys import Scope
from domain.events import EventType
from resolvers import deliveries, webhooks
from resolvers.webhooks import DEFAULT_OVERLAP
from schema import ids
from schema.failures import mutation, payload
from schema.naming import row_id
from schema.node import Info
from schema.webhooks import Webhook, WebhookAttempt, WebhookDelivery

URL = (
    "Where to: an https address that takes POST, or that of a Telegram bot's sendMessage (with "
    "chat_id), a Discord or a Slack webhook, which get a sentence."
)
QUERY = (
    "What `data` holds: a subscription with the one field `events`, as `subscription { events { "
    "type product { title } } }`. It is answered for each event, with the rights of the key that "
    "sets it. Null: the usual one."
)
SECRET = "What signs, whsec_ and base64: shown this once. Null when there is none."
CHANGED = "As it stands now."
What = strawberry.argument(description="What to do.")


@strawberry.input(description="The webhook to make.")
class CreateWebhookInput:
    url: str = strawberry.field(description=URL)
    events: list[EventType] = strawberry.field(description="What to tell, at least one.")
    query: str | None = strawberry.field(default=None, description=QUERY)


@strawberry.input(description="The webhook to change; what is left out stays.")
class UpdateWebhookInput:
    id: strawberry.ID = strawberry.field(description="The webhook.")
    url: str | None = strawberry.field(default=None, description=URL)
    events: list[EventType] | None = strawberry.field(
        default=None, description="What to tell, at least one."
    )
    query: str | None = strawberry.field(default=UNSET, description=QUERY)


@strawberry.input(description="Which webhook.")
class WebhookInput:
    id: strawberry.ID = strawberry.field(description="The webhook.")


@strawberry.input(description="The webhook that is to sign anew.")
class RotateWebhookSecretInput:
    id: strawberry.ID = strawberry.field(description="The webhook.")
    keep_for: int | None = strawberry.field(
        default=DEFAULT_OVERLAP,
        description="For so many hours it signs with the old secret too, 0 to 168; with four old "
        "ones at most.",
    )


@strawberry.input(description="Which delivery to send once more.")
class RedeliverInput:
    id: strawberry.ID = strawberry.field(description="The delivery.")


@strawberry.input(description="Which deliveries to send once more.")
class RedeliverRangeInput:
    id: strawberry.ID = strawberry.field(description="The webhook.")
    since: datetime = strawberry.field(description="Of events from then on.")
    until: datetime | None = strawberry.field(
        default=None, description="Of events before then; null: until now."
    )
    only_failed: bool = strawberry.field(
        default=True, description="false: also what was delivered."
    )


@payload("Answer of createWebhook.")
class CreateWebhookPayload:
    webhook: Webhook | None = strawberry.field(description="Null when none was made.")
    secret: str | None = strawberry.field(description=SECRET)


@payload("Answer of rotateWebhookSecret.")
class RotateWebhookSecretPayload:
    webhook: Webhook | None = strawberry.field(description=CHANGED)
    secret: str | None = strawberry.field(description=SECRET)


@payload("Answer of what changes a webhook.")
class WebhookPayload:
    webhook: Webhook | None = strawberry.field(description=CHANGED)


@payload("Answer of deleteWebhook.")
class DeleteWebhookPayload:
    deleted_id: strawberry.ID | None = strawberry.field(description="Of what is forgotten.")


@payload("Answer of testWebhook.")
class TestWebhookPayload:
    attempt: WebhookAttempt | None = strawberry.field(description="What came of it.")


@payload("Answer of redeliver.")
class RedeliverPayload:
    delivery: WebhookDelivery | None = strawberry.field(description=CHANGED)


@payload("Answer of redeliverRange.")
class RedeliverRangePayload:
    count: int | None = strawberry.field(
        description="How many are sent once more; at 10,000 there may be others: ask again."
    )


@strawberry.type
class WebhookMutations:
    """The fields of Mutation about webhooks."""

    @mutation(
        Scope.SETTINGS,
        description="Have an address told of events, from now on. Needs READ as well: what it is "
        "told is read with your key's rights, for as long as the key is valid.",
    )
    async def create_webhook(
        self, info: Info, input: Annotated[CreateWebhookInput, What]
    ) -> CreateWebhookPayload:
        made = await webhooks.create(
            info.context, url=input.url, types=input.events, document=input.query
        )
        return CreateWebhookPayload(webhook=Webhook.of(made.webhook), secret=made.secret.reveal())

    @mutation(
        Scope.SETTINGS,
        description="Change where a webhook leads, or what it is told, which is read with the "
        "rights of your key from then on. Its secret stays. Needs READ as well.",
    )
    async def update_webhook(
        self, info: Info, input: Annotated[UpdateWebhookInput, What]
    ) -> WebhookPayload:
        webhook = await webhooks.update(
            info.context,
            row_id(ids.webhook, input.id),
            url=input.url,
            types=input.events,
            document=None if input.query is UNSET else input.query,
            keeps_document=input.query is UNSET,
        )
        return WebhookPayload(webhook=Webhook.of(webhook))

    @mutation(Scope.SETTINGS, description="Tell a webhook again of what happens from now on.")
    async def enable_webhook(
        self, info: Info, input: Annotated[WebhookInput, What]
    ) -> WebhookPayload:
        webhook = await webhooks.enable(info.context, row_id(ids.webhook, input.id))
        return WebhookPayload(webhook=Webhook.of(webhook))

    @mutation(
        Scope.SETTINGS,
        description="Tell a webhook nothing any more; what it was still to be told is given up.",
    )
    async def disable_webhook(
        self, info: Info, input: Annotated[WebhookInput, What]
    ) -> WebhookPayload:
        webhook = await webhooks.disable(info.context, row_id(ids.webhook, input.id))
        return WebhookPayload(webhook=Webhook.of(webhook))

    @mutation(Scope.SETTINGS, description="Forget a webhook, with what it was told.")
    async def delete_webhook(
        self, info: Info, input: Annotated[WebhookInput, What]
    ) -> DeleteWebhookPayload:
        await webhooks.delete(info.context, row_id(ids.webhook, input.id))
        return DeleteWebhookPayload(deleted_id=input.id)

    @mutation(
        Scope.SETTINGS,
        description="Sign with a new secret, and for a while with the old one too: receivers are "
        "changed meanwhile, and nothing is lost.",
    )
    async def rotate_webhook_secret(
        self, info: Info, input: Annotated[RotateWebhookSecretInput, What]
    ) -> RotateWebhookSecretPayload:
        made = await webhooks.rotate(
            info.context, row_id(ids.webhook, input.id), keep_for=input.keep_for
        )
        return RotateWebhookSecretPayload(
            webhook=Webhook.of(made.webhook), secret=made.secret.reveal()
        )

    @mutation(
        Scope.SETTINGS,
        description="Send a webhook at once what its events look like, with the type webhook.test; "
        "to a chat, a sentence. It may be switched off.",
    )
    async def test_webhook(
        self, info: Info, input: Annotated[WebhookInput, What]
    ) -> TestWebhookPayload:
        webhook = await webhooks.named(info.context, row_id(ids.webhook, input.id))
        info.context.caller.require(Scope.READ, "Testing a webhook")
        attempt = await deliveries.test(info.context, webhook)
        return TestWebhookPayload(attempt=WebhookAttempt.of(attempt))

    @mutation(
        Scope.SETTINGS,
        description="Send a delivery once more, with all its tries: by the same id, with `data` as "
        "it is now.",
    )
    async def redeliver(
        self, info: Info, input: Annotated[RedeliverInput, What]
    ) -> RedeliverPayload:
        delivery = await webhooks.again(info.context, row_id(ids.delivery, input.id))
        return RedeliverPayload(delivery=WebhookDelivery.of(delivery))

    @mutation(
        Scope.SETTINGS,
        description="Send once more what a webhook was to be told in a time, 10,000 at most.",
    )
    async def redeliver_range(
        self, info: Info, input: Annotated[RedeliverRangeInput, What]
    ) -> RedeliverRangePayload:
        count = await webhooks.again_between(
            info.context,
            row_id(ids.webhook, input.id),
            input.since,
            input.until,
            only_failed=input.only_failed,
        )
        return RedeliverRangePayload(count=count)

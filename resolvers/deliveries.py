"""One try to tell a webhook of an event: what it is told is read anew, signed, and sent."""

import json
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from clients import chats
from clients.signing import standard_webhooks
from db import events as stored_events
from db import products as stored_products
from db import webhooks as stored_webhooks
from db.exceptions import DatabaseUnavailable, EncryptionError
from domain import moments
from domain.credentials import Secret
from domain.events import Event, News
from domain.exceptions import AffiliateGraphError
from domain.news_words import sentence
from domain.webhooks import (
    LARGEST,
    TEST,
    Attempt,
    Delivery,
    Target,
    Webhook,
    WebhookKind,
    without_numbers_of,
)
from resolvers.context import Context

GONE = "The event is not kept any more."


async def attempt(context: Context, webhook: Webhook, delivery: Delivery) -> Attempt:
    """Tell the webhook of the event; what came of it. Raises DatabaseUnavailable."""
    event = await stored_events.by_id(context.workspace, delivery.event_id)
    if event is None:
        return Attempt(at=context.now, error=GONE)
    return await _told(context, webhook, event, event.news.type.value)


async def test(context: Context, webhook: Webhook) -> Attempt:
    """Tell the webhook of an event that did not happen, of the first of its types; at once."""
    type = min(webhook.types, key=lambda each: each.value)
    news = News(type=type, occurred_at=context.now)
    event = Event(id=str(uuid4()), sequence=0, news=news)
    return await _told(context, webhook, event, TEST)


async def _told(context: Context, webhook: Webhook, event: Event, name: str) -> Attempt:
    sender = context.upstream.webhooks
    assert sender is not None
    try:
        target = await stored_webhooks.target(webhook, context.keys, context.now)
        url, body = await _written(context, webhook, target, event, name)
    except DatabaseUnavailable:
        raise
    except (AffiliateGraphError, EncryptionError) as failure:
        return Attempt(at=context.now, error=f"Nothing was sent: {failure}")
    if len(body) > LARGEST:
        words = f"Nothing was sent. It has {len(body):,} bytes, {LARGEST:,} may go: ask for less."
        return Attempt(at=context.now, error=words)
    at = context.now
    made = await sender.send(url, _headers(target, event, body, at), body, at)
    return _kept(made, body)


async def _written(
    context: Context, webhook: Webhook, target: Target, event: Event, name: str
) -> tuple[Secret, bytes]:
    """Where to send, and what."""
    if chats.kind_of(webhook.shown_url) is not WebhookKind.STANDARD:
        text = "This is a test." if name == TEST else await _words(context, event)
        url, body = chats.message(target.url.reveal(), text)
        return Secret(url), body
    assert context.documents is not None
    told = await context.documents.shaped(context, webhook.document, event)
    whole = {"type": name, "timestamp": moments.shown(event.news.occurred_at), **told}
    return target.url, json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


async def _words(context: Context, event: Event) -> str:
    ref = event.news.product
    found = await stored_products.by_refs(context.workspace, [ref]) if ref else {}
    source = found[ref].source if ref in found else None
    return sentence(event.news, source.title if source else None, source.url if source else None)


def _headers(target: Target, event: Event, body: bytes, at: datetime) -> dict[str, str]:
    """Those of Standard Webhooks. The id stays over all tries, the rest is of this one."""
    timestamp = int(at.timestamp())
    keys = [secret.reveal() for secret in target.secrets]
    return {
        "webhook-id": event.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": standard_webhooks.signatures(event.id, timestamp, body, keys),
    }


def _kept(made: Attempt, body: bytes) -> Attempt:
    """What of an answer may be written down."""
    return replace(made, answer=without_numbers_of(made.answer, body.decode()))

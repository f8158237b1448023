"""Webhooks of a workspace: made, changed, tried, switched on and off, forgotten.

Whoever changes what a webhook tells, or where, lends it their rights from then on: so nobody learns
by it what they may not read themselves. Each change is a line in the log, with who made it.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

from clients import chats
from clients.signing import standard_webhooks
from db import webhook_deliveries as stored_deliveries
from db import webhooks as stored_webhooks
from domain.api_keys import Scope
from domain.catalog import Page, PageArgs
from domain.credentials import Secret
from domain.events import EventType
from domain.exceptions import InvalidInput, NotFound
from domain.webhooks import (
    Delivery,
    DeliveryFilter,
    DisabledReason,
    Target,
    Webhook,
    WebhookKind,
)
from resolvers import cursors
from resolvers.context import Context
from resolvers.cursors import ConnectionArgs

log = logging.getLogger("affiliate_graph.webhooks")
MOST = 50  # in a workspace
DEFAULT_OVERLAP, MAX_OVERLAP = 24, 7 * 24  # hours
ID = ("input", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A webhook, and what signs for it, for the one time that it is shown."""

    webhook: Webhook
    secret: Secret = field(repr=False)


async def create(
    context: Context, *, url: str, types: Collection[EventType], document: str | None
) -> Made:
    """Make a webhook. `document`: see `Documents`. Raises InvalidInput, Forbidden."""
    _check(context, document)
    secret = Secret(standard_webhooks.new_secret())
    webhook = Webhook(
        id=str(uuid4()),
        workspace=context.workspace.id,
        shown_url=_shown(context, url),
        types=_types(types),
        document=document,
        key_id=context.caller.key.id if context.caller.key else None,
        created_at=context.now,
    )
    _require_reader(context)
    target = Target(url=Secret(url), secrets=[secret])
    if not await stored_webhooks.create(webhook, target, context.keys, most=MOST):
        raise InvalidInput(f"A workspace has at most {MOST} webhooks. Delete one of them.")
    _note(context, "made", webhook)
    return Made(webhook=webhook, secret=secret)


async def update(
    context: Context,
    webhook_id: str,
    *,
    url: str | None,
    types: Collection[EventType] | None,
    document: str | None,
    keeps_document: bool,
) -> Webhook:
    """Change where it leads or what it tells; None: as it is. Raises InvalidInput, Forbidden,
    NotFound."""
    _check(context, document)
    webhook = await named(context, webhook_id)
    _require_reader(context)
    key = context.caller.key
    changes: dict[str, object] = {"key_id": key.id if key else None}
    if url is not None:
        changes["shown_url"] = _shown(context, url)
    if types is not None:
        changes["types"] = _types(types)
    if not keeps_document:
        changes["document"] = document
    sealed = None if url is None else Secret(url)
    new = await stored_webhooks.update(webhook, changes, sealed, context.keys, context.now)
    if new is None:
        raise _unknown()
    _note(context, "changed", new)
    return new


async def rotate(context: Context, webhook_id: str, *, keep_for: int | None) -> Made:
    """Sign with another secret; with the old one too, for so many hours. Raises InvalidInput,
    NotFound."""
    hours = DEFAULT_OVERLAP if keep_for is None else keep_for
    if not 0 <= hours <= MAX_OVERLAP:
        raise InvalidInput(
            f"The old secret can go on for 0 to {MAX_OVERLAP} hours.", path=("input", "keepFor")
        )
    webhook, secret = await named(context, webhook_id), Secret(standard_webhooks.new_secret())
    now, until = context.now, context.now + timedelta(hours=hours)
    if not await stored_webhooks.rotate(webhook, secret, context.keys, now=now, until=until):
        raise _unknown()
    _note(context, "rotated", webhook)
    return Made(webhook=webhook, secret=secret)


async def enable(context: Context, webhook_id: str) -> Webhook:
    """Tell it of what happens from now on. Raises NotFound."""
    webhook = await named(context, webhook_id)
    await stored_webhooks.enable(webhook)
    _note(context, "enabled", webhook)
    return await named(context, webhook_id)


async def disable(context: Context, webhook_id: str) -> Webhook:
    """Tell it nothing any more. Raises NotFound."""
    webhook = await named(context, webhook_id)
    await stored_webhooks.disable(webhook.id, DisabledReason.BY_HAND, context.now)
    _note(context, "disabled", webhook)
    return await named(context, webhook_id)


async def delete(context: Context, webhook_id: str) -> None:
    """Forget it, with what it was told. Raises NotFound."""
    webhook = await named(context, webhook_id)
    await stored_webhooks.delete(webhook)
    _note(context, "deleted", webhook)


async def again(context: Context, delivery_id: str) -> Delivery:
    """Have one delivery sent once more. Raises NotFound, InvalidInput."""
    delivery = await stored_deliveries.by_id(context.workspace.id, delivery_id)
    if delivery is None:
        raise NotFound("There is no delivery by this id here, or not any more.", path=ID)
    _require_enabled(await named(context, delivery.webhook_id))
    await stored_deliveries.again(delivery, context.now)
    return await stored_deliveries.by_id(context.workspace.id, delivery_id) or delivery


async def again_between(
    context: Context, webhook_id: str, since: datetime, until: datetime | None, *, only_failed: bool
) -> int:
    """Have sent once more what was made in that time; how many. Raises NotFound, InvalidInput."""
    webhook = await named(context, webhook_id)
    _require_enabled(webhook)
    return await stored_deliveries.again_between(
        webhook, since, until or context.now, context.now, only_failed=only_failed
    )


def kind_of(webhook: Webhook) -> WebhookKind:
    """What is behind its address."""
    return chats.kind_of(webhook.shown_url)


async def by_id(context: Context, webhook_id: str) -> Webhook | None:
    """The workspace's webhook of that id."""
    return await stored_webhooks.by_id(context.workspace.id, webhook_id)


async def named(context: Context, webhook_id: str) -> Webhook:
    """The same. Raises NotFound."""
    webhook = await by_id(context, webhook_id)
    if webhook is None:
        raise _unknown()
    return webhook


async def page(context: Context, args: ConnectionArgs) -> tuple[str, Page[Webhook]]:
    """One page of the workspace's webhooks, newest first, with the fingerprint of its cursors."""
    of_list = cursors.fingerprint("webhooks")
    return of_list, await stored_webhooks.page(context.workspace.id, args.page(of_list))


async def count(context: Context) -> int | None:
    """How many webhooks the workspace has."""
    counted = await stored_webhooks.page(context.workspace.id, PageArgs(1), count=True)
    return counted.total


async def deliveries(
    webhook: Webhook, filter: DeliveryFilter, args: ConnectionArgs
) -> tuple[str, Page[Delivery]]:
    """One page of what it was told, newest first, with the fingerprint of its cursors."""
    states = sorted(state.value for state in filter.states or ())
    of_list = cursors.fingerprint("deliveries", webhook.id, states)
    return of_list, await stored_deliveries.page(webhook, filter, args.page(of_list))


async def count_deliveries(webhook: Webhook, filter: DeliveryFilter) -> int | None:
    """How many deliveries the filter lets through."""
    counted = await stored_deliveries.page(webhook, filter, PageArgs(1), count=True)
    return counted.total


def _shown(context: Context, url: str) -> str:
    """The address without what may be secret in it: all of its path at a chat, else the query.

    Raises InvalidInput for an address to which nothing is sent.
    """
    if context.upstream.webhooks is None:
        raise InvalidInput("This server sends no webhooks.", path=("input", "url"))
    context.upstream.webhooks.check(url)
    chats.check(url)
    parts = urlsplit(url)
    if chats.kind_of(url) is not WebhookKind.STANDARD:
        return f"{parts.scheme}://{parts.hostname}/…"
    return f"{parts.scheme}://{parts.netloc}{parts.path}{'?…' if parts.query else ''}"


def _check(context: Context, document: str | None) -> None:
    if document is not None and context.documents is not None:
        context.documents.check(document)


def _types(types: Collection[EventType]) -> frozenset[EventType]:
    if not types:
        raise InvalidInput("Name at least one type of event.", path=("input", "events"))
    return frozenset(types)


def _require_reader(context: Context) -> None:
    context.caller.require(Scope.READ, "What a webhook tells is read with your key's rights: it")


def _require_enabled(webhook: Webhook) -> None:
    if webhook.disabled_at is not None:
        raise InvalidInput("This webhook is switched off. Use enableWebhook first.", path=ID)


def _unknown() -> NotFound:
    return NotFound("There is no webhook by this id here.", path=ID)


def _note(context: Context, what: str, webhook: Webhook) -> None:
    log.info(
        "webhook %s",
        what,
        extra={
            "workspace": webhook.workspace,
            "webhook": webhook.id,
            "host": urlsplit(webhook.shown_url).hostname,
            "by": context.caller.name,
        },
    )

"""Webhooks, with their sealed addresses and secrets, which only `target` opens."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from tortoise.expressions import Q

from db import encryption, events, models, paging, rows, statements, workspaces
from db.api_keys import is_id
from db.availability import resilient
from db.keys import KeyProvider
from db.statements import Row
from domain.catalog import Page, PageArgs
from domain.credentials import Secret
from domain.events import EventType, News
from domain.products import Mode
from domain.webhooks import DeliveryState, DisabledReason, Target, Webhook

ORDER = paging.NEWEST_FIRST["created_at"]
URL, SIGNS = "url", "secret"
MOST_SECRETS = 5  # that sign at once, whoever rotates them how often
DISABLE = (
    "UPDATE webhooks SET disabled_at = $2, disabled_reason = $3"
    " WHERE id = $1 AND disabled_at IS NULL RETURNING workspace_id"
)
GIVE_UP = (
    f"UPDATE webhook_deliveries SET state = '{DeliveryState.FAILED.value}', token = NULL"
    f" WHERE webhook_id = $1 AND state = '{DeliveryState.PENDING.value}' RETURNING id"
)


@resilient
async def create(webhook: Webhook, target: Target, keyring: KeyProvider, *, most: int) -> bool:
    """Store a new one. False: the workspace has as many as it may."""
    async with statements.transaction():
        if not await workspaces.has_room(models.Webhook, webhook.workspace, most):
            return False
        await statements.insert(models.Webhook, [_columns(webhook)])
        named = [(URL, target.url), *((SIGNS, secret) for secret in target.secrets)]
        for name, value in named:
            await _seal(webhook, name, value, keyring, webhook.created_at)
    return True


@resilient
async def update(
    webhook: Webhook,
    changes: Mapping[str, Any],
    url: Secret | None,
    keyring: KeyProvider,
    now: datetime,
) -> Webhook | None:
    """Change these fields of it as it is stored by now, and its address; `url` None: as it is.

    None: there is none any more.
    """
    async with statements.transaction():
        found = await models.Webhook.filter(id=webhook.id).select_for_update().values()
        if not found:
            return None
        changed = replace(record(found[0]), **changes)
        columns = _columns(changed)
        await models.Webhook.filter(id=webhook.id).update(
            **{name: columns[name] for name in changes}
        )
        if url is not None:
            await models.WebhookSecret.filter(webhook_id=webhook.id, name=URL).delete()
            await _seal(webhook, URL, url, keyring, now)
    return changed


@resilient
async def rotate(
    webhook: Webhook, secret: Secret, keyring: KeyProvider, *, now: datetime, until: datetime
) -> bool:
    """Sign with another secret from now on, and with the present ones until then at most.

    False: there is no such webhook any more.
    """
    async with statements.transaction():
        if not await models.Webhook.filter(id=webhook.id).select_for_update():
            return False
        signing = models.WebhookSecret.filter(webhook_id=webhook.id, name=SIGNS)
        await signing.filter(expires_at__lte=now).delete()
        known = await signing.order_by("-created_at", "-id").values_list("id", flat=True)
        await signing.filter(id__in=known[MOST_SECRETS - 1 :]).delete()
        await signing.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=until)).update(
            expires_at=until
        )
        await _seal(webhook, SIGNS, secret, keyring, now)
    return True


@resilient
async def by_id(workspace_id: str, webhook_id: str) -> Webhook | None:
    """The workspace's webhook of that id."""
    if not is_id(webhook_id):
        return None
    found = await models.Webhook.filter(id=webhook_id, workspace_id=workspace_id).values()
    return record(found[0]) if found else None


@resilient
async def page(workspace_id: str, args: PageArgs, *, count: bool = False) -> Page[Webhook]:
    """One page of the workspace's webhooks, newest first; `count`: count the whole list as well."""
    ours = Q(workspace_id=workspace_id)
    return await paging.read(models.Webhook, ours, ORDER, record, args, count=count)


@resilient
async def with_documents() -> list[Webhook]:
    """Those of every workspace that are switched on and told by a document of their own."""
    those = models.Webhook.filter(document__isnull=False, disabled_at__isnull=True)
    return [record(row) for row in await those.order_by("created_at", "id").values()]


@resilient
async def target(webhook: Webhook, keyring: KeyProvider, now: datetime) -> Target:
    """Where it is, and what signs for it, the newest first. Raises EncryptionError."""
    found = await models.WebhookSecret.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now), webhook_id=webhook.id
    ).order_by("-created_at", "-id")
    opened = [
        (
            row.name,
            encryption.unseal(
                keyring,
                row.sealed,
                encryption.of_webhook(webhook.workspace, str(row.id), row.name),
            ),
        )
        for row in found
    ]
    [url] = [value for name, value in opened if name == URL]
    return Target(url=url, secrets=[value for name, value in opened if name == SIGNS])


@resilient
async def enable(webhook: Webhook) -> None:
    """Tell it again of what happens from now on."""
    await models.Webhook.filter(id=webhook.id).update(
        disabled_at=None, disabled_reason=None, failing_since=None
    )


@resilient
async def disable(webhook_id: str, reason: DisabledReason, now: datetime) -> None:
    """Tell it nothing any more, and give up what it was still to be told."""
    async with statements.transaction():
        await disable_within(webhook_id, reason, now)


async def disable_within(webhook_id: str, reason: DisabledReason, now: datetime) -> bool:
    """As `disable`, as the last statements of a transaction. False: it was disabled before."""
    found = await statements.rows(DISABLE, [webhook_id, now, reason])
    if not found:
        return False
    await statements.rows(GIVE_UP, [webhook_id])
    if reason is not DisabledReason.BY_HAND:
        news = News(type=EventType.WEBHOOK_DISABLED, occurred_at=now, webhook=webhook_id)
        await events.record(found[0]["workspace_id"], Mode.LIVE, [news])
    return True


@resilient
async def delete(webhook: Webhook) -> None:
    """Forget it, with what it was told."""
    async with statements.transaction():
        await models.Webhook.filter(id=webhook.id).delete()
        await models.WebhookDelivery.filter(webhook_id=webhook.id).delete()


async def _seal(
    webhook: Webhook, name: str, value: Secret, keyring: KeyProvider, now: datetime
) -> None:
    row_id = str(uuid4())
    place = encryption.of_webhook(webhook.workspace, row_id, name)
    row = {
        "id": row_id,
        "workspace_id": webhook.workspace,
        "webhook_id": webhook.id,
        "name": name,
        "sealed": encryption.seal(keyring, value, place),
        "key_id": keyring.current_id,
        "created_at": now,
    }
    await statements.insert(models.WebhookSecret, [row])


def record(row: Row) -> Webhook:
    """The webhook that the row holds."""
    reason = row["disabled_reason"]
    return Webhook(
        id=str(row["id"]),
        workspace=row["workspace_id"],
        shown_url=row["shown_url"],
        types=_types(rows.document(row["types"])),
        document=row["document"],
        key_id=str(row["key_id"]) if row["key_id"] else None,
        created_at=rows.moment(row["created_at"]),
        disabled_at=rows.moment_or_none(row["disabled_at"]),
        disabled_reason=DisabledReason(reason) if reason else None,
        failing_since=rows.moment_or_none(row["failing_since"]),
    )


def _types(stored: Collection[str]) -> frozenset[EventType]:
    """Those that this release knows: a newer one may have stored more."""
    known = {each.value for each in EventType}
    return frozenset(EventType(value) for value in stored if value in known)


def _columns(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "workspace_id": webhook.workspace,
        "shown_url": webhook.shown_url,
        "types": sorted(each.value for each in webhook.types),
        "document": webhook.document,
        "key_id": webhook.key_id,
        "created_at": webhook.created_at,
        "disabled_at": webhook.disabled_at,
        "disabled_reason": webhook.disabled_reason,
        "failing_since": webhook.failing_since,
    }

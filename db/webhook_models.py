"""Tables of webhooks: see db/models.py, which has them all."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from db.fields import KeyText, Text


class Webhook(Model):
    """Whom to tell of events. `key_id`: the API key with whose rights; see domain/webhooks.py."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    shown_url = Text()
    types = fields.JSONField[list[str]]()
    document = Text(null=True)
    key_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    disabled_at = fields.DatetimeField(null=True)
    disabled_reason = Text(null=True)
    failing_since = fields.DatetimeField(null=True)

    class Meta:
        table = "webhooks"
        indexes = (("workspace_id", "created_at", "id"),)


class WebhookSecret(Model):
    """The address of a webhook, or what signs for it; sealed, bound to its id for ever."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    webhook: fields.ForeignKeyRelation[Webhook] = fields.ForeignKeyField(
        "models.Webhook", related_name="secrets", on_delete=fields.CASCADE
    )
    name = KeyText()
    sealed = Text()
    key_id = KeyText()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "webhook_secrets"
        indexes = (("webhook_id", "created_at"), ("key_id", "id"))


class WebhookDelivery(Model):
    """An event that a webhook is told. `due_at`, `token`: as of a batch of a job.

    No foreign key: whoever makes an event must not fail because a webhook was just deleted.
    """

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    webhook_id = fields.UUIDField()
    event_id = fields.UUIDField()
    type = KeyText()
    state = KeyText()
    due_at = fields.DatetimeField()
    token = fields.UUIDField(null=True)
    tries = fields.IntField()
    attempts = fields.JSONField[list[Any]]()
    created_at = fields.DatetimeField()

    class Meta:
        table = "webhook_deliveries"
        unique_together = (("webhook_id", "event_id"),)
        indexes = (
            ("webhook_id", "created_at", "id"),
            ("webhook_id", "state", "due_at"),
            ("created_at",),
        )

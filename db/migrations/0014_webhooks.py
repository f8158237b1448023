"""Webhooks, what is sealed of them, and what they are told."""

from typing import Any

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from db.fields import KeyText


def time(*, null: bool = False) -> fields.Field[Any]:
    """A time that is set by hand."""
    options: dict[str, Any] = {"null": null, "auto_now": False, "auto_now_add": False}
    return fields.DatetimeField(**options)


def json() -> fields.JSONField[object]:
    """A column of JSON."""
    return fields.JSONField(encoder=JSON_DUMPS, decoder=loads)


def text(*, null: bool = False) -> fields.Field[Any]:
    """A text that is not looked for."""
    return fields.TextField(null=null, unique=False)


def table(
    name: str, table: str, told: str, *columns: tuple[str, fields.Field[Any]], **options: object
) -> ops.CreateModel:
    """A table of a workspace's rows."""
    return ops.CreateModel(
        name=name,
        fields=[
            ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
            ("workspace_id", KeyText(unique=False)),
            *columns,
        ],
        options={
            "table": table,
            "app": "models",
            "pk_attr": "id",
            "table_description": told,
            **options,
        },
        bases=["Model"],
    )


class Migration(migrations.Migration):
    dependencies = [("models", "0013_deleted_products")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        table(
            "Webhook",
            "webhooks",
            "Whom to tell of events.",
            ("shown_url", text()),
            ("types", json()),
            ("document", text(null=True)),
            ("key_id", fields.UUIDField(null=True)),
            ("created_at", time()),
            ("disabled_at", time(null=True)),
            ("disabled_reason", text(null=True)),
            ("failing_since", time(null=True)),
            indexes=[Index(fields=["workspace_id", "created_at", "id"])],
        ),
        table(
            "WebhookSecret",
            "webhook_secrets",
            "What is sealed of a webhook.",
            (
                "webhook",
                fields.ForeignKeyField(
                    "models.Webhook",
                    source_field="webhook_id",
                    db_constraint=True,
                    to_field="id",
                    related_name="secrets",
                    on_delete=OnDelete.CASCADE,
                ),
            ),
            ("name", KeyText(unique=False)),
            ("sealed", text()),
            ("key_id", KeyText(unique=False)),
            ("created_at", time()),
            ("expires_at", time(null=True)),
            indexes=[
                Index(fields=["webhook_id", "created_at"]),
                Index(fields=["key_id", "id"]),
            ],
        ),
        table(
            "WebhookDelivery",
            "webhook_deliveries",
            "An event that a webhook is told.",
            ("webhook_id", fields.UUIDField()),
            ("event_id", fields.UUIDField()),
            ("type", KeyText(unique=False)),
            ("state", KeyText(unique=False)),
            ("due_at", time()),
            ("token", fields.UUIDField(null=True)),
            ("tries", fields.IntField()),
            ("attempts", json()),
            ("created_at", time()),
            unique_together=(("webhook_id", "event_id"),),
            indexes=[
                Index(fields=["webhook_id", "created_at", "id"]),
                Index(fields=["webhook_id", "state", "due_at"]),
                Index(fields=["created_at"]),
            ],
        ),
    ]

"""API keys, and browsers that signed in with one."""

from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from db.fields import KeyText


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.CreateModel(
            name="APIKey",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("workspace_id", KeyText(unique=False)),
                ("name", fields.TextField(unique=False)),
                ("hash", KeyText(unique=False)),
                ("pepper_id", KeyText(unique=False)),
                ("prefix", fields.TextField(unique=False)),
                ("last_four", fields.TextField(unique=False)),
                ("scopes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("origins", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "last_used_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("rotated_from", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "api_keys",
                "app": "models",
                "unique_together": (("hash",), ("rotated_from",)),
                "indexes": [
                    Index(fields=["workspace_id", "created_at", "id"]),
                    Index(fields=["pepper_id"]),
                ],
                "pk_attr": "id",
                "table_description": "A key of a caller. Its text is not stored, only a keyed hash"
                " of it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Session",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("workspace_id", KeyText(unique=False)),
                ("hash", KeyText(unique=False)),
                (
                    "api_key",
                    fields.ForeignKeyField(
                        "models.APIKey",
                        source_field="api_key_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="sessions",
                        null=True,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("admin_hash", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sessions",
                "app": "models",
                "unique_together": (("hash",),),
                "indexes": [Index(fields=["api_key_id"]), Index(fields=["expires_at"])],
                "pk_attr": "id",
                "table_description": "A browser that signed in with a key.",
            },
            bases=["Model"],
        ),
    ]

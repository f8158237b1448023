"""Watches, and of which products they were told."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from db.fields import KeyText


def json(*, null: bool = False) -> fields.JSONField[object]:
    """A column of JSON."""
    return fields.JSONField(null=null, encoder=JSON_DUMPS, decoder=loads)


class Migration(migrations.Migration):
    dependencies = [("models", "0014_webhooks")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.CreateModel(
            name="Watch",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("workspace_id", KeyText(unique=False)),
                ("kind", KeyText(unique=False)),
                ("condition", json()),
                ("products", json(null=True)),
                ("conditions", json(null=True)),
                ("armed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "watches",
                "app": "models",
                "indexes": [Index(fields=["workspace_id", "created_at", "id"])],
                "pk_attr": "id",
                "table_description": "What somebody waits for.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WatchFiring",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("workspace_id", KeyText(unique=False)),
                ("watch_id", fields.UUIDField()),
                ("product_id", fields.UUIDField()),
                ("fired_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "watch_firings",
                "app": "models",
                "unique_together": (("watch_id", "product_id"),),
                "pk_attr": "id",
                "table_description": "That a watch was told of a product.",
            },
            bases=["Model"],
        ),
    ]

"""What happened is stored as events, and what was announced of a product or an account with it."""

from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from db.fields import KeyText


class Migration(migrations.Migration):
    dependencies = [("models", "0009_jobs")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.AddField(
            "Product",
            "announced_price_amount",
            fields.DecimalField(max_digits=24, decimal_places=8, null=True),
        ),
        ops.AddField(
            "Product", "announced_price_currency", fields.TextField(null=True, unique=False)
        ),
        ops.AddField("Product", "price_moved_at", fields.DatetimeField(null=True)),
        ops.AddField(
            "MarketplaceAccount", "announced_state", fields.TextField(null=True, unique=False)
        ),
        ops.AddField("QuotaDay", "is_low_told", fields.BooleanField(db_default=False)),
        ops.CreateModel(
            name="EventSequence",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("workspace_id", KeyText(unique=False)),
                ("last_number", fields.BigIntField()),
            ],
            options={
                "table": "event_sequences",
                "app": "models",
                "unique_together": (("workspace_id",),),
                "pk_attr": "id",
                "table_description": "The last number that was given to an event of a workspace.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("workspace_id", KeyText(unique=False)),
                ("sequence", fields.BigIntField()),
                *(
                    (name, KeyText(unique=False))
                    for name in (
                        "type",
                        "mode",
                        "marketplace",
                        "locale",
                        "external_id",
                        "tracking_id",
                        "sub_id",
                    )
                ),
                ("facts", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("occurred_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "events",
                "app": "models",
                "unique_together": (("workspace_id", "sequence"),),
                "indexes": [Index(fields=["occurred_at"])],
                "pk_attr": "id",
                "table_description": "Something that happened.",
            },
            bases=["Model"],
        ),
    ]

"""The first tables."""

from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from db.fields import KeyText


class Migration(migrations.Migration):
    initial = True

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.CreateModel(
            name="AffiliateLink",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("workspace_id", KeyText(unique=False)),
                ("mode", KeyText(unique=False)),
                ("marketplace", KeyText(unique=False)),
                ("locale", KeyText(unique=False)),
                ("external_id", KeyText(unique=False)),
                ("tracking_id", KeyText(unique=False)),
                ("sub_id", KeyText(unique=False)),
                ("url", fields.TextField(unique=False)),
                ("source_url", fields.TextField(unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "affiliate_links",
                "app": "models",
                "unique_together": (
                    (
                        "workspace_id",
                        "mode",
                        "marketplace",
                        "locale",
                        "external_id",
                        "tracking_id",
                        "sub_id",
                    ),
                ),
                "indexes": [Index(fields=["workspace_id", "created_at", "id"])],
                "pk_attr": "id",
                "table_description": "A tracked link. It outlives its product.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EncryptionCanary",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("sealed", fields.TextField(unique=False)),
                ("key_id", KeyText(unique=False)),
            ],
            options={
                "table": "encryption_canary",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A sealed text that tells a wrong key at start.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("workspace_id", KeyText(unique=False)),
                ("key", KeyText(unique=False)),
                ("fingerprint", fields.TextField(unique=False)),
                ("state", fields.TextField(unique=False)),
                ("outcome", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("lease_until", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "idempotency_keys",
                "app": "models",
                "unique_together": (("workspace_id", "key"),),
                "indexes": [Index(fields=["created_at"])],
                "pk_attr": "id",
                "table_description": "A named mutation: repeating it has one effect.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MarketplaceAccount",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("workspace_id", KeyText(unique=False)),
                ("marketplace", KeyText(unique=False)),
                ("locale", KeyText(unique=False)),
                ("mode", KeyText(unique=False)),
                ("state", fields.TextField(unique=False)),
                ("upstream_code", fields.TextField(null=True, unique=False)),
                ("checked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "last_success_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "next_try_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "marketplace_accounts",
                "app": "models",
                "unique_together": (("workspace_id", "marketplace", "locale", "mode"),),
                "pk_attr": "id",
                "table_description": "One credential set and the last evidence about it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MarketplaceCredential",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.MarketplaceAccount",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="credentials",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("workspace_id", KeyText(unique=False)),
                ("name", KeyText(unique=False)),
                ("sealed", fields.TextField(unique=False)),
                ("key_id", KeyText(unique=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "marketplace_credentials",
                "app": "models",
                "unique_together": (("account_id", "name"),),
                "indexes": [Index(fields=["workspace_id"]), Index(fields=["key_id", "id"])],
                "pk_attr": "id",
                "table_description": "One sealed value, bound to its id for ever.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Product",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("workspace_id", KeyText(unique=False)),
                ("mode", KeyText(unique=False)),
                ("marketplace", KeyText(unique=False)),
                ("locale", KeyText(unique=False)),
                ("external_id", KeyText(unique=False)),
                ("title", fields.TextField(unique=False)),
                ("title_key", KeyText(unique=False)),
                ("url", fields.TextField(unique=False)),
                ("details", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("price_amount", fields.DecimalField(null=True, max_digits=24, decimal_places=8)),
                ("price_currency", KeyText(null=True, unique=False)),
                ("price_currency_key", KeyText(unique=False)),
                ("price_key", KeyText(unique=False)),
                (
                    "list_price_amount",
                    fields.DecimalField(null=True, max_digits=24, decimal_places=8),
                ),
                ("list_price_currency", fields.TextField(null=True, unique=False)),
                ("discount_percent", fields.IntField()),
                ("orders_last_30_days", fields.BigIntField(null=True)),
                ("orders_key", fields.BigIntField()),
                (
                    "commission_percent",
                    fields.DecimalField(null=True, max_digits=24, decimal_places=8),
                ),
                ("availability", fields.TextField(unique=False)),
                ("observed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("state", KeyText(unique=False)),
                (
                    "state_since",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("times_missing", fields.IntField()),
                ("imported_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("synced_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("refresh_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "selling_price_amount",
                    fields.DecimalField(null=True, max_digits=24, decimal_places=8),
                ),
                ("selling_price_currency", fields.TextField(null=True, unique=False)),
                ("notes", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "products",
                "app": "models",
                "unique_together": (
                    ("workspace_id", "mode", "marketplace", "locale", "external_id"),
                ),
                "indexes": [
                    Index(fields=["workspace_id", "imported_at", "id"]),
                    Index(fields=["workspace_id", "synced_at", "id"]),
                    Index(fields=["workspace_id", "title_key", "id"]),
                    Index(fields=["workspace_id", "price_currency_key", "price_key", "id"]),
                    Index(fields=["workspace_id", "discount_percent", "id"]),
                    Index(fields=["workspace_id", "orders_key", "id"]),
                    Index(fields=["refresh_at"]),
                ],
                "pk_attr": "id",
                "table_description": "A product. What no search or order uses is in `details`.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PriceObservation",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("workspace_id", KeyText(unique=False)),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="observations",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("price_amount", fields.DecimalField(max_digits=24, decimal_places=8)),
                ("price_currency", fields.TextField(unique=False)),
                (
                    "list_price_amount",
                    fields.DecimalField(null=True, max_digits=24, decimal_places=8),
                ),
                ("list_price_currency", fields.TextField(null=True, unique=False)),
                ("availability", fields.TextField(unique=False)),
                ("observed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "price_observations",
                "app": "models",
                "indexes": [
                    Index(fields=["product_id", "observed_at", "id"]),
                    Index(fields=["workspace_id"]),
                ],
                "pk_attr": "id",
                "table_description": "A price that was really seen.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="QuotaDay",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("workspace_id", KeyText(unique=False)),
                ("marketplace", KeyText(unique=False)),
                ("locale", KeyText(unique=False)),
                ("mode", KeyText(unique=False)),
                ("day", fields.DateField()),
                ("used", fields.BigIntField()),
            ],
            options={
                "table": "quota_days",
                "app": "models",
                "unique_together": (("workspace_id", "marketplace", "locale", "mode", "day"),),
                "pk_attr": "id",
                "table_description": "Calls of one account on one day of its marketplace.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Workspace",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=200),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "workspaces", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        # Dearest first within a currency: mixed directions, which a model cannot state.
        ops.RunSQL(
            'CREATE INDEX "idx_products_price_desc" ON "products"'
            ' ("workspace_id", "price_currency_key", "price_key" DESC, "id")',
            'DROP INDEX "idx_products_price_desc"',
        ),
    ]

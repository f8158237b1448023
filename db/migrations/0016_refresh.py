"""Products are refreshed by themselves: how each has changed, and what an account may spend on it.

Accounts that are there already stay as they are: off.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from db.fields import KeyText

GROUP = "workspace_id, mode, marketplace, locale, pace, (COALESCE(refresh_at, synced_at))"
POOLS = {
    "linked": "has_link AND selling_price_amount IS NULL",
    "sold": "NOT has_link AND selling_price_amount IS NOT NULL",
    "both": "has_link AND selling_price_amount IS NOT NULL",
}


class Migration(migrations.Migration):
    dependencies = [("models", "0015_watches")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.AddField("Product", "pace", fields.IntField(db_default=1)),
        ops.AddField("Product", "changes_seen", fields.FloatField(db_default=0)),
        ops.AddField("Product", "hours_watched", fields.FloatField(db_default=0)),
        ops.AddField("MarketplaceAccount", "refresh_calls", fields.IntField(db_default=0)),
        ops.AddField("MarketplaceAccount", "refresh_state", KeyText(null=True, unique=False)),
        ops.AddField("MarketplaceAccount", "refresh_at", fields.DatetimeField(null=True)),
        ops.AddField("MarketplaceAccount", "refresh_day", fields.DateField(null=True)),
        ops.AddField("MarketplaceAccount", "refresh_used", fields.IntField(db_default=0)),
        ops.AddField("MarketplaceAccount", "refresh_failures", fields.IntField(db_default=0)),
        ops.AddField("MarketplaceAccount", "refresh_token", fields.UUIDField(null=True)),
        ops.RunSQL(
            'CREATE INDEX "idx_accounts_refresh" ON "marketplace_accounts" (refresh_at)'
            " WHERE refresh_calls > 0",
            'DROP INDEX "idx_accounts_refresh"',
        ),
        *(
            ops.RunSQL(
                f'CREATE INDEX "idx_products_refresh_{name}" ON "products" ({GROUP}) WHERE {pool}',
                f'DROP INDEX "idx_products_refresh_{name}"',
            )
            for name, pool in POOLS.items()
        ),
    ]

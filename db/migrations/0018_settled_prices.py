"""Prices of days that are long over are settled: few of each day are kept."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0017_events_of_products")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.AddField("PriceObservation", "is_settled", fields.BooleanField(db_default=False)),
        ops.RunSQL(
            'CREATE INDEX "idx_prices_unsettled" ON "price_observations" (observed_at)'
            " WHERE NOT is_settled",
            'DROP INDEX "idx_prices_unsettled"',
        ),
    ]

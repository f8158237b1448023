"""A deleted product is kept for a while, with the moment at which it was deleted."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0010_events")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.AddField("Product", "deleted_at", fields.DatetimeField(null=True)),
        ops.RunSQL(
            'CREATE INDEX "idx_products_deleted" ON "products" (deleted_at, id)'
            " WHERE deleted_at IS NOT NULL",
            'DROP INDEX "idx_products_deleted"',
        ),
    ]

"""An idempotency key tells which process holds it."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0007_bound_seals")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.AddField("IdempotencyKey", "holder", fields.TextField(null=True, unique=False)),
    ]

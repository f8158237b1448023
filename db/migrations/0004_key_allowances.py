"""An API key can have a number of marketplace calls a day."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0003_fingerprints")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.AddField("APIKey", "calls_per_day", fields.IntField(null=True)),
    ]

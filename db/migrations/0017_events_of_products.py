"""The events of a product are found without those of all others."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0016_refresh")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.AddIndex("Event", Index(fields=["workspace_id", "external_id", "sequence"])),
    ]

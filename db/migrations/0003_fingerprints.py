"""Accounts tell by a column which credentials they have. It fills when they are next read."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0002_api_keys")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.AddField(
            "MarketplaceAccount", "fingerprint", fields.TextField(null=True, unique=False)
        ),
    ]

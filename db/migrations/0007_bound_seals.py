"""Sealed values are bound to their account. No table changes: the keys are needed, so a start seals
anew (db/encryption.py). Its number keeps a release that could not open them away."""

from tortoise import migrations
from tortoise.migrations.operations import Operation


class Migration(migrations.Migration):
    dependencies = [("models", "0004_key_allowances")]  # noqa: RUF012 - declared so by Tortoise

    operations: list[Operation] = []  # noqa: RUF012 - declared so by Tortoise

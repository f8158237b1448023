"""What 0005 made room for is filled in, by and by: breaking off loses little, and the next start
goes on. A million products take some minutes."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from db import catalog_filling


class Migration(migrations.Migration):
    dependencies = [("models", "0005_catalog_search")]  # noqa: RUF012 - declared so by Tortoise
    atomic = False

    operations = [ops.RunPython(lambda _apps, _editor: catalog_filling.fill())]  # noqa: RUF012

"""Tables of watches: see db/models.py, which has them all."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from db.fields import KeyText


class Watch(Model):
    """What somebody waits for; see domain/watches.py."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    kind = KeyText()
    condition = fields.JSONField[dict[str, Any]]()
    products = fields.JSONField[list[Any]](null=True)
    conditions = fields.JSONField[dict[str, Any]](null=True)
    armed_at = fields.DatetimeField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "watches"
        indexes = (("workspace_id", "created_at", "id"),)


class WatchFiring(Model):
    """That a watch was told of a product, and is not told again. No foreign key, as deliveries."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    watch_id = fields.UUIDField()
    product_id = fields.UUIDField()
    fired_at = fields.DatetimeField()

    class Meta:
        table = "watch_firings"
        unique_together = (("watch_id", "product_id"),)

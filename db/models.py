"""Tables. Every row carries its workspace; a text is a Text, so its width never changes.

A foreign key gets no index by itself: each has one in `indexes`, as has every order of a list.
A column whose name ends in `_key` repeats another column in a form that sorts rightly on both
engines; db/rows.py makes it. A change here needs a migration in db/migrations/.
Docstrings of the classes become comments of the tables.
"""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from db.fields import KeyText, ShortText, Text
from db.watch_models import Watch, WatchFiring
from db.webhook_models import Webhook, WebhookDelivery, WebhookSecret

__all__ = ["Watch", "WatchFiring", "Webhook", "WebhookDelivery", "WebhookSecret"]


class Workspace(Model):
    id = ShortText(max_length=200, primary_key=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "workspaces"


class APIKey(Model):
    """A key of a caller. Its text is not stored, only a keyed hash of it."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    name = Text()
    hash = KeyText()
    pepper_id = KeyText()
    prefix = Text()
    last_four = Text()
    scopes = fields.JSONField[list[str]]()
    origins = fields.JSONField[list[str]]()
    calls_per_day = fields.IntField(null=True)
    expires_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    rotated_from = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "api_keys"
        unique_together = (("hash",), ("rotated_from",))  # a key is replaced at most once
        indexes = (("workspace_id", "created_at", "id"), ("pepper_id",))


class Session(Model):
    """A browser that signed in with a key. `admin_hash`: with the operator's own, not stored one.

    The token is not stored, only a keyed hash of it.
    """

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    hash = KeyText()
    api_key: fields.ForeignKeyNullableRelation[APIKey] = fields.ForeignKeyField(
        "models.APIKey", related_name="sessions", null=True, on_delete=fields.CASCADE
    )
    admin_hash = Text(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "sessions"
        unique_together = (("hash",),)
        indexes = (("api_key_id",), ("expires_at",))


class MarketplaceAccount(Model):
    """One credential set and the last evidence about it. `fingerprint`: see db/credentials.py.

    `announced_state`: the trouble that an event has told of, and none yet that it is over.
    `refresh_...`: see `domain.refresh.Plan`; `refresh_token`: of the claim, as in db/leases.py.
    """

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    marketplace = KeyText()
    locale = KeyText()
    mode = KeyText()
    fingerprint = Text(null=True)
    state = Text()
    upstream_code = Text(null=True)
    checked_at = fields.DatetimeField(null=True)
    last_success_at = fields.DatetimeField(null=True)
    next_try_at = fields.DatetimeField(null=True)
    announced_state = Text(null=True)
    refresh_calls = fields.IntField(db_default=0)
    refresh_state = KeyText(null=True)
    refresh_at = fields.DatetimeField(null=True)
    refresh_day = fields.DateField(null=True)
    refresh_used = fields.IntField(db_default=0)
    refresh_failures = fields.IntField(db_default=0)
    refresh_token = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "marketplace_accounts"
        unique_together = (("workspace_id", "marketplace", "locale", "mode"),)


class MarketplaceCredential(Model):
    """One sealed value, bound to its id for ever."""

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[MarketplaceAccount] = fields.ForeignKeyField(
        "models.MarketplaceAccount", related_name="credentials", on_delete=fields.CASCADE
    )
    workspace_id = KeyText()
    name = KeyText()
    sealed = Text()
    key_id = KeyText()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "marketplace_credentials"
        unique_together = (("account_id", "name"),)
        indexes = (("workspace_id",), ("key_id", "id"))


# What products have in common that stand beside each other in the index of an order.
GROUP = ("workspace_id", "mode", "marketplace", "locale", "state", "price_currency_key")
ORDER_KEYS = ("synced_at", "title_key", "price_key", "discount_percent", "orders_key")


class Product(Model):
    """A product. What no search or order uses is in `details`.

    The `mode` of a deleted one is no workspace's: see db/deleted_products.py.
    """

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    mode = KeyText()
    marketplace = KeyText()
    locale = KeyText()
    external_id = KeyText()
    title = Text()
    title_key = KeyText()
    url = Text()
    details = fields.JSONField[dict[str, Any]]()
    price_amount = fields.DecimalField(24, 8, null=True)
    price_currency = KeyText(null=True)
    price_currency_key = KeyText()
    price_key = KeyText()
    list_price_amount = fields.DecimalField(24, 8, null=True)
    list_price_currency = Text(null=True)
    discount_percent = fields.IntField()
    orders_last_30_days = fields.BigIntField(null=True)
    orders_key = fields.BigIntField()
    commission_percent = fields.DecimalField(24, 8, null=True)
    availability = Text()
    observed_at = fields.DatetimeField()
    state = KeyText()
    state_since = fields.DatetimeField(null=True)
    times_missing = fields.IntField()
    imported_at = fields.DatetimeField()
    synced_at = fields.DatetimeField()
    refresh_at = fields.DatetimeField(null=True)
    pace = fields.IntField(db_default=1)
    changes_seen = fields.FloatField(db_default=0)
    hours_watched = fields.FloatField(db_default=0)
    selling_price_amount = fields.DecimalField(24, 8, null=True)
    selling_price_currency = Text(null=True)
    notes = Text(null=True)
    tags = Text(null=True)  # a line each; they are found by ProductTag
    margin_key = fields.BigIntField(null=True)
    has_link = fields.BooleanField(db_default=False)
    announced_price_amount = fields.DecimalField(24, 8, null=True)
    announced_price_currency = Text(null=True)
    price_moved_at = fields.DatetimeField(null=True)
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "products"
        unique_together = (("workspace_id", "mode", "marketplace", "locale", "external_id"),)
        # Of each order, within each group of products that are alike: see db/catalog.py. Those of
        # a few products only, and what lets a whole catalogue be looked through, are in 0005.
        indexes = tuple((*GROUP, key, "id") for key in ORDER_KEYS)


class ProductText(Model):
    """What the catalogue's text search looks through."""

    number = fields.BigIntField(primary_key=True, generated=True)  # the text index's own
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="texts", on_delete=fields.CASCADE
    )
    workspace_id = KeyText()
    text_key = KeyText()

    class Meta:
        table = "product_texts"
        unique_together = (("product_id",),)


class ProductCategory(Model):
    """A category that a product is in, by the marketplace's own id."""

    number = fields.BigIntField(primary_key=True, generated=True)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="categories", on_delete=fields.CASCADE
    )
    workspace_id = KeyText()
    category_id = KeyText()

    class Meta:
        table = "product_categories"
        unique_together = (("product_id", "category_id"),)
        indexes = (("workspace_id", "category_id", "product_id"),)


class ProductTag(Model):
    """A tag of a product. `mode`: the product's, so that tags are counted by their index alone."""

    number = fields.BigIntField(primary_key=True, generated=True)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="product_tags", on_delete=fields.CASCADE
    )
    workspace_id = KeyText()
    tag_key = KeyText()
    tag = Text()
    mode = KeyText()
    marketplace = KeyText()

    class Meta:
        table = "product_tags"
        unique_together = (("product_id", "tag_key"),)
        indexes = (("workspace_id", "tag_key", "mode", "marketplace", "tag", "product_id"),)


class PriceObservation(Model):
    """A price that was really seen. `is_settled`: it stays of its day, see db/old_prices.py."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "models.Product", related_name="observations", on_delete=fields.CASCADE
    )
    price_amount = fields.DecimalField(24, 8)
    price_currency = Text()
    list_price_amount = fields.DecimalField(24, 8, null=True)
    list_price_currency = Text(null=True)
    availability = Text()
    observed_at = fields.DatetimeField()
    is_settled = fields.BooleanField(db_default=False)

    class Meta:
        table = "price_observations"
        indexes = (("product_id", "observed_at", "id"), ("workspace_id",))


class AffiliateLink(Model):
    """A tracked link. It outlives its product."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    mode = KeyText()
    marketplace = KeyText()
    locale = KeyText()
    external_id = KeyText()
    tracking_id = KeyText()
    sub_id = KeyText()
    url = Text()
    source_url = Text()
    created_at = fields.DatetimeField()

    class Meta:
        table = "affiliate_links"
        unique_together = (
            (
                "workspace_id",
                "mode",
                "marketplace",
                "locale",
                "external_id",
                "tracking_id",
                "sub_id",
            ),
        )
        indexes = (
            ("workspace_id", "created_at", "id"),
            ("workspace_id", "sub_id", "created_at", "id"),
        )


class QuotaDay(Model):
    """Calls of one account on one day of its marketplace, or of one API key (see db/quota.py)."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    marketplace = KeyText()
    locale = KeyText()
    mode = KeyText()
    day = fields.DateField()
    used = fields.BigIntField()
    is_low_told = fields.BooleanField(db_default=False)

    class Meta:
        table = "quota_days"
        unique_together = (("workspace_id", "marketplace", "locale", "mode", "day"),)


class EventSequence(Model):
    """The last number that was given to an event of a workspace; see db/events.py."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    last_number = fields.BigIntField()

    class Meta:
        table = "event_sequences"
        unique_together = (("workspace_id",),)


class Event(Model):
    """Something that happened. Of what it is not about, the columns are empty texts."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    sequence = fields.BigIntField()
    type = KeyText()
    mode = KeyText()
    marketplace = KeyText()
    locale = KeyText()
    external_id = KeyText()
    tracking_id = KeyText()
    sub_id = KeyText()
    facts = fields.JSONField[dict[str, Any]]()
    occurred_at = fields.DatetimeField()

    class Meta:
        table = "events"
        unique_together = (("workspace_id", "sequence"),)
        indexes = (("occurred_at",), ("workspace_id", "external_id", "sequence"))


class IdempotencyKey(Model):
    """A named mutation: repeating it has one effect. `holder`: see db/holders.py."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    key = KeyText()
    fingerprint = Text()
    state = Text()
    outcome = fields.JSONField[Any](null=True)
    lease_until = fields.DatetimeField()
    holder = Text(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "idempotency_keys"
        unique_together = (("workspace_id", "key"),)
        indexes = (("created_at",),)


class Job(Model):
    """Work on many rows while nobody waits. `done`, `failed`: rows, see domain/jobs.py."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    kind = Text()
    status = KeyText()
    options = fields.JSONField[dict[str, Any]]()
    key_id = fields.UUIDField(null=True)
    idempotency_key = KeyText(null=True)
    fingerprint = Text()
    total = fields.IntField()
    done = fields.IntField()
    failed = fields.IntField()
    created_at = fields.DatetimeField()
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "jobs"
        unique_together = (("workspace_id", "idempotency_key"),)
        indexes = (("workspace_id", "created_at", "id"), ("status", "created_at"))


class JobLines(Model):
    """Rows of the input of a job, many in one, in order: where the outcome of each is."""

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    job: fields.ForeignKeyRelation[Job] = fields.ForeignKeyField(
        "models.Job", related_name="lines", on_delete=fields.CASCADE
    )
    number = fields.IntField()
    lines = fields.JSONField[list[Any]]()

    class Meta:
        table = "job_lines"
        unique_together = (("job_id", "number"),)


class JobBatch(Model):
    """What is asked together. `due_at`: when it may be claimed, which a claim puts off.

    `token`, `holder`: of the claim; see db/leases.py and db/holders.py.
    """

    id = fields.UUIDField(primary_key=True)
    workspace_id = KeyText()
    job: fields.ForeignKeyRelation[Job] = fields.ForeignKeyField(
        "models.Job", related_name="batches", on_delete=fields.CASCADE
    )
    number = fields.IntField()
    state = KeyText()
    due_at = fields.DatetimeField()
    token = fields.UUIDField(null=True)
    holder = Text(null=True)
    tries = fields.IntField()
    items = fields.JSONField[list[Any]]()
    counts = fields.JSONField[list[int]]()
    outcomes = fields.JSONField[list[Any]]()
    done = fields.IntField()
    failed = fields.IntField()

    class Meta:
        table = "job_batches"
        unique_together = (("job_id", "number"),)
        indexes = (("job_id", "state", "due_at"),)


class EncryptionCanary(Model):
    """A sealed text that tells a wrong key at start."""

    id = fields.UUIDField(primary_key=True)
    sealed = Text()
    key_id = KeyText()

    class Meta:
        table = "encryption_canary"

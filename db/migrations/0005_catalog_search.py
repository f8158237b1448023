"""The catalogue is filtered and sorted by indexes, and its texts are searched.

The index of the order by import holds what the other filters look at as well: a search that no
index narrows goes through it instead of through the table.
"""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from db.fields import KeyText

GROUP = ["workspace_id", "mode", "marketplace", "locale", "state", "price_currency_key"]
OLD = (
    ["workspace_id", "imported_at", "id"],
    ["workspace_id", "synced_at", "id"],
    ["workspace_id", "title_key", "id"],
    ["workspace_id", "price_currency_key", "price_key", "id"],
    ["workspace_id", "discount_percent", "id"],
    ["workspace_id", "orders_key", "id"],
    ["refresh_at"],
)
NEW = ("synced_at", "title_key", "price_key", "discount_percent", "orders_key")


def index(name: str, columns: str, where: str = "") -> ops.RunSQL:
    """An index that a model cannot state."""
    return ops.RunSQL(
        f'CREATE INDEX "{name}" ON "products" ({columns}){where}', f'DROP INDEX "{name}"'
    )


def beside(name: str, column: str, table: str, text: str, **options: object) -> ops.CreateModel:
    """A table of texts of products."""
    return ops.CreateModel(
        name=name,
        fields=[
            (
                "number",
                fields.BigIntField(primary_key=True, unique=True, db_index=True, generated=True),
            ),
            (
                "product",
                fields.ForeignKeyField(
                    "models.Product",
                    source_field="product_id",
                    db_constraint=True,
                    to_field="id",
                    related_name=column,
                    on_delete=OnDelete.CASCADE,
                ),
            ),
            ("workspace_id", KeyText(unique=False)),
            (column, KeyText(unique=False)),
        ],
        options={
            "table": table,
            "app": "models",
            "pk_attr": "number",
            "table_description": text,
            **options,
        },
        bases=["Model"],
    )


class Migration(migrations.Migration):
    dependencies = [("models", "0004_key_allowances")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.AddField("Product", "margin_key", fields.BigIntField(null=True)),
        ops.AddField("Product", "has_link", fields.BooleanField(db_default=False)),
        *(ops.RemoveIndex("Product", fields=columns) for columns in OLD),
        ops.RunSQL('DROP INDEX "idx_products_price_desc"'),
        *(ops.AddIndex("Product", Index(fields=[*GROUP, key, "id"])) for key in NEW),
        index(
            "idx_products_imported",
            f"{', '.join(GROUP)}, imported_at, id, synced_at, price_key, discount_percent,"
            " orders_key, margin_key, has_link",
        ),
        index(
            "idx_products_selling",
            "workspace_id, margin_key, id",
            " WHERE selling_price_amount IS NOT NULL",
        ),
        index("idx_products_linked", "workspace_id, id", " WHERE has_link"),
        ops.AddIndex("AffiliateLink", Index(fields=["workspace_id", "sub_id", "created_at", "id"])),
        beside(
            "ProductText",
            "text_key",
            "product_texts",
            "What the catalogue's text search looks through.",
            unique_together=(("product_id",),),
        ),
        beside(
            "ProductCategory",
            "category_id",
            "product_categories",
            "A category that a product is in, by the marketplace's own id.",
            unique_together=(("product_id", "category_id"),),
            indexes=[Index(fields=["workspace_id", "category_id", "product_id"])],
        ),
    ]

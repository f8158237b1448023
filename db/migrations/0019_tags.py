"""Products have tags of the publisher's, and are found by them."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from db.fields import KeyText, Text


class Migration(migrations.Migration):
    dependencies = [("models", "0018_settled_prices")]  # noqa: RUF012 - declared so by Tortoise

    operations = [  # noqa: RUF012 - declared so by Tortoise
        ops.AddField("Product", "tags", Text(null=True, unique=False)),
        ops.CreateModel(
            name="ProductTag",
            fields=[
                (
                    "number",
                    fields.BigIntField(
                        primary_key=True, unique=True, db_index=True, generated=True
                    ),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="product_tags",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("workspace_id", KeyText(unique=False)),
                ("tag_key", KeyText(unique=False)),
                ("tag", Text(unique=False)),
                ("mode", KeyText(unique=False)),
                ("marketplace", KeyText(unique=False)),
            ],
            options={
                "table": "product_tags",
                "app": "models",
                "unique_together": (("product_id", "tag_key"),),
                "indexes": [
                    Index(
                        fields=[
                            "workspace_id",
                            "tag_key",
                            "mode",
                            "marketplace",
                            "tag",
                            "product_id",
                        ]
                    )
                ],
                "pk_attr": "number",
                "table_description": "A tag of a product. `mode`: the product's, so that tags are"
                " counted by their index alone.",
            },
            bases=["Model"],
        ),
    ]

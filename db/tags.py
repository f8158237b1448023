"""The tags of products: found and counted by their own table, shown from the product's row."""

from collections.abc import Collection

from tortoise.expressions import Q

from db import paging, statements
from db.availability import resilient
from db.catalog_filters import place
from db.conditions import Where
from db.models import ProductTag
from db.paging import Column
from db.statements import Row, Values
from db.workspaces import visible
from domain import tags
from domain.catalog import Page, PageArgs
from domain.marketplaces import Workspace
from domain.products import CatalogProduct
from domain.tags import Tag

ORDER = (Column("tag_key", str),)
KEEP = (
    "INSERT INTO product_tags (product_id, workspace_id, tag_key, tag, mode, marketplace)"
    " VALUES ($1, $2, $3, $4, $5, $6)"
)


async def keep(workspace_id: str, products: Collection[CatalogProduct]) -> None:
    """Store what products are found by, inside the transaction that stores their tags."""
    await ProductTag.filter(product_id__in=[product.id for product in products]).delete()
    values = [
        [product.id, workspace_id, tags.key(tag), tag, product.mode, product.source.ref.marketplace]
        for product in products
        for tag in product.tags
    ]
    await statements.many(KEEP, values)


@resilient
async def page(workspace: Workspace, text: str | None, args: PageArgs) -> Page[Tag]:
    """One page of the tags that products of the catalogue have, by their names.

    `text`: only those that hold it. Raises InvalidInput for a cursor that this list does not give
    out.
    """
    values = Values()
    condition = values.text(ProductTag, Q(_some(workspace, text), paging.between(ORDER, args)))
    direction = "DESC" if args.from_end else "ASC"
    found = await statements.rows(
        "SELECT tag_key, min(tag) AS tag, count(*) AS products FROM product_tags"
        f" WHERE {condition} GROUP BY tag_key ORDER BY tag_key {direction} LIMIT {args.size + 1}",
        values.all,
    )
    return paging.page(ORDER, found, _tag, args)


@resilient
async def count(workspace: Workspace, text: str | None) -> int:
    """How many tags there are."""
    values = Values()
    condition = values.text(ProductTag, _some(workspace, text))
    [row] = await statements.rows(
        f"SELECT count(DISTINCT tag_key) AS total FROM product_tags WHERE {condition}", values.all
    )
    return int(row["total"])


def _some(workspace: Workspace, text: str | None) -> Q:
    if text is None:
        return visible(workspace)
    part = tags.key(text)
    return Q(visible(workspace), Where(lambda table: place(table.tag_key, part) > 0))


def _tag(row: Row) -> Tag:
    return Tag(name=row["tag"], products=row["products"])

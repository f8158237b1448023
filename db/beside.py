"""What is kept of products in other tables: texts, categories, and whether they have links."""

from collections.abc import Mapping, Sequence

from db import product_rows, statements, texts
from db.models import ProductCategory
from domain.products import CatalogProduct, ProductRef

LINKED = (
    "EXISTS (SELECT 1 FROM affiliate_links AS l WHERE l.workspace_id = products.workspace_id"
    " AND l.mode = products.mode AND l.marketplace = products.marketplace"
    " AND l.locale = products.locale AND l.external_id = products.external_id)"
)
KEEP_CATEGORY = (
    "INSERT INTO product_categories (product_id, workspace_id, category_id) VALUES ($1, $2, $3)"
    " ON CONFLICT (product_id, category_id) DO NOTHING"
)


async def keep(
    workspace_id: str, stored: Mapping[ProductRef, CatalogProduct], kept: Sequence[CatalogProduct]
) -> None:
    """Keep it of products that were stored. `stored`: as they were before."""
    before = {product.id: product.source for product in stored.values()}
    new = [product for product in kept if product.id not in before]
    changed = [product for product in kept if product.id in before]
    retitled = [one for one in changed if one.source.title != before[one.id].title]
    moved = [one for one in changed if one.source.categories != before[one.id].categories]
    await texts.keep(workspace_id, {one.id: product_rows.text_key(one) for one in new + retitled})
    await ProductCategory.filter(product_id__in=[product.id for product in moved]).delete()
    await keep_categories(
        workspace_id,
        {one.id: [each.external_id for each in one.source.categories] for one in new + moved},
    )
    await look_for_links([product.id for product in new])


async def look_for_links(ids: Sequence[str]) -> None:
    """Note of products, by their own ids, whether they have links."""
    if ids:
        await statements.rows(
            f"UPDATE products SET has_link = {LINKED}"
            f" WHERE id {statements.in_list(ids)} AND has_link <> {LINKED} RETURNING id",
            ids,
        )


async def keep_categories(workspace_id: str, categories: Mapping[str, Sequence[str]]) -> None:
    """Store in which categories products are: id of the product -> ids of the categories."""
    values = [
        [product_id, workspace_id, category_id]
        for product_id, ids in categories.items()
        for category_id in ids
    ]
    await statements.many(KEEP_CATEGORY, values)

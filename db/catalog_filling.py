"""Fills in what searches of the catalogue look at, for products that an older release stored."""

from db import product_rows, rows, statements, texts
from db.beside import LINKED, keep_categories
from db.models import Product
from db.statements import Row

BATCH = 1_000  # products in a transaction
NEXT = (
    "SELECT * FROM products WHERE id > $1 AND NOT EXISTS"
    " (SELECT 1 FROM product_texts AS t WHERE t.product_id = products.id)"
    f" ORDER BY id LIMIT {BATCH}"
)
FIRST = "00000000-0000-0000-0000-000000000000"


async def fill() -> None:
    """Texts, categories, margins and whether there are links, from where it was broken off."""
    last = FIRST
    while found := await statements.rows(NEXT, [last]):
        last = str(found[-1]["id"])
        async with statements.transaction():
            for workspace_id in sorted({row["workspace_id"] for row in found}):
                own = [row for row in found if row["workspace_id"] == workspace_id]
                await _fill(workspace_id, own)
    await statements.rows(
        f"UPDATE products SET has_link = TRUE WHERE NOT has_link AND {LINKED} RETURNING 1"
    )
    await texts.ensure_index()


async def _fill(workspace_id: str, found: list[Row]) -> None:
    await texts.keep(
        workspace_id,
        {
            str(row["id"]): texts.text_key(row["title"], row["external_id"], row["notes"])
            for row in found
        },
    )
    await keep_categories(
        workspace_id,
        {
            str(row["id"]): [
                each["external_id"] for each in rows.document(row["details"]).get("categories", ())
            ]
            for row in found
        },
    )
    for row in found:
        if row["selling_price_amount"] is not None:
            margin = product_rows.margin_key(product_rows.catalog_product(row))
            await Product.filter(id=str(row["id"])).update(margin_key=margin)

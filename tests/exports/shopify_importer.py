"""Shopify's product importer, as far as our files go: its rules, from the vendor's help page.

"Using CSV files to import and export products": columns are found by their names; rows of one
handle are one product, of which the first row says everything but the further pictures; a column
that is not there leaves what is there; an empty cell empties it, an empty price is 0, an empty
"Published" publishes; a new product without a status is active. Texts are taken as they are.
"""

import csv
import io
from dataclasses import dataclass, field
from decimal import Decimal

OLDER = {
    "Handle": "URL handle",
    "Body (HTML)": "Description",
    "Published": "Published on online store",
    "Variant SKU": "SKU",
    "Variant Price": "Price",
    "Variant Compare At Price": "Compare-at price",
    "Image Src": "Product image URL",
    "Image Position": "Image position",
}
STATUSES = ("active", "draft", "archived")
LONGEST_TITLE = 255


@dataclass(kw_only=True)
class ShopProduct:
    """A product of the shop."""

    handle: str
    title: str = ""
    status: str = "active"
    is_published: bool = True
    price: Decimal = Decimal(0)
    fields: dict[str, str] = field(default_factory=dict)
    pictures: list[str] = field(default_factory=list)

    @property
    def can_be_seen(self) -> bool:
        """By everybody."""
        return self.status == "active" and self.is_published


def imported(file: str, shop: dict[str, ShopProduct] | None = None) -> dict[str, ShopProduct]:
    """The shop after the import, by handle; what is there is overwritten."""
    shop = {} if shop is None else shop
    seen: set[str] = set()
    for cells in csv.DictReader(io.StringIO(file, newline=""), strict=True):
        row = {OLDER.get(name, name): text for name, text in cells.items()}
        handle = row["URL handle"]
        product = shop.setdefault(handle, ShopProduct(handle=handle))
        if handle not in seen:
            seen.add(handle)
            product.pictures.clear()
            _save(product, row)
        if row["Product image URL"]:
            assert row["Image position"] == str(len(product.pictures) + 1)
            product.pictures.append(row["Product image URL"])
    return shop


def _save(product: ShopProduct, row: dict[str, str]) -> None:
    assert 0 < len(row["Title"]) <= LONGEST_TITLE
    product.title = row["Title"]
    product.price = Decimal(row["Price"] or 0)
    if "Status" in row:
        product.status = row["Status"].lower()
        assert product.status in STATUSES
    if "Published on online store" in row:
        product.is_published = row["Published on online store"] in ("TRUE", "")
    product.fields |= row

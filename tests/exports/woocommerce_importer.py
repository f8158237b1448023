"""WooCommerce's product importer, as far as our files go: its rules, written anew from reading it.

Read in woocommerce/woocommerce, plugins/woocommerce/includes/import:
class-wc-product-csv-importer.php (which cell is read how, what becomes of "Published") and
abstract-wc-product-importer.php (how a row is saved, lists taken apart, the apostrophe taken off).
And in WordPress, wp-includes: default-filters.php (a title is trimmed when it is saved), post.php
(what is saved loses a level of backslashes), kses.php (which tags a text may have).
"""

import csv
import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KEYS = {
    "Type": "type",
    "SKU": "sku",
    "Name": "name",
    "Published": "published",
    "Short description": "short_description",
    "Description": "description",
    "In stock?": "stock_status",
    "Sale price": "sale_price",
    "Regular price": "regular_price",
    "Categories": "categories",
    "Tags": "tags",
    "Images": "images",
    "External URL": "product_url",
    "Button text": "button_text",
    "Visibility in catalog": "catalog_visibility",
}
STATUSES = {-1.0: "draft", 0.0: "private", 1.0: "publish"}
WHITE = " \t\n\r\0\x0b"  # what PHP's trim takes off
ALLOWED_TAGS = ("b", "i", "em", "strong", "a", "p", "ul", "ol", "li", "br", "span")


@dataclass(kw_only=True)
class ShopProduct:
    """A product of the shop. New ones are published, and in stock."""

    sku: str
    status: str = "publish"
    fields: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    pictures: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What buyers read: WordPress prints a title as HTML."""
        assert not re.search(r"<[a-zA-Z/!?]", self.fields["name"]), "a tag: not shown as text"
        return html.unescape(self.fields["name"])

    @property
    def can_be_seen(self) -> bool:
        """By everybody."""
        return self.status == "publish"


def imported(
    file: str, shop: dict[str, ShopProduct] | None = None, *, update_existing: bool = False
) -> dict[str, ShopProduct]:
    """The shop after the import, by SKU."""
    shop = {} if shop is None else shop
    rows = csv.reader(io.StringIO(file, newline=""), strict=True)
    keys = [KEYS.get(heading, heading.replace("Meta: ", "meta:")) for heading in next(rows)]
    for row in rows:
        cells = {key: _parsed(key, text) for key, text in zip(keys, row, strict=True)}
        if (cells["sku"] in shop) == update_existing:
            _save(shop.setdefault(cells["sku"], ShopProduct(sku=cells["sku"])), cells)
    return shop


def _save(product: ShopProduct, cells: dict[str, Any]) -> None:
    if "published" in cells:  # the column is there, whatever is in it
        product.status = STATUSES.get(cells.pop("published"), "draft")
    if cells["type"] == ["external"]:
        del cells["stock_status"]  # an external product has no stock
    if cells["images"]:
        product.pictures[:1] = cells["images"][:1]
        if len(cells["images"]) > 1:
            product.pictures[1:] = cells["images"][1:]
    for key, value in cells.items():
        if key.startswith("meta:"):
            product.meta[key.removeprefix("meta:")] = value
        elif key in ("name", "description", "short_description"):
            product.fields[key] = _unslashed(value)
        else:
            product.fields[key] = value
    product.fields["name"] = product.fields["name"].strip(WHITE)


def _parsed(key: str, text: str) -> Any:
    if key.startswith("meta:"):
        return _kses(text)
    return PARSERS.get(key, _clean)(text)


def _published(text: str) -> float | str:
    return text if text == "" else float(_unescaped(text))


def _description(text: str) -> str:
    return "\\\\n".join(part.replace("\\n", "\n") for part in text.split("\\\\n"))


def _list(text: str) -> list[str]:
    parts = text.replace("\\,", "::separator::").split(",")
    return [part.replace("::separator::", ",").strip(WHITE) for part in parts]


def _unescaped(text: str) -> str:
    return text[1:] if text[:2] in ("'=", "'+", "'-", "'@") else text


def _clean(text: str) -> str:
    return re.sub(r"<[^>]*>|[\r\n\t ]+", lambda each: "" if "<" in each[0] else " ", text).strip()


def _kses(text: str) -> str:
    """Tags that are not allowed, and what only looks like one, are taken out."""

    def kept(span: re.Match[str]) -> str:
        tag = re.match(r"<\s*/?\s*([a-zA-Z0-9-]+)", span[0])
        return span[0] if tag and tag[1].lower() in ALLOWED_TAGS else ""

    return re.sub(r"<[^>]*(?:>|$)", kept, text)


def _unslashed(text: str) -> str:
    return re.sub(r"\\(.?)", r"\1", text)


def _same(text: str) -> str:
    return text


PARSERS: dict[str, Callable[[str], Any]] = {
    "type": lambda text: [part.lower() for part in _list(_unescaped(text))],
    "name": _same,
    "published": _published,
    "description": _description,
    "short_description": _description,
    "categories": lambda text: [
        [name.strip(WHITE) for name in path.split(">")] for path in _list(text) if text
    ],
    "tags": lambda text: _list(_unescaped(text)) if text else [],
    "images": lambda text: _list(text) if text else [],
    "stock_status": lambda text: {"0": False, "1": True}.get(text, text),
}

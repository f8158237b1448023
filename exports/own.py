"""Our own files: everything that is known of a product, as JSON and as a table for spreadsheets."""

import json
from decimal import Decimal
from typing import Any

from domain import moments
from domain.exports import ExportedProduct
from exports.cells import amount, category_names, line, safe
from schema import ids

PICTURE_COLUMNS = 10
_json = json.JSONEncoder(ensure_ascii=False).encode
COLUMNS = (
    "id",
    "marketplace",
    "locale",
    "source_id",
    "mode",
    "title",
    "url",
    "affiliate_url",
    "price",
    "currency",
    "original_price",
    "discount_percent",
    "availability",
    "condition",
    "positive_percent",
    "average_rating",
    "review_count",
    "orders",
    "commission_percent",
    "category",
    "brand",
    "shop",
    "selling_price",
    "selling_currency",
    "notes",
    "tags",
    "state",
    "observed_at",
    "synced_at",
    "imported_at",
    "disclosure",
)


def values(product: ExportedProduct) -> tuple[Any, ...]:
    """Those of COLUMNS; times in ISO 8601 UTC, amounts as text, None for what is not known."""
    entry, source, offer = product.entry, product.source, product.source.offer
    reviews, selling = source.reviews, entry.selling_price
    return (
        ids.of_product(source.ref),
        source.ref.marketplace.upper(),
        source.ref.locale or None,
        source.ref.external_id,
        entry.mode.value,
        source.title,
        source.url,
        product.affiliate_url or None,
        amount(offer.price) or None,
        offer.price.currency if offer.price else None,
        amount(offer.list_price) or None,
        offer.discount_percent if offer.price else None,
        offer.availability.value,
        offer.condition.value if offer.condition else None,
        _number(reviews.positive_percent if reviews else None),
        _number(reviews.average_rating if reviews else None),
        reviews.count if reviews else None,
        source.orders_last_30_days,
        _number(source.commission_percent),
        " > ".join(category_names(product)) or None,
        source.brand,
        source.seller.name if source.seller else None,
        amount(selling) or None,
        selling.currency if selling else None,
        entry.notes,
        ", ".join(entry.tags) or None,
        entry.state.value,
        moments.shown(offer.observed_at),
        moments.shown(entry.synced_at),
        moments.shown(entry.imported_at),
        product.disclosure,
    )


def as_json(product: ExportedProduct) -> str:
    """One object in one line."""
    images = [image.url for image in product.images]
    lists = {"tags": list(product.entry.tags), "images": images}
    return _json(dict(zip(COLUMNS, values(product), strict=True)) | lists)


def header() -> str:
    """The first row of the table."""
    pictures = [f"image_{number}" for number in range(1, PICTURE_COLUMNS + 1)]
    return line([*COLUMNS, *pictures])


def as_row(product: ExportedProduct) -> str:
    """One row of the table, safe to open in a spreadsheet."""
    cells = ["" if value is None else str(value) for value in values(product)]
    pictures = [image.url for image in product.images[:PICTURE_COLUMNS]]
    pictures += [""] * (PICTURE_COLUMNS - len(pictures))
    return line(safe(cells + pictures))


def _number(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")

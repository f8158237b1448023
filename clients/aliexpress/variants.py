"""Variants of a product, with what sending each of them costs."""

import json
from datetime import datetime
from typing import Any

from clients.aliexpress.parse import read_rows
from clients.values import Row, count, identifier, money, pictures, words
from domain.products import Attribute, Image, Offer, Shipping, Variant

LONGEST_PROPERTIES = 20_000
MOST_ATTRIBUTES = 20


def variants(
    result: Row, *, observed_at: datetime, has_local_pictures: bool = False
) -> tuple[Variant, ...]:
    """The variants of product.sku.detail.get; prices include the taxes of the country asked."""

    def read_variant(row: Row) -> Variant | None:
        return _variant(row, observed_at, may_be_local=has_local_pictures)

    info = result.get("ae_item_sku_info")
    return read_rows(info, "traffic_sku_info_list", "traffic_sku_info", read_variant)[0]


def _variant(row: Row, observed_at: datetime, *, may_be_local: bool) -> Variant | None:
    variant_id = identifier(row.get("sku_id"))
    if variant_id is None:
        return None
    currency = row.get("currency")
    images = pictures([row.get("sku_image_link")], may_be_local=may_be_local)
    return Variant(
        external_id=variant_id,
        attributes=_attributes(row),
        offer=Offer(
            observed_at=observed_at,
            price=money(row.get("sale_price_with_tax"), currency),
            list_price=money(row.get("price_with_tax"), currency),
            shipping=_shipping(row),
        ),
        image=Image(url=images[0]) if images else None,
    )


def _shipping(row: Row) -> Shipping | None:
    """Cost and days of sending; None where nothing is told."""
    cost = money(row.get("shipping_fees"), row.get("currency"))
    told = Shipping(
        cost=cost,
        is_free=cost.amount == 0 if cost else None,
        min_days=count(row.get("min_delivery_days")),
        max_days=_first_count(row.get("max_delivery_days"), row.get("delivery_days")),
    )
    return told if told != Shipping() else None


def _attributes(row: Row) -> tuple[Attribute, ...]:
    """From the JSON text `sku_properties`; without it, from the fixed colour and size fields."""
    pairs = _properties(row.get("sku_properties")) or [
        ("Color", row.get("color")),
        ("Size", row.get("size")),
    ]
    found = ((words(name), words(value)) for name, value in pairs)
    usable = (Attribute(name=name, value=value) for name, value in found if name and value)
    return tuple(dict.fromkeys(usable))[:MOST_ATTRIBUTES]


def _properties(value: Any) -> list[tuple[Any, Any]]:
    """`[{"Color": "Black", "Size": "L"}]` as pairs; [] for anything else."""
    if not isinstance(value, str) or len(value) > LONGEST_PROPERTIES:
        return []
    try:
        data = json.loads(value, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return []
    groups = data if isinstance(data, list) else [data]
    return [pair for group in groups if isinstance(group, dict) for pair in group.items()]


def _first_count(*values: Any) -> int | None:
    return next((found for value in values if (found := count(value)) is not None), None)

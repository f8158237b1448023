"""From `result` objects to records of products, links, variants, categories and promos.

Rules: prices come only from the `target_*` fields, each with its own currency (the bare price
fields are in the shop's currency); every field but the id may be missing; a bad row never spoils
the others. Orders and promotion codes are read in modules of their own.
"""

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from clients.aliexpress.promotions import coupon
from clients.aliexpress.records import (
    CategoryNode,
    FeaturedPromo,
    GeneratedLink,
    GeneratedLinks,
    ProductPage,
)
from clients.aliexpress.urls import CODE, canonical_id, product_url
from clients.aliexpress.values import (
    Row,
    clean,
    count,
    identifier,
    link,
    money,
    percent,
    rows,
    text,
    texts,
)
from domain.products import (
    Attribute,
    Category,
    Image,
    Offer,
    ProductRef,
    Reviews,
    Seller,
    Shipping,
    SourceProduct,
    Variant,
)

LONGEST_TITLE = 2_000
LONGEST_PROPERTIES = 20_000
MOST_IMAGES = 50
MOST_ATTRIBUTES = 20
DAYS = re.compile(r"([0-9]{1,3})\s*(?:-\s*([0-9]{1,3})\s*)?(?:days?|$)", re.IGNORECASE)


def product_page(
    result: Row,
    *,
    observed_at: datetime,
    tracking_id: str | None = None,
    link_host: str | None = None,
) -> ProductPage:
    """A page of any method that answers products, its usable rows in answer order.

    `tracking_id`: the one asked with; without it no tracked link is believed. `link_host`: the
    host that tracked links must have, None for any.
    """
    found = rows(result, "products", "product")
    products = (
        product(row, observed_at=observed_at, tracking_id=tracking_id, link_host=link_host)
        for row in found
    )
    return ProductPage(
        products=tuple(record for record in products if record is not None),
        row_count=len(found),
        total=count(result.get("total_record_count")),
        is_finished=_flag(result.get("is_finished")),
    )


def product(
    row: Row,
    *,
    observed_at: datetime,
    tracking_id: str | None = None,
    link_host: str | None = None,
) -> SourceProduct | None:
    """One product; None where the row bears no usable id. Arguments as for `product_page`."""
    product_id = canonical_id(text(row.get("product_id")) or "")
    if product_id is None:
        return None
    ref = ProductRef(CODE, product_id)
    tracked_url = link(row.get("promotion_link")) if tracking_id else None
    if tracked_url and link_host not in (None, urlsplit(tracked_url).hostname):
        tracked_url = None
    return SourceProduct(
        ref=ref,
        title=text(row.get("product_title"), LONGEST_TITLE) or "",
        url=product_url(ref),
        offer=_offer(row, observed_at),
        images=_images(row),
        video_url=link(row.get("product_video_url")),
        categories=_categories(row),
        seller=_seller(row),
        reviews=_reviews(row),
        orders_last_30_days=count(row.get("lastest_volume")),  # their spelling
        commission_percent=percent(row.get("commission_rate")),
        tracked_url=tracked_url,
        tracked_with=tracking_id if tracked_url else None,
    )


def links(result: Row) -> GeneratedLinks:
    """The answer of link.generate; its entries are in no particular order."""
    return GeneratedLinks(
        tracking_id=text(result.get("tracking_id")),
        entries=tuple(
            GeneratedLink(source_value=source, url=link(row.get("promotion_link")))
            for row in rows(result, "promotion_links", "promotion_link")
            if (source := text(row.get("source_value"), LONGEST_TITLE)) is not None
        ),
    )


def variants(result: Row, *, observed_at: datetime) -> tuple[Variant, ...]:
    """The variants of product.sku.detail.get; prices include the taxes of the country asked."""
    info = result.get("ae_item_sku_info")
    found = (
        _variant(row, observed_at)
        for row in rows(info, "traffic_sku_info_list", "traffic_sku_info")
    )
    return tuple(record for record in found if record is not None)


def shipping(row: Row, *, currency: Any = None, fee: str = "shipping_fee") -> Shipping | None:
    """Cost and days of sending one variant; `currency` is that of the fee. None: nothing told."""
    cost = money(row.get(fee), currency)
    told = Shipping(
        cost=cost,
        is_free=cost.amount == 0 if cost else None,
        min_days=count(row.get("min_delivery_days")),
        max_days=_first_count(row.get("max_delivery_days"), row.get("delivery_days")),
    )
    return told if told != Shipping() else None


def categories(result: Row) -> tuple[CategoryNode, ...]:
    """The answer of category.get."""
    return tuple(
        CategoryNode(id=category_id, name=name, parent_id=identifier(row.get("parent_category_id")))
        for row in rows(result, "categories", "category")
        if (category_id := identifier(row.get("category_id")))
        and (name := text(row.get("category_name")))
    )


def promos(result: Row) -> tuple[FeaturedPromo, ...]:
    """The answer of featuredpromo.get. Names are kept to the letter: they are sent back."""
    return tuple(
        FeaturedPromo(
            name=clean(name),
            description=text(row.get("promo_desc")),
            product_count=count(row.get("product_num")),
        )
        for row in rows(result, "promos", "promo")
        if isinstance(name := row.get("promo_name"), str) and text(name)
    )


def _offer(row: Row, observed_at: datetime) -> Offer:
    """The API tells no stock, so availability stays unknown."""
    price = money(row.get("target_sale_price"), row.get("target_sale_price_currency"))
    listed = money(row.get("target_original_price"), row.get("target_original_price_currency"))
    mixed = price is not None and listed is not None and price.currency != listed.currency
    return Offer(
        observed_at=observed_at,
        price=price,
        list_price=None if mixed else listed,
        coupon=coupon(row.get("promo_code_info")),
        shipping=_promised_days(row.get("ship_to_days")),
    )


def _promised_days(value: Any) -> Shipping | None:
    """`ship_to_days` is free text, mostly absent: "ship to RU in 7 days", "7"."""
    told = text(value)
    if told is None:
        return None
    days = DAYS.search(told)
    return Shipping(text=told, max_days=int(days[2] or days[1]) if days else None)


def _images(row: Row) -> tuple[Image, ...]:
    """The main picture first, then the small ones that are others."""
    small = texts(row, "product_small_image_urls", "string")
    return _pictures([row.get("product_main_image_url"), *small])


def _pictures(addresses: Iterable[Any]) -> tuple[Image, ...]:
    usable = (found for address in addresses if (found := link(address)))
    return tuple(Image(url=url) for url in dict.fromkeys(usable))[:MOST_IMAGES]


def _categories(row: Row) -> tuple[Category, ...]:
    """First and second level, as far as both id and name are there."""
    return tuple(
        Category(external_id=category_id, name=name)
        for level in ("first", "second")
        if (category_id := identifier(row.get(f"{level}_level_category_id")))
        and (name := text(row.get(f"{level}_level_category_name")))
    )


def _seller(row: Row) -> Seller | None:
    found = Seller(
        external_id=identifier(row.get("shop_id")),
        name=text(row.get("shop_name")),
        url=link(row.get("shop_url")),
    )
    return found if found != Seller() else None


def _reviews(row: Row) -> Reviews | None:
    """`evaluate_rate` is the share of positive feedback, not stars."""
    positive = percent(row.get("evaluate_rate"))
    return Reviews(positive_percent=positive) if positive is not None else None


def _variant(row: Row, observed_at: datetime) -> Variant | None:
    variant_id = identifier(row.get("sku_id"))
    if variant_id is None:
        return None
    currency = row.get("currency")
    return Variant(
        external_id=variant_id,
        attributes=_attributes(row),
        offer=Offer(
            observed_at=observed_at,
            price=money(row.get("sale_price_with_tax"), currency),
            list_price=money(row.get("price_with_tax"), currency),
            shipping=shipping(row, currency=currency, fee="shipping_fees"),
        ),
        image=next(iter(_pictures([row.get("sku_image_link")])), None),
    )


def _attributes(row: Row) -> tuple[Attribute, ...]:
    """From the JSON text `sku_properties`; without it, from the fixed colour and size fields."""
    pairs = _properties(row.get("sku_properties")) or [
        ("Color", row.get("color")),
        ("Size", row.get("size")),
    ]
    found = ((text(name), text(value)) for name, value in pairs)
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


def _flag(value: Any) -> bool | None:
    """A truth value, also as text; the streamlined form writes it so."""
    return {"true": True, "false": False}.get(str(value).lower())


def _first_count(*values: Any) -> int | None:
    return next((found for value in values if (found := count(value)) is not None), None)

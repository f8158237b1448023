"""From `result` objects to records of products, links, variants, categories and promos.

Rules: prices come only from the `target_*` fields, each with its own currency (the bare price
fields are in the shop's currency); every field but the id may be missing; a bad row never spoils
the others. Orders and promotion codes are read in modules of their own.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from clients import titles
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
    is_told,
    link,
    money,
    percent,
    read_rows,
    rows,
    text,
    texts,
    words,
)
from clients.pictures import picture
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
MOST_STARS = 5
DAYS = re.compile(r"([0-9]{1,3})\s*(?:-\s*([0-9]{1,3})\s*)?(?:days?|$)", re.IGNORECASE)


def product_page(
    result: Row,
    *,
    observed_at: datetime,
    tracking_id: str | None = None,
    link_host: str | None = None,
    has_local_pictures: bool = False,
) -> ProductPage:
    """A page of any method that answers products, its usable rows in answer order.

    `tracking_id`: the one asked with; without it no tracked link is believed. `link_host`: the
    host that tracked links must have, None for any. `has_local_pictures`: see `pictures.picture`.
    Raises AnswerInvalid where no row is usable.
    """

    def read(row: Row) -> SourceProduct | None:
        return product(
            row,
            observed_at=observed_at,
            tracking_id=tracking_id,
            link_host=link_host,
            has_local_pictures=has_local_pictures,
        )

    products, broken = read_rows(result, "products", "product", read)
    return ProductPage(
        products=products,
        row_count=len(rows(result, "products", "product")),
        broken_count=broken,
        total=count(result.get("total_record_count")),
        is_finished=_flag(result.get("is_finished")),
    )


def product(
    row: Row,
    *,
    observed_at: datetime,
    tracking_id: str | None = None,
    link_host: str | None = None,
    has_local_pictures: bool = False,
) -> SourceProduct | None:
    """One product; None where the row bears no usable id. Arguments as for `product_page`."""
    product_id = canonical_id(text(row.get("product_id")) or "")
    if product_id is None:
        return None
    ref = ProductRef(CODE, product_id)
    tracked_url = link(row.get("promotion_link")) if tracking_id else None
    if tracked_url and link_host not in (None, urlsplit(tracked_url).hostname):
        tracked_url = None
    found = SourceProduct(
        ref=ref,
        title=words(row.get("product_title"), LONGEST_TITLE) or "",
        url=product_url(ref),
        offer=_offer(row, observed_at),
        images=_images(row, may_be_local=has_local_pictures),
        video_url=_picture(row.get("product_video_url"), may_be_local=has_local_pictures),
        categories=_categories(row),
        seller=_seller(row),
        reviews=_reviews(row),
        orders_last_30_days=count(row.get("lastest_volume")),  # their spelling
        commission_percent=percent(row.get("commission_rate")),
        tracked_url=tracked_url,
        tracked_with=tracking_id if tracked_url else None,
    )
    return replace(found, unreadable=tuple(_unreadable(row, found)))


def _unreadable(row: Row, found: SourceProduct) -> Iterator[str]:
    """Fields that the row has, but in no form that can be meant."""
    if not titles.is_intact(row.get("product_title")):
        yield "title"
    values = {
        "price": (found.offer.price, "target_sale_price"),
        "list_price": (found.offer.list_price, "target_original_price"),
        "images": (found.images, "product_main_image_url"),
        "reviews": (percent(row.get("evaluate_rate")), "evaluate_rate"),
        "orders_last_30_days": (found.orders_last_30_days, "lastest_volume"),
        "commission_percent": (found.commission_percent, "commission_rate"),
    }
    for name, (value, member) in values.items():
        if value in (None, ()) and is_told(row.get(member)):
            yield name


def links(result: Row) -> GeneratedLinks:
    """The answer of link.generate; its entries are in no particular order."""
    entries, _ = read_rows(result, "promotion_links", "promotion_link", _generated_link)
    return GeneratedLinks(tracking_id=text(result.get("tracking_id")), entries=entries)


def variants(
    result: Row, *, observed_at: datetime, has_local_pictures: bool = False
) -> tuple[Variant, ...]:
    """The variants of product.sku.detail.get; prices include the taxes of the country asked."""

    def read(row: Row) -> Variant | None:
        return _variant(row, observed_at, may_be_local=has_local_pictures)

    info = result.get("ae_item_sku_info")
    return read_rows(info, "traffic_sku_info_list", "traffic_sku_info", read)[0]


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
    return read_rows(result, "categories", "category", _category_node)[0]


def promos(result: Row) -> tuple[FeaturedPromo, ...]:
    """The answer of featuredpromo.get. Names are kept to the letter: they are sent back."""
    return read_rows(result, "promos", "promo", _promo)[0]


def _generated_link(row: Row) -> GeneratedLink | None:
    source = text(row.get("source_value"), LONGEST_TITLE)
    return (
        GeneratedLink(source_value=source, url=link(row.get("promotion_link"))) if source else None
    )


def _category_node(row: Row) -> CategoryNode | None:
    category_id, name = identifier(row.get("category_id")), words(row.get("category_name"))
    if category_id is None or name is None:
        return None
    parent_id = identifier(row.get("parent_category_id"))
    return CategoryNode(id=category_id, name=name, parent_id=parent_id)


def _promo(row: Row) -> FeaturedPromo | None:
    name = row.get("promo_name")
    if not isinstance(name, str) or not text(name):
        return None
    return FeaturedPromo(
        name=clean(name),
        description=text(row.get("promo_desc")),
        product_count=count(row.get("product_num")),
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


def _images(row: Row, *, may_be_local: bool) -> tuple[Image, ...]:
    """The main picture first, then the small ones that are others."""
    small = texts(row, "product_small_image_urls", "string")
    addresses = [row.get("product_main_image_url"), *small]
    usable = (
        found for address in addresses if (found := _picture(address, may_be_local=may_be_local))
    )
    return tuple(Image(url=url) for url in dict.fromkeys(usable))[:MOST_IMAGES]


def _picture(value: Any, *, may_be_local: bool) -> str | None:
    """The address of a picture or film, which browsers load; see `pictures.picture`."""
    address = link(value)
    return picture(address, may_be_local=may_be_local) if address else None


def _categories(row: Row) -> tuple[Category, ...]:
    """First and second level, as far as both id and name are there."""
    return tuple(
        Category(external_id=category_id, name=name)
        for level in ("first", "second")
        if (category_id := identifier(row.get(f"{level}_level_category_id")))
        and (name := words(row.get(f"{level}_level_category_name")))
    )


def _seller(row: Row) -> Seller | None:
    found = Seller(
        external_id=identifier(row.get("shop_id")),
        name=words(row.get("shop_name")),
        url=link(row.get("shop_url")),
    )
    return found if found != Seller() else None


def _reviews(row: Row) -> Reviews | None:
    """`evaluate_rate` is the share of positive feedback, or stars where it is a bare "4.8".

    Nothing ("0.0%") is what a product without reviews has.
    """
    rate = percent(row.get("evaluate_rate"))
    if not rate:
        return None
    has_sign = "%" in (text(row.get("evaluate_rate")) or "")
    is_stars = not has_sign and rate <= MOST_STARS
    return Reviews(average_rating=rate) if is_stars else Reviews(positive_percent=rate)


def _variant(row: Row, observed_at: datetime, *, may_be_local: bool) -> Variant | None:
    variant_id = identifier(row.get("sku_id"))
    if variant_id is None:
        return None
    currency = row.get("currency")
    image = _picture(row.get("sku_image_link"), may_be_local=may_be_local)
    return Variant(
        external_id=variant_id,
        attributes=_attributes(row),
        offer=Offer(
            observed_at=observed_at,
            price=money(row.get("sale_price_with_tax"), currency),
            list_price=money(row.get("price_with_tax"), currency),
            shipping=shipping(row, currency=currency, fee="shipping_fees"),
        ),
        image=Image(url=image) if image else None,
    )


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


def _flag(value: Any) -> bool | None:
    """A truth value, also as text; the streamlined form writes it so."""
    return {"true": True, "false": False}.get(str(value).lower())


def _first_count(*values: Any) -> int | None:
    return next((found for value in values if (found := count(value)) is not None), None)

"""AliExpress methods around products: links, categories, variants."""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

from sandbox.aliexpress.envelope import Ask, Methods, error
from sandbox.aliexpress.listings import ROW_FORM, AliExpressListing
from sandbox.aliexpress.products import product_row
from sandbox.answers import Payload, Refused, Reply
from sandbox.bending import bend_rows
from sandbox.words import COLORS

LINK_BATCH = 50
SKU_BATCH = 20
US_CATALOGUE = 2**51  # ids from here on up to 2**52 are the international id plus this
ITEM_PATH = re.compile(r"/(?:item|i)/(?:[^/]*/)?([0-9]{6,19})\.html")
PAGE_HOST = re.compile(r"([a-z0-9-]+\.)*aliexpress\.(com|us)")
LINK_TYPES = ("0", "2")


def link_generate(ask: Ask) -> Reply:
    """link.generate: at most 50 addresses, in another order, refused ones without a link."""
    tracking_id = ask.tracking_id()
    if tracking_id is None:
        return ask.refused(402, "TrackingId input parameter error")
    kind = ask.text("promotion_link_type")
    if kind not in LINK_TYPES:
        raise Refused(ask.invalid("promotion_link_type"))
    sources = list(dict.fromkeys(ask.values("source_values")))[:LINK_BATCH]
    entries = [_link_entry(ask, source, tracking_id, kind) for source in sources]
    entries = entries[1:][::-1] + entries[:1]
    links = {"promotion_links": {"promotion_link": entries}}
    result = {"total_result_count": len(entries), "tracking_id": tracking_id} | links
    return ask.ok(result, "Call succeeds")


def _link_entry(ask: Ask, source: str, tracking_id: str, kind: str) -> Payload:
    address = unquote(source) if "%2C" in source.upper() else source
    if not _may_be_promoted(ask, address):
        return {"source_value": source}
    link = ask.world.links.short(ask.account.app_key, tracking_id, source, kind)
    return {"source_value": source, "promotion_link": link}


def _may_be_promoted(ask: Ask, address: str) -> bool:
    """Pages of products in the program; home, event and store pages always."""
    parts = urlsplit(address if "://" in address else f"https://{address}")
    if not PAGE_HOST.fullmatch((parts.hostname or "").lower()):
        return False
    item = ITEM_PATH.search(parts.path)
    if item is None:
        return True
    number = int(item[1])
    if US_CATALOGUE <= number < 2 * US_CATALOGUE:
        number -= US_CATALOGUE
    return _offered(ask, str(number)) is not None


def _offered(ask: Ask, product_id: str) -> AliExpressListing | None:
    listing = ask.listing(product_id)
    return listing if listing and listing.is_offered(ask.text("ship_to_country")) else None


def category_get(ask: Ask) -> Reply:
    """category.get: roots have no parent_category_id."""
    categories: dict[int, Payload] = {}
    for fields in (one.fields for one in ask.listings()):
        root, leaf = (fields.get(f"{level}_level_category_id") for level in ("first", "second"))
        if root is not None:
            name = fields.get("first_level_category_name")
            categories[root] = {"category_id": root, "category_name": name}
        if leaf is not None:
            name = fields.get("second_level_category_name")
            parent = {} if root is None else {"parent_category_id": root}
            categories[leaf] = {"category_id": leaf, "category_name": name} | parent
    if not categories:
        return ask.empty()
    ordered = [categories[key] for key in sorted(categories)]
    return ask.ok({"total_result_count": len(ordered), "categories": {"category": ordered}})


def sku_detail(ask: Ask) -> Reply:
    """product.sku.detail.get: the variants of one product, in an envelope of its own."""
    listing = _offered(ask, ask.text("product_id"))
    rows = [product_row(ask, listing)] if listing and ask.world.catalog.is_made else []
    rows = bend_rows(rows, ask.active, ROW_FORM, foreign=list, reads=ask.world.number())
    if not rows:  # the files of a folder tell no variants either
        return error(ask.world, "15", "Remote service error", error_type="ISP", sub_code="405")
    ids = set(ask.values("sku_ids")[:SKU_BATCH])
    skus = [one for one in _skus(ask, rows[0]) if not ids or str(one["sku_id"]) in ids]
    info = {
        "ae_item_info": _item_info(rows[0]),
        "ae_item_sku_info": {"traffic_sku_info_list": skus},
    }
    return Reply(payload=ask.envelope({"result": {"result": info, "code": 200, "success": True}}))


def _item_info(row: Payload) -> Payload:
    images = (row.get("product_small_image_urls") or {}).get("string") or []
    return {
        "product_id": row["product_id"],
        "title": row["product_title"],
        "en_title": row["product_title"],
        "original_link": row.get("product_detail_url"),
        "image_link": row.get("product_main_image_url"),
        "additional_image_links": {"string": images},
        "product_score": "4.6",
        "review_number": row["product_id"] % 400,
        "order_number": row.get("lastest_volume") or 0,
        "store_name": row.get("shop_name"),
        "display_category_id_l1": row.get("first_level_category_id"),
        "display_category_name_l1": row.get("first_level_category_name"),
    }


def _skus(ask: Ask, row: Payload) -> Iterable[Payload]:
    """One to four colours; the dearer ones cost a tenth more each."""
    base = row.get("sku_id") or int(row["product_id"]) * 10
    delivery = _delivery(int(row["product_id"]))
    for number in range(1 + row["product_id"] % 4):
        factor = 1 + Decimal(number) / 10
        color = COLORS[(row["product_id"] + number) % len(COLORS)]
        sale = _scaled(row.get("target_sale_price"), factor)
        sku: dict[str, Any] = {
            "sku_id": base + number,
            "link": f"{row.get('product_detail_url')}?sku_id={base + number}",
            "sku_image_link": row.get("product_main_image_url"),
            "color": color,
            "size": "",
            "sku_properties": json.dumps([{"Color": color}]),
            "currency": row.get("target_sale_price_currency"),
            "price_with_tax": _scaled(row.get("target_original_price"), factor) or sale,
            "sale_price_with_tax": sale,
            "discount_rate": row.get("discount") or "0%",
            "tax_rate": "0.00",
            "ean_code": "",
        }
        if ask.text("need_deliver_info", "No") == "Yes":
            sku |= {"shipping_fees": _fee(int(row["product_id"]))} | delivery
        yield sku


def _scaled(price: str | None, factor: Decimal) -> str | None:
    if not price:
        return None
    amount = Decimal(price)
    return str((amount * factor).quantize(amount))


def _delivery(product_id: int) -> Payload:
    days = 5 + product_id % 16
    return {
        "delivery_days": days,
        "min_delivery_days": max(1, days - 4),
        "max_delivery_days": days + 6,
        "ship_from_country": "CN",
    }


def _fee(product_id: int) -> str:
    return "0" if product_id % 3 else "1.99"


_SKU = ("product_id", "ship_to_country", "target_currency", "target_language")
METHODS: Methods = {
    "link.generate": (("source_values", "promotion_link_type", "tracking_id"), link_generate),
    "category.get": ((), category_get),
    "product.sku.detail.get": (_SKU, sku_detail),
}

"""From `result` objects to records of products, links and categories.

Rules: prices come only from the `target_*` fields, each with its own currency (the bare price
fields are in the shop's currency); every field but the id may be missing; a bad row never spoils
the others. What a product's row holds is read once, by the table `PRODUCT`. Variants are read in
a module of their own.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from clients.aliexpress.urls import CODE, canonical_id, product_url
from clients.values import (
    Row,
    amount,
    count,
    currency,
    identifier,
    is_intact,
    items,
    link,
    local_moment,
    money,
    percent,
    pictures,
    read,
    text,
    title,
    words,
)
from domain.exceptions import AnswerInvalid
from domain.money import Money
from domain.products import (
    Category,
    Coupon,
    Image,
    Offer,
    ProductRef,
    Reviews,
    Seller,
    Shipping,
    SourceProduct,
)

T = TypeVar("T")
Readers = Mapping[str, Callable[[Any], Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    """One page of a product list. `broken_count`: rows that no product could be read from."""

    products: tuple[SourceProduct, ...] = ()
    broken_count: int = 0
    total: int | None = None


LONGEST_TITLE = 2_000
MOST_IMAGES = 50
MOST_STARS = 5
DAYS = re.compile(r"([0-9]{1,3})\s*(?:-\s*([0-9]{1,3})\s*)?(?:days?|$)", re.IGNORECASE)
PACIFIC = "America/Los_Angeles"  # the documentation's clock
# "On order over ILS 62.2 , get ILS 3.11 off". Amounts with a thousands sign are not guessed at.
SUM = r"\b([A-Z]{3}) ?([0-9]+(?:\.[0-9]+)?)(?![.,]?[0-9])"
SUMS = re.compile(SUM)
SUM_OFF = re.compile(rf"get\s+{SUM}\s+off")
PERCENT_OFF = re.compile(r"get\s+([0-9]{1,2}(?:\.[0-9]+)?) ?% off")


PRODUCT: Readers = {
    "product_id": text,
    "product_title": partial(title, limit=LONGEST_TITLE),
    "target_sale_price": amount,
    "target_sale_price_currency": currency,
    "target_original_price": amount,
    "target_original_price_currency": currency,
    "ship_to_days": text,  # free text, mostly absent: "ship to RU in 7 days", "7"
    "lastest_volume": count,  # their spelling
    "commission_rate": percent,
    "evaluate_rate": percent,
    "promotion_link": link,
    "shop_id": identifier,
    "shop_name": words,
    "shop_url": link,
    "first_level_category_id": identifier,
    "first_level_category_name": words,
    "second_level_category_id": identifier,
    "second_level_category_name": words,
}
COUPON: Readers = {
    "promo_code": text,
    "code_value": text,
    "code_mini_spend": amount,
    "code_availabletime_start": partial(local_moment, zone=PACIFIC),
    "code_availabletime_end": partial(local_moment, zone=PACIFIC),
}


def product_page(
    result: Row,
    observed_at: datetime,
    *,
    tracking_id: str | None = None,
    link_host: str | None = None,
    has_local_pictures: bool = False,
) -> ProductPage:
    """A page of any method that answers products, its usable rows in answer order.

    `tracking_id`: the one asked with; without it no tracked link is believed. `link_host`: the
    host that tracked links must have, None for any. `has_local_pictures`: see `values.picture`.
    Raises AnswerInvalid where no row is usable.
    """
    read_product = partial(
        product,
        observed_at=observed_at,
        tracking_id=tracking_id,
        link_host=link_host,
        has_local_pictures=has_local_pictures,
    )
    products, broken = read_rows(result, "products", "product", read_product)
    total = count(result.get("total_record_count"))
    return ProductPage(products=products, broken_count=broken, total=total)


def product(
    row: Row,
    *,
    observed_at: datetime,
    tracking_id: str | None = None,
    link_host: str | None = None,
    has_local_pictures: bool = False,
) -> SourceProduct | None:
    """One product; None where the row bears no usable id. Arguments as for `product_page`."""
    small = items(row.get("product_small_image_urls"), "string")
    told = read(row, PRODUCT)
    images = pictures([row.get("product_main_image_url"), *small], may_be_local=has_local_pictures)
    film = pictures([row.get("product_video_url")], may_be_local=has_local_pictures)
    has_title = is_intact(row.get("product_title"))
    product_id = canonical_id(told["product_id"] or "")
    if product_id is None:
        return None
    ref = ProductRef(CODE, product_id)
    url = product_url(ref)
    tracked_url = told["promotion_link"] if tracking_id else None
    if tracked_url and link_host not in (None, urlsplit(tracked_url).hostname):
        tracked_url = None
    price, list_price = _money(told, "target_sale_price"), _money(told, "target_original_price")
    is_unreadable = {
        "title": not has_title,
        "price": price is None and _is_told(row, "target_sale_price"),
        "list_price": list_price is None and _is_told(row, "target_original_price"),
        "images": not images and _is_told(row, "product_main_image_url"),
        "reviews": told["evaluate_rate"] is None and _is_told(row, "evaluate_rate"),
        "orders_last_30_days": told["lastest_volume"] is None and _is_told(row, "lastest_volume"),
        "commission_percent": told["commission_rate"] is None and _is_told(row, "commission_rate"),
    }
    return SourceProduct(
        ref=ref,
        title=told["product_title"] or "",
        url=url,
        offer=_offer(row, told, price, list_price, observed_at),
        images=tuple(Image(url=url) for url in images[:MOST_IMAGES]),
        video_url=film[0] if film else None,
        categories=_categories(told),
        seller=_seller(told),
        reviews=_reviews(row, told["evaluate_rate"]),
        orders_last_30_days=told["lastest_volume"],
        commission_percent=told["commission_rate"],
        tracked_url=tracked_url,
        tracked_with=tracking_id if tracked_url else None,
        unreadable=tuple(name for name, is_so in is_unreadable.items() if is_so),
    )


def coupon(value: Any) -> Coupon | None:
    """`promo_code_info`, which is there sometimes. None where it tells neither code nor offer.

    Its amounts bear no currency of their own: they are read only where the sentence names exactly
    one. The campaign type is known to be unreliable and is left out.
    """
    row = next((row for row in items(value, "coupon") if isinstance(row, dict)), None)
    told = read(row or {}, COUPON)
    sentence, spend = told["code_value"], told["code_mini_spend"]
    if told["promo_code"] is None and sentence is None:
        return None
    percent_off, sum_off = PERCENT_OFF.search(sentence or ""), SUM_OFF.search(sentence or "")
    named = {code for code, _ in SUMS.findall(sentence or "")}
    return Coupon(
        code=told["promo_code"],
        description=sentence,
        value=money(sum_off[2], sum_off[1]) if sum_off else None,
        minimum_spend=Money(spend, *named) if spend is not None and len(named) == 1 else None,
        percent=percent(percent_off[1]) if percent_off else None,
        starts_at=told["code_availabletime_start"],
        ends_at=told["code_availabletime_end"],
    )


def categories(result: Row) -> tuple[Category, ...]:
    """The answer of category.get."""
    return read_rows(result, "categories", "category", _category)[0]


def _category(row: Row) -> Category | None:
    category_id, name = identifier(row.get("category_id")), words(row.get("category_name"))
    return Category(external_id=category_id, name=name) if category_id and name else None


def read_rows(
    holder: Any, outer: str, inner: str, read_row: Callable[[Row], T | None]
) -> tuple[tuple[T, ...], int]:
    """What `read_row` makes of the rows, and how many rows were none.

    The list may be wrapped twice, once, single, empty, null or missing. Raises AnswerInvalid where
    there are rows, or are said to be, and none can be read: that is no empty list.
    """
    is_object = isinstance(holder, dict)
    listed = items(holder.get(outer), inner) if is_object else [holder] * bool(holder)
    read_ones = (read_row(row) for row in listed if isinstance(row, dict))
    found = [record for record in read_ones if record is not None]
    counted = count(holder.get("current_record_count")) if is_object else None
    if (listed or counted) and not found:
        raise AnswerInvalid(
            "AliExpress sent a list whose rows are none that its interface has. Try again; if it "
            "stays so, report it to whoever runs this server."
        )
    return tuple(found), len(listed) - len(found)


def _is_told(row: Row, name: str) -> bool:
    """Whether there is something at all, readable or not; a zero is something."""
    value = row.get(name)
    return bool(value.strip() if isinstance(value, str) else value) or isinstance(value, Decimal)


def _money(told: Mapping[str, Any], name: str) -> Money | None:
    """A price; nothing is sold for nothing, so 0 is none."""
    number, code = told[name], told[f"{name}_currency"]
    return Money(number, code) if number and code else None


def _offer(
    row: Row,
    told: Mapping[str, Any],
    price: Money | None,
    list_price: Money | None,
    observed_at: datetime,
) -> Offer:
    """The API tells no stock, so availability stays unknown."""
    is_mixed = (
        price is not None and list_price is not None and price.currency != list_price.currency
    )
    days = DAYS.search(told["ship_to_days"] or "")
    promised = Shipping(
        text=told["ship_to_days"], max_days=int(days[2] or days[1]) if days else None
    )
    return Offer(
        observed_at=observed_at,
        price=price,
        list_price=None if is_mixed else list_price,
        coupon=coupon(row.get("promo_code_info")),
        shipping=promised if told["ship_to_days"] else None,
    )


def _categories(told: Mapping[str, Any]) -> tuple[Category, ...]:
    """First and second level, as far as both id and name are there."""
    levels = [
        (told[f"{level}_level_category_id"], told[f"{level}_level_category_name"])
        for level in ("first", "second")
    ]
    return tuple(Category(external_id=id, name=name) for id, name in levels if id and name)


def _seller(told: Mapping[str, Any]) -> Seller | None:
    seller = Seller(external_id=told["shop_id"], name=told["shop_name"], url=told["shop_url"])
    return seller if seller != Seller() else None


def _reviews(row: Row, rate: Decimal | None) -> Reviews | None:
    """`evaluate_rate` is the share of positive feedback, or stars where it is a bare "4.8".

    Nothing ("0.0%") is what a product without reviews has.
    """
    if not rate:
        return None
    is_stars = "%" not in str(row["evaluate_rate"]) and rate <= MOST_STARS
    return Reviews(average_rating=rate) if is_stars else Reviews(positive_percent=rate)

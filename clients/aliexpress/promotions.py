"""Promotion codes of products, as promotion.info.get tells them."""

import re
from datetime import UTC, datetime
from typing import Any

from clients.aliexpress.parse import MOMENT, pacific, read_rows, rows
from clients.aliexpress.records import ProductPromotions, Promotion
from clients.aliexpress.urls import canonical_id
from clients.values import Row, money, text
from domain.money import Money

ISO_MOMENT = re.compile(MOMENT.pattern + r"(Z|[+-][0-9]{2}:[0-9]{2})")


def promotion_info(result: Row) -> tuple[ProductPromotions, ...]:
    """The answer of promotion.info.get, by product."""
    return read_rows(result, "promotion_results", "promotion_result", _of_product)[0]


def _of_product(row: Row) -> ProductPromotions | None:
    product_id = canonical_id(text(row.get("product_id")) or "")
    if product_id is None:
        return None
    promotions = tuple(_promotion(one) for one in rows(row, "promotions", "promotion"))
    return ProductPromotions(product_id=product_id, promotions=promotions)


def _promotion(row: Row) -> Promotion:
    starts_at, ends_at = interval(row.get("promotion_effective_dates"))
    return Promotion(
        code=text(row.get("generic_redemption_code")),
        title=text(row.get("long_title")),
        channel=text(row.get("redemption_channel")),
        money_off=money_in_words(row.get("money_off_amount")),
        minimum_spend=money_in_words(row.get("minimum_purchase_amount")),
        value_type=text(row.get("coupon_value_type")),
        offer_type=text(row.get("offer_type")),
        applicability=text(row.get("product_applicability")),
        starts_at=starts_at,
        ends_at=ends_at,
    )


def money_in_words(value: Any) -> Money | None:
    """Amount and currency in one text: "50.00 USD"."""
    parts = (text(value) or "").split()
    return money(parts[0], parts[1]) if len(parts) == 2 else None


def interval(value: Any) -> tuple[datetime | None, datetime | None]:
    """Both ends of an ISO interval, "2026-11-01T00:00:00-08:00/2026-11-30T23:59:59-08:00"."""
    parts = (text(value) or "").split("/")
    return (_iso(parts[0]), _iso(parts[1])) if len(parts) == 2 else (None, None)


def _iso(value: str) -> datetime | None:
    if not ISO_MOMENT.fullmatch(value):
        return pacific(value)
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

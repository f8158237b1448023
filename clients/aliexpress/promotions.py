"""Promotion codes: the one inside a product, and those of promotion.info.get."""

import re
from typing import Any

from clients.aliexpress.records import ProductPromotions, Promotion
from clients.aliexpress.urls import canonical_id
from clients.aliexpress.values import (
    Row,
    amount,
    interval,
    money,
    money_in_words,
    pacific,
    percent,
    read_rows,
    rows,
    text,
)
from domain.money import Money
from domain.products import Coupon

# "On order over ILS 62.2 , get ILS 3.11 off". Amounts with a thousands sign are not guessed at.
SUM = r"\b([A-Z]{3}) ?([0-9]+(?:\.[0-9]+)?)(?![.,]?[0-9])"
SUMS = re.compile(SUM)
SUM_OFF = re.compile(rf"get\s+{SUM}\s+off")
PERCENT_OFF = re.compile(r"get\s+([0-9]{1,2}(?:\.[0-9]+)?) ?% off")


def coupon(value: Any) -> Coupon | None:
    """`promo_code_info`, which is there sometimes. None where it tells neither code nor offer.

    Its amounts bear no currency of their own: they are read only where the sentence names exactly
    one. The campaign type is known to be unreliable and is left out.
    """
    row = next(iter(rows({"coupon": value}, "coupon", "coupon")), None)
    if row is None:
        return None
    code, sentence = text(row.get("promo_code")), text(row.get("code_value"))
    if code is None and sentence is None:
        return None
    percent_off = PERCENT_OFF.search(sentence or "")
    return Coupon(
        code=code,
        description=sentence,
        value=_value(sentence or ""),
        minimum_spend=money(row.get("code_mini_spend"), _only_currency(sentence or "")),
        percent=percent(percent_off[1]) if percent_off else None,
        starts_at=pacific(row.get("code_availabletime_start")),
        ends_at=pacific(row.get("code_availabletime_end")),
    )


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


def _value(sentence: str) -> Money | None:
    told = SUM_OFF.search(sentence)
    number = amount(told[2]) if told else None
    return Money(number, told[1]) if told and number is not None else None


def _only_currency(sentence: str) -> str | None:
    named = {code for code, _ in SUMS.findall(sentence)}
    return named.pop() if len(named) == 1 else None

"""Orders credited to the account. Their money is in whole cents, unlike every other price."""

import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from clients.aliexpress.parse import PACIFIC, pacific, read_rows
from clients.aliexpress.records import Order, OrderPage, OrderStatus, OrderTime
from clients.aliexpress.urls import canonical_id
from clients.values import Row, count, currency, identifier, percent, text
from domain.money import Money, minor_digits

LONGEST_PARAMETERS = 4_000
WHOLE = re.compile(r"-?[0-9]{1,15}")
PAGE_SIZE = 50


def window(status: OrderStatus, start: datetime, end: datetime, by: OrderTime) -> dict[str, object]:
    """The parameters that name the orders of one status between two aware moments."""
    return {
        "status": status.value,
        "start_time": in_pacific(start),
        "end_time": in_pacific(end),
        "time_type": by.value,
        "page_size": PAGE_SIZE,
    }


def order_page(result: Row) -> OrderPage:
    """A page of order.list, order.listbyindex or order.get."""
    orders, _ = read_rows(result, "orders", "order", order)
    return OrderPage(
        orders=orders,
        total=count(result.get("total_record_count")),
        total_pages=count(result.get("total_page_no")),
        min_index=text(result.get("min_query_index_id")),
        max_index=text(result.get("max_query_index_id")),
    )


def order(row: Row) -> Order | None:
    """One sub-order; None where it bears no sub-order id."""
    sub_order_id = identifier(row.get("sub_order_id"))
    if sub_order_id is None:
        return None

    def cents(name: str) -> Money | None:
        return money_of_cents(row.get(name), row.get("settled_currency"))

    return Order(
        order_id=identifier(row.get("order_id")),
        sub_order_id=sub_order_id,
        status=text(row.get("order_status")),
        effect_status=text(row.get("effect_detail_status")),
        product_id=canonical_id(text(row.get("product_id")) or ""),
        product_title=text(row.get("product_title"), 2_000),
        product_count=count(row.get("product_count")),
        category_id=identifier(row.get("category_id")),
        tracking_id=text(row.get("tracking_id")),
        paid_amount=cents("paid_amount"),
        finished_amount=cents("finished_amount"),
        commission_percent=percent(row.get("commission_rate")),
        estimated_paid_commission=cents("estimated_paid_commission"),
        estimated_finished_commission=cents("estimated_finished_commission"),
        incentive_percent=percent(row.get("incentive_commission_rate")),
        estimated_incentive_paid_commission=cents("estimated_incentive_paid_commission"),
        estimated_incentive_finished_commission=cents("estimated_incentive_finished_commission"),
        new_buyer_bonus=cents("new_buyer_bonus_commission"),
        created_at=pacific(row.get("created_time")),
        paid_at=pacific(row.get("paid_time")),
        finished_at=pacific(row.get("finished_time")),
        settled_at=pacific(row.get("completed_settlement_time")),
        is_hot_product=_yes(row.get("is_hot_product")),
        is_new_buyer=_yes(row.get("is_new_buyer")),
        is_affiliate_product=_yes(row.get("is_affiliate_product")),
        order_type=text(row.get("order_type")),
        platform=text(row.get("order_platform")),
        ship_to_country=text(row.get("ship_to_country")),
        # order.get has the second spelling.
        parameters=_parameters(row.get("custom_parameters") or row.get("customer_parameters")),
    )


def _yes(value: Any) -> bool | None:
    return {"Y": True, "N": False}.get(text(value) or "")


def _parameters(value: Any) -> dict[str, str]:
    """JSON text of an object, `{"dp":"note-7"}`; {} for anything else."""
    if not isinstance(value, str) or len(value) > LONGEST_PARAMETERS:
        return {}
    try:
        data = json.loads(value, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    found = ((text(name), text(item)) for name, item in data.items())
    return {name: item for name, item in found if name and item}


def money_of_cents(value: Any, unit: Any) -> Money | None:
    """An amount of orders: whole numbers in the smallest unit. 1113 USD is 11.13."""
    number, code = text(value), currency(unit)
    if number is None or code is None or not WHOLE.fullmatch(number):
        return None
    return Money(Decimal(number).scaleb(-minor_digits(code)), code)


def in_pacific(moment: datetime) -> str:
    """The reverse of `pacific`, for parameters. `moment` must know its zone."""
    if moment.tzinfo is None:
        raise ValueError("A moment without its time zone cannot be sent.")
    return moment.astimezone(ZoneInfo(PACIFIC)).strftime("%Y-%m-%d %H:%M:%S")

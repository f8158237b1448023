"""AliExpress orders: forty made ones an account, money in cents, times of the Pacific coast."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from domain.money import to_minor_units
from sandbox.aliexpress.envelope import Ask, Methods
from sandbox.answers import Payload, Refused, Reply

PACIFIC = timezone(timedelta(hours=-8))
FORMAT = "%Y-%m-%d %H:%M:%S"
ORDERS = 40
FIRST_ORDER = 8200000000000100
STATUSES = ("Payment Completed", "Buyer Confirmed Receipt", "Completed Settlement", "Invalid")
PAGE_SIZE = 50


def orders_of(ask: Ask) -> list[Payload]:
    """The account's orders, newest first: one each nine hours until today's midnight (UTC)."""
    midnight = ask.now.replace(hour=0, minute=0, second=0, microsecond=0)
    offered = [one for one in ask.listings() if one.is_offered()]
    tracking_ids = sorted(ask.account.tracking_ids)
    return [
        _order(
            number,
            offered[number * 7 % len(offered)].fields,
            tracking_ids[number % len(tracking_ids)],
            midnight - timedelta(hours=9 * number),
        )
        for number in range(ORDERS if offered and tracking_ids else 0)
    ]


def _order(number: int, product: Payload, tracking_id: str, at: datetime) -> Payload:
    order_id = FIRST_ORDER + (ORDERS - number) * 10
    paid = to_minor_units(Decimal(product.get("target_sale_price") or 0), "USD")
    created = at.astimezone(PACIFIC)
    return {
        "order_id": order_id,
        "sub_order_id": order_id + 1,
        "order_status": STATUSES[number * len(STATUSES) // ORDERS],
        "product_id": product["product_id"],
        "product_title": product["product_title"],
        "product_detail_url": product.get("product_detail_url"),
        "product_main_image_url": product.get("product_main_image_url"),
        "product_count": 1,
        "category_id": product.get("second_level_category_id"),
        "tracking_id": tracking_id,
        "settled_currency": "USD",
        "paid_amount": paid,
        "commission_rate": "7.00%",
        "estimated_paid_commission": paid * 7 // 100,
        "created_time": created.strftime(FORMAT),
        "paid_time": (created + timedelta(minutes=2)).strftime(FORMAT),
        "is_hot_product": "N",
        "is_new_buyer": "N",
        "is_affiliate_product": "Y",
        "order_type": "global",
        "ship_to_country": "US",
        "custom_parameters": '{"dp":"sandbox"}',
    }


def order_get(ask: Ask) -> Reply:
    """order.get: by sub-order ids; the custom parameters have another name here."""
    ids = set(ask.values("order_ids")[:PAGE_SIZE])
    orders = [
        {name.replace("custom_", "customer_"): value for name, value in order.items()}
        for order in orders_of(ask)
        if str(order["sub_order_id"]) in ids
    ]
    return _answer(ask, orders, {}, "success")


def order_list(ask: Ask) -> Reply:
    """order.list: pages of one status in a window of time."""
    orders = _in_window(ask)
    page = max(1, ask.number("page_no", 1))
    size = _page_size(ask)
    totals = {
        "current_page_no": page,
        "total_page_no": -(-len(orders) // size),
        "total_record_count": len(orders),
    }
    return _answer(ask, orders[(page - 1) * size : page * size], totals)


def order_listbyindex(ask: Ask) -> Reply:
    """order.listbyindex: the same with a cursor; older orders follow after the smallest index."""
    start = ask.text("start_query_index_id")
    orders = _in_window(ask)
    if start:
        orders = [one for one in orders if str(one["sub_order_id"]) < start]
    orders = orders[: _page_size(ask)]
    ids = [str(one["sub_order_id"]) for one in orders] or [""]
    return _answer(ask, orders, {"min_query_index_id": ids[-1], "max_query_index_id": ids[0]})


def _answer(ask: Ask, orders: list[Payload], more: Payload, message: str | None = None) -> Reply:
    if not orders:
        return ask.empty()
    result = {"current_record_count": len(orders), **more, "orders": {"order": orders}}
    return ask.ok(result, message)


def _page_size(ask: Ask) -> int:
    return min(PAGE_SIZE, max(1, ask.number("page_size", PAGE_SIZE)))


def _in_window(ask: Ask) -> list[Payload]:
    for name in ("start_time", "end_time"):
        try:
            datetime.strptime(ask.text(name), FORMAT).replace(tzinfo=PACIFIC)
        except ValueError:
            raise Refused(ask.invalid(name)) from None
    status = ask.text("status")
    if status not in STATUSES:
        raise Refused(ask.invalid("status"))
    # Texts of one format compare like the times that they stand for.
    start, end = ask.text("start_time"), ask.text("end_time")
    orders = [one for one in orders_of(ask) if start <= one["created_time"] <= end]
    return [one for one in orders if one["order_status"] == status]


_WINDOW = ("start_time", "end_time", "status")
METHODS: Methods = {
    "order.get": (("order_ids",), order_get),
    "order.list": (_WINDOW, order_list),
    "order.listbyindex": (_WINDOW, order_listbyindex),
}

"""Orders come in pages that follow by index."""

import pytest

from tests.sandbox.callers import ORDER_TIMES, Caller

pytestmark = pytest.mark.anyio


async def test_pages_of_orders_follow_by_index(caller: Caller) -> None:
    params = {"status": "Payment Completed", "page_size": 6, **ORDER_TIMES}

    first = (await caller.aliexpress("order.listbyindex", **params))["result"]
    cursor = first["min_query_index_id"]
    second = await caller.aliexpress("order.listbyindex", start_query_index_id=cursor, **params)

    ids = [
        row["sub_order_id"] for part in (first, second["result"]) for row in part["orders"]["order"]
    ]
    assert len(ids) == 10
    assert ids == sorted(set(ids), reverse=True)

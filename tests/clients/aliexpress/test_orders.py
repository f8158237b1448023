"""Orders of the publisher."""

from datetime import UTC, datetime

import pytest

from clients.aliexpress.records import OrderStatus
from tests.clients.aliexpress.fakes import (
    connected,
    payload,
)
from tests.clients.aliexpress.test_client import NOTHING

pytestmark = pytest.mark.anyio


async def test_orders() -> None:
    client, sender = connected(payload("order.list"))
    start, end = datetime(2026, 7, 1, 7, tzinfo=UTC), datetime(2026, 7, 2, 7, tzinfo=UTC)
    status = OrderStatus.PAYMENT_COMPLETED

    by_page = await client.list_orders(status=status, start=start, end=end, page=1)
    by_index = await client.list_orders_by_index(
        status=status, start=start, end=end, start_index="q9"
    )
    by_id = await client.get_orders(["8300000000000011"])

    assert [len(page.orders) for page in (by_page, by_index, by_id)] == [1, 1, 1]
    assert sender.operations == ["order.list", "order.listbyindex", "order.get"]
    assert sender.forms[0]["start_time"] == "2026-07-01 00:00:00"
    assert sender.forms[0]["time_type"] == "Payment Completed Time"
    assert sender.forms[1]["start_query_index_id"] == "q9"
    assert sender.forms[2]["order_ids"] == "8300000000000011"


async def test_no_orders() -> None:
    client, _ = connected(NOTHING)

    assert (await client.get_orders(["1"])).orders == ()

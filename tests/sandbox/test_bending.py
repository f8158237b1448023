"""Rows are dropped, doubled, reordered, mispriced and poisoned on command."""

from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.wire import MIB
from tests.sandbox.callers import FIRST_ID, Caller, five_rows

pytestmark = pytest.mark.anyio


async def five_ids(caller: Caller) -> list[int]:
    return [row["product_id"] for row in await five_rows(caller)]


async def test_rows_are_dropped_doubled_and_reordered(sandbox: Sandbox, caller: Caller) -> None:
    plain = await five_ids(caller)
    seen = {}

    for kind in ("drop_ids", "duplicate_ids", "shuffle_ids"):
        sandbox.faults.inject(kind)
        seen[kind] = await five_ids(caller)
        sandbox.faults.clear()

    assert seen["drop_ids"] == plain[1:]
    assert seen["duplicate_ids"] == [one for one in plain for _ in range(2)]
    assert seen["shuffle_ids"] != plain
    assert sorted(seen["shuffle_ids"]) == sorted(plain)


async def test_named_rows_are_dropped(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("drop_ids", ids=[FIRST_ID, str(FIRST_ID + 1)])

    ids = await five_ids(caller)

    assert sorted(ids) == [FIRST_ID + 2, FIRST_ID + 3, FIRST_ID + 4]


async def test_rows_that_nobody_asked_for_come_first(sandbox: Sandbox, caller: Caller) -> None:
    asked_for = set(await five_ids(caller))
    sandbox.faults.inject("foreign_ids")

    ids = await five_ids(caller)

    assert len(ids) == 7
    assert not set(ids[:2]) & asked_for
    assert set(ids[2:]) == asked_for


async def test_a_currency_that_nobody_knows(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("unknown_currency")

    currencies = {
        value for row in await five_rows(caller) for key, value in row.items() if "currency" in key
    }

    assert currencies == {"XQZ"}


async def test_prices_change_at_each_read(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("price_change")
    item: dict[str, Any] = {"itemIds": ["B0SANDBX00"], "resources": ["offersV2.listings.price"]}

    prices = {(await five_rows(caller))[0]["target_sale_price"] for _ in range(3)}
    items = {(await caller.amazon("getItems", **item)).text for _ in range(3)}

    assert len(prices) == len(items) == 3


async def test_one_row_is_poisoned(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("poison")

    first, *others = [row["product_title"] for row in await five_rows(caller)]

    assert "\x00" in first
    assert "\ud800" in first
    assert len(first) > MIB
    assert all(len(title) < 200 for title in others)

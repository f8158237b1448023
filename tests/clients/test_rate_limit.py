"""Turns for calls: who waits too long is told so, and leaves nothing behind."""

import asyncio
import gc
from decimal import Decimal
from typing import Any

import pytest

from clients.rate_limit import RateLimit
from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode

pytestmark = pytest.mark.anyio

A_SECOND_EACH = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=0)


async def test_turns_that_do_not_come_leave_no_uncollected_errors() -> None:
    uncollected: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, found: uncollected.append(found))

    async def first_and_second(number: int) -> tuple[float | None, float | None]:
        turns, account = RateLimit(), AccountKey("default", "aliexpress", str(number), Mode.LIVE)
        return (
            await turns.turn(account, A_SECOND_EACH, patience=1),
            await turns.turn(account, A_SECOND_EACH, patience=0.01 + number / 100_000),
        )

    outcomes = await asyncio.gather(*map(first_and_second, range(400)))
    gc.collect()
    await asyncio.sleep(0)

    assert set(outcomes) == {(None, 1.0)}
    assert uncollected == []

"""Every call is counted against quotas and rates, and dated by its gateway's clock."""

import pytest

from sandbox import Sandbox, numbered_accounts
from sandbox.aliexpress.accounts import numbered_account
from tests.sandbox.callers import Caller, five_products

pytestmark = pytest.mark.anyio


async def test_a_quota_lasts_until_midnight_utc(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("quota", limit=2)
    codes = []

    for hours in (0, 6, 5.9, 0.1, 0, 0):
        caller.clock.advance(hours=hours)
        codes.append((await caller.aliexpress("category.get")).get("code"))

    assert codes == [None, None, "ApiCallLimit", None, None, "ApiCallLimit"]


async def test_quotas_are_counted_for_each_account(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.accounts += numbered_accounts(1)
    sandbox.faults.inject("quota", limit=1)

    mine = await caller.aliexpress("category.get")
    other = await caller.aliexpress("category.get", account=numbered_account(1))

    assert mine["resp_code"] == other["resp_code"] == 200


async def test_a_rate_is_counted_over_any_second(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("rate", limit=2)
    codes = []

    for seconds in (0, 0.6, 0.3, 0.1, 0.2, 0.4):  # at 0, 0.6, 0.9, 1.0, 1.2 and 1.6
        caller.clock.advance(seconds=seconds)
        codes.append((await caller.aliexpress("category.get")).get("code"))

    assert codes == [None, None, "ApiCallLimit", None, "ApiCallLimit", None]


async def test_a_skewed_clock_shows_in_the_date_header(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.faults.inject("clock_skew", minutes=180)

    response = await five_products(caller)
    adjusted = await five_products(caller, at=caller.clock.time.replace(hour=15))

    assert response.json()["error_response"]["code"] == "IllegalTimestamp"
    assert response.headers["date"] == "Sat, 21 Nov 2026 15:00:00 GMT"
    assert "error_response" not in adjusted.json()

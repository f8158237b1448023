"""One sandbox: its accounts, its catalogue and what it does not share."""

import pytest

from sandbox import Sandbox, numbered_accounts
from sandbox.aliexpress.accounts import numbered_account
from tests.graph import Clock
from tests.sandbox.callers import (
    FIRST_ID,
    ITEM,
    Caller,
    five_products,
    made_catalogs,
)

pytestmark = pytest.mark.anyio


def test_what_one_sandbox_changes_another_does_not_see() -> None:
    boxes = [Sandbox(public_url="http://127.0.0.1:8000", now=Clock()) for _ in range(2)]

    boxes[0].catalog.remove(ITEM)
    boxes[0].catalog.set_price(str(FIRST_ID), "0.01")

    assert boxes[1].catalog["amazon"].listing(ITEM) is not None
    assert boxes[1].catalog["aliexpress"].listings() == made_catalogs()["aliexpress"].listings()


async def test_faults_are_for_one_account_or_one_marketplace(
    sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.accounts += numbered_accounts(1)
    sandbox.faults.inject("status", account="500101", code=500)
    sandbox.faults.inject("status", marketplace="amazon", code=502)
    other = numbered_account(1)

    hit = await five_products(caller, account=other)
    spared = await five_products(caller)
    amazon = await caller.http.post("/amazon/token", data={})

    assert (hit.status_code, spared.status_code, amazon.status_code) == (500, 200, 502)

"""What a request is told about its marketplace calls."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from resolvers import quota
from tests.resolvers.conftest import MakeContext

pytestmark = pytest.mark.anyio


async def test_a_call_that_is_paid_while_the_cost_is_told_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch, make_context: MakeContext
) -> None:
    context = make_context()
    account = AccountKey("default", "aliexpress", "", Mode.LIVE)
    rule = QuotaRule(calls_per_day=10, calls_per_second=Decimal(1), reset_offset_hours=0)
    context.budget.spend(account, rule)

    async def paid_meanwhile(*_: object) -> dict[AccountKey, int]:
        context.budget.spend(replace(account, marketplace="amazon"), rule)  # a repetition
        return {account: 4}

    monkeypatch.setattr(quota, "left_today", paid_meanwhile)

    told = await quota.spent(context)

    left = told["leftToday"]
    assert isinstance(left, list)
    assert [each["calls"] for each in left] == [4]

"""Which products a call may be for, found by the indexes, and one claim at a time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from db import credentials, links, products, refreshes, statements
from db.keys import KeyRing, new_key
from domain.catalog import PublisherFields
from domain.history import History
from domain.marketplaces import Workspace
from domain.products import Mode
from domain.refresh import Bounds, Plan, RefreshState
from tests.db.records import ALIEXPRESS, NOW, OURS, THEIRS, link, product, ref, usd

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

HOUR = timedelta(hours=1)
PLAN = Plan(calls_per_day=5, state=RefreshState.ACTIVE, next_at=NOW)


async def keep(workspace: Workspace, *numbers: int, hours: int = 0, price: str = "9") -> None:
    seen = NOW + hours * HOUR
    shown = [product(number, price=usd(price), at=seen) for number in numbers]
    bounds = {"aliexpress": Bounds(fresh_for=HOUR / 4)}
    await products.keep(workspace, shown, now=seen, history_for=["aliexpress"], bounds=bounds)


async def sell(workspace: Workspace, number: int) -> None:
    await products.change(workspace, [(ref(number), PublisherFields(selling_price=usd("12")))])


async def connected() -> refreshes.RefreshAccount:
    keyring = KeyRing.from_text(new_key())
    await credentials.save(ALIEXPRESS, {"a": "b"}, keyring=keyring, now=NOW, refresh_calls=5)
    [account] = await refreshes.waiting({}, NOW)
    return account


async def test_what_is_due_first_of_each_pace_is_found() -> None:
    await keep(OURS, 1, 2, 3, 4)
    await keep(THEIRS, 5)
    await sell(THEIRS, 5)
    await sell(OURS, 1)
    await links.keep(OURS.id, [link(1), link(2)])
    await sell(OURS, 3)
    await keep(OURS, 3, hours=5, price="5")

    found = {each.id: each for each in await refreshes.candidates(ALIEXPRESS, 50, {"1002": 3.0})}

    assert sorted(found) == ["1001", "1002", "1003"]
    assert [each.value for _, each in sorted(found.items())] == [3, 4, 2]
    assert found["1001"].history == History()
    assert found["1003"].history == History(1.0, 5.0)
    assert found["1003"].seen_at == NOW + 5 * HOUR
    assert found["1003"].due_at > found["1003"].seen_at


async def test_the_indexes_find_them(monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Any] = []
    real = statements.rows

    async def explained(sql: str, values: Any = ()) -> list[dict[str, Any]]:
        if "UNION ALL" in sql:
            ahead = "EXPLAIN " if statements.is_postgres() else "EXPLAIN QUERY PLAN "
            plans.extend(await real(ahead + sql, values))
        return await real(sql, values)

    monkeypatch.setattr(statements, "rows", explained)
    if statements.is_postgres():
        await real("SET enable_seqscan = off")

    await refreshes.candidates(ALIEXPRESS, 50, {})

    told = str(plans)
    assert "idx_products_refresh_linked" in told
    assert "idx_products_refresh_sold" in told
    assert "idx_products_refresh_both" in told
    assert "TEMP B-TREE" not in told


async def test_a_claim_holds_until_it_is_given_back_and_its_plan_goes_on_as_set() -> None:
    account = await connected()
    begun = replace(account.plan, used=1, day=NOW.date())

    lease = await refreshes.claim(account, begun, NOW)
    again = await refreshes.claim(account, begun, NOW)
    await refreshes.set_calls(ALIEXPRESS, 9, NOW)
    assert lease is not None
    plan = await refreshes.release(lease, lambda plan: plan.waiting(NOW + HOUR))

    assert again is None
    assert plan is not None
    assert (plan.calls_per_day, plan.used, plan.next_at) == (9, 1, NOW + HOUR)
    assert await refreshes.plan_of(ALIEXPRESS) == plan
    assert await refreshes.release(lease, lambda plan: plan) is None
    assert await refreshes.waiting({}, NOW) == []


async def test_an_account_of_the_other_mode_or_turned_off_does_not_wait() -> None:
    account = await connected()

    assert account.plan == PLAN
    assert await refreshes.waiting({"aliexpress": Mode.SANDBOX}, NOW) == []
    assert await refreshes.set_calls(ALIEXPRESS, 0, NOW)
    assert await refreshes.waiting({}, NOW) == []
    assert not await refreshes.set_calls(replace(ALIEXPRESS, workspace="theirs"), 5, NOW)


async def test_what_a_clock_put_off_that_was_set_back_since_waits_no_longer() -> None:
    account = await connected()

    await refreshes.postpone(account, replace(PLAN, next_at=NOW + 365 * 24 * HOUR))

    assert [each.id for each in await refreshes.waiting({}, NOW)] == [account.id]

"""Refreshes: calls that go by themselves, for what is due, within the plan of their account."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from application.runtime import Overrides, Runtime, open_runtime
from clients.registry import BY_CODE, SETTINGS
from config import read_settings
from db import credentials, products, refreshes
from db.keys import KeyRing, new_key
from domain.catalog import PublisherFields
from domain.exceptions import AffiliateGraphError, NotEligible
from domain.jobs import Job, JobKind, JobStatus
from domain.marketplaces import AccountKey
from domain.products import Mode, ProductRef
from domain.refresh import Plan, RefreshState
from engine.batches import JobBatches
from engine.refreshes import Refreshes
from resolvers import imports, jobs, marketplaces, refresh
from resolvers.access import OPERATOR
from resolvers.context import Context
from resolvers.refresh import Call
from sandbox import Sandbox
from tests.database import migrated_database, wipe
from tests.db.records import usd
from tests.graph import ALIEXPRESS, API_KEY, Clock
from upstream.pipeline import Timeouts

pytestmark = pytest.mark.anyio

KEY = AccountKey("default", "aliexpress", "", Mode.SANDBOX)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass
class Shop:
    """An account with products, of which some have a selling price."""

    runtime: Runtime
    clock: Clock
    box: Sandbox
    refs: list[ProductRef]

    @property
    def context(self) -> Context:
        return self.runtime.context(OPERATOR)

    async def sell(self, refs: list[ProductRef]) -> None:
        fields = PublisherFields(selling_price=usd("99"))
        await products.change(self.context.workspace, [(ref, fields) for ref in refs])

    async def turn(self) -> int:
        """Do what is due; how many calls it took."""
        work, before = Refreshes(self.runtime, grace=0), self.calls
        for due in await work.due():
            await work.handle(due.id, asyncio.Event())
        return self.calls - before

    @property
    def calls(self) -> int:
        return self.box.count(marketplace="aliexpress")

    async def plan(self) -> Plan:
        return await refresh.plan_of(KEY)

    async def synced_now(self) -> list[bool]:
        stored = await products.by_refs(self.context.workspace, self.refs)
        return [stored[ref].synced_at == self.clock() for ref in self.refs]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with migrated_database(tmp_path) as url:
        settings = read_settings(
            {"DATABASE_URL": url, "DATA_DIR": str(tmp_path), "SANDBOX": "on"}
            | {"ENCRYPTION_KEYS": new_key(), "ADMIN_API_KEY": API_KEY}
            | {"ALIEXPRESS_CALLS_PER_SECOND": "1000"},
            SETTINGS,
        )
        clock = Clock()
        box = Sandbox(public_url="http://127.0.0.1:8000", now=clock)
        overrides = Overrides(
            now=clock,
            monotonic=clock.monotonic,
            timeouts=Timeouts(first_pause=0.001),
            sandbox=box,
        )
        async with open_runtime(settings, KeyRing.from_text(new_key()), overrides) as runtime:
            context = runtime.context(OPERATOR)
            given = list(ALIEXPRESS.items())
            await marketplaces.connect(context, BY_CODE["aliexpress"], None, given)
            listings = box.catalog["aliexpress"].listings()[:3]
            refs = [ProductRef("aliexpress", listing.id) for listing in listings]
            with runtime.under_way(OPERATOR.workspace):
                await imports.import_products(context, refs)
            yield Shop(runtime, clock, box, refs)
            await wipe()


async def test_what_has_a_selling_price_is_refreshed_by_itself_when_it_is_due(shop: Shop) -> None:
    await shop.sell(shop.refs[:2])

    early = await shop.turn()
    shop.clock.advance(days=1)
    late = await shop.turn()

    assert (early, late) == (0, 1)
    assert await shop.synced_now() == [True, True, False]
    plan = await shop.plan()
    assert (plan.state, plan.used_on(shop.clock().date())) == (RefreshState.ACTIVE, 1)
    assert plan.next_at is not None
    assert plan.next_at > shop.clock()
    assert await shop.turn() == 0


async def test_a_product_that_was_seen_otherwise_is_not_due(shop: Shop) -> None:
    await shop.sell(shop.refs)
    shop.clock.advance(days=1)
    with shop.runtime.under_way(OPERATOR.workspace):
        await imports.sync_products(shop.context, shop.refs)

    assert await shop.turn() == 0


async def test_nothing_is_called_for_without_a_link_or_a_selling_price(shop: Shop) -> None:
    shop.clock.advance(days=9)

    assert await shop.turn() == 0
    plan = await shop.plan()
    assert plan.next_at is not None
    assert plan.next_at > shop.clock()


async def test_the_calls_of_the_day_are_kept_to_and_the_next_day_goes_on(shop: Shop) -> None:
    await shop.sell(shop.refs)
    await refreshes.set_calls(KEY, 1, shop.clock())
    calls, states = [], []

    for _ in range(60):  # hours
        shop.clock.advance(hours=1)
        calls.append(await shop.turn())
        states.append((await shop.plan()).state)

    assert sum(calls) == 2
    assert calls.index(1) < 30
    assert RefreshState.DAY_USED_UP in states


async def test_a_refusal_pauses_and_an_answer_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, failures = refresh.work, [NotEligible("No sales.")] * 2

    async def refused(context: Context, call: Call) -> AffiliateGraphError | None:
        return failures.pop() if failures else await real(context, call)

    monkeypatch.setattr(refresh, "work", refused)
    caplog.set_level("INFO", "affiliate_graph.refresh")
    await shop.sell(shop.refs)
    shop.clock.advance(days=1)
    waits = []
    for _ in range(3):
        await shop.turn()
        plan = await shop.plan()
        assert plan.next_at is not None
        waits.append((plan.state, plan.next_at - shop.clock()))
        shop.clock.advance(seconds=waits[-1][1].total_seconds())

    hour = timedelta(hours=1)
    assert waits[:2] == [(RefreshState.PAUSED, hour), (RefreshState.PAUSED, 2 * hour)]
    assert waits[2][0] is RefreshState.ACTIVE
    assert [each.message for each in caplog.records] == [
        "Refresh is paused: No sales.",
        "Refresh goes on",
    ]


async def test_who_was_stopped_past_the_lease_or_turned_off_writes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = refresh.work

    async def overtaken(context: Context, call: Call) -> AffiliateGraphError | None:
        await refreshes.set_calls(KEY, 0, shop.clock())
        return await real(context, call)

    monkeypatch.setattr(refresh, "work", overtaken)
    await shop.sell(shop.refs)
    shop.clock.advance(days=1)

    assert await shop.turn() == 1
    assert await shop.synced_now() == [False, False, False]
    assert (await shop.plan()).state is RefreshState.OFF


async def test_one_of_two_workers_makes_the_call(shop: Shop) -> None:
    await shop.sell(shop.refs)
    shop.clock.advance(days=1)
    works = [Refreshes(shop.runtime), Refreshes(shop.runtime)]
    [[turn], _] = [await work.due() for work in works]
    before = shop.calls

    await asyncio.gather(*(work.handle(turn.id, asyncio.Event()) for work in works))

    assert shop.calls - before == 1
    assert (await shop.plan()).used == 1


@pytest.mark.parametrize("failure", [None, RuntimeError("a bug")])
async def test_what_is_not_done_at_the_end_is_given_back_and_what_breaks_is_paused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    async def stuck(*_: Any) -> None:
        if failure is not None:
            raise failure
        await asyncio.Event().wait()

    monkeypatch.setattr(refresh, "work", stuck)
    await shop.sell(shop.refs)
    shop.clock.advance(days=1)
    ending = asyncio.Event()
    ending.set()
    work = Refreshes(shop.runtime, grace=0 if failure is None else 10)
    [turn] = await work.due()

    await work.handle(turn.id, ending)

    plan = await shop.plan()
    assert plan.state is (RefreshState.ACTIVE if failure is None else RefreshState.PAUSED)
    assert bool(await work.due()) is (failure is None)


async def test_what_the_marketplace_no_longer_shows_is_asked_rarely(shop: Shop) -> None:
    await shop.sell(shop.refs)
    gone = ProductRef("aliexpress", "1005000009999999")
    workspace = shop.context.workspace
    [stored] = (await products.by_refs(workspace, shop.refs[:1])).values()
    strange = replace(stored.source, ref=gone)
    await products.keep(workspace, [strange], now=shop.clock(), history_for=[])
    await shop.sell([gone])
    shop.clock.advance(days=1)
    await shop.turn()

    shop.clock.advance(days=1)
    found = await refreshes.candidates(KEY, 50, {})

    missing = {each.id: each.is_missing for each in found}
    assert missing[gone.external_id]
    assert sum(missing.values()) == 1


async def test_an_account_of_a_marketplace_that_is_not_known_here_is_left_alone(shop: Shop) -> None:
    other = replace(KEY, marketplace="of another release", mode=Mode.LIVE)
    keyring = KeyRing.from_text(new_key())
    await credentials.save(other, {"a": "b"}, keyring=keyring, now=shop.clock(), refresh_calls=5)
    await shop.sell(shop.refs)
    shop.clock.advance(days=1)

    assert await shop.turn() == 1


async def test_an_hour_without_the_marketplace_costs_few_calls_and_no_row(shop: Shop) -> None:
    await shop.sell(shop.refs)
    shop.clock.advance(hours=13)  # all of them are due
    order = jobs.Order(
        kind=JobKind.SYNC, field="ids", rows=shop.refs, options={}, key=None, input_text=""
    )
    begun = await jobs.start(shop.context, order)
    shop.box.faults.inject("status", code=503)
    batches, before = JobBatches(shop.runtime, grace=0), shop.calls

    async def an_hour() -> Job:
        for _ in range(60):
            await shop.turn()
            for batch in await batches.due():
                await batches.handle(batch.id, asyncio.Event())
            shop.clock.advance(minutes=1)
        found = await jobs.get(shop.context, begun.id)
        assert found is not None
        return found

    waiting, spent = await an_hour(), shop.calls - before
    shop.box.faults.clear()
    done = await an_hour()

    assert (waiting.status, waiting.done) == (JobStatus.RUNNING, 0)
    assert 3 <= spent <= 30
    assert (done.status, done.done, done.failed) == (JobStatus.SUCCEEDED, 3, 0)
    stored = await products.by_refs(shop.context.workspace, shop.refs)
    assert all(entry.synced_at > shop.clock() - 2 * HOUR for entry in stored.values())

"""What happened: written with what it tells of, numbered without gaps that a reader could miss."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pypika_tortoise.queries import QueryBuilder

from db import credentials, events, links, products, quota, statements
from db.connection import open_database
from db.encryption import KeyRing
from db.statements import Row
from domain.catalog import PageArgs
from domain.events import Event, EventFilter, EventType
from domain.marketplaces import Health, HealthState
from domain.products import Availability, Mode, SourceProduct
from tests.db.records import (
    ALIEXPRESS,
    HOUR,
    NOW,
    OURS,
    SANDBOX,
    THEIRS,
    keep,
    link,
    product,
    ref,
    usd,
)

QUARTER = timedelta(minutes=15)
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def told(filter: EventFilter | None = None, workspace: object = OURS) -> list[Event]:
    page = await events.page(workspace, filter or EventFilter(), PageArgs(250))  # type: ignore[arg-type]
    return [event for _, event in page.rows]


async def types() -> list[str]:
    return [event.news.type.value for event in await told()]


async def seen(*prices: str, step: timedelta, start: datetime = NOW) -> None:
    """The product at these prices, one after another."""
    for number, price in enumerate(prices):
        at = start + number * step
        await keep([product(price=usd(price), at=at)], now=at, history=True)


def stocked(availability: Availability, at: datetime, **more: Any) -> SourceProduct:
    plain = product(at=at, **more)
    return replace(plain, offer=replace(plain.offer, availability=availability))


async def test_a_drop_tells_both_prices_and_when() -> None:
    await seen("100", "90", step=HOUR)

    [event] = await told()

    assert event.news.type is EventType.PRODUCT_PRICE_DROPPED
    assert (event.news.previous_price, event.news.price) == (usd("100"), usd("90"))
    assert (event.news.product, event.news.occurred_at) == (ref(1), NOW + HOUR)


async def test_a_price_that_jumps_every_quarter_of_an_hour_makes_one_event_a_day() -> None:
    await seen(*["100", "90"] * 48, step=QUARTER)

    assert await types() == ["product.price_dropped"]


async def test_a_price_that_stays_where_it_jumped_to_is_told_after_the_quiet_time() -> None:
    await seen("100", "90", "80", "80", step=HOUR)
    assert len(await told()) == 1

    await seen("80", start=NOW + 9 * HOUR, step=HOUR)

    assert [event.news.price for event in await told()] == [usd("90"), usd("80")]


async def test_a_slow_slide_is_told_once_it_is_far_enough() -> None:
    await seen("100", "99", "98", "97", "96", step=HOUR)

    [event] = await told()

    assert (event.news.previous_price, event.news.price) == (usd("100"), usd("97"))


async def test_cents_are_no_news() -> None:
    await seen("1.00", "0.60", step=HOUR)

    assert await told() == []


async def test_another_currency_is_no_drop() -> None:
    await seen("100", step=HOUR)
    euros = replace(usd("50"), currency="EUR")
    await keep([product(price=euros, at=NOW + HOUR)], now=NOW + HOUR, history=True)

    assert await told() == []


async def test_where_prices_may_not_be_tracked_none_is_announced_nor_stored() -> None:
    for number, price in enumerate(("100", "50", "100")):
        at = NOW + 12 * number * HOUR
        seen = product(price=usd(price), at=at, marketplace="amazon")
        await keep([seen], now=at, history=True)
    gone = stocked(Availability.OUT_OF_STOCK, NOW + 48 * HOUR, marketplace="amazon")
    await keep([gone], now=NOW + 48 * HOUR, history=True)

    assert await types() == ["product.out_of_stock"]
    [row] = await statements.rows("SELECT * FROM products")
    assert (row["announced_price_amount"], row["price_moved_at"]) == (None, None)
    [row] = await statements.rows("SELECT facts FROM events")
    assert row["facts"] == "{}"


async def test_stock_that_is_not_told_is_no_news() -> None:
    for number, availability in enumerate(
        (
            Availability.IN_STOCK,
            Availability.OUT_OF_STOCK,
            Availability.PREORDER,
            Availability.UNKNOWN,
            Availability.IN_STOCK,
        )
    ):
        at = NOW + number * HOUR
        await keep([stocked(availability, at)], now=at)

    assert await types() == ["product.out_of_stock", "product.back_in_stock"]


async def test_links_break_and_mend_with_their_product() -> None:
    await keep([product()])
    await links.keep("default", [link(sub_id="a"), link(sub_id="b"), link(2)])
    for hours in (1, 2, 3, 4):
        await products.mark_missing(OURS, [ref(1)], now=NOW + hours * HOUR)
    await keep([product(at=NOW + 5 * HOUR)], now=NOW + 5 * HOUR)

    assert await types() == [
        "product.gone",
        *["link.broken"] * 2,
        "product.returned",
        *["link.mended"] * 2,
    ]
    assert [event.news.link for event in await told()][1:3] == [
        link(sub_id="a").key,
        link(sub_id="b").key,
    ]


async def test_an_event_is_taken_back_with_what_it_tells_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await seen("100", step=HOUR)

    async def fails(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(events, "record", fails)
    with pytest.raises(RuntimeError):
        await seen("50", start=NOW + HOUR, step=HOUR)

    assert await told() == []
    [kept] = (await products.by_refs(OURS, [ref(1)])).values()
    assert kept.source.offer.price == usd("100")


async def test_numbers_are_seen_in_their_order_whoever_commits_first() -> None:
    await seen("100", "90", step=HOUR)
    [first] = await told()
    written, may_commit = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with statements.transaction():
            await events.record("default", Mode.LIVE, [first.news])
            written.set()
            await may_commit.wait()

    async def quick() -> None:
        await written.wait()
        async with statements.transaction():
            await events.record("default", Mode.LIVE, [first.news])

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(slow())
        later = tasks.create_task(quick())
        await written.wait()
        await asyncio.sleep(0.2)  # the quick one would have committed by now
        assert not later.done()
        assert await told() == [first]
        assert await events.last_number("default") == first.sequence
        may_commit.set()

    numbers = [event.sequence for event in await told()]
    assert numbers == [first.sequence + each for each in range(3)]


async def test_events_are_of_their_workspace_and_mode() -> None:
    for workspace in (OURS, THEIRS, SANDBOX):
        for hours, price in ((0, "9"), (1, "5")):
            at = NOW + hours * HOUR
            await keep(
                [product(price=usd(price), at=at)], workspace=workspace, now=at, history=True
            )

    for workspace in (OURS, THEIRS, SANDBOX):
        assert len(await told(workspace=workspace)) == 1


async def test_events_are_filtered_and_found_by_their_id() -> None:
    await seen("100", "90", step=HOUR)
    await seen("120", start=NOW + 20 * HOUR, step=HOUR)
    drop, rise = await told()

    for filter, expected in (
        (EventFilter(types=frozenset({EventType.PRODUCT_PRICE_ROSE})), [rise]),
        (EventFilter(types=frozenset()), []),
        (EventFilter(product=ref(1)), [drop, rise]),
        (EventFilter(product=ref(2)), []),
        (EventFilter(since=NOW + 20 * HOUR), [rise]),
    ):
        assert await told(filter) == expected
    assert await events.by_id(OURS, rise.id) == rise
    assert await events.by_id(THEIRS, rise.id) is None


async def test_events_of_a_product_are_found_by_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    if statements.is_postgres():
        pytest.skip("PostgreSQL takes no index of a table that is empty")
    plans: list[Any] = []

    async def explained(query: QueryBuilder) -> list[Row]:
        sql, values = query.get_parameterized_sql()
        plans.extend(await statements.rows(f"EXPLAIN QUERY PLAN {sql}", values))
        return []

    monkeypatch.setattr("db.paging.built", explained)
    await told(EventFilter(product=ref(1)))

    assert [plan["detail"].partition("(")[2] for plan in plans] == [
        "workspace_id=? AND external_id=?)"
    ]


async def test_old_events_are_pruned() -> None:
    await seen("100", "90", step=HOUR)
    await seen("120", start=NOW + 20 * HOUR, step=HOUR)

    assert await events.prune(NOW + 2 * HOUR) == 1

    assert await types() == ["product.price_rose"]


async def test_credentials_are_told_as_rejected_once_and_as_restored(keyring: KeyRing) -> None:
    account = await credentials.save(ALIEXPRESS, {"appKey": "1"}, keyring=keyring, now=NOW)
    states = HealthState

    for number, state in enumerate(
        (
            states.HEALTHY,
            states.CREDENTIALS_REJECTED,
            states.UNREACHABLE,
            states.CREDENTIALS_REJECTED,
            states.NOT_ELIGIBLE,
            states.HEALTHY,
            states.THROTTLED,
            states.HEALTHY,
        )
    ):
        health = Health(state=state, checked_at=NOW + number * HOUR, upstream_code="29")
        await credentials.record_health(account, health, keyring=keyring)

    assert await types() == [
        "credentials.rejected",
        "marketplace.not_eligible",
        "credentials.restored",
    ]
    assert (await told())[0].news.upstream_code == "29"


async def test_credentials_that_were_saved_anew_are_told_as_restored(keyring: KeyRing) -> None:
    for value, state in (("1", HealthState.CREDENTIALS_REJECTED), ("2", HealthState.HEALTHY)):
        account = await credentials.save(ALIEXPRESS, {"appKey": value}, keyring=keyring, now=NOW)
        await credentials.record_health(
            account, Health(state=state, checked_at=NOW), keyring=keyring
        )

    assert await types() == ["credentials.rejected", "credentials.restored"]


async def test_a_low_quota_is_told_once_a_day() -> None:
    shared = replace(ALIEXPRESS, workspace="")
    for key in (ALIEXPRESS, shared):
        for _ in range(12):
            await quota.book(key, day=NOW.date(), limit=10, calls_per_day=10, now=NOW)

    [event] = await told()

    assert (event.news.type, event.news.calls_per_day) == (EventType.QUOTA_LOW, 10)
    assert await told(workspace=replace(OURS, id="")) == []


async def test_numbers_go_on_after_a_restart(db: str) -> None:
    await seen("100", "90", step=HOUR)
    [first] = await told()
    await events.prune(NOW + 2 * HOUR)
    async with open_database(db, shared=False), statements.transaction():
        await events.record("default", Mode.LIVE, [first.news])

    [second] = await told()

    assert second.sequence == first.sequence + 1

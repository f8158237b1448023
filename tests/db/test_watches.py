"""Watches fire with the change that they wait for, once for each product until re-armed."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from db import events, models, watches
from domain.catalog import CatalogFilter, PageArgs
from domain.events import Event, EventFilter, EventType
from domain.products import Availability, ProductState
from domain.watches import Watch, WatchKind
from tests.db.records import HOUR, NOW, OURS, keep, product, ref, usd

DAY = timedelta(days=1)
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


def new_watch(kind: WatchKind, **more: Any) -> Watch:
    """On the first product, unless on others."""
    plain = Watch(
        id=str(uuid4()),
        workspace="default",
        kind=kind,
        armed_at=NOW,
        created_at=NOW,
        products=[ref(1)],
    )
    return replace(plain, **more)


async def made(kind: WatchKind, **more: Any) -> Watch:
    watch = new_watch(kind, **more)
    assert await watches.create(watch, most=9)
    return watch


async def costs(amount: str, after: timedelta, number: int = 1, **more: Any) -> None:
    at = NOW + after
    await keep([product(number, price=usd(amount), at=at, **more)], now=at, history=True)


async def told() -> list[Event]:
    filter = EventFilter(types=frozenset({EventType.WATCH_FIRED}))
    return [event for _, event in (await events.page(OURS, filter, PageArgs(50))).rows]


async def test_many_at_once_make_no_more_than_a_workspace_may_have() -> None:
    wanted = [new_watch(WatchKind.BACK_IN_STOCK) for _ in range(10)]

    made = await asyncio.gather(*(watches.create(each, most=3) for each in wanted))

    assert sum(made) == await models.Watch.filter(workspace_id="default").count() == 3


async def test_a_price_below_is_told_once_until_it_is_armed_again() -> None:
    watch = await made(WatchKind.BELOW_PRICE, price=usd("10"))
    for hours, amount in enumerate(("12", "11", "9", "8", "12", "7")):
        await costs(amount, hours * HOUR)

    [event] = await told()
    counts = await watches.fired_counts("default", [watch.id])
    await watches.rearm(watch, NOW + 6 * HOUR)
    await costs("6", 7 * HOUR)

    assert (event.news.watch, event.news.product) == (watch.id, ref(1))
    assert (event.news.previous_price, event.news.price) == (usd("11"), usd("9"))
    assert counts == {watch.id: 1}
    assert len(await told()) == 2


async def test_a_drop_counts_from_the_price_of_when_it_was_armed() -> None:
    await costs("100", timedelta())
    await made(WatchKind.DROP_PERCENT, percent=20, armed_at=NOW)

    for hours, amount in ((1, "95"), (2, "85"), (3, "81")):
        await costs(amount, hours * HOUR)
    before = await told()
    await costs("80", 4 * HOUR)

    assert before == []
    assert len(await told()) == 1


async def test_the_lowest_price_of_some_days() -> None:
    await costs("50", timedelta())
    await costs("100", 10 * DAY)
    await made(WatchKind.LOWEST_IN_DAYS, days=30)

    await costs("60", 20 * DAY)
    before = await told()
    await costs("55", 41 * DAY)

    assert before == []
    assert [event.news.price for event in await told()] == [usd("55")]


async def test_a_product_that_is_back_in_stock() -> None:
    await made(WatchKind.BACK_IN_STOCK)
    for hours, availability in enumerate((Availability.OUT_OF_STOCK, Availability.IN_STOCK)):
        plain = product(at=NOW + hours * HOUR)
        source = replace(plain, offer=replace(plain.offer, availability=availability))
        await keep([source], now=NOW + hours * HOUR)

    [event] = await told()

    assert event.news.price is None


async def test_a_filter_says_of_which_products() -> None:
    filter = CatalogFilter(text="lamp", min_price=Decimal("5"), state=ProductState.ACTIVE)
    watch = await made(WatchKind.BELOW_PRICE, price=usd("10"), products=None, filter=filter)
    for hours, amount in enumerate(("12", "9")):
        await costs(amount, hours * HOUR, 1, title="A lamp")
        await costs(amount, hours * HOUR, 2, title="A chair")
        await costs("4" if hours else "12", hours * HOUR, 3, title="A lamp")

    assert [event.news.product for event in await told()] == [ref(1)]
    assert await watches.by_id("default", watch.id) == watch


async def test_where_prices_may_not_be_tracked_none_fires() -> None:
    await made(WatchKind.BELOW_PRICE, price=usd("10"), products=None, filter=CatalogFilter())
    for hours, amount in enumerate(("12", "9")):
        at = NOW + hours * HOUR
        await keep([product(price=usd(amount), at=at)], now=at)  # without a history

    assert await told() == []


async def test_a_workspace_has_a_limit_and_forgets() -> None:
    watch = await made(WatchKind.BACK_IN_STOCK)
    full = not await watches.create(new_watch(WatchKind.BACK_IN_STOCK), most=1)

    await watches.delete(watch)

    assert full
    assert await watches.by_id("default", watch.id) is None
    assert await watches.by_id("other", watch.id) is None


async def test_only_the_products_that_are_named_fire() -> None:
    await made(WatchKind.BELOW_PRICE, price=usd("10"), products=[ref(2), ref(3)])
    for number in (1, 2):
        await costs("12", 0 * HOUR, number)

    for number in (1, 2):
        await costs("9", HOUR, number)

    assert [event.news.product for event in await told()] == [ref(2)]

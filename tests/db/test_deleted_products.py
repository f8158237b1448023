"""Products that are taken out of the catalogue, put back, and forgotten."""

import asyncio
from datetime import timedelta

import pytest

from db import catalog, deleted_products, links, prices, products, statements, workspaces
from db.deleted_products import delete, prune, restore
from domain.catalog import CatalogFilter, PageArgs, PublisherFields
from tests.db.records import (
    HOUR,
    NOW,
    OURS,
    SANDBOX,
    THEIRS,
    full_product,
    keep,
    link,
    product,
    ref,
    titles,
    usd,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def test_a_deleted_product_is_put_back_as_it_was() -> None:
    await keep([full_product(), product(2)], history=True)
    mine = PublisherFields(selling_price=usd("9.99"), notes="good one")
    before = await products.change(OURS, [(ref(1), mine)])

    assert await delete(OURS, [ref(1), ref(3)], now=NOW) == {ref(1)}
    assert await delete(OURS, [ref(1)], now=NOW) == set()
    assert await restore(OURS, [ref(1), ref(3)]) == {ref(1)}

    assert await products.by_refs(OURS, [ref(1)]) == before
    [seen] = (await prices.price_history(OURS, [ref(1)], PageArgs(9)))[ref(1)].rows
    assert seen[1].price == usd("19.90")
    found = CatalogFilter(text="good one")
    assert (await catalog.count(OURS, found)).total == 1


async def test_nobody_reads_a_deleted_product() -> None:
    await keep([product(1, title="gone"), product(2, title="there")], history=True)

    await delete(OURS, [ref(1)], now=NOW)

    assert await products.by_refs(OURS, [ref(1)]) == {}
    assert await titles() == ["there"]
    assert (await catalog.count(OURS, CatalogFilter(text="gone"))).total == 0
    assert (await prices.price_history(OURS, [ref(1)], PageArgs(9)))[ref(1)].rows == ()
    assert await products.change(OURS, [(ref(1), PublisherFields(notes="a"))]) == {}
    assert await products.mark_missing(OURS, [ref(1)], now=NOW + HOUR) == {}
    await workspaces.create("default", NOW)
    assert [each.products for each in await workspaces.summaries()] == [1]


async def test_whose_product_it_is_stays() -> None:
    await keep([product(title="live")])
    await keep([product(title="sandbox")], workspace=SANDBOX)

    await delete(OURS, [ref(1)], now=NOW)

    assert await restore(THEIRS, [ref(1)]) == set()
    assert (await products.by_refs(SANDBOX, [ref(1)]))[ref(1)].source.title == "sandbox"
    await delete(SANDBOX, [ref(1)], now=NOW)
    assert await restore(OURS, [ref(1)]) == {ref(1)}
    assert (await products.by_refs(OURS, [ref(1)]))[ref(1)].source.title == "live"
    assert await products.by_refs(SANDBOX, [ref(1)]) == {}


async def test_a_product_that_is_imported_again_begins_anew() -> None:
    await keep([product(1)])
    await products.change(OURS, [(ref(1), PublisherFields(notes="old"))])
    await delete(OURS, [ref(1)], now=NOW)
    await keep([product(1)])

    assert await restore(OURS, [ref(1)]) == {ref(1)}
    assert (await products.by_refs(OURS, [ref(1)]))[ref(1)].notes is None
    await delete(OURS, [ref(1)], now=NOW)
    await restore(OURS, [ref(1)])

    assert (await products.by_refs(OURS, [ref(1)]))[ref(1)].notes is None


async def test_a_product_comes_back_with_the_links_that_there_are_then() -> None:
    await keep([product(1), product(2)])
    await links.keep("default", [link(1)])
    await delete(OURS, [ref(1), ref(2)], now=NOW)
    await links.delete(OURS, link(1).key)
    await links.keep("default", [link(2)])

    await restore(OURS, [ref(1), ref(2)])

    assert await titles(has_link=True) == ["Lamp 2"]


async def test_what_was_deleted_long_ago_is_forgotten_with_its_prices() -> None:
    await keep([product(1, price=usd("5")), product(2)], history=True)
    await delete(OURS, [ref(1)], now=NOW - timedelta(days=2))
    await delete(OURS, [ref(2)], now=NOW)

    assert await prune(NOW - timedelta(days=1)) == 1

    assert await restore(OURS, [ref(1), ref(2)]) == {ref(2)}
    assert await statements.rows("SELECT id FROM price_observations") == []


async def test_whoever_puts_back_at_once_ends_with_one_product() -> None:
    await keep([product(1)])
    await delete(OURS, [ref(1)], now=NOW)

    ended = await asyncio.gather(*(restore(OURS, [ref(1)]) for _ in range(5)), keep([product(1)]))

    assert all(ref(1) in each for each in ended)
    assert await titles() == ["Lamp 1"]


async def test_deleting_nothing_touches_nothing() -> None:
    await keep([product(1)])

    assert await deleted_products.delete(OURS, [], now=NOW) == set()
    assert await deleted_products.restore(OURS, []) == set()
    assert await titles() == ["Lamp 1"]

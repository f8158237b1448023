"""Tags of products: stored, found, counted, and kept by whatever else happens to a product."""

import asyncio

import pytest

from db import catalog, deleted_products, products, tags
from domain.catalog import CatalogFilter, CatalogSort, PageArgs, PublisherFields
from domain.exceptions import InvalidInput
from domain.marketplaces import Workspace
from domain.products import CatalogProduct, ProductRef
from tests.db.records import HOUR, NOW, OURS, SANDBOX, THEIRS, keep, product, ref

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

NINE = PageArgs(9)


async def add(number: int, *names: str, workspace: Workspace = OURS) -> None:
    await products.change(workspace, [(ref(number), PublisherFields(add_tags=names))])


async def tags_of(number: int = 1) -> tuple[str, ...]:
    return (await products.by_refs(OURS, [ref(number)]))[ref(number)].tags


async def found(tag: str, workspace: Workspace = OURS) -> list[ProductRef]:
    filter = CatalogFilter(tag=tag)
    page = await catalog.page(workspace, filter, CatalogSort.TITLE_ASC, PageArgs(9))
    assert (await catalog.count(workspace, filter)).total == len(page.records)
    return [each.source.ref for each in page.records]


async def listed(
    text: str | None = None, args: PageArgs = NINE, workspace: Workspace = OURS
) -> list[tuple[str, int]]:
    page = await tags.page(workspace, text, args)
    return [(each.name, each.products) for each in page.records]


async def test_products_are_found_by_a_tag_in_any_case_of_letters() -> None:
    await keep([product(1), product(2), product(3)])
    await add(1, "Gifts", "É-shop")
    await add(2, "gifts")

    assert await found("GIFTS") == [ref(1), ref(2)]
    assert await found("e\u0301-SHOP") == [ref(1)]
    assert await found("gift") == []


async def test_tags_are_listed_with_how_many_products_have_them() -> None:
    await keep([product(1), product(2)])
    await add(1, "Gifts", "beach")
    await add(2, "gifts")

    assert await listed() == [("beach", 1), ("Gifts", 2)]
    assert await listed("IFT") == [("Gifts", 2)]
    assert await tags.count(OURS, None) == 2


async def test_the_list_of_tags_goes_on_behind_a_page_in_both_directions() -> None:
    await keep([product(1)])
    await add(1, "a", "b", "c")

    first = await tags.page(OURS, None, PageArgs(2))

    assert [each.name for each in first.records] == ["a", "b"]
    assert first.has_next
    assert await listed(args=PageArgs(2, after=first.positions[-1])) == [("c", 1)]
    assert await listed(args=PageArgs(2, from_end=True)) == [("b", 1), ("c", 1)]


async def test_two_who_add_at_once_lose_nothing() -> None:
    await keep([product(1)])

    await asyncio.gather(*(add(1, f"tag {number}") for number in range(8)))

    assert await tags_of() == tuple(f"tag {number}" for number in range(8))
    assert await listed("tag 7") == [("tag 7", 1)]


async def test_a_sync_keeps_tags() -> None:
    await keep([product(1)])
    await add(1, "gifts")

    await keep([product(1, title="Another title", at=NOW + HOUR)])

    assert await tags_of() == ("gifts",)
    assert await found("gifts") == [ref(1)]


async def test_a_tag_that_no_product_has_is_gone() -> None:
    await keep([product(1)])
    await add(1, "gifts")

    await products.change(OURS, [(ref(1), PublisherFields(remove_tags=("Gifts",)))])

    assert await tags_of() == ()
    assert await listed() == []


async def test_a_deleted_product_takes_its_tags_along_and_brings_them_back() -> None:
    await keep([product(1), product(2)])
    await add(1, "gifts")
    await add(2, "gifts")

    await deleted_products.delete(OURS, [ref(1)], now=NOW)
    while_deleted = await listed()
    await deleted_products.restore(OURS, [ref(1)])

    assert while_deleted == [("gifts", 1)]
    assert await listed() == [("gifts", 2)]
    assert await found("gifts") == [ref(1), ref(2)]


async def test_tags_are_a_workspaces_own_and_a_modes() -> None:
    for workspace in (OURS, THEIRS, SANDBOX):
        await keep([product(1)], workspace=workspace)
    await add(1, "ours")
    await add(1, "theirs", workspace=THEIRS)
    await add(1, "tried", workspace=SANDBOX)

    assert await listed() == [("ours", 1)]
    assert await listed(workspace=THEIRS) == [("theirs", 1)]
    assert await listed(workspace=SANDBOX) == [("tried", 1)]
    assert await found("theirs") == []


async def test_a_product_with_too_many_tags_is_told_and_spoils_no_other() -> None:
    await keep([product(1), product(2)])
    await add(1, *(f"tag {number}" for number in range(20)))
    more = PublisherFields(add_tags=("more",), notes="not kept")

    changed = await products.change(OURS, [(ref(1), more), (ref(2), more)])

    assert isinstance(changed[ref(1)], InvalidInput)
    assert isinstance(changed[ref(2)], CatalogProduct)
    assert (await products.by_refs(OURS, [ref(1)]))[ref(1)].notes is None
    assert await found("more") == [ref(2)]

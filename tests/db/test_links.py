"""Affiliate links."""

import asyncio
from dataclasses import replace

import pytest

from db import deleted_products, links
from domain.catalog import LinkFilter, PageArgs
from domain.exceptions import InvalidInput
from domain.links import Link, LinkKey
from domain.marketplaces import Workspace
from domain.products import Mode
from tests.db.records import HOUR, NOW, OURS, SANDBOX, THEIRS, keep, link, product, ref

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def listed(
    *, workspace: Workspace = OURS, size: int = 10, filter: LinkFilter | None = None
) -> list[str]:
    """Addresses of all links, read page by page."""
    found: list[str] = []
    after = None
    while True:
        page = await links.page(workspace, filter or LinkFilter(), PageArgs(size, after))
        found += [made.url for _, made in page.rows]
        if not page.has_next:
            return found
        after = page.rows[-1][0]


async def test_links_come_back_by_their_keys() -> None:
    made = [link(1), link(2), link(2, sub_id="mail"), link(2, tracking_id="other")]

    await links.keep("default", made)

    asked = [item.key for item in made] + [link(3).key]
    assert await links.by_keys(OURS, asked) == {item.key: item for item in made}
    assert await links.by_keys(OURS, []) == {}


async def test_newer_link_of_the_same_key_replaces() -> None:
    newer = link(1, at=NOW + HOUR, url="https://s.click.example/newer")

    await links.keep("default", [link(1)])
    await links.keep("default", [link(1), newer])

    assert await links.by_keys(OURS, [newer.key]) == {newer.key: newer}


async def test_keeping_nothing_is_nothing() -> None:
    await links.keep("default", [])

    assert await listed() == []


async def test_links_outlive_their_product() -> None:
    await keep([product(1)])
    await links.keep("default", [link(1)])

    await deleted_products.delete(OURS, [ref(1)], now=NOW)

    assert await listed() == [link(1).url]


@pytest.mark.parametrize("size", [1, 3, 100])
async def test_pages_are_newest_first_and_hold_each_link_once(size: int) -> None:
    made = [link(n, at=NOW + (n % 3) * HOUR) for n in range(12)]
    await links.keep("default", made)

    found = await listed(size=size)

    assert sorted(found) == sorted(item.url for item in made)
    assert found == await listed()
    assert found[:4] != sorted(found)[:4]
    assert set(found[:4]) == {item.url for item in made if item.created_at == NOW + 2 * HOUR}


async def test_page_is_filtered_and_counted() -> None:
    amazon = replace(link(3), key=LinkKey(ref(3, "amazon"), "tag"))
    await links.keep("default", [link(1), link(2, tracking_id="other"), amazon])

    assert await listed(filter=LinkFilter(marketplace="amazon")) == [amazon.url]
    assert await listed(filter=LinkFilter(tracking_id="other")) == [link(2).url]
    assert await listed(filter=LinkFilter(product=ref(1))) == [link(1).url]
    page = await links.page(OURS, LinkFilter(), PageArgs(1), count=True)
    assert (page.total, page.has_next) == (3, True)


async def test_links_of_products_come_in_one_answer() -> None:
    made = [link(n, at=NOW + hour * HOUR, sub_id=str(hour)) for n in (1, 2) for hour in range(3)]
    await links.keep("default", made)

    pages = await links.pages_of(OURS, [ref(1), ref(2), ref(3)], PageArgs(2))
    after = pages[ref(1)].rows[-1][0]
    rest = await links.pages_of(OURS, [ref(1)], PageArgs(2, after))

    shown = {ref: [item.key.sub_id for _, item in page.rows] for ref, page in pages.items()}
    assert shown == {ref(1): ["2", "1"], ref(2): ["2", "1"], ref(3): []}
    assert [page.has_next for page in pages.values()] == [True, True, False]
    assert [item.key.sub_id for _, item in rest[ref(1)].rows] == ["0"]


async def test_links_of_products_can_be_read_from_the_end_and_counted() -> None:
    made = [link(n, at=NOW + hour * HOUR, sub_id=str(hour)) for n in (1, 2) for hour in range(3)]
    await links.keep("default", made)

    pages = await links.pages_of(OURS, [ref(1), ref(2)], PageArgs(2, from_end=True))
    counts = await links.counts_of(OURS, [ref(1), ref(2), ref(3)])

    assert [item.key.sub_id for _, item in pages[ref(1)].rows] == ["1", "0"]
    assert [(page.has_next, page.has_previous) for page in pages.values()] == [(False, True)] * 2
    assert counts == {ref(1): 3, ref(2): 3, ref(3): 0}


async def test_modes_and_workspaces_never_mix() -> None:
    sandbox = replace(link(1, url="https://sandbox.example"), mode=Mode.SANDBOX)
    await links.keep("default", [link(1), sandbox])
    await links.keep("theirs", [link(2)])

    assert await listed() == [link(1).url]
    assert await listed(workspace=SANDBOX) == [sandbox.url]
    assert await listed(workspace=THEIRS) == [link(2).url]
    assert await links.by_keys(SANDBOX, [link(1).key]) == {link(1).key: sandbox}


async def test_malformed_cursor_is_refused() -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        await links.page(OURS, LinkFilter(), PageArgs(1, ("x", "y")))


async def test_fifty_at_once_leave_one_row_each() -> None:
    def made(turn: int) -> list[Link]:
        batch = [link(n, url=f"https://s.click.example/{turn}") for n in range(10)]
        return batch if turn % 2 else batch[::-1]

    await asyncio.gather(*(links.keep("default", made(turn)) for turn in range(50)))

    assert len(await listed()) == 10

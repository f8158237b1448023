"""Workspaces: each of its own name, each sees its own rows in the present modes."""

import pytest

from db import products, workspaces
from domain.marketplaces import Workspace
from domain.products import Mode, ProductRef
from tests.db.records import HOUR, NOW, keep, product

pytestmark = pytest.mark.anyio


@pytest.mark.usefixtures("db")
async def test_a_name_is_taken_once() -> None:
    assert await workspaces.create("shop", NOW)
    assert not await workspaces.create("shop", NOW + HOUR)

    assert await workspaces.exists("shop")
    assert not await workspaces.exists("sho")


@pytest.mark.usefixtures("db")
async def test_all_are_listed_by_name_with_what_they_hold() -> None:
    await workspaces.create("shop", NOW)
    await workspaces.create("blog", NOW)
    await keep([product(1), product(2)], workspace=Workspace("shop", {}))

    listed = [one for one in await workspaces.summaries() if one.name != "default"]

    assert [(one.name, one.products, one.api_keys) for one in listed] == [
        ("blog", 0, 0),
        ("shop", 2, 0),
    ]
    assert {one.created_at for one in listed} == {NOW}


@pytest.mark.usefixtures("db")
async def test_a_row_of_the_other_mode_is_not_seen() -> None:
    live, boxed = Workspace("default", {}), Workspace("default", {"aliexpress": Mode.SANDBOX})
    await keep([product(1)], workspace=live)

    assert await products.by_refs(live, [product(1).ref])
    assert await products.by_refs(boxed, [product(1).ref]) == {}


def test_chunks_hold_each_product_once_in_one_order() -> None:
    refs = [ProductRef("aliexpress", f"{number:04}") for number in range(1200)]

    parts = workspaces.chunks([*reversed(refs), *refs])

    assert [len(part) for part in parts] == [500, 500, 200]
    assert [ref for part in parts for ref in part] == refs

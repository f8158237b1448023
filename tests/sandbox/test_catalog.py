"""The catalogues, and the hand that moves their products."""

from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.aliexpress.made import FIRST_ID
from tests.sandbox.callers import AMERICA, ITEM, Caller, made_catalogs


def product(product_id: int, title: str) -> dict[str, Any]:
    return {
        "product_id": product_id,
        "product_title": title,
        "target_sale_price": "4.50",
        "target_sale_price_currency": "USD",
    }


@pytest.mark.parametrize("name", ["1234567", "B0NOTTHERE"])
def test_unknown_products_cannot_be_moved(name: str) -> None:
    catalog = made_catalogs()

    with pytest.raises(KeyError):
        catalog.set_price(name, "1")
    with pytest.raises(KeyError):
        catalog.remove(name)
    with pytest.raises(KeyError):
        catalog.restore(name)


def test_removed_products_are_gone_until_they_are_restored() -> None:
    catalog = made_catalogs()

    catalog.remove(str(FIRST_ID))
    catalog.remove(ITEM)
    gone = catalog["aliexpress"].listing(str(FIRST_ID)), catalog["amazon"].listing(ITEM)
    left = len(catalog["aliexpress"].listings()), len(catalog["amazon"].listings("www.amazon.de"))
    catalog.restore(str(FIRST_ID))
    catalog.restore(ITEM, site=AMERICA)

    assert gone == (None, None)
    assert left[0] == 319
    assert catalog["aliexpress"].listing(str(FIRST_ID)) is not None
    assert catalog["amazon"].listing(ITEM) is not None
    assert catalog["amazon"].listing(ITEM, "www.amazon.de") is None


def test_a_reset_brings_everything_back() -> None:
    catalog = made_catalogs()
    catalog.remove(ITEM)
    catalog.set_price(str(FIRST_ID), "0.01")
    catalog.add(product(7000001, "Paper Kite"))

    catalog.reset()

    assert catalog["aliexpress"].listings() == made_catalogs()["aliexpress"].listings()
    assert catalog["amazon"].listing(ITEM) is not None


@pytest.mark.anyio
async def test_added_products_are_found(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.catalog.add(product(7000001, "Paper Kite with a Tail"))
    title = {"displayValue": "Paper Kite of Silk", "label": "Title"}
    sandbox.catalog.add({"asin": "B0KITE0001", "itemInfo": {"title": title}})

    answer = await caller.aliexpress("product.query", keywords="paper kite")
    response = await caller.amazon("searchItems", keywords="paper kite")

    [row] = answer["result"]["products"]["product"]
    [item] = response.json()["searchResult"]["items"]
    assert (row["product_id"], row["target_sale_price"]) == (7000001, "4.50")
    assert (item["asin"], item["itemInfo"]) == ("B0KITE0001", {"title": title})

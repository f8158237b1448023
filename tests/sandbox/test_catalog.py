"""The shelves: the same products at every start, and the hand that moves them."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.catalog import Catalog
from sandbox.made_aliexpress import FIRST_ID, OFF_SALE, OUT_OF_PROGRAM
from sandbox.made_amazon import made_amazon
from sandbox.sites import SITES
from tests.graph import Clock
from tests.sandbox.callers import AMERICA, Caller

PICTURES = "http://127.0.0.1:8000/sandbox/pictures"
ITEM = "B0SANDBX00"


def made() -> Catalog:
    return Catalog(pictures=PICTURES)


def product(product_id: int, title: str) -> dict[str, Any]:
    return {
        "product_id": product_id,
        "product_title": title,
        "target_sale_price": "4.50",
        "target_sale_price_currency": "USD",
    }


def buy_box(catalog: Catalog, site: str = AMERICA) -> dict[str, Any]:
    listing = catalog.amazon_listing(site, ITEM)
    assert listing is not None
    [offer] = [one for one in listing.item["offersV2"]["listings"] if one["isBuyBoxWinner"]]
    found: dict[str, Any] = offer
    return found


def test_two_catalogues_are_equal_also_when_made_anew() -> None:
    one, other = made(), Catalog(pictures="http://elsewhere.invalid/pictures")

    titles = [
        [listing.fields["product_title"] for listing in catalog.aliexpress_listings()]
        for catalog in (one, other)
    ]

    assert made().aliexpress == one.aliexpress
    assert made().amazon == one.amazon
    assert titles[0] == titles[1]
    assert made_amazon.__wrapped__(PICTURES) == made_amazon(PICTURES)


def test_ids_are_of_the_made_range_and_counted() -> None:
    catalog = made()

    ids = [int(one.id) for one in catalog.aliexpress_listings()]
    asins = [one.asin for one in catalog.amazon_listings(AMERICA)]

    assert ids == list(range(FIRST_ID, FIRST_ID + 320))
    assert len(asins) == len(set(asins)) == 160
    assert all(asin.startswith("B0SANDBX") and len(asin) == 10 for asin in asins)
    assert set(ids) >= OUT_OF_PROGRAM | OFF_SALE


def test_every_site_sells_something_in_its_own_currency() -> None:
    catalog = made()

    for host, site in SITES.items():
        listings = catalog.amazon_listings(host)
        currencies = {
            offer["price"]["money"]["currency"]
            for one in listings
            for offer in one.item.get("offersV2", {}).get("listings", [])
            if "price" in offer
        }
        assert len(listings) >= 50, host
        assert currencies == {site.currency}


@pytest.mark.anyio
async def test_there_are_many_phone_cases(caller: Caller) -> None:
    answer = await caller.aliexpress("product.query", keywords="phone case")

    assert answer["result"]["total_record_count"] >= 60


def test_a_new_price_takes_discount_and_app_price_along() -> None:
    catalog = made()
    before = catalog.aliexpress[str(FIRST_ID)]
    half = Decimal(before.fields["target_original_price"]) / 2

    catalog.set_price(str(FIRST_ID), half)

    fields = catalog.aliexpress[str(FIRST_ID)].fields
    assert Decimal(fields["target_sale_price"]) == half
    assert Decimal(fields["target_app_sale_price"]) == half
    assert fields["discount"] == "50%"
    assert before.fields["target_sale_price"] != str(half)


def test_a_new_price_on_amazon_is_for_one_site() -> None:
    catalog = made()
    german = buy_box(catalog, "www.amazon.de")

    catalog.set_price(ITEM, "12.34")

    price = buy_box(catalog)["price"]
    assert price == {"money": {"amount": 12.34, "currency": "USD", "displayAmount": "$12.34"}}
    assert buy_box(catalog, "www.amazon.de") == german


@pytest.mark.parametrize("name", ["1234567", "B0NOTTHERE"])
def test_unknown_products_cannot_be_moved(name: str) -> None:
    catalog = made()

    with pytest.raises(KeyError):
        catalog.set_price(name, "1")
    with pytest.raises(KeyError):
        catalog.remove(name)
    with pytest.raises(KeyError):
        catalog.restore(name)


def test_removed_products_are_gone_until_they_are_restored() -> None:
    catalog = made()

    catalog.remove(str(FIRST_ID))
    catalog.remove(ITEM)
    gone = catalog.aliexpress_listing(str(FIRST_ID)), catalog.amazon_listing(AMERICA, ITEM)
    left = len(catalog.aliexpress_listings()), len(catalog.amazon_listings("www.amazon.de"))
    catalog.restore(str(FIRST_ID))
    catalog.restore(ITEM, site=AMERICA)

    assert gone == (None, None)
    assert left[0] == 319
    assert catalog.aliexpress_listing(str(FIRST_ID)) is not None
    assert catalog.amazon_listing(AMERICA, ITEM) is not None
    assert catalog.amazon_listing("www.amazon.de", ITEM) is None


def test_a_reset_brings_everything_back() -> None:
    catalog = made()
    catalog.remove(ITEM)
    catalog.set_price(str(FIRST_ID), "0.01")
    catalog.add(product(7000001, "Paper Kite"))

    catalog.reset()

    assert catalog.aliexpress == made().aliexpress
    assert catalog.amazon_listing(AMERICA, ITEM) is not None


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


def test_what_one_sandbox_changes_another_does_not_see() -> None:
    boxes = [Sandbox(public_url="http://127.0.0.1:8000", now=Clock()) for _ in range(2)]

    boxes[0].catalog.remove(ITEM)
    boxes[0].catalog.set_price(str(FIRST_ID), "0.01")

    assert boxes[1].catalog.amazon_listing(AMERICA, ITEM) is not None
    assert boxes[1].catalog.aliexpress == made().aliexpress

"""The four operations of the catalogue."""

from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.callers import ITEM, PRICE, UNKNOWN, Caller, asins, problem

pytestmark = pytest.mark.anyio


def prices(items: list[dict[str, Any]]) -> list[float]:
    """The price of each item's buy box."""
    return [
        offer["price"]["money"]["amount"]
        for item in items
        for offer in item["offersV2"]["listings"]
        if offer.get("isBuyBoxWinner")
    ]


async def search(caller: Caller, **members: Any) -> dict[str, Any]:
    response = await caller.amazon("searchItems", **members)
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()["searchResult"]
    return result


async def test_ten_items_come_in_another_order(caller: Caller) -> None:
    response = await caller.amazon("getItems", itemIds=[*asins(9), "B0SANDBX10"])

    answered = [item["asin"] for item in response.json()["itemsResult"]["items"]]
    assert set(answered) == {*asins(9), "B0SANDBX10"}
    assert answered != [*asins(9), "B0SANDBX10"]


async def test_missing_items_are_partial_errors_and_all_missing_a_404(caller: Caller) -> None:
    some = await caller.amazon("getItems", itemIds=[UNKNOWN, ITEM])
    none = await caller.amazon("getItems", itemIds=[UNKNOWN])

    [error] = some.json()["errors"]
    assert [item["asin"] for item in some.json()["itemsResult"]["items"]] == [ITEM]
    assert error["code"] == "InvalidParameterValue"
    assert UNKNOWN in error["message"]
    assert problem(none) == (404, "ResourceNotFoundException")


async def test_a_removed_item_is_not_accessible(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.catalog.remove("B0SANDBX01")

    response = await caller.amazon("getItems", itemIds=[ITEM, "B0SANDBX01"])

    assert [one["code"] for one in response.json()["errors"]] == ["ItemNotAccessible"]


async def test_searches_are_pages_of_ten_that_do_not_overlap(caller: Caller) -> None:
    first = await search(caller, keywords="phone case")
    second = await search(caller, keywords="phone case", itemPage=2)

    pages = [{item["asin"] for item in page["items"]} for page in (first, second)]
    assert [len(page) for page in pages] == [10, 10]
    assert not pages[0] & pages[1]
    assert first["totalResultCount"] == second["totalResultCount"] == 24
    assert "tag=sandbox-20" in first["searchURL"]


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"keywords": "phone case", "itemPage": 11}, 400),
        ({"keywords": "phone case", "itemCount": 11}, 400),
        ({"keywords": "phone case", "sortBy": "Cheapest"}, 400),
        ({"keywords": "phone case", "sortBy": ["Relevance"]}, 400),
        ({"keywords": "phone case", "browseNodeId": ["90101"]}, 404),
        ({}, 400),
        ({"keywords": "phone case", "itemPage": 10}, 404),
        ({"keywords": "submarine"}, 404),
    ],
)
async def test_searches_out_of_bounds(caller: Caller, members: dict[str, Any], status: int) -> None:
    response = await caller.amazon("searchItems", **members)

    assert response.status_code == status


async def test_searches_are_sorted_by_price(caller: Caller) -> None:
    members: dict[str, Any] = {
        "keywords": "lamp",
        "resources": [PRICE, "offersV2.listings.isBuyBoxWinner"],
        "minPrice": 1,
    }

    up = prices((await search(caller, sortBy="Price:LowToHigh", **members))["items"])
    down = prices((await search(caller, sortBy="Price:HighToLow", **members))["items"])

    assert len(up) == len(down) == 10
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)


async def test_price_bounds_are_in_the_smallest_unit(caller: Caller) -> None:
    members: dict[str, Any] = {
        "keywords": "drill",
        "resources": [PRICE, "offersV2.listings.isBuyBoxWinner"],
    }

    result = await search(caller, minPrice=2000, maxPrice=8000, **members)

    found = prices(result["items"])
    assert found
    assert all(20 <= one <= 80 for one in found)


async def test_departments_are_refinements(caller: Caller) -> None:
    result = await search(caller, keywords="sandbox", resources=["searchRefinements"])

    bins = [one["id"] for one in result["searchRefinements"]["searchIndex"]["bins"]]
    pets = await search(caller, keywords="sandbox", searchIndex="PetSupplies")
    assert "PetSupplies" in bins
    assert bins == sorted(bins)
    assert pets["totalResultCount"] < result["totalResultCount"]


async def test_variations_are_the_family_of_a_child_and_of_a_parent(caller: Caller) -> None:
    wanted = ["parentASIN", "variationSummary.price.lowestPrice"]
    by_child = await caller.amazon("getVariations", asin=ITEM, resources=wanted)
    child = by_child.json()["variationsResult"]
    parent = child["items"][0]["parentASIN"]

    by_parent = await caller.amazon("getVariations", asin=parent, resources=wanted)

    assert by_parent.json()["variationsResult"] == child
    assert {item["asin"] for item in child["items"]} == set(asins(4))
    assert child["variationSummary"]["variationCount"] == 4
    assert child["variationSummary"]["price"]["lowestPrice"]["currency"] == "USD"
    assert all(item["variationAttributes"] for item in child["items"])


async def test_pages_of_variations(caller: Caller) -> None:
    pages = [
        await caller.amazon("getVariations", asin=ITEM, variationCount=3, variationPage=number)
        for number in (1, 2, 3)
    ]

    sizes = [len(one.json()["variationsResult"]["items"]) for one in pages[:2]]
    assert sizes == [3, 1]
    assert pages[2].status_code == 404


@pytest.mark.parametrize("asin", ["B0SANDBX04", UNKNOWN])
async def test_an_item_without_a_family_has_no_variations(caller: Caller, asin: str) -> None:
    response = await caller.amazon("getVariations", asin=asin)

    assert problem(response) == (404, "ResourceNotFoundException")

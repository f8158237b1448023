"""Amazon's gateways: tokens, who may ask for what, and the four operations of the catalogue."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from sandbox import DEMO_ACCOUNTS, DEMO_AMAZON, Accounts, MadeLink, Sandbox
from tests.sandbox.callers import AMERICA, Caller

pytestmark = pytest.mark.anyio

ITEM, UNKNOWN = "B0SANDBX00", "B0NOTTHERE"
PRICE = "offersV2.listings.price"
CREDENTIAL = {
    "grant_type": "client_credentials",
    "client_id": DEMO_AMAZON.credential_id,
    "client_secret": DEMO_AMAZON.credential_secret,
}
FORM = CREDENTIAL | {"scope": "creatorsapi/default"}
JSON = CREDENTIAL | {"scope": "creatorsapi::default"}
TAGS = {"NA": "sandbox-20", "EU": "sandbox-21", "FE": "sandbox-22"}


def asins(count: int) -> list[str]:
    return [f"B0SANDBX0{digit}" for digit in "0123456789ABCDEF"[:count]]


def problem(response: httpx.Response) -> tuple[int, str]:
    """The status and the word for what is wrong."""
    body = response.json()
    return response.status_code, body.get("reason") or body["type"]


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


async def test_tokens_are_given_for_a_form_and_for_json(caller: Caller) -> None:
    form = await caller.http.post("/amazon/token", data=FORM)
    json = await caller.http.post("/amazon/token", json=JSON)

    assert form.status_code == json.status_code == 200
    assert form.json()["token_type"] == "Bearer"
    assert json.json()["token_type"] == "bearer"
    assert form.json()["expires_in"] == json.json()["expires_in"] == 3600
    assert form.json()["access_token"] != json.json()["access_token"]


@pytest.mark.parametrize(
    ("kind", "members", "status", "code"),
    [
        ("data", FORM | {"scope": "creatorsapi/other"}, 400, "invalid_scope"),
        ("json", JSON | {"scope": "creatorsapi/default"}, 400, "invalid_scope"),
        ("data", FORM | {"client_secret": "wrong"}, 400, "invalid_client"),
        ("json", JSON | {"client_secret": "wrong"}, 401, "invalid_client"),
        ("json", JSON | {"client_id": "nobody"}, 401, "invalid_client"),
        ("data", FORM | {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ("json", ["a", "list"], 400, "invalid_request"),
    ],
)
async def test_wrong_token_requests_are_refused(
    caller: Caller, kind: str, members: Any, status: int, code: str
) -> None:
    options: dict[str, Any] = {kind: members}

    response = await caller.http.post("/amazon/token", **options)

    assert (response.status_code, response.json()) == (status, {"error": code})


@pytest.mark.parametrize(
    ("version", "kind", "status"),
    [("2.1", "data", 200), ("2.1", "json", 400), ("3.2", "json", 200), ("4.1", "json", 404)],
)
async def test_each_version_has_a_token_address(
    caller: Caller, version: str, kind: str, status: int
) -> None:
    options: dict[str, Any] = {kind: FORM if version[0] == "2" else JSON}

    response = await caller.http.post(f"/amazon/token/{version}", **options)

    assert response.status_code == status


async def test_a_credential_is_good_for_its_versions_only(sandbox: Sandbox, caller: Caller) -> None:
    european = replace(DEMO_AMAZON, versions=frozenset({"3.2"}))
    sandbox.accounts = Accounts(amazon=(european,))

    wrong = await caller.http.post("/amazon/token/3.1", json=JSON)
    right = await caller.http.post("/amazon/token/3.2", json=JSON)

    assert (wrong.status_code, right.status_code) == (401, 200)


@pytest.mark.parametrize(
    ("family", "suffix", "status"),
    [
        ("2", ", Version 2.1", 200),
        ("2", "", 401),
        ("2", ", Version 2.2", 401),
        ("2", ", Version 3.1", 401),
        ("3", "", 200),
        ("3", ", Version 3.1", 401),
    ],
)
async def test_only_version_two_is_named_in_the_header(
    caller: Caller, family: str, suffix: str, status: int
) -> None:
    if family == "2":
        got = await caller.http.post("/amazon/token", data=FORM)
    else:
        got = await caller.http.post("/amazon/token", json=JSON)
    token = got.json()["access_token"]

    response = await caller.amazon(
        "getItems", authorization=f"Bearer {token}{suffix}", itemIds=[ITEM]
    )

    assert response.status_code == status
    if status != 200:
        assert problem(response) == (401, "InvalidIssuer")


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [("", "MissingCredential"), ("Basic abc", "MissingCredential"), ("Bearer x", "InvalidToken")],
)
async def test_calls_without_a_right_token_are_refused(
    caller: Caller, authorization: str, reason: str
) -> None:
    response = await caller.amazon("getItems", authorization=authorization, itemIds=[ITEM])

    assert problem(response) == (401, reason)


async def test_a_token_ends_after_an_hour(caller: Caller) -> None:
    before = await caller.amazon("getItems", itemIds=[ITEM])
    caller.clock.advance(hours=1)
    after = await caller.amazon("getItems", itemIds=[ITEM])

    assert before.status_code == 200
    assert problem(after) == (401, "TokenExpired")


@pytest.mark.parametrize(
    ("site", "region"),
    [(AMERICA, "NA"), ("www.amazon.de", "EU"), ("www.amazon.co.jp", "FE")],
)
async def test_a_token_belongs_to_one_region(caller: Caller, site: str, region: str) -> None:
    version = {"NA": "3.1", "EU": "3.2", "FE": "3.3"}[region]
    got = await caller.http.post(f"/amazon/token/{version}", json=JSON)
    bearer = f"Bearer {got.json()['access_token']}"
    elsewhere = "www.amazon.fr" if region != "EU" else "www.amazon.ca"

    home = await caller.amazon(
        "getItems", site=site, authorization=bearer, itemIds=[ITEM], partnerTag=TAGS[region]
    )
    away = await caller.amazon(
        "getItems", site=elsewhere, authorization=bearer, itemIds=[ITEM], partnerTag="sandbox-20"
    )

    assert home.status_code == 200
    assert problem(away) == (401, "InvalidIssuer")


async def test_the_marketplace_must_be_known(caller: Caller) -> None:
    response = await caller.amazon("getItems", site="www.amazon.example", itemIds=[ITEM])

    assert problem(response) == (400, "FieldValidationFailed")
    assert response.json()["fieldList"][0]["name"] == "x-marketplace"


@pytest.mark.parametrize("tag", ["somebody-20", "sandbox-21", "", None, ["sandbox-20"]])
async def test_the_partner_tag_must_be_the_accounts_in_that_region(
    caller: Caller, tag: object
) -> None:
    response = await caller.amazon("getItems", itemIds=[ITEM], partnerTag=tag)

    assert problem(response) == (400, "InvalidPartnerTag")


async def test_an_associate_without_sales_is_not_eligible(sandbox: Sandbox, caller: Caller) -> None:
    associate = replace(DEMO_AMAZON, is_eligible=False)
    sandbox.accounts = Accounts(aliexpress=DEMO_ACCOUNTS.aliexpress, amazon=(associate,))

    response = await caller.amazon("getItems", itemIds=[ITEM])

    assert problem(response) == (403, "AssociateNotEligible")


async def test_only_what_was_asked_for_is_answered(caller: Caller) -> None:
    bare = await caller.amazon("getItems", itemIds=[ITEM])
    priced = await caller.amazon("getItems", itemIds=[ITEM], resources=[PRICE])

    [plain], [dear] = (one.json()["itemsResult"]["items"] for one in (bare, priced))
    assert set(plain) == {"asin", "itemInfo", "detailPageURL"}
    assert set(plain["itemInfo"]) == {"title"}
    assert set(dear) == {"asin", "offersV2", "detailPageURL"}
    assert {name for one in dear["offersV2"]["listings"] for name in one} == {
        "price",
        "violatesMAP",
    }


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"resources": ["itemInfo.colour"]}, "resources"),
        ({"resources": ["searchRefinements"]}, "resources"),
        ({"resources": "itemInfo.title"}, "resources"),
        ({"itemIds": asins(11)}, "itemIds"),
        ({"itemIds": []}, "itemIds"),
        ({"itemIds": ["shoe"]}, "itemIds"),
        ({"condition": "Used"}, "condition"),
        ({"currencyOfPreference": "ZZZ"}, "currencyOfPreference"),
        ({"languagesOfPreference": ["fi_FI"]}, "languagesOfPreference"),
    ],
)
async def test_wrong_members_are_named(caller: Caller, members: dict[str, Any], name: str) -> None:
    response = await caller.amazon("getItems", **{"itemIds": [ITEM]} | members)

    assert problem(response) == (400, "FieldValidationFailed")
    assert response.json()["fieldList"][0]["name"] == name


async def test_ten_items_come_in_another_order(caller: Caller) -> None:
    response = await caller.amazon("getItems", itemIds=[*asins(9), "B0SANDBX10"])

    found = [item["asin"] for item in response.json()["itemsResult"]["items"]]
    assert set(found) == {*asins(9), "B0SANDBX10"}
    assert found != [*asins(9), "B0SANDBX10"]


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


async def test_links_lead_to_the_reserved_host_with_the_tag(
    sandbox: Sandbox, caller: Caller
) -> None:
    response = await caller.amazon("getItems", itemIds=[ITEM])

    [item] = response.json()["itemsResult"]["items"]
    url = httpx.URL(item["detailPageURL"])
    assert url.host == "www.amazon.com.sandbox.invalid"
    assert (url.params["tag"], url.params["linkCode"]) == ("sandbox-20", "ogi")
    assert sandbox.made_link(str(url)) == MadeLink(
        account="", tracking_id="sandbox-20", target=ITEM
    )


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
    asked: dict[str, Any] = {
        "keywords": "lamp",
        "resources": [PRICE, "offersV2.listings.isBuyBoxWinner"],
        "minPrice": 1,
    }

    up = prices((await search(caller, sortBy="Price:LowToHigh", **asked))["items"])
    down = prices((await search(caller, sortBy="Price:HighToLow", **asked))["items"])

    assert len(up) == len(down) == 10
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)


async def test_price_bounds_are_in_the_smallest_unit(caller: Caller) -> None:
    asked: dict[str, Any] = {
        "keywords": "drill",
        "resources": [PRICE, "offersV2.listings.isBuyBoxWinner"],
    }

    result = await search(caller, minPrice=2000, maxPrice=8000, **asked)

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


async def test_browse_nodes_show_ancestors_and_children_when_asked(caller: Caller) -> None:
    ids = ["90101", "901", "77"]
    bare = await caller.amazon("getBrowseNodes", browseNodeIds=ids)
    full = await caller.amazon(
        "getBrowseNodes",
        browseNodeIds=ids,
        resources=["browseNodes.ancestor", "browseNodes.children"],
    )

    nodes = {one["id"]: one for one in full.json()["browseNodesResult"]["browseNodes"]}
    plain = bare.json()["browseNodesResult"]["browseNodes"]
    assert set(nodes) == {"90101", "901"}
    assert nodes["90101"]["ancestor"]["id"] == "901"
    assert {one["id"] for one in nodes["901"]["children"]} == {"90101", "90102"}
    assert all("ancestor" not in one and "children" not in one for one in plain)
    assert len(full.json()["errors"]) == 1


@pytest.mark.parametrize(("ids", "status"), [(["77"], 404), (["shoes"], 400), ([], 400)])
async def test_browse_nodes_that_are_not_there(caller: Caller, ids: list[str], status: int) -> None:
    response = await caller.amazon("getBrowseNodes", browseNodeIds=ids)

    assert response.status_code == status


async def test_an_unknown_operation_and_a_broken_body(caller: Caller) -> None:
    token = await caller.token()
    headers = {"x-marketplace": AMERICA, "Authorization": f"Bearer {token}"}

    unknown = await caller.amazon("getEverything")
    broken = await caller.http.post("/amazon/catalog/v1/getItems", content=b"{", headers=headers)

    assert problem(unknown) == (400, "UnknownOperation")
    assert problem(broken) == (400, "CannotParse")


async def test_reviews_are_for_the_approved(sandbox: Sandbox, caller: Caller) -> None:
    asked: dict[str, Any] = {
        "itemIds": [ITEM],
        "resources": ["customerReviews.starRating"],
    }
    approved = await caller.amazon("getItems", **asked)
    blind = replace(DEMO_AMAZON, sees_reviews=False)
    sandbox.accounts = Accounts(amazon=(blind,))

    other = await caller.amazon("getItems", **asked)

    assert "customerReviews" in approved.json()["itemsResult"]["items"][0]
    assert "customerReviews" not in other.json()["itemsResult"]["items"][0]

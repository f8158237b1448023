"""Members are checked, and rows carry the address with the tag."""

from typing import Any

import httpx
import pytest

from sandbox import MadeLink, Sandbox
from tests.sandbox.callers import ITEM, Caller, asins, problem

pytestmark = pytest.mark.anyio


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

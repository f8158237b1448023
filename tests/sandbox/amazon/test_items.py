"""Items show what was asked for and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.amazon.accounts import DEMO_ACCOUNT as DEMO_AMAZON
from tests.sandbox.callers import ITEM, PRICE, Caller

pytestmark = pytest.mark.anyio


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


async def test_reviews_are_for_the_approved(sandbox: Sandbox, caller: Caller) -> None:
    members: dict[str, Any] = {
        "itemIds": [ITEM],
        "resources": ["customerReviews.starRating"],
    }
    approved = await caller.amazon("getItems", **members)
    blind = replace(DEMO_AMAZON, sees_reviews=False)
    sandbox.accounts = (blind,)

    other = await caller.amazon("getItems", **members)

    assert "customerReviews" in approved.json()["itemsResult"]["items"][0]
    assert "customerReviews" not in other.json()["itemsResult"]["items"][0]

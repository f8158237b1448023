"""The file that Shopify imports."""

from typing import Any

import pytest

from tests.db.records import full_product, usd
from tests.exports.files import exported, table

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("_case", "options", "handle", "price", "draft"),
    [
        ("present header", {}, "URL handle", "Price", "Draft"),
        ("older header", {"legacy_header": True}, "Handle", "Variant Price", "draft"),
    ],
)
async def test_shopify_gets_a_draft_with_a_row_a_picture(
    _case: str, options: dict[str, Any], handle: str, price: str, draft: str
) -> None:
    first, *rest = await table("shopify", exported(selling=usd("49.9")), **options)

    assert (first[handle], first["Status"]) == ("aliexpress-1001", draft)
    assert (first[price], first["Cost per item"]) == ("49.90", "19.90")
    assert len(rest) == 2
    for row in rest:
        assert row[handle] == first[handle]
        assert sum(1 for cell in row.values() if cell) == 3


async def test_shopify_strikes_through_only_what_is_higher_than_its_price() -> None:
    source = full_product()

    [low, *_] = await table("shopify", exported(source))
    [high, *_] = await table("shopify", exported(source, selling=usd("30")))

    assert (low["Compare-at price"], high["Compare-at price"]) == ("25.00", "")

"""The file that Shopify imports."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.exports import Pictures, Published
from domain.money import Money
from domain.products import ProductState
from tests.db.records import full_product, usd
from tests.exports.files import exported, file, table
from tests.exports.shopify_importer import imported

pytestmark = pytest.mark.anyio

HANDLE = "aliexpress-1001"


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


@pytest.mark.parametrize("is_legacy", [False, True])
@pytest.mark.parametrize(
    ("published", "state", "status", "can_be_seen"),
    [
        (Published.DRAFT, ProductState.ACTIVE, "draft", False),
        (Published.YES, ProductState.ACTIVE, "active", True),
        (Published.KEEP, ProductState.ACTIVE, "active", True),
        (Published.DRAFT, ProductState.GONE, "archived", False),
        (Published.YES, ProductState.GONE, "archived", False),
    ],
)
async def test_who_sees_what_is_imported(
    is_legacy: bool, published: Published, state: ProductState, status: str, can_be_seen: bool
) -> None:
    text = await file(
        "shopify", [exported(state=state)], published=published, legacy_header=is_legacy
    )
    shop = imported(text)

    assert (shop[HANDLE].status, shop[HANDLE].can_be_seen) == (status, can_be_seen)


@pytest.mark.parametrize("status", ["active", "draft", "archived"])
async def test_a_refresh_keeps_what_the_shop_shows(status: str) -> None:
    shop = imported(await file("shopify", [exported()], published=Published.YES))
    shop[HANDLE].status = status

    imported(await file("shopify", [exported(selling=usd("30"))], published=Published.KEEP), shop)

    assert (shop[HANDLE].status, shop[HANDLE].is_published) == (status, True)
    assert shop[HANDLE].price == Decimal("30.00")


async def test_what_the_shop_sells_is_in_its_currency() -> None:
    euros = replace(full_product(), offer=replace(full_product().offer, price=None))
    products = [exported(), exported(euros, selling=Money(Decimal("9.5"), "EUR"))]

    shop = imported(await file("shopify", products, currency="EUR"))

    assert [product.price for product in shop.values()] == [Decimal("9.50")]


async def test_a_shop_may_copy_one_picture_of_a_product() -> None:
    text = await file("shopify", [exported()], pictures=Pictures.FIRST)

    assert len(imported(text)[HANDLE].pictures) == 1


async def test_tags_of_the_publisher_stand_behind_the_categories() -> None:
    [row, *_] = await table("shopify", exported(tags=("beach", "Gifts")))

    assert row["Tags"].split(", ")[0] == "AliExpress"
    assert row["Tags"].split(", ")[-2:] == ["beach", "Gifts"]

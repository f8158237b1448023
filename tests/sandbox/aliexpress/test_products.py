"""Lists of products: bounds, order, pages and what is left out."""

from decimal import Decimal

import pytest

from sandbox import Sandbox
from tests.sandbox.callers import (
    FIRST_ID,
    RESERVED,
    TRACKED,
    Caller,
    page,
    product_ids,
    rows,
)

pytestmark = pytest.mark.anyio


async def test_fifty_of_fifty_one_products_are_answered(caller: Caller) -> None:
    start = FIRST_ID + 50  # nothing out of the program there

    answer = await caller.aliexpress("productdetail.get", product_ids=product_ids(51, start=start))

    ids = [row["product_id"] for row in rows(answer)]
    assert sorted(ids) == list(range(start, start + 50))
    assert ids != sorted(ids)


async def test_unknown_products_are_left_out_without_a_word(caller: Caller) -> None:
    answer = await caller.aliexpress("productdetail.get", product_ids=f"1234567,{FIRST_ID}")

    assert [row["product_id"] for row in rows(answer)] == [FIRST_ID]


async def test_an_unknown_tracking_id_is_refused_by_links_and_empties_searches(
    sandbox: Sandbox, caller: Caller
) -> None:
    stranger = {"tracking_id": "somebody_else"}

    link = await caller.aliexpress(
        "link.generate", source_values=page(FIRST_ID), promotion_link_type=0, **stranger
    )
    search = await caller.aliexpress("product.query", keywords="lamp", **stranger)

    assert link["resp_code"] == 402
    assert search["resp_code"] == 200
    assert rows(search) == []
    assert [call.refusal for call in sandbox.calls] == ["402", None]


async def test_only_a_tracking_id_brings_long_links_on_the_reserved_host(
    sandbox: Sandbox, caller: Caller
) -> None:
    params = {"product_ids": FIRST_ID}

    [plain] = rows(await caller.aliexpress("productdetail.get", **params))
    [linked] = rows(await caller.aliexpress("productdetail.get", tracking_id=TRACKED, **params))

    made = sandbox.made_link(linked["promotion_link"])
    assert "promotion_link" not in plain
    assert linked["promotion_link"].startswith(RESERVED)
    assert len(linked["promotion_link"]) > 1000
    assert made is not None
    assert (made.tracking_id, made.target) == (TRACKED, str(FIRST_ID))


@pytest.mark.parametrize(("currency", "scale"), [("USD", 100), ("JPY", 1), ("KWD", 1000)])
async def test_price_bounds_are_in_the_smallest_unit(
    caller: Caller, currency: str, scale: int
) -> None:
    every = rows(await caller.aliexpress("product.query", target_currency=currency))
    prices = sorted(Decimal(row["target_sale_price"]) for row in every)
    low, high = (int(prices[at] * scale) for at in (10, 30))

    answer = await caller.aliexpress(
        "product.query", target_currency=currency, min_sale_price=low, max_sale_price=high
    )

    in_bounds = [Decimal(row["target_sale_price"]) for row in rows(answer)]
    assert min(in_bounds) * scale >= low
    assert max(in_bounds) * scale <= high
    assert {row["target_sale_price_currency"] for row in rows(answer)} == {currency}


@pytest.mark.parametrize(
    ("sort", "name"),
    [("SALE_PRICE", "target_sale_price"), ("LAST_VOLUME", "lastest_volume")],
)
async def test_searches_are_sorted_both_ways(caller: Caller, sort: str, name: str) -> None:
    rising = rows(await caller.aliexpress("product.query", keywords="drill", sort=f"{sort}_ASC"))
    falling = rows(await caller.aliexpress("product.query", keywords="drill", sort=f"{sort}_DESC"))

    up = [Decimal(row[name]) for row in rising]
    down = [Decimal(row[name]) for row in falling]
    assert len(up) > 10
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)


async def test_a_page_has_at_most_fifty_products(caller: Caller) -> None:
    answer = await caller.aliexpress("product.query", page_size=200)

    result = answer["result"]
    assert 40 < result["current_record_count"] <= 50
    assert result["total_record_count"] == 320
    assert result["current_page_no"] == 1


@pytest.mark.parametrize("page_no", [8, 101])
async def test_pages_behind_the_last_are_empty(caller: Caller, page_no: int) -> None:
    answer = await caller.aliexpress("product.query", page_no=page_no, page_size=50)

    assert answer["resp_code"] == 405


async def test_products_are_hidden_from_countries_they_do_not_go_to(caller: Caller) -> None:
    params = {"product_ids": FIRST_ID + 7}

    america = await caller.aliexpress("productdetail.get", country="US", **params)
    brazil = await caller.aliexpress("productdetail.get", country="BR", **params)

    assert (america["resp_code"], brazil["resp_code"]) == (200, 405)


async def test_there_are_many_phone_cases(caller: Caller) -> None:
    answer = await caller.aliexpress("product.query", keywords="phone case")

    assert answer["result"]["total_record_count"] >= 60

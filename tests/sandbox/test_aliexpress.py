"""Every method of the AliExpress gateway: its envelope, its bounds and its refusals."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from aliexpress_affiliate.signing import build_signed_request_params

from sandbox import DEMO_ACCOUNTS, DEMO_ALIEXPRESS, Accounts, MadeLink, Sandbox
from sandbox.accounts import GRANTED_METHODS
from tests.sandbox.callers import FIRST_ID, TRACKED, Caller, product_ids

pytestmark = pytest.mark.anyio

RESERVED = "https://s.click.aliexpress.com.sandbox.invalid/"
ORDER_TIMES = {"start_time": "2000-01-01 00:00:00", "end_time": "2030-01-01 00:00:00"}
VARIANT = {
    "product_id": FIRST_ID,
    "ship_to_country": "US",
    "target_currency": "USD",
    "target_language": "EN",
}
SHIPPING = VARIANT | {"sku_id": 12000000000100101, "target_sale_price": "9.99", "tax_rate": "0"}


def page(product_id: int) -> str:
    return f"https://www.aliexpress.com/item/{product_id}.html"


def rows(answer: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer["result"]["products"]["product"]
    return found


def grant_everything(sandbox: Sandbox) -> None:
    everything = replace(DEMO_ALIEXPRESS, grants=GRANTED_METHODS)
    sandbox.accounts = Accounts(aliexpress=(everything,), amazon=DEMO_ACCOUNTS.amazon)


@pytest.mark.parametrize(
    ("method", "params", "member"),
    [
        ("product.query", {"keywords": "lamp"}, "products"),
        ("hotproduct.query", {}, "products"),
        ("productdetail.get", {"product_ids": FIRST_ID}, "products"),
        ("product.smartmatch", {"device_id": "a", "product_id": FIRST_ID}, "products"),
        ("featuredpromo.get", {}, "promos"),
        ("featuredpromo.products.get", {"promotion_name": "Hot Product"}, "products"),
        ("category.get", {}, "categories"),
        ("order.list", {"status": "Payment Completed", **ORDER_TIMES}, "orders"),
        ("order.listbyindex", {"status": "Payment Completed", **ORDER_TIMES}, "orders"),
        ("order.get", {"order_ids": "8200000000000501"}, "orders"),
        ("product.shipping.get", SHIPPING, "shipping_fee"),
        (
            "link.generate",
            {"source_values": page(FIRST_ID), "promotion_link_type": 0, "tracking_id": TRACKED},
            "promotion_links",
        ),
    ],
)
async def test_methods_answer_in_the_usual_envelope(
    sandbox: Sandbox, caller: Caller, method: str, params: dict[str, object], member: str
) -> None:
    grant_everything(sandbox)

    answer = await caller.aliexpress(method, **params)

    assert answer["resp_code"] == 200
    assert answer["result"][member]
    assert [(call.operation, call.refusal) for call in sandbox.calls] == [(method, None)]


async def test_variants_and_codes_have_envelopes_of_their_own(
    sandbox: Sandbox, caller: Caller
) -> None:
    grant_everything(sandbox)
    asked = {"ship_to_country": "US", "currency": "USD", "target_language": "EN"}

    variants = await caller.aliexpress("product.sku.detail.get", **VARIANT)
    codes = await caller.aliexpress("promotion.info.get", product_id=FIRST_ID + 4, **asked)

    inner = variants["result"]["result"]
    assert variants["result"]["code"] == 200
    assert inner["ae_item_info"]["product_id"] == FIRST_ID
    assert inner["ae_item_sku_info"]["traffic_sku_info_list"]
    [result] = codes["result"]["promotion_results"]["promotion_result"]
    assert codes["code"] == "200"
    assert result["product_id"] == FIRST_ID + 4


async def test_variants_of_a_missing_product_are_a_service_error(caller: Caller) -> None:
    answer = await caller.aliexpress("product.sku.detail.get", **VARIANT | {"product_id": 1234567})

    assert (answer["code"], answer["sub_code"], answer["type"]) == ("15", "405", "ISP")


async def test_fifty_of_fifty_one_products_are_answered(caller: Caller) -> None:
    start = FIRST_ID + 50  # nothing out of the program there

    answer = await caller.aliexpress("productdetail.get", product_ids=product_ids(51, start=start))

    ids = [row["product_id"] for row in rows(answer)]
    assert sorted(ids) == list(range(start, start + 50))
    assert ids != sorted(ids)


async def test_unknown_products_are_left_out_without_a_word(caller: Caller) -> None:
    answer = await caller.aliexpress("productdetail.get", product_ids=f"1234567,{FIRST_ID}")

    assert [row["product_id"] for row in rows(answer)] == [FIRST_ID]


@pytest.mark.parametrize("product_id", ["1234567", "1005000000001014", "1005000000001042"])
async def test_nothing_found_is_405(caller: Caller, product_id: str) -> None:
    answer = await caller.aliexpress("productdetail.get", product_ids=product_id)

    assert answer["resp_code"] == 405
    assert "result" not in answer


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


async def test_links_come_in_another_order_and_refused_ones_empty(
    sandbox: Sandbox, caller: Caller
) -> None:
    out_of_program = page(1005000000001014)
    sources = [page(FIRST_ID), out_of_program, page(FIRST_ID + 1), "https://example.org/a"]

    answer = await caller.aliexpress(
        "link.generate",
        source_values=",".join(sources),
        promotion_link_type=0,
        tracking_id=TRACKED,
    )

    entries = answer["result"]["promotion_links"]["promotion_link"]
    links = {entry["source_value"]: entry.get("promotion_link") for entry in entries}
    assert [entry["source_value"] for entry in entries] != sources
    assert set(links) == set(sources)
    assert links[out_of_program] is links["https://example.org/a"] is None
    assert str(links[sources[0]]).startswith(RESERVED)
    assert sandbox.made_link(str(links[sources[0]])) == MadeLink(
        account=DEMO_ALIEXPRESS.app_key, tracking_id=TRACKED, target=sources[0]
    )


async def test_at_most_fifty_links_are_made(caller: Caller) -> None:
    sources = ",".join(page(FIRST_ID + number) for number in range(51))

    answer = await caller.aliexpress(
        "link.generate", source_values=sources, promotion_link_type=2, tracking_id=TRACKED
    )

    assert answer["result"]["total_result_count"] == 50


async def test_only_a_tracking_id_brings_long_links_on_the_reserved_host(
    sandbox: Sandbox, caller: Caller
) -> None:
    asked = {"product_ids": FIRST_ID}

    [plain] = rows(await caller.aliexpress("productdetail.get", **asked))
    [linked] = rows(await caller.aliexpress("productdetail.get", tracking_id=TRACKED, **asked))

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

    found = [Decimal(row["target_sale_price"]) for row in rows(answer)]
    assert min(found) * scale >= low
    assert max(found) * scale <= high
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


@pytest.mark.parametrize(
    "params", [{"sort": "BEST"}, {"page_no": "one"}, {"min_sale_price": "1.5"}]
)
async def test_wrong_values_are_invalid_parameters(caller: Caller, params: dict[str, str]) -> None:
    answer = await caller.aliexpress("product.query", **params)

    assert answer["code"] == "InvalidParameter"
    assert next(iter(params)) in answer["msg"]


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


@pytest.mark.parametrize(("hours", "right"), [(-3, False), (-1, True), (1, True), (3, False)])
async def test_the_timestamp_may_be_two_hours_off(caller: Caller, hours: int, right: bool) -> None:
    at = caller.clock.time + timedelta(hours=hours)

    answer = await caller.aliexpress("category.get", at=at)

    assert answer.get("code") == (None if right else "IllegalTimestamp")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"app_key": "999999"}, "InvalidAppKey"),
        ({"app_secret": "not-the-secret"}, "IncompleteSignature"),
    ],
)
async def test_wrong_keys_are_refused(caller: Caller, change: dict[str, Any], code: str) -> None:
    answer = await caller.aliexpress("category.get", account=replace(DEMO_ALIEXPRESS, **change))

    assert answer["code"] == code


async def test_methods_that_are_not_granted_or_not_there(caller: Caller) -> None:
    not_granted = await caller.aliexpress("promotion.info.get", product_id=FIRST_ID)
    not_there = await caller.aliexpress("product.wish", product_id=FIRST_ID)

    assert not_granted["code"] == "InsufficientPermission"
    assert not_there["code"] == "InvalidApiPath"


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"is_registered": False}, {"resp_code": 401}),
        ({"ip_allowed": False}, {"code": "AppWhiteIpLimit"}),
    ],
)
async def test_accounts_change_from_the_next_call_on(
    sandbox: Sandbox, caller: Caller, change: dict[str, Any], answer: dict[str, object]
) -> None:
    sandbox.accounts = Accounts(aliexpress=(replace(DEMO_ALIEXPRESS, **change),))

    found = await caller.aliexpress("product.query")

    assert found.items() >= answer.items()


@pytest.mark.parametrize(
    ("method", "params", "name"),
    [
        ("productdetail.get", {}, "product_ids"),
        ("link.generate", {"source_values": "a"}, "promotion_link_type"),
        ("featuredpromo.products.get", {}, "promotion_name"),
        ("order.list", ORDER_TIMES, "status"),
    ],
)
async def test_a_missing_parameter_is_named(
    caller: Caller, method: str, params: dict[str, str], name: str
) -> None:
    answer = await caller.aliexpress(method, **params)

    assert answer["code"] == "MissingParameter"
    assert f"“{name}”" in answer["msg"]
    assert "mandatory" in answer["msg"]


@pytest.mark.parametrize("name", ["app_key", "timestamp", "method"])
async def test_a_missing_system_parameter_is_named(caller: Caller, name: str) -> None:
    params = caller.signed("category.get")
    del params[name]

    answer = await caller.send(params)

    assert answer["error_response"]["code"] == "MissingParameter"
    assert f"“{name}”" in answer["error_response"]["msg"]


async def test_products_are_hidden_from_countries_they_do_not_go_to(caller: Caller) -> None:
    asked = {"product_ids": FIRST_ID + 7}

    america = await caller.aliexpress("productdetail.get", country="US", **asked)
    brazil = await caller.aliexpress("productdetail.get", country="BR", **asked)

    assert (america["resp_code"], brazil["resp_code"]) == (200, 405)


async def test_query_and_form_are_one_set_of_parameters(caller: Caller) -> None:
    params = caller.signed("category.get")

    got = await caller.http.get("/aliexpress/sync", params=params)
    bare: httpx.Response = await caller.http.get("/aliexpress/sync")

    assert "aliexpress_affiliate_category_get_response" in got.json()
    assert bare.headers["content-type"].startswith("text/html")


async def test_pages_of_orders_follow_by_index(caller: Caller) -> None:
    asked = {"status": "Payment Completed", "page_size": 6, **ORDER_TIMES}

    first = (await caller.aliexpress("order.listbyindex", **asked))["result"]
    cursor = first["min_query_index_id"]
    second = await caller.aliexpress("order.listbyindex", start_query_index_id=cursor, **asked)

    ids = [
        row["sub_order_id"] for part in (first, second["result"]) for row in part["orders"]["order"]
    ]
    assert len(ids) == 10
    assert ids == sorted(set(ids), reverse=True)


@pytest.mark.parametrize(
    ("timestamp", "code"),
    [("2026-11-21T12:00:00Z", None), ("2026-11-21 12:00:00", "IllegalTimestamp")],
)
async def test_the_timestamp_may_be_a_moment_of_iso_8601(
    caller: Caller, timestamp: str, code: str | None
) -> None:
    system, _ = build_signed_request_params(
        app_key=DEMO_ALIEXPRESS.app_key,
        app_secret=DEMO_ALIEXPRESS.app_secret,
        method="aliexpress.affiliate.category.get",
        timestamp=timestamp,
    )

    answer = await caller.send(system)

    assert answer.get("error_response", {}).get("code") == code

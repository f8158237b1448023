"""Methods around products: links, variants and their envelopes."""

import pytest

from sandbox import MadeLink, Sandbox
from sandbox.aliexpress.accounts import DEMO_ACCOUNT as DEMO_ALIEXPRESS
from tests.sandbox.callers import (
    FIRST_ID,
    RESERVED,
    TRACKED,
    Caller,
    page,
)

pytestmark = pytest.mark.anyio

VARIANT = {
    "product_id": FIRST_ID,
    "ship_to_country": "US",
    "target_currency": "USD",
    "target_language": "EN",
}


@pytest.mark.parametrize(
    ("method", "params", "member"),
    [
        ("product.query", {"keywords": "lamp"}, "products"),
        ("productdetail.get", {"product_ids": FIRST_ID}, "products"),
        ("category.get", {}, "categories"),
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
    answer = await caller.aliexpress(method, **params)

    assert answer["resp_code"] == 200
    assert answer["result"][member]
    assert [(call.operation, call.refusal) for call in sandbox.calls] == [(method, None)]


async def test_variants_have_an_envelope_of_their_own(caller: Caller) -> None:
    variants = await caller.aliexpress("product.sku.detail.get", **VARIANT)

    inner = variants["result"]["result"]
    assert variants["result"]["code"] == 200
    assert inner["ae_item_info"]["product_id"] == FIRST_ID
    assert inner["ae_item_sku_info"]["traffic_sku_info_list"]


async def test_variants_of_a_missing_product_are_a_service_error(caller: Caller) -> None:
    answer = await caller.aliexpress("product.sku.detail.get", **VARIANT | {"product_id": 1234567})

    assert (answer["code"], answer["sub_code"], answer["type"]) == ("15", "405", "ISP")


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

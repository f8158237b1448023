"""What the marketplace does to us, what the caller sees, and that the next request works."""

import asyncio
from typing import Any

import pytest

from tests.graph import ALIEXPRESS, AMAZON, Graph
from tests.schema.test_catalog import IMPORT, aliexpress_ids, imported

pytestmark = pytest.mark.anyio


async def outcome(graph: Graph, ids: list[str]) -> list[str | None]:
    """Import; the error code of each row, None where it worked."""
    data = await graph.run(IMPORT, {"products": [{"url": id} for id in ids]})
    return [
        row["errors"][0]["code"] if row["errors"] else None
        for row in data["importProducts"]["results"]
    ]


@pytest.mark.parametrize(
    ("fault", "options", "code"),
    [
        ("status", {"code": 500}, "MARKETPLACE_UNAVAILABLE"),
        ("status", {"code": 503, "retry_after": 0}, "MARKETPLACE_UNAVAILABLE"),
        ("status", {"code": 429, "retry_after": 3600}, "THROTTLED"),
        ("throttle_body", {"seconds": 3600}, "THROTTLED"),
        ("malformed", {}, "MARKETPLACE_ANSWER_INVALID"),
        ("truncated", {}, "MARKETPLACE_UNAVAILABLE"),
        ("html", {}, "MARKETPLACE_ANSWER_INVALID"),
        ("gzip_bomb", {}, "MARKETPLACE_ANSWER_INVALID"),
        ("huge", {}, "MARKETPLACE_ANSWER_INVALID"),
        ("redirect", {}, "MARKETPLACE_ANSWER_INVALID"),
        ("reset", {}, "MARKETPLACE_UNAVAILABLE"),
        ("close_before", {}, "MARKETPLACE_UNAVAILABLE"),
        ("clock_skew", {"minutes": 300}, "MARKETPLACE_UNAVAILABLE"),
        ("ae_error", {"code": "InsufficientPermission"}, "PERMISSION_MISSING"),
        ("ae_error", {"code": "15", "sub_code": "405"}, "NOT_FOUND"),
    ],
)
async def test_a_fault_is_told_by_its_code_and_leaves_nothing_behind(
    graph: Graph, fault: str, options: dict[str, Any], code: str
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    tasks = len(asyncio.all_tasks())
    graph.sandbox.faults.inject(fault, operation="productdetail.get", **options)

    during = await outcome(graph, [id])
    stored = await graph.run("{ products { totalCount } }")
    graph.sandbox.faults.clear()
    graph.clock.advance(hours=2)  # the longest ban is over, and no refusal holds any longer
    after = await outcome(graph, [id])

    assert during == [code]
    assert stored["products"]["totalCount"] == 0
    assert after == [None]
    assert len(asyncio.all_tasks()) == tasks


@pytest.mark.parametrize("fault", ["wrong_type", "string_code", "shuffle_ids", "duplicate_ids"])
async def test_odd_but_right_answers_are_read(graph: Graph, fault: str) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = await aliexpress_ids(graph, 12)
    graph.sandbox.faults.inject(fault)

    data = await graph.run(IMPORT, {"products": [{"url": id} for id in ids]})

    rows = data["importProducts"]["results"]
    assert [row["product"]["externalId"] for row in rows] == ids


async def test_dropped_and_foreign_rows_touch_only_themselves(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = await aliexpress_ids(graph, 5)
    graph.sandbox.faults.inject("drop_ids", ids=[ids[2]])
    graph.sandbox.faults.inject("foreign_ids")

    codes = await outcome(graph, ids)
    listed = await graph.run("{ products { nodes { externalId } } }")

    assert codes == [None, None, "NOT_FOUND", None, None]
    assert {node["externalId"] for node in listed["products"]["nodes"]} == set(ids) - {ids[2]}


async def test_a_poisoned_product_is_cleaned_and_stored_beside_the_others(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = await aliexpress_ids(graph, 10)
    graph.sandbox.faults.inject("poison")

    codes = await outcome(graph, ids)

    assert codes == [None] * 10


async def test_a_currency_nobody_knows_is_kept_and_never_mixed(graph: Graph) -> None:
    [product] = await imported(graph)
    graph.sandbox.faults.inject("unknown_currency")
    graph.clock.advance(minutes=20)

    data = await graph.run(
        """query P($id: ID!) { product(by: {id: $id}) { offer { price { currencyCode } }
             margin(sellingPrice: {amount: "9", currencyCode: "USD"}) { percent } } }""",
        {"id": product["id"]},
    )

    assert data["product"]["offer"]["price"]["currencyCode"] != "USD"
    assert data["product"]["margin"] is None


async def test_one_failure_of_the_moment_is_not_seen(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    graph.sandbox.faults.inject("status", code=503, calls=1)

    assert await outcome(graph, [id]) == [None]
    assert graph.calls("aliexpress") == 2


async def test_a_stale_token_is_refreshed_once_and_the_call_repeated(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)
    search = """{ searchProducts(marketplace: AMAZON, search: {keywords: "lamp"}) {
                    nodes { id } errors { code } } }"""
    await graph.run(search.replace("lamp", "chair"))
    tokens = graph.calls("amazon", "token")
    graph.sandbox.faults.inject("stale_token", calls=1)

    data = await graph.run(search)

    assert data["searchProducts"]["errors"] == []
    assert graph.calls("amazon", "token") == tokens + 1


async def test_a_failed_batch_never_loses_the_one_before_it(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = await aliexpress_ids(graph, 100)
    graph.sandbox.faults.inject("ae_error", code="InvalidParameter", calls=1)

    codes = await outcome(graph, ids)

    assert sorted([codes.count(None), codes.count("MARKETPLACE_ANSWER_INVALID")]) == [50, 50]
    assert len({str(code) for code in codes[:50]}) == 1

"""Well-formed answers with the wrong content: each row is judged alone, and none is believed."""

import pytest

from tests.faults.asking import aliexpress, code_of, imported, outcome, product
from tests.graph import ALIEXPRESS, Graph
from tests.schema.test_products import SYNC

pytestmark = pytest.mark.anyio


async def test_dropped_and_foreign_rows_touch_only_themselves(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 5)
    graph.sandbox.faults.inject("drop_ids", ids=[ids[2]])
    graph.sandbox.faults.inject("foreign_ids")

    codes = await outcome(graph, ids)
    listed = await graph.run("{ products { nodes { externalId } } }")

    assert codes == [None, None, "NOT_FOUND", None, None]
    assert {node["externalId"] for node in listed["products"]["nodes"]} == set(ids) - {ids[2]}


async def test_a_query_tells_which_products_are_missing_by_their_path(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 3)
    graph.sandbox.faults.inject("drop_ids", ids=[ids[1]])
    fields = " ".join(
        f'p{number}: product(by: {{url: "{id}"}}) {{ externalId variants {{ externalId }} }}'
        for number, id in enumerate(ids)
    )

    body = await graph.post("{ " + fields + " }")

    found = body["data"]
    assert [found[f"p{n}"] and found[f"p{n}"]["externalId"] for n in range(3)] == [
        ids[0],
        None,
        ids[2],
    ]
    assert graph.calls("aliexpress", "productdetail.get") == 1


async def test_a_product_that_stays_away_is_gone_after_three_answers_and_is_never_deleted(
    graph: Graph,
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    lost, kept = aliexpress(graph, 2)
    rows = await imported(graph, [lost, kept])
    graph.sandbox.faults.inject("drop_ids", ids=[lost])

    states = []
    for _ in range(4):
        graph.clock.advance(minutes=30)
        synced = (await graph.run(SYNC, {"id": rows[0]["product"]["id"]}))["syncProduct"]
        states.append((synced["product"]["state"], synced["errors"][0]["code"]))
    listed = await graph.run("{ products { nodes { externalId title state } } }")
    graph.sandbox.faults.clear()
    graph.clock.advance(minutes=30)
    back = (await graph.run(SYNC, {"id": rows[0]["product"]["id"]}))["syncProduct"]

    assert states == [
        ("UNAVAILABLE", "NOT_FOUND"),
        ("UNAVAILABLE", "NOT_FOUND"),
        ("GONE", "NOT_FOUND"),
        ("GONE", "NOT_FOUND"),
    ]
    by_id = {node["externalId"]: node for node in listed["products"]["nodes"]}
    assert by_id[lost] == {
        "externalId": lost,
        "title": rows[0]["product"]["title"],
        "state": "GONE",
    }
    assert by_id[kept]["state"] == "ACTIVE"
    assert back["product"]["state"] == "ACTIVE"


@pytest.mark.parametrize("faults", [("duplicate_ids",), ("shuffle_ids", "foreign_ids")])
async def test_each_id_gets_its_own_row(graph: Graph, faults: tuple[str, ...]) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 50)
    listings = graph.sandbox.catalog["aliexpress"].listings()
    titles = {one.id: one.fields["product_title"] for one in listings}
    for fault in faults:
        graph.sandbox.faults.inject(fault)

    rows = await imported(graph, ids)

    assert [row["product"]["externalId"] for row in rows] == ids
    assert [row["product"]["title"] for row in rows] == [titles[id] for id in ids]


async def test_a_currency_nobody_knows_is_kept_and_never_mixed(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 6)
    await outcome(graph, ids[:3])
    graph.sandbox.faults.inject("unknown_currency")
    odd = await imported(graph, ids[3:])

    listed = await graph.run(
        "{ products(sort: PRICE_ASC) { nodes { offer { price { amount currencyCode } } } } }"
    )
    compared = await graph.run(
        """query P($id: ID!) { product(by: {id: $id}) {
             margin(sellingPrice: {amount: "9", currencyCode: "USD"}) { percent } } }""",
        {"id": odd[0]["product"]["id"]},
    )

    prices = [node["offer"]["price"] for node in listed["products"]["nodes"]]
    assert [price["currencyCode"] for price in prices] == ["USD"] * 3 + ["XQZ"] * 3
    for currency in ("USD", "XQZ"):
        amounts = [float(one["amount"]) for one in prices if one["currencyCode"] == currency]
        assert amounts == sorted(amounts)
    assert compared["product"]["margin"] is None


async def test_a_price_that_changes_between_two_reads_ends_with_the_newest(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = aliexpress(graph, 1)
    [row] = await imported(graph, [id])
    graph.sandbox.faults.inject("price_change")

    seen = []
    for _ in range(3):
        graph.clock.advance(minutes=30)
        synced = (await graph.run(SYNC, {"id": row["product"]["id"]}))["syncProduct"]
        seen.append(synced["product"]["offer"]["price"]["amount"])
    body = await product(graph, id)

    history = synced["product"]["priceHistory"]["nodes"]
    assert len(set(seen)) == 3
    assert [entry["price"]["amount"] for entry in history[:3]] == seen[::-1]
    assert body["data"]["product"]["offer"]["price"]["amount"] == seen[-1]


async def test_a_poisoned_product_is_cleaned_and_stored_beside_the_others(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 50)
    graph.sandbox.faults.inject("poison")

    codes = await outcome(graph, ids)
    listed = await graph.run("{ products(first: 50) { nodes { externalId title } } }")

    titles = {node["externalId"]: node["title"] for node in listed["products"]["nodes"]}
    assert codes == [None] * 50
    assert set(titles) == set(ids)
    assert max(map(len, titles.values())) == 2000
    assert not any("\x00" in title or "\ud800" in title for title in titles.values())


async def test_a_failed_batch_never_loses_the_one_before_it(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 100)
    graph.sandbox.faults.inject("ae_error", code="InvalidParameter", calls=1)

    codes = await outcome(graph, ids)

    assert sorted([codes.count(None), codes.count("MARKETPLACE_ANSWER_INVALID")]) == [50, 50]
    assert len({str(code) for code in codes[:50]}) == 1


async def test_a_product_that_nobody_has_is_null_with_no_top_level_failure(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = aliexpress(graph, 1)
    graph.sandbox.faults.inject("drop_ids", ids=[id])

    body = await product(graph, id)

    assert body["data"]["product"] is None
    assert code_of(body) in (None, "NOT_FOUND")

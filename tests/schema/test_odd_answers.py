"""Answers that a marketplace should not give: they make nothing worse that is known already."""

from typing import Any

import pytest

from tests.answering import answering
from tests.faults.asking import code_of, product
from tests.graph import ALIEXPRESS, AMAZON, Graph

pytestmark = pytest.mark.anyio

LAMP, ITEM = "1005009000000011", "B0SANDBX01"
ITEM_URL = f"https://www.amazon.com/dp/{ITEM}"
FIELDS = """product { id title state brand images { url } ordersLast30Days
  commission { ratePercent } reviews { averageRating positivePercent }
  offer { price { amount } listPrice { amount } observedAt } } changed errors { code }"""
IMPORT = """mutation Import($url: String!) {
  importProduct(input: {product: {url: $url}}) { product { id title } errors { code } } }"""
SYNC = f"mutation Sync($id: ID!) {{ syncProduct(input: {{id: $id}}) {{ {FIELDS} }} }}"

GOOD_ROW: dict[str, Any] = {
    "product_id": LAMP,
    "product_title": "Desk lamp",
    "product_main_image_url": "https://pictures.example/lamp.jpg",
    "target_sale_price": "19.90",
    "target_sale_price_currency": "USD",
    "target_original_price": "30.00",
    "target_original_price_currency": "USD",
    "evaluate_rate": "96.2%",
    "lastest_volume": 1840,
    "commission_rate": "7.0%",
}
GOOD_ITEM: dict[str, Any] = {
    "asin": ITEM,
    "itemInfo": {"title": {"displayValue": "Reading lamp"}},
    "images": {"primary": {"large": {"url": "https://pictures.example/lamp.jpg"}}},
    "offersV2": {"listings": [{"price": {"money": {"amount": 25, "currency": "USD"}}}]},
}


def of_rows(rows: object) -> dict[str, Any]:
    """An answer of AliExpress with these rows."""
    result = {"products": {"product": rows}}
    return {"x_response": {"resp_result": {"resp_code": 200, "result": result}}}


def of_items(items: object) -> dict[str, Any]:
    """An answer of Amazon with these rows."""
    return {"itemsResult": {"items": items}}


def priced(amount: object) -> dict[str, Any]:
    return {"offersV2": {"listings": [{"price": {"money": {"amount": amount, "currency": "USD"}}}]}}


async def imported(graph: Graph, gateway: str) -> str:
    """The id of a product that was imported from a good answer, an hour ago."""
    is_amazon = gateway == "AMAZON"
    await graph.connect(gateway, AMAZON if is_amazon else ALIEXPRESS)
    body = of_items([GOOD_ITEM]) if is_amazon else of_rows([GOOD_ROW])
    with answering(graph.sandbox, gateway, body):
        url = ITEM_URL if is_amazon else LAMP
        payload = (await graph.run(IMPORT, {"url": url}))["importProduct"]
    assert payload["errors"] == []
    graph.clock.advance(hours=2)
    return str(payload["product"]["id"])


async def synced(graph: Graph, id: str, gateway: str, body: object) -> dict[str, Any]:
    with answering(graph.sandbox, gateway, body):
        payload: dict[str, Any] = (await graph.run(SYNC, {"id": id}))["syncProduct"]
    return payload


@pytest.mark.parametrize(
    "odd",
    [
        {"product_title": None},
        {"product_title": ""},
        {"product_title": " \u200e "},
        {"product_title": 12345},
        {"product_title": ["Desk lamp"]},
        {"product_title": {"en": "Desk lamp"}},
        {"product_title": "Desk l\ud83d"},
        {"target_sale_price": "-19.90"},
        {"target_sale_price": -1},
        {"target_sale_price": "cheap"},
        {"target_sale_price_currency": "dollars"},
        {"target_original_price": "-30"},
        {"evaluate_rate": "very good"},
        {"lastest_volume": -3},
        {"commission_rate": "900%"},
        {"product_main_image_url": "https://10.0.0.7/lamp.jpg"},
    ],
)
async def test_what_cannot_be_read_stays_as_it_is_stored(
    graph: Graph, odd: dict[str, object]
) -> None:
    id = await imported(graph, "ALIEXPRESS")

    payload = await synced(graph, id, "ALIEXPRESS", of_rows([GOOD_ROW | odd]))

    seen_at = payload["product"]["offer"].pop("observedAt")
    assert (payload["errors"], payload["changed"]) == ([], [])
    assert payload["product"] == {
        "id": id,
        "title": "Desk lamp",
        "state": "ACTIVE",
        "brand": None,
        "images": [{"url": "https://pictures.example/lamp.jpg"}],
        "ordersLast30Days": 1840,
        "commission": {"ratePercent": "7"},
        "reviews": {"averageRating": None, "positivePercent": "96.2"},
        "offer": {"price": {"amount": "19.90"}, "listPrice": {"amount": "30.00"}},
    }
    is_price = any(name.startswith("target_sale") for name in odd)
    assert seen_at == ("2026-11-21T12:00:00Z" if is_price else "2026-11-21T14:00:00Z")


async def test_what_can_be_read_beside_it_is_new(graph: Graph) -> None:
    id = await imported(graph, "ALIEXPRESS")
    row = GOOD_ROW | {"product_title": "", "lastest_volume": 7, "target_sale_price": "18"}

    payload = await synced(graph, id, "ALIEXPRESS", of_rows([row]))

    assert payload["product"]["title"] == "Desk lamp"
    assert payload["product"]["offer"]["price"] == {"amount": "18.00"}
    assert payload["changed"] == ["price", "discountPercent", "ordersLast30Days"]


@pytest.mark.parametrize(
    "odd",
    [
        {"itemInfo": None},
        {"itemInfo": {"title": {"displayValue": ""}}},
        {"itemInfo": {"title": {"displayValue": 7}}},
        {"itemInfo": {"title": {"displayValue": "Reading \udc00"}}},
        priced(-25),
        priced("25"),
        {"images": {"primary": {"large": {"url": "https://localhost/lamp.jpg"}}}},
    ],
)
async def test_what_cannot_be_read_of_an_item_stays(graph: Graph, odd: dict[str, object]) -> None:
    id = await imported(graph, "AMAZON")

    payload = await synced(graph, id, "AMAZON", of_items([GOOD_ITEM | odd]))

    assert payload["changed"] == []
    assert payload["product"]["title"] == "Reading lamp"
    assert payload["product"]["offer"]["price"] == {"amount": "25.00"}
    assert payload["product"]["images"] == [{"url": "https://pictures.example/lamp.jpg"}]


async def test_a_price_that_is_not_there_is_no_price_any_more(graph: Graph) -> None:
    id = await imported(graph, "AMAZON")

    payload = await synced(graph, id, "AMAZON", of_items([GOOD_ITEM | {"offersV2": None}]))

    assert payload["product"]["offer"] is None
    assert "price" in payload["changed"]


@pytest.mark.parametrize("odd", [{"product_title": None}, {"target_sale_price": "-1"}])
async def test_what_is_seen_live_is_shown_with_what_is_stored(
    graph: Graph, odd: dict[str, object]
) -> None:
    await imported(graph, "ALIEXPRESS")

    with answering(graph.sandbox, "ALIEXPRESS", of_rows([GOOD_ROW | odd])):
        body = await product(graph, LAMP)

    assert body["data"]["product"]["title"] == "Desk lamp"
    assert body["data"]["product"]["offer"]["price"]["amount"] == "19.90"


@pytest.mark.parametrize("number", [12345, 1.5, True])
async def test_a_number_is_no_title_of_what_is_not_stored(graph: Graph, number: object) -> None:
    await graph.connect_both()
    item = GOOD_ITEM | {"itemInfo": {"title": {"displayValue": number}}}
    query = "query T($url: String!) { product(by: {url: $url}) { title } }"

    with answering(graph.sandbox, "ALIEXPRESS", of_rows([GOOD_ROW | {"product_title": number}])):
        nameless = (await graph.run(query, {"url": LAMP}))["product"]
    with answering(graph.sandbox, "AMAZON", of_items([item])):
        by_its_id = (await graph.run(query, {"url": ITEM_URL}))["product"]

    assert (nameless["title"], by_its_id["title"]) == ("", ITEM)


@pytest.mark.parametrize(
    ("gateway", "body"),
    [
        ("ALIEXPRESS", of_rows(["lamp", 7])),
        ("ALIEXPRESS", of_rows("lamp")),
        ("ALIEXPRESS", of_rows([{"title": "Desk lamp"}])),
        ("ALIEXPRESS", of_rows([[GOOD_ROW]])),
        ("ALIEXPRESS", of_rows([GOOD_ROW | {"product_id": "1005009000000022"}, None])),
        ("AMAZON", of_items("lamp")),
        ("AMAZON", of_items({"asin": ITEM})),
        ("AMAZON", of_items([ITEM])),
        ("AMAZON", of_items([{"title": "Reading lamp"}])),
        ("AMAZON", of_items([GOOD_ITEM | {"asin": "B0SANDBX02"}, ITEM])),
        ("AMAZON", {"itemsResult": [GOOD_ITEM]}),
    ],
)
async def test_rows_of_another_shape_are_no_missing_product(
    graph: Graph, gateway: str, body: object
) -> None:
    id = await imported(graph, gateway)

    payload = await synced(graph, id, gateway, body)

    assert [error["code"] for error in payload["errors"]] == ["MARKETPLACE_ANSWER_INVALID"]
    assert payload["product"]["state"] == "ACTIVE"


async def test_a_search_of_another_shape_is_no_empty_page(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    query = """{ searchProducts(marketplace: ALIEXPRESS, search: {keywords: "lamp"}) {
      nodes { title } errors { code } } }"""

    with answering(graph.sandbox, "ALIEXPRESS", of_rows([1, 2])):
        body = await graph.post(query)

    assert body["data"]["searchProducts"]["errors"][0]["code"] == "MARKETPLACE_ANSWER_INVALID"


async def test_a_title_is_shown_as_it_is_meant(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    row = GOOD_ROW | {"product_title": "Salt &amp; pepper\u202e\x07 set", "evaluate_rate": "4.8"}

    with answering(graph.sandbox, "ALIEXPRESS", of_rows([row])):
        query = f'{{ product(by: {{url: "{LAMP}"}}) {{ title reviews {{ averageRating }} }} }}'
        found = (await graph.run(query))["product"]

    assert found == {"title": "Salt & pepper set", "reviews": {"averageRating": "4.8"}}


async def test_what_is_not_accessible_is_not_called_unknown(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)
    problems = {"errors": [{"code": "ItemNotAccessible", "message": "Not through this interface."}]}

    with answering(graph.sandbox, "AMAZON", problems):
        body = await product(graph, ITEM_URL)

    assert code_of(body) == "NOT_FOUND"
    assert "not accessible through the API" in body["errors"][0]["message"]


async def test_an_unknown_product_is_told_as_before(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)

    with answering(graph.sandbox, "ALIEXPRESS", of_rows([])):
        body = await product(graph, LAMP)

    assert code_of(body) == "NOT_FOUND"

"""What an offer tells beside its price, seen live and read from the catalogue."""

import pytest

from tests.answering import answering
from tests.graph import AMAZON, Graph

pytestmark = pytest.mark.anyio

URL = "https://www.amazon.com/dp/B0SANDBX01"
OFFER = """offer { price { amount } listPrice { amount } discountPercent condition
  deal { badge access price { amount } startsAt endsAt percentClaimed } }"""
IMPORT = f"""mutation {{ importProduct(input: {{product: {{url: "{URL}"}}}}) {{
  product {{ {OFFER} }} errors {{ code }} }} }}"""
STORED = f"{{ products {{ nodes {{ {OFFER} }} }} }}"


def listing(amount: float, condition: str, **members: object) -> dict[str, object]:
    money = {"amount": amount, "currency": "USD"}
    return {"price": {"money": money}, "condition": {"value": condition}} | members


def item(*listings: object) -> dict[str, object]:
    titled = {"asin": "B0SANDBX01", "itemInfo": {"title": {"displayValue": "Lamp"}}}
    return {"itemsResult": {"items": [titled | {"offersV2": {"listings": list(listings)}}]}}


async def test_price_of_members_is_a_deal_beside_the_price_of_everybody(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)
    deal = {
        "accessType": "PRIME_EXCLUSIVE",
        "badge": "Prime deal",
        "startTime": "2026-11-20T05:00Z",
        "endTime": "2026-11-22T05:00Z",
        "percentClaimed": "38",
    }
    body = item(listing(40, "Used"), listing(59, "New", dealDetails=deal), listing(69, "New"))

    with answering(graph.sandbox, "AMAZON", body):
        payload = (await graph.run(IMPORT))["importProduct"]
    stored = (await graph.run(STORED))["products"]["nodes"]

    assert payload["errors"] == []
    assert payload["product"]["offer"] == {
        "price": {"amount": "69.00"},
        "listPrice": None,
        "discountPercent": 0,
        "condition": "NEW",
        "deal": {
            "badge": "Prime deal",
            "access": "PRIME_EXCLUSIVE",
            "price": {"amount": "59.00"},
            "startsAt": "2026-11-20T05:00:00Z",
            "endsAt": "2026-11-22T05:00:00Z",
            "percentClaimed": "38",
        },
    }
    assert stored == [payload["product"]]


async def test_used_offer_and_a_saving_without_a_basis(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)
    used = listing(40, "Refurbished")
    used["price"] = {"money": {"amount": 40, "currency": "USD"}, "savings": {"percentage": 30}}

    with answering(graph.sandbox, "AMAZON", item(used)):
        payload = (await graph.run(IMPORT))["importProduct"]
    query = "{ products(filter: {minDiscountPercent: 30}) { nodes { offer { discountPercent } } } }"
    stored = (await graph.run(query))["products"]["nodes"]

    assert payload["product"]["offer"]["condition"] == "REFURBISHED"
    assert payload["product"]["offer"]["deal"] is None
    assert stored == [{"offer": {"discountPercent": 30}}]

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


async def test_a_price_that_only_members_get_is_nobody_elses(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)
    deal = {"accessType": "PRIME_EXCLUSIVE", "badge": "Prime deal", "endTime": "2026-11-22T05:00Z"}
    prime = listing(59, "New", dealDetails=deal)
    basis = {"money": {"amount": 69, "currency": "USD"}, "savingBasisType": "LIST_PRICE"}
    prime["price"] = {"money": {"amount": 59, "currency": "USD"}, "savingBasis": basis}
    query = """{ products { nodes { offer { price { amount } } availability
      deal { badge access price { amount } endsAt } } } }"""

    with answering(graph.sandbox, "AMAZON", item(listing(69, "New"))):
        await graph.run(IMPORT)
    graph.clock.advance(hours=2)
    with answering(graph.sandbox, "AMAZON", item(prime)):
        payload = (await graph.run(IMPORT))["importProduct"]
    [stored] = (await graph.run(query))["products"]["nodes"]

    assert payload == {"product": {"offer": None}, "errors": []}
    assert stored["offer"] is None
    assert stored["deal"] == {
        "badge": "Prime deal",
        "access": "PRIME_EXCLUSIVE",
        "price": {"amount": "59.00"},
        "endsAt": "2026-11-22T05:00:00Z",
    }


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


async def test_variants_that_do_not_fit_in_are_told(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)
    with answering(graph.sandbox, "AMAZON", item(listing(5, "New"))):
        await graph.run(IMPORT)
    rows = [{"asin": f"B0SANDBX{number:02}"} for number in range(10)]
    summary = {"pageCount": 30, "variationCount": 300}
    body = {"variationsResult": {"items": rows, "variationSummary": summary}}

    with answering(graph.sandbox, "AMAZON", body):
        fields = "variants { externalId } variantsTotalCount hasMoreVariants variantsError { code }"
        found = (await graph.run(f"{{ products {{ nodes {{ {fields} }} }} }}"))["products"]["nodes"]

    assert len(found[0].pop("variants")) == 10
    assert found == [{"variantsTotalCount": 300, "hasMoreVariants": True, "variantsError": None}]

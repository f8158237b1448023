"""What callers get wrong: each gets its error with a code and a path, nothing is half written."""

import base64
import json

import pytest

from domain.products import ProductRef
from schema import ids
from tests.graph import ALIEXPRESS, AMAZON, Graph
from tests.schema.test_products import IMPORT, imported

pytestmark = pytest.mark.anyio


async def test_page_sizes_are_bounded(graph: Graph) -> None:
    for first in (-1, 0, 251, 2_000_000_000):
        body = await graph.post(
            "query L($n: Int) { products(first: $n) { nodes { id } } }", {"n": first}
        )

        [error] = body["errors"]
        assert error["extensions"]["code"] == "INVALID_INPUT"
        assert error["extensions"]["inputPath"] == ["first"]
        assert error["path"] == ["products"]


async def test_ten_thousand_rows_are_refused_and_the_limit_is_told(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)

    body = await graph.post(IMPORT, {"products": [{"url": "1005000000000001"}] * 10_000})

    [error] = body["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert "250" in error["message"]
    assert error["extensions"]["inputPath"] == ["products"]
    assert graph.calls("aliexpress") == 0


@pytest.mark.parametrize(
    ("marketplace", "locale", "values", "code", "path"),
    [
        (
            "ALIEXPRESS",
            None,
            {"appKy": "1"},
            "INVALID_INPUT",
            ["input", "credentials", "0", "name"],
        ),
        ("ALIEXPRESS", "www.amazon.de", ALIEXPRESS, "WRONG_LOCALE", ["input", "locale"]),
        ("AMAZON", "www.amazon.xx", AMAZON, "WRONG_LOCALE", ["input", "locale"]),
        (
            "AMAZON",
            "www.amazon.de",
            AMAZON,
            "WRONG_LOCALE",
            ["input", "credentials", "2", "value"],
        ),
        (
            "AMAZON",
            None,
            {"credentialVersion": "9.9"},
            "INVALID_INPUT",
            ["input", "credentials", "0", "value"],
        ),
        (
            "AMAZON",
            None,
            {"partnerTag": "no spaces"},
            "INVALID_INPUT",
            ["input", "credentials", "0", "value"],
        ),
        (
            "ALIEXPRESS",
            None,
            {"appSecret": "nul\x00byte"},
            "INVALID_INPUT",
            ["input", "credentials", "0", "value"],
        ),
        (
            "ALIEXPRESS",
            None,
            {"appSecret": "x" * 5000},
            "INVALID_INPUT",
            ["input", "credentials", "0", "value"],
        ),
    ],
)
async def test_unusable_credentials_are_refused_and_not_stored(
    graph: Graph,
    marketplace: str,
    locale: str | None,
    values: dict[str, str],
    code: str,
    path: list[str],
) -> None:
    payload = await graph.connect(marketplace, values, locale)

    stored = await graph.run("{ marketplaces { credentialFields { isSet } } }")
    assert payload["marketplace"] is None
    assert payload["errors"][0]["code"] == code
    assert payload["errors"][0]["path"] == path
    assert not any(
        field["isSet"] for market in stored["marketplaces"] for field in market["credentialFields"]
    )


async def test_a_field_named_twice_is_refused(graph: Graph) -> None:
    twice = [{"name": "appKey", "value": "500100"}, {"name": "appKey", "value": "500101"}]

    data = await graph.run(
        """mutation C($c: [CredentialInput!]!) {
             connectMarketplace(input: {marketplace: ALIEXPRESS, credentials: $c}) {
               marketplace { id } errors { code path } } }""",
        {"c": twice},
    )

    assert data["connectMarketplace"]["errors"][0]["path"] == ["input", "credentials", "1", "name"]


@pytest.mark.parametrize("amount", ["1e9", "NaN", "Infinity", "-1", "1,5", "", " 1", "1_000"])
async def test_amounts_that_are_none_are_refused(graph: Graph, amount: str) -> None:
    [product] = await imported(graph)
    price = {"amount": amount, "currencyCode": "USD"}

    body = await graph.post(
        """mutation U($input: UpdateProductInput!) {
             updateProduct(input: $input) { product { id } errors { code path } } }""",
        {"input": {"id": product["id"], "sellingPrice": price}},
    )
    after = await graph.run("{ products { nodes { sellingPrice { amount } } } }")

    if "errors" in body:
        [error] = body["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["extensions"]["inputPath"] == ["input", "sellingPrice", "amount"]
    else:
        [refused] = body["data"]["updateProduct"]["errors"]
        assert refused["code"] == "INVALID_INPUT"
        assert refused["path"] == ["input", "sellingPrice", "amount"]
    assert after["products"]["nodes"][0]["sellingPrice"] is None


@pytest.mark.parametrize(
    "id",
    [
        "",
        "nonsense",
        "AAAA",
        base64.urlsafe_b64encode(b'["Product"]').decode(),
        base64.urlsafe_b64encode(b'["Product","ebay","1",""]').decode(),
        base64.urlsafe_b64encode(b'["Product","aliexpress","abc",""]').decode(),
        base64.urlsafe_b64encode(b'["Product","amazon","B000000001","evil.example"]').decode(),
        base64.urlsafe_b64encode(b'["User","1"]').decode(),
        base64.urlsafe_b64encode(json.dumps([["deep"]] * 3).encode()).decode(),
        "\u0000",
        "🌱",
        "A" * 100_000,
    ],
)
async def test_ids_that_were_never_given_out_are_refused(graph: Graph, id: str) -> None:
    body = await graph.post("query N($id: ID!) { node(id: $id) { id } }", {"id": id})

    [error] = body["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert body["data"] == {"node": None}


async def test_an_id_of_another_type_is_refused(graph: Graph) -> None:
    market = (await graph.run("{ marketplace(code: AMAZON) { id } }"))["marketplace"]["id"]

    data = await graph.run(
        "mutation S($id: ID!) { syncProduct(input: {id: $id}) { errors { code message path } } }",
        {"id": market},
    )

    [error] = data["syncProduct"]["errors"]
    assert error["code"] == "INVALID_INPUT"
    assert "Marketplace" in error["message"]
    assert error["path"] == ["input", "id"]


async def test_a_cursor_of_another_list_is_refused(graph: Graph) -> None:
    await imported(graph, 3)
    page = await graph.run("{ products(first: 1) { pageInfo { endCursor } } }")
    cursor = page["products"]["pageInfo"]["endCursor"]

    other = await graph.post(
        "query L($c: String) { products(first: 1, after: $c, sort: TITLE_ASC) { nodes { id } } }",
        {"c": cursor},
    )
    garbage = await graph.post('{ affiliateLinks(after: "💥") { nodes { id } } }')

    for body in (other, garbage):
        assert body["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
        assert body["errors"][0]["extensions"]["inputPath"] == ["after"]


@pytest.mark.parametrize(
    ("search", "path"),
    [
        ({"keywords": "lamp", "minPrice": "9", "maxPrice": "1"}, "minPrice"),
        ({"keywords": "lamp", "currencyCode": "dollars"}, "currencyCode"),
        ({"keywords": "lamp", "currencyCode": "XYZ"}, "currencyCode"),
        ({"keywords": "lamp", "shipToCountry": "Germany"}, "shipToCountry"),
        ({"keywords": "lamp", "shipToCountry": "ZZ"}, "shipToCountry"),
        ({"keywords": "lamp", "language": "English"}, "language"),
        ({"keywords": "lamp", "categoryId": "x"}, "categoryId"),
        ({"keywords": "lamp", "minDiscountPercent": 101}, "minDiscountPercent"),
        ({}, "keywords"),
    ],
)
async def test_searches_that_cannot_be_asked_say_why(
    graph: Graph, search: dict[str, object], path: str
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)

    data = await graph.run(
        """query S($s: ProductSearchInput!) {
             searchProducts(marketplace: ALIEXPRESS, search: $s) {
               nodes { id } errors { code message path } } }""",
        {"s": search},
    )

    [error] = data["searchProducts"]["errors"]
    assert data["searchProducts"]["nodes"] == []
    assert error["code"] == "INVALID_INPUT"
    assert error["path"][-1] == path
    assert graph.calls("aliexpress") == 0


async def test_a_lookup_names_exactly_one_product(graph: Graph) -> None:
    none = await graph.post("{ product(by: {}) { id } }")
    two = await graph.post('{ product(by: {url: "1005000000000001", id: "x"}) { id } }')

    assert "data" not in none
    assert "data" not in two
    assert two["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_key_stands_for_the_input_as_sent_not_for_its_refusal(graph: Graph) -> None:
    first, second = ({"url": f"https://shop.example/{number}"} for number in (1, 2))
    await graph.run(IMPORT, {"products": [first], "key": "k"})

    again = await graph.run(IMPORT, {"products": [first], "key": "k"})
    other = await graph.run(IMPORT, {"products": [second], "key": "k"})

    assert again["importProducts"]["results"][0]["errors"][0]["code"] == "UNKNOWN_HOST"
    assert other["importProducts"]["errors"][0]["code"] == "IDEMPOTENCY_CONFLICT"


async def test_a_currency_that_there_is_not_is_refused_at_every_marketplace(graph: Graph) -> None:
    await graph.connect_both()
    query = """{ searchProducts(marketplace: AMAZON,
      search: {keywords: "lamp", currencyCode: "XYZ"}) { errors { code path } } }"""

    errors = (await graph.run(query))["searchProducts"]["errors"]

    assert errors == [{"code": "INVALID_INPUT", "path": ["search", "currencyCode"]}]


@pytest.mark.parametrize(("amount", "currency"), [("19.999", "USD"), ("5.5", "JPY")])
async def test_a_selling_price_has_the_digits_of_its_currency(
    graph: Graph, amount: str, currency: str
) -> None:
    mutation = """mutation U($id: ID!, $price: MoneyInput!) {
      updateProduct(input: {id: $id, sellingPrice: $price}) { errors { code path } } }"""
    id = ids.of_product(ProductRef("aliexpress", "1005001234567890"))
    price = {"amount": amount, "currencyCode": currency}

    payload = (await graph.run(mutation, {"id": id, "price": price}))["updateProduct"]

    assert payload["errors"][0]["code"] == "INVALID_INPUT"
    assert payload["errors"][0]["path"][-2:] == ["sellingPrice", "amount"]

"""Import, sync, the publisher's own fields, margin, price history and the catalogue's list."""

from typing import Any

import pytest

from domain.products import ProductRef
from schema import ids as node_ids
from tests.database import count_statements
from tests.graph import ALIEXPRESS, AMAZON, Graph

pytestmark = pytest.mark.anyio

IMPORT = """
mutation Import($products: [ProductLookup!]!, $key: String) {
  importProducts(input: {products: $products, idempotencyKey: $key}) {
    results {
      product { id externalId title importedAt state sellingPrice { amount } notes }
      errors { code message path }
    }
    errors { code message path }
  }
}
"""
SYNC = """
mutation Sync($id: ID!) {
  syncProduct(input: {id: $id}) {
    changed
    product { id title state stateSince offer { price { amount } } sellingPrice { amount } notes
              priceHistory { nodes { price { amount } } } }
    errors { code message path }
  }
}
"""
UPDATE = """
mutation Update($input: UpdateProductInput!) {
  updateProduct(input: $input) {
    product { sellingPrice { amount currencyCode } notes
              margin { profit { amount currencyCode } percent } offer { price { amount } } }
    errors { code path }
  }
}
"""


async def aliexpress_ids(graph: Graph, count: int) -> list[str]:
    """Ids that the sandbox has, found by searching; the gateway's book is cleared afterwards."""
    data = await graph.run(
        """query Ids($first: Int) {
             searchProducts(marketplace: ALIEXPRESS, first: $first,
                            search: {keywords: "portable", minOrders: 0}) {
               nodes { externalId } } }""",
        {"first": 250},
    )
    graph.sandbox.clear_calls()
    found = [node["externalId"] for node in data["searchProducts"]["nodes"]][:count]
    assert len(found) == count
    return found


async def imported(graph: Graph, count: int = 1) -> list[dict[str, Any]]:
    """Products in the catalogue."""
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    lookups = [{"url": id} for id in await aliexpress_ids(graph, count)]
    data = await graph.run(IMPORT, {"products": lookups})
    graph.sandbox.clear_calls()
    return [result["product"] for result in data["importProducts"]["results"]]


async def test_a_preview_stores_nothing(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    url = f"https://www.aliexpress.com/item/{id}.html?spm=a2g0o"

    preview = await graph.run(
        "query P($url: String!) { product(by: {url: $url}) { externalId title importedAt } }",
        {"url": url},
    )
    catalog = await graph.run("{ products { totalCount nodes { id } } }")

    assert preview["product"]["externalId"] == id
    assert preview["product"]["importedAt"] is None
    assert catalog["products"] == {"totalCount": 0, "nodes": []}


async def test_a_us_address_names_the_global_product(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    url = f"https://www.aliexpress.us/item/{int(id) + 2**51}.html"

    data = await graph.run(
        "query P($url: String!) { product(by: {url: $url}) { externalId } }", {"url": url}
    )

    assert data["product"]["externalId"] == id


async def test_a_bad_row_spoils_no_other(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    first, second = await aliexpress_ids(graph, 2)
    rows: list[object] = [
        {"url": f"https://www.aliexpress.com/item/{first}.html"},
        {"url": "https://s.click.aliexpress.com/e/_abcDEF1"},
        {"url": "https://shop.example/item/1"},
        {"url": "not an address"},
        {"url": "https://www.aliexpress.com/store/1"},
        {"ref": {"marketplace": "ALIEXPRESS", "externalId": "1005009999999999"}},
        {"ref": {"marketplace": "ALIEXPRESS", "externalId": second}},
    ]

    results = (await graph.run(IMPORT, {"products": rows}))["importProducts"]["results"]

    codes = [result["errors"][0]["code"] if result["errors"] else None for result in results]
    assert codes == [
        None,
        "SHORT_LINK",
        "UNKNOWN_HOST",
        "INVALID_URL",
        "NOT_A_PRODUCT",
        "NOT_FOUND",
        None,
    ]
    assert results[1]["errors"][0]["path"] == ["input", "products", "1", "url"]
    assert results[0]["product"]["externalId"] == first
    assert results[6]["product"]["externalId"] == second
    assert graph.calls("aliexpress") == 1


async def test_120_products_are_three_calls(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = await aliexpress_ids(graph, 120)

    results = (await graph.run(IMPORT, {"products": [{"url": id} for id in ids]}))[
        "importProducts"
    ]["results"]

    assert [result["product"]["externalId"] for result in results] == ids
    assert graph.calls("aliexpress", "productdetail.get") == 3
    assert graph.calls("aliexpress") == 3


async def test_120_products_in_one_query_are_three_calls(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = await aliexpress_ids(graph, 120)
    nodes = [node_ids.of_product(ProductRef("aliexpress", id)) for id in ids]

    data = await graph.run(
        "query N($ids: [ID!]!) { nodes(ids: $ids) { ... on Product { externalId } } }",
        {"ids": nodes},
    )

    assert [node["externalId"] for node in data["nodes"]] == ids
    assert graph.calls("aliexpress") == 3


async def test_the_id_is_the_same_before_and_after_import(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    before = await graph.run(
        "query P($u: String!) { product(by: {url: $u}) { id importedAt } }", {"u": id}
    )

    [result] = (await graph.run(IMPORT, {"products": [{"url": id}]}))["importProducts"]["results"]
    node = await graph.run(
        "query N($id: ID!) { node(id: $id) { id ... on Product { importedAt } } }",
        {"id": before["product"]["id"]},
    )

    assert result["product"]["id"] == before["product"]["id"]
    assert node["node"]["importedAt"] == result["product"]["importedAt"]


async def test_a_sync_tells_what_changed_and_keeps_the_publishers_fields(graph: Graph) -> None:
    [product] = await imported(graph)
    mine = {"amount": "49.90", "currencyCode": "USD"}
    await graph.run(
        UPDATE, {"input": {"id": product["id"], "sellingPrice": mine, "notes": "for spring 🌱"}}
    )
    graph.sandbox.catalog.set_price(product["externalId"], "1.23")
    graph.clock.advance(minutes=20)

    payload = (await graph.run(SYNC, {"id": product["id"]}))["syncProduct"]

    assert payload["errors"] == []
    assert "price" in payload["changed"]
    assert "title" not in payload["changed"]
    assert payload["product"]["offer"]["price"]["amount"] == "1.23"
    assert payload["product"]["sellingPrice"]["amount"] == "49.90"
    assert payload["product"]["notes"] == "for spring 🌱"
    assert len(payload["product"]["priceHistory"]["nodes"]) == 2


async def test_a_missing_product_becomes_unavailable_and_keeps_its_data(graph: Graph) -> None:
    [product] = await imported(graph)
    graph.sandbox.catalog.remove(product["externalId"])
    graph.clock.advance(minutes=20)

    first = (await graph.run(SYNC, {"id": product["id"]}))["syncProduct"]
    graph.clock.advance(minutes=1)
    await graph.run(SYNC, {"id": product["id"]})
    graph.clock.advance(minutes=1)
    third = (await graph.run(SYNC, {"id": product["id"]}))["syncProduct"]
    graph.sandbox.catalog.restore(product["externalId"])
    graph.clock.advance(minutes=1)
    back = (await graph.run(SYNC, {"id": product["id"]}))["syncProduct"]

    assert first["product"]["state"] == "UNAVAILABLE"
    assert first["product"]["stateSince"] == "2026-11-21T12:20:00Z"
    assert first["product"]["title"] == product["title"]
    assert first["errors"][0]["code"] == "NOT_FOUND"
    assert third["product"]["state"] == "GONE"
    assert back["product"]["state"] == "ACTIVE"
    assert back["product"]["stateSince"] is None


async def test_what_was_just_seen_live_is_active_whatever_is_stored(graph: Graph) -> None:
    [product] = await imported(graph)
    graph.sandbox.catalog.remove(product["externalId"])
    graph.clock.advance(minutes=20)
    await graph.run(SYNC, {"id": product["id"]})
    graph.sandbox.catalog.restore(product["externalId"])
    graph.clock.advance(minutes=2)

    data = await graph.run(
        """query P($id: ID!) {
             product(by: {id: $id}) { state stateSince importedAt }
             products { nodes { state stateSince } } }""",
        {"id": product["id"]},
    )

    assert data["product"]["state"] == "ACTIVE"
    assert data["product"]["stateSince"] is None
    assert data["product"]["importedAt"] is not None
    assert data["products"]["nodes"][0] == {
        "state": "UNAVAILABLE",
        "stateSince": "2026-11-21T12:20:00Z",
    }


async def test_a_marketplace_that_fails_changes_nothing(graph: Graph) -> None:
    [product] = await imported(graph)
    await graph.connect("ALIEXPRESS", {"appSecret": "changed at the marketplace"})
    graph.clock.advance(minutes=20)

    payload = (await graph.run(SYNC, {"id": product["id"]}))["syncProduct"]

    assert payload["errors"][0]["code"] == "CREDENTIALS_REJECTED"
    assert payload["changed"] == []
    assert payload["product"]["state"] == "ACTIVE"


async def test_what_was_not_imported_cannot_be_synced(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    shown = await graph.run("query P($u: String!) { product(by: {url: $u}) { id } }", {"u": id})
    graph.sandbox.clear_calls()

    payload = (await graph.run(SYNC, {"id": shown["product"]["id"]}))["syncProduct"]

    assert payload["errors"][0]["code"] == "NOT_FOUND"
    assert graph.calls("aliexpress") == 0


async def test_the_margin_subtracts_price_and_shipping(graph: Graph) -> None:
    [product] = await imported(graph)
    graph.sandbox.catalog.set_price(product["externalId"], "10.00")
    graph.clock.advance(minutes=20)

    data = await graph.run(
        """query M($id: ID!) { product(by: {id: $id}) {
             plain: margin(sellingPrice: {amount: "25.00", currencyCode: "USD"}) {
               profit { amount } percent }
             shipped: margin(sellingPrice: {amount: "25.00", currencyCode: "USD"},
                             shippingCost: {amount: "2.50", currencyCode: "USD"}) {
               profit { amount } percent }
             loss: margin(sellingPrice: {amount: "8", currencyCode: "USD"}) {
               profit { amount } percent }
             euros: margin(sellingPrice: {amount: "25.00", currencyCode: "EUR"}) { percent }
             none: margin { percent } } }""",
        {"id": product["id"]},
    )

    assert data["product"] == {
        "plain": {"profit": {"amount": "15.00"}, "percent": "60.00"},
        "shipped": {"profit": {"amount": "12.50"}, "percent": "50.00"},
        "loss": {"profit": {"amount": "-2.00"}, "percent": "-25.00"},
        "euros": None,
        "none": None,
    }


async def test_null_clears_the_publishers_fields_and_absence_leaves_them(graph: Graph) -> None:
    [product] = await imported(graph)
    mine = {"amount": "20.00", "currencyCode": "USD"}
    await graph.run(UPDATE, {"input": {"id": product["id"], "sellingPrice": mine, "notes": "a"}})

    kept = await graph.run(UPDATE, {"input": {"id": product["id"], "notes": None}})
    cleared = await graph.run(UPDATE, {"input": {"id": product["id"], "sellingPrice": None}})

    assert kept["updateProduct"]["product"]["notes"] is None
    assert kept["updateProduct"]["product"]["sellingPrice"]["amount"] == "20.00"
    assert kept["updateProduct"]["product"]["margin"] is not None
    assert cleared["updateProduct"]["product"]["sellingPrice"] is None


async def test_an_offer_expires_and_is_then_asked_anew(graph: Graph) -> None:
    [product] = await imported(graph)
    question = """query P($id: ID!) { product(by: {id: $id}) {
                    offer { isExpired expiresAt observedAt } } }"""

    fresh = await graph.run(question, {"id": product["id"]})
    calls_while_fresh = graph.calls("aliexpress")
    graph.clock.advance(minutes=15)
    again = await graph.run(question, {"id": product["id"]})

    assert fresh["product"]["offer"]["expiresAt"] == "2026-11-21T12:15:00Z"
    assert calls_while_fresh == 0
    assert again["product"]["offer"]["observedAt"] == "2026-11-21T12:15:00Z"
    assert graph.calls("aliexpress") == 1


async def test_the_catalogue_shows_age_when_the_marketplace_fails(graph: Graph) -> None:
    [product] = await imported(graph)
    await graph.connect("ALIEXPRESS", {"appSecret": "wrong"})
    graph.clock.advance(minutes=16)

    data = await graph.run(
        "query P($id: ID!) { product(by: {id: $id}) { title offer { isExpired } } }",
        {"id": product["id"]},
    )

    assert data["product"]["title"] == product["title"]
    assert data["product"]["offer"]["isExpired"] is True


async def test_amazon_offers_are_withheld_after_a_day_and_never_tracked(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)
    found = await graph.run(
        """{ searchProducts(marketplace: AMAZON, search: {keywords: "lamp"}, first: 10) {
               nodes { externalId offer { price { amount } } } errors { message } } }"""
    )
    asin = next(node["externalId"] for node in found["searchProducts"]["nodes"] if node["offer"])
    ref = {"ref": {"marketplace": "AMAZON", "externalId": asin}}
    await graph.run(IMPORT, {"products": [ref]})
    question = """{ products { nodes { title isStale brand features images { url }
                    priceHistory { nodes { observedAt } } availability
                    offer { isExpired price { amount } } } } }"""

    early = (await graph.run(question))["products"]["nodes"][0]
    graph.clock.advance(hours=2)
    stale = (await graph.run(question))["products"]["nodes"][0]
    graph.clock.advance(hours=22)
    late = (await graph.run(question))["products"]["nodes"][0]

    assert early["offer"]["isExpired"] is False
    assert early["priceHistory"]["nodes"] == []
    assert stale["offer"]["isExpired"] is True
    assert stale["availability"] == early["availability"] != "UNKNOWN"
    assert late["offer"] is None
    assert late["availability"] == "UNKNOWN"
    assert late["images"] == late["features"] == []
    assert late["brand"] is None
    assert (early["isStale"], stale["isStale"], late["isStale"]) == (False, False, True)
    assert late["title"] == early["title"]


async def test_a_deleted_product_leaves_the_catalogue(graph: Graph) -> None:
    [product] = await imported(graph)
    delete = """mutation D($id: ID!) { deleteProduct(input: {id: $id}) {
                  deletedId errors { code } } }"""

    first = await graph.run(delete, {"id": product["id"]})
    second = await graph.run(delete, {"id": product["id"]})

    assert first["deleteProduct"] == {"deletedId": product["id"], "errors": []}
    assert second["deleteProduct"]["deletedId"] is None
    assert second["deleteProduct"]["errors"][0]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "sort",
    [
        "IMPORTED_DESC",
        "SYNCED_ASC",
        "TITLE_ASC",
        "PRICE_ASC",
        "PRICE_DESC",
        "DISCOUNT_DESC",
        "ORDERS_DESC",
    ],
)
async def test_the_catalogue_pages_through_every_row_once(graph: Graph, sort: str) -> None:
    products = await imported(graph, 23)
    question = """query L($after: String, $sort: CatalogSort) {
      products(first: 5, after: $after, sort: $sort) {
        totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id } } } }"""
    seen: list[str] = []
    after: str | None = None

    while True:
        found = (await graph.run(question, {"after": after, "sort": sort}))["products"]
        seen += [edge["node"]["id"] for edge in found["edges"]]
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = found["pageInfo"]["endCursor"]

    assert len(seen) == found["totalCount"] == 23
    assert set(seen) == {product["id"] for product in products}


async def test_the_catalogue_is_read_backwards_as_relay_does(graph: Graph) -> None:
    await imported(graph, 7)
    question = """query L($first: Int, $last: Int, $before: String) {
      products(first: $first, last: $last, before: $before, sort: TITLE_ASC) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor } } }"""
    whole = (await graph.run(question, {"first": 250}))["products"]["nodes"]

    end = (await graph.run(question, {"last": 3}))["products"]
    middle = (await graph.run(question, {"last": 3, "before": end["pageInfo"]["startCursor"]}))[
        "products"
    ]

    assert middle["nodes"] + end["nodes"] == whole[1:]
    assert (end["pageInfo"]["hasNextPage"], end["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert middle["pageInfo"]["hasPreviousPage"] is True


async def test_a_bad_page_from_the_end_is_refused_by_its_argument(graph: Graph) -> None:
    answer = await graph.post("{ products(last: 0) { totalCount } }")

    [error] = answer["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert error["extensions"]["inputPath"] == ["last"]


async def test_the_catalogue_is_filtered(graph: Graph) -> None:
    products = await imported(graph, 10)
    word = products[0]["title"].split()[0]

    data = await graph.run(
        """query F($text: String) {
             text: products(filter: {text: $text}) { nodes { title } }
             amazon: products(filter: {marketplace: AMAZON}) { totalCount }
             gone: products(filter: {state: GONE}) { totalCount }
             cheap: products(filter: {minDiscountPercent: 1}) {
               nodes { offer { discountPercent } } }
             old: products(filter: {syncedBefore: "2026-11-21T12:00:00Z"}) { totalCount } }""",
        {"text": word.upper()},
    )

    assert all(word.lower() in node["title"].lower() for node in data["text"]["nodes"])
    assert data["text"]["nodes"]
    assert data["amazon"]["totalCount"] == data["gone"]["totalCount"] == 0
    assert all(node["offer"]["discountPercent"] >= 1 for node in data["cheap"]["nodes"])
    assert data["old"]["totalCount"] == 0


VARIANTS = """
query V($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Product { title variants { externalId offer { price { amount } } }
                     variantsError { code message } }
  }
}
"""


async def test_variants_are_asked_live(graph: Graph) -> None:
    [product] = await imported(graph)

    [node] = (await graph.run(VARIANTS, {"ids": [product["id"]]}))["nodes"]

    assert node["variants"]
    assert node["variantsError"] is None
    assert graph.calls("aliexpress") == 1


async def test_variants_that_could_not_be_had_are_told_beside_the_product(graph: Graph) -> None:
    [product] = await imported(graph)
    graph.sandbox.faults.inject("status", operation="product.sku.detail.get", code=500)

    [node] = (await graph.run(VARIANTS, {"ids": [product["id"]]}))["nodes"]

    assert node["title"] == product["title"]
    assert node["variants"] == []
    assert node["variantsError"]["code"] == "MARKETPLACE_UNAVAILABLE"


async def test_a_permission_that_is_missing_means_no_variants(graph: Graph) -> None:
    [product] = await imported(graph)
    graph.sandbox.faults.inject(
        "ae_error", operation="product.sku.detail.get", code="InsufficientPermission"
    )

    [node] = (await graph.run(VARIANTS, {"ids": [product["id"]]}))["nodes"]

    assert (node["variants"], node["variantsError"]) == ([], None)


async def test_a_request_asks_for_variants_of_ten_products_at_most(graph: Graph) -> None:
    products = await imported(graph, 12)

    nodes = (await graph.run(VARIANTS, {"ids": [product["id"] for product in products]}))["nodes"]

    assert [bool(node["variants"]) for node in nodes] == [True] * 10 + [False] * 2
    assert nodes[9]["variantsError"] is None
    assert nodes[10]["variantsError"]["code"] == "INVALID_INPUT"
    assert "10 products" in nodes[10]["variantsError"]["message"]
    assert graph.calls("aliexpress") == 10


async def test_the_limit_of_variants_holds_across_the_mutations_of_a_request(graph: Graph) -> None:
    products = await imported(graph, 8)
    fields = """updateProduct(input: {id: "%s", notes: "n"}) {
                  product { variants { externalId } variantsError { code } } }"""
    twice = [product["id"] for product in products] * 2
    changes = " ".join(f"m{place}: {fields % id}" for place, id in enumerate(twice))

    data = await graph.run(f"mutation {{ {changes} }}")

    codes = [data[f"m{place}"]["product"]["variantsError"] for place in range(16)]
    assert codes == [None] * 10 + [{"code": "INVALID_INPUT"}] * 6
    assert graph.calls("aliexpress") == 8  # two were known already


async def test_links_and_prices_of_a_page_of_products_are_one_query_each(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    await imported(graph, 100)
    told = count_statements(monkeypatch)

    data = await graph.run(
        """{ products(first: 100) { nodes {
               affiliateLinks { nodes { url } } priceHistory { nodes { observedAt } } } } }"""
    )

    nodes = data["products"]["nodes"]
    assert len(nodes) == 100
    assert all(len(node["priceHistory"]["nodes"]) == 1 for node in nodes)
    assert len(told) <= 6


async def test_lists_of_one_product_with_other_arguments_are_not_mixed_up(graph: Graph) -> None:
    [product] = await imported(graph)
    for amount in ("1.00", "2.00"):
        graph.sandbox.catalog.set_price(product["externalId"], amount)
        graph.clock.advance(minutes=20)
        await graph.run(SYNC, {"id": product["id"]})

    data = await graph.run(
        """query P($id: ID!) { product(by: {id: $id}) {
             all: priceHistory { nodes { price { amount } } }
             late: priceHistory(since: "2026-11-21T12:30:00Z") { nodes { price { amount } } }
             one: priceHistory(first: 1) { nodes { price { amount } } pageInfo { endCursor } }
           } }""",
        {"id": product["id"]},
    )
    rest = await graph.run(
        """query R($id: ID!, $after: String) { product(by: {id: $id}) {
             priceHistory(first: 1, after: $after) { nodes { price { amount } } } } }""",
        {"id": product["id"], "after": data["product"]["one"]["pageInfo"]["endCursor"]},
    )

    amounts = {
        name: [node["price"]["amount"] for node in data["product"][name]["nodes"]]
        for name in ("all", "late", "one")
    }
    assert len(amounts["all"]) == 3
    assert (amounts["late"], amounts["one"]) == (["2.00"], ["2.00"])
    assert rest["product"]["priceHistory"]["nodes"] == [{"price": {"amount": "1.00"}}]


async def test_lists_inside_a_page_are_counted_in_one_statement_each(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    await imported(graph, 20)
    told = count_statements(monkeypatch)

    data = await graph.run(
        """{ products(first: 20) { nodes {
             affiliateLinks { totalCount } priceHistory { totalCount } } } }"""
    )

    counts = [
        (each["affiliateLinks"]["totalCount"], each["priceHistory"]["totalCount"])
        for each in data["products"]["nodes"]
    ]
    assert counts == [(0, 1)] * 20
    assert len(told) <= 6


async def test_a_replayed_import_asks_for_its_products_together(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    lookups = [{"url": id} for id in await aliexpress_ids(graph, 60)]
    first = await graph.run(IMPORT, {"products": lookups, "key": "once"})
    told = count_statements(monkeypatch)

    again = await graph.run(IMPORT, {"products": lookups, "key": "once"})

    assert again == first
    assert len(told) <= 6


async def test_the_lowest_price_and_that_of_a_time_are_told(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await imported(graph, 2)
    graph.sandbox.catalog.set_price(first["externalId"], "1.00")
    graph.clock.advance(minutes=20)
    await graph.run(SYNC, {"id": first["id"]})
    graph.sandbox.catalog.set_price(first["externalId"], "2.00")
    graph.clock.advance(days=1, hours=1)
    await graph.run(SYNC, {"id": first["id"]})
    query = """query P($time: DateTime!) { products(sort: IMPORTED_ASC) { nodes {
        id lowestPrice { price { amount } } today: lowestPrice(days: 1) { price { amount } }
        priceAsOf(time: $time) { price { amount } observedAt } } } }"""
    sent = count_statements(monkeypatch)

    nodes = (await graph.run(query, {"time": "2026-11-21T13:00:00Z"}))["products"]["nodes"]

    assert len([text for text in sent if "price_observations" in text]) == 3
    told = {node["id"]: node for node in nodes}
    assert told[first["id"]]["lowestPrice"] == {"price": {"amount": "1.00"}}
    assert told[first["id"]]["today"] == {"price": {"amount": "2.00"}}
    assert told[first["id"]]["priceAsOf"] == {
        "price": {"amount": "1.00"},
        "observedAt": "2026-11-21T12:20:00Z",
    }
    assert told[second["id"]]["today"] is None


@pytest.mark.parametrize("days", [0, 3651])
async def test_days_of_the_lowest_price_have_bounds(graph: Graph, days: int) -> None:
    await imported(graph)

    body = await graph.post(
        f"{{ products {{ nodes {{ lowestPrice(days: {days}) {{ observedAt }} }} }} }}"
    )

    assert body["errors"][0]["extensions"]["code"] == "INVALID_INPUT"

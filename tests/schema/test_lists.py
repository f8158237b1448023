"""searchProducts: a page of a marketplace's own search, and failures beside it."""

from pathlib import Path

import pytest

from tests.graph import ALIEXPRESS, Graph, running_graph

pytestmark = pytest.mark.anyio

SEARCH = """
query Search($search: ProductSearchInput!, $first: Int, $after: String) {
  searchProducts(marketplace: ALIEXPRESS, search: $search, first: $first, after: $after) {
    totalCount postFilters cachedAt
    pageInfo { hasNextPage endCursor }
    nodes {
      id externalId title url importedAt
      offer { price { amount currencyCode } listPrice { amount } discountPercent expiresAt
              observedAt isExpired disclaimer }
      affiliateLink { url trackingId mode rel disclosure }
      image { url } ordersLast30Days demand
    }
    errors { code message path }
  }
}
"""


async def test_a_search_shows_prices_and_tracked_links_in_one_call(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)

    found = (await graph.run(SEARCH, {"search": {"keywords": "phone case"}, "first": 20}))[
        "searchProducts"
    ]

    assert found["errors"] == []
    assert found["postFilters"] == ["minOrders"]
    assert 0 < len(found["nodes"]) <= 20
    assert all(node["affiliateLink"]["mode"] == "SANDBOX" for node in found["nodes"])
    assert all(".sandbox.invalid/" in node["affiliateLink"]["url"] for node in found["nodes"])
    assert graph.calls("aliexpress") == 1


async def test_the_default_search_leaves_out_what_hardly_sells(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    wanted = {"keywords": "phone case"}

    kept = (await graph.run(SEARCH, {"search": wanted, "first": 250}))["searchProducts"]
    every = (await graph.run(SEARCH, {"search": {**wanted, "minOrders": 0}, "first": 250}))[
        "searchProducts"
    ]

    assert every["postFilters"] == []
    assert all((node["ordersLast30Days"] or 10) >= 10 for node in kept["nodes"])
    assert len(kept["nodes"]) < len(every["nodes"])
    assert any((node["ordersLast30Days"] or 0) < 10 for node in every["nodes"])


async def test_price_bounds_reach_the_marketplace_in_minor_units(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    bounds = {"keywords": "phone case", "minPrice": "5.00", "maxPrice": "9.50", "minOrders": 0}

    found = (await graph.run(SEARCH, {"search": bounds, "first": 50}))["searchProducts"]

    prices = [float(node["offer"]["price"]["amount"]) for node in found["nodes"]]
    assert prices
    assert all(5.0 <= price <= 9.5 for price in prices)


async def test_paging_through_a_search_shows_every_row_once(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    wanted = {"keywords": "phone case", "minOrders": 0}
    seen: list[str] = []
    after: str | None = None

    for _ in range(60):
        found = (await graph.run(SEARCH, {"search": wanted, "first": 15, "after": after}))[
            "searchProducts"
        ]
        seen += [node["externalId"] for node in found["nodes"]]
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = found["pageInfo"]["endCursor"]

    at_once = (await graph.run(SEARCH, {"search": wanted, "first": 250}))["searchProducts"]
    assert len(seen) == len(set(seen)) <= found["totalCount"]
    assert seen == [node["externalId"] for node in at_once["nodes"]]


async def test_an_unconnected_marketplace_is_data_beside_another_one(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)

    data = await graph.run(
        """{ ali: searchProducts(marketplace: ALIEXPRESS, search: {keywords: "lamp"}) {
               nodes { title } errors { code } }
             amazon: searchProducts(marketplace: AMAZON, search: {keywords: "lamp"}) {
               nodes { title } errors { code message } } }"""
    )

    assert data["ali"]["nodes"]
    assert data["amazon"]["nodes"] == []
    assert data["amazon"]["errors"][0]["code"] == "MARKETPLACE_NOT_CONNECTED"


async def test_a_site_that_is_none_is_data_beside_another_search(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)

    data = await graph.run(
        """{ ali: searchProducts(marketplace: ALIEXPRESS, search: {keywords: "lamp"}) {
               nodes { title } errors { code } }
             amazon: searchProducts(marketplace: AMAZON, locale: "www.amazon.xx",
                                    search: {keywords: "lamp"}) {
               nodes { title } pageInfo { hasNextPage } errors { code path } } }"""
    )

    assert data["ali"]["nodes"]
    assert data["amazon"] == {
        "nodes": [],
        "pageInfo": {"hasNextPage": False},
        "errors": [{"code": "WRONG_LOCALE", "path": ["locale"]}],
    }


async def test_filters_that_the_marketplace_does_not_know_are_named_and_keep_the_unknown(
    graph: Graph,
) -> None:
    await graph.connect_both()
    wanted = {
        "keywords": "phone case",
        "freeShippingOnly": True,
        "minPositivePercent": "1",
        "maxDeliveryDays": 8,
        "minDiscountPercent": 1,
    }
    both = """query B($s: ProductSearchInput!) {
      ali: searchProducts(marketplace: ALIEXPRESS, search: $s, first: 50) {
        postFilters unsupportedFilters nodes { offer { discountPercent } } errors { code } }
      amazon: searchProducts(marketplace: AMAZON, search: $s, first: 20) {
        postFilters unsupportedFilters nodes { id } errors { code } } }"""

    found = await graph.run(both, {"s": wanted})

    assert found["ali"]["errors"] == found["amazon"]["errors"] == []
    assert set(found["ali"]["postFilters"]) == {
        "minOrders",
        "minPositivePercent",
        "minDiscountPercent",
        "maxDeliveryDays",
    }
    assert found["ali"]["unsupportedFilters"] == ["freeShippingOnly"]
    assert found["amazon"]["postFilters"] == []
    assert set(found["amazon"]["unsupportedFilters"]) == {
        "minOrders",
        "minPositivePercent",
        "maxDeliveryDays",
    }
    assert found["ali"]["nodes"]
    assert all(node["offer"]["discountPercent"] >= 1 for node in found["ali"]["nodes"])


async def test_pages_that_filters_shorten_are_full(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    wanted = {"keywords": "phone case"}
    sizes: list[int] = []
    after: str | None = None

    while after is not None or not sizes:
        found = (await graph.run(SEARCH, {"search": wanted, "first": 10, "after": after}))[
            "searchProducts"
        ]
        sizes.append(len(found["nodes"]))
        after = found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None

    assert set(sizes[:-1]) == {10}
    assert graph.calls("aliexpress") <= -(-found["totalCount"] // 50)


async def test_the_operator_says_how_many_further_calls_fill_a_page(
    migrated_database: str, tmp_path: Path
) -> None:
    calls: dict[int, tuple[int, bool]] = {}

    for further in (0, 1):
        environ = {"SEARCH_FURTHER_CALLS": str(further)}
        async with running_graph(migrated_database, tmp_path, environ=environ) as graph:
            await graph.connect("ALIEXPRESS", ALIEXPRESS)
            rare = {"keywords": "phone case", "minOrders": 100_000}
            found = await graph.run(SEARCH, {"search": rare, "first": 10})
            page = found["searchProducts"]["pageInfo"]
            calls[further] = graph.calls("aliexpress"), page["hasNextPage"]

    assert calls == {0: (1, True), 1: (2, False)}


@pytest.mark.parametrize("off", [0, None])
async def test_no_least_orders_turn_the_filter_off(graph: Graph, off: int | None) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    wanted = {"keywords": "phone case", "minOrders": off}

    found = (await graph.run(SEARCH, {"search": wanted, "first": 250}))["searchProducts"]

    assert found["postFilters"] == []
    assert any((node["ordersLast30Days"] or 0) < 10 for node in found["nodes"])


async def test_a_search_tells_what_its_order_is_worth(graph: Graph) -> None:
    await graph.connect_both()
    query = """query S($sort: ProductSearchSort!) {
      ali: searchProducts(marketplace: ALIEXPRESS, first: 5,
                          search: {keywords: "case", minOrders: 0, sort: $sort}) { ...Order }
      amazon: searchProducts(marketplace: AMAZON, first: 5,
                             search: {keywords: "case", sort: $sort}) { ...Order }
      marketplaces { code searchSorts } }
    fragment Order on ProductSearchConnection {
      sortedRows sortedRowsUnknown nodes { title } errors { code } }"""

    newest = await graph.run(query, {"sort": "NEWEST"})
    most = await graph.run(query, {"sort": "ORDERS_DESC"})

    sorts = {each["code"]: each["searchSorts"] for each in newest["marketplaces"]}
    assert ("NEWEST" in sorts["AMAZON"], "NEWEST" in sorts["ALIEXPRESS"]) == (True, False)
    assert newest["amazon"]["sortedRows"] is most["ali"]["sortedRows"] is None
    for found in (newest["ali"], most["amazon"]):
        assert found["errors"] == []
        assert found["sortedRows"] == found["sortedRowsUnknown"] >= len(found["nodes"]) == 5


async def test_a_marketplace_tells_what_its_search_has(graph: Graph) -> None:
    query = """{
      ali: marketplace(code: ALIEXPRESS) { ...Search }
      german: marketplace(code: AMAZON, locale: "DE") { ...Search }
      american: marketplace(code: AMAZON) { ...Search } }
    fragment Search on Marketplace { country searchFilters searchCurrencies }"""

    told = await graph.run(query)

    assert (told["ali"]["country"], told["ali"]["searchCurrencies"]) == (None, [])
    assert "minOrders" in told["ali"]["searchFilters"]
    assert (told["german"]["country"], told["german"]["searchCurrencies"]) == ("DE", ["EUR"])
    assert "minOrders" not in told["german"]["searchFilters"]
    assert told["american"]["searchCurrencies"][:2] == ["USD", "AED"]


async def test_the_least_call_cap_still_shows_what_one_call_finds(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    wanted = {"keywords": "phone case", "minOrders": 100_000}

    body = await graph.post(
        SEARCH, {"search": wanted, "first": 10}, headers={"X-Max-Upstream-Calls": "1"}
    )

    found = body["data"]["searchProducts"]
    assert (found["errors"], found["pageInfo"]["hasNextPage"]) == ([], True)
    assert graph.calls("aliexpress") == 1


async def test_pictures_of_the_sandbox_have_an_address_that_answers(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    found = await graph.run(SEARCH, {"search": {"keywords": "lamp", "minOrders": 0}, "first": 1})
    [product] = found["searchProducts"]["nodes"]

    picture = await graph.http.get(product["image"]["url"])

    assert product["image"]["url"].startswith("http://127.0.0.1:8000/sandbox/pictures/")
    assert picture.status_code == 200
    assert picture.headers["content-type"].startswith("image/svg+xml")

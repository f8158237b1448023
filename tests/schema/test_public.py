"""Keys for everybody: they read what readers of a page are shown, and nothing else."""

from typing import Any

import pytest
from graphql import GraphQLObjectType

from domain.catalog import CatalogSort
from schema.public import OPEN
from tests.graph import Graph
from tests.schema.test_upstream_cost import lamp
from tests.schema.walking import SERVED

pytestmark = pytest.mark.anyio

IMPORT = """
mutation Import($input: ImportProductInput!) {
  importProduct(input: $input) { product { id } errors { code } }
}
"""
LIVE = "query Live($by: ProductLookup!) { product(by: $by) { id } }"
SHOWN = """
{ products { totalCount nodes { id title url offer { price { amount currencyCode } expiresAt }
    affiliateLinks { nodes { url rel disclosure } } marketplace { name disclosure } } } }
"""
SECRETS = (
    "Product.sellingPrice",
    "Product.notes",
    "Product.tags",
    "Product.margin",
    "Product.commission",
    "Marketplace.health",
    "Marketplace.quota",
    "Marketplace.status",
    "Marketplace.capabilities",
    "Marketplace.missingFields",
    "Marketplace.credentialFields",
    "Marketplace.credentialForms",
    "Viewer.workspace",
    "Viewer.apiKey",
    "ApiKey.name",
)


async def filled(graph: Graph, **options: Any) -> str:
    """A key for everybody, where a product is in the catalogue."""
    await graph.connect_both()
    await graph.run(IMPORT, {"input": {"product": lamp(graph, 0)}})
    return await graph.make_key("PUBLIC", **options)


def codes(body: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in body.get("errors", ())]


async def test_it_reads_what_readers_are_shown(graph: Graph) -> None:
    key = await filled(graph)

    body = await graph.post(SHOWN, key=key)

    assert "errors" not in body
    [product] = body["data"]["products"]["nodes"]
    assert product["offer"]["price"]


def test_everything_that_is_open_is_in_the_graph() -> None:
    for name, fields in OPEN.items():
        type_ = SERVED.type_map[name]
        assert fields is None or fields <= set(getattr(type_, "fields", {})), name


def test_secrets_are_in_the_graph_and_not_open() -> None:
    for coordinate in SECRETS:
        owner, field = coordinate.split(".")
        type_ = SERVED.type_map[owner]
        assert isinstance(type_, GraphQLObjectType)
        assert field in type_.fields
        assert owner not in OPEN or field not in (OPEN[owner] or ())


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("{ products { nodes { title notes } } }", "Product.notes"),
        ("{ products { edges { node { ...All } } } } fragment All on Product { sellingPrice {"
         " amount } }", "Product.sellingPrice"),
        ("{ marketplace(code: AMAZON) { quota { usedToday } } }", "Marketplace.quota"),
        ("{ products { nodes { marketplace { health { state } } } } }", "Marketplace.health"),
        ('{ node(id: "x") { ... on Marketplace { credentialFields { name } } } }',
         "Marketplace.credentialFields"),
        ("{ viewer { workspace } }", "Viewer.workspace"),
        ("{ affiliateLinks { nodes { url subId } } }", "AffiliateLink.subId"),
        ("{ affiliateLinks { nodes { ... on Node { id } } } }", "Node.id"),
    ],
)  # fmt: skip
async def test_a_query_for_more_is_refused_before_it_runs(
    query: str, field: str, graph: Graph
) -> None:
    key = await filled(graph)

    body = await graph.post(query, key=key)

    assert codes(body) == ["FORBIDDEN"]
    assert body["errors"][0]["message"].startswith(f"{field} needs the scope READ")
    assert "data" not in body


@pytest.mark.parametrize(
    "query",
    [
        "{ marketplaces { code } }",
        "{ apiKeys { nodes { id } } }",
        '{ productsIn(text: "a lamp") { start } }',
    ],
)
async def test_other_queries_are_not_for_everybody(query: str, graph: Graph) -> None:
    key = await filled(graph)

    assert codes(await graph.post(query, key=key)) == ["FORBIDDEN"]


async def test_what_it_may_not_see_it_cannot_filter_by(graph: Graph) -> None:
    key = await filled(graph)
    query = "{ products(filter: {hasSellingPrice: true}) { totalCount nodes { id } } }"

    body = await graph.post(query, key=key)

    assert codes(body) == ["FORBIDDEN"]
    assert body["errors"][0]["message"].startswith(
        "To filter by hasSellingPrice needs the scope READ;"
    )
    assert body["data"] is None


SORTED_BY = {
    "IMPORTED": "importedAt",
    "SYNCED": "syncedAt",
    "TITLE": "title",
    "PRICE": "offer",
    "DISCOUNT": "offer",
    "ORDERS": "ordersLast30Days",
}


@pytest.mark.parametrize("sort", CatalogSort, ids=lambda sort: sort.name)
async def test_it_sorts_by_what_it_may_see_and_by_nothing_else(
    sort: CatalogSort, graph: Graph
) -> None:
    key, field = await filled(graph), SORTED_BY[sort.name.rpartition("_")[0]]
    shown = f"{field} {{ discountPercent }}" if field == "offer" else field
    query = f"{{ products(sort: {sort.name}) {{ edges {{ cursor node {{ {shown} }} }} }} }}"

    body = await graph.post(query, key=key)

    assert codes(body) == []  # a cursor holds the value that the row is sorted by


async def test_it_finds_what_is_new(graph: Graph) -> None:
    key = await filled(graph)
    counts = [
        (
            await graph.post(
                f'{{ products(filter: {{{name}: "2020-01-01T00:00:00Z"}}) {{ totalCount }} }}',
                key=key,
            )
        )
        for name in ("importedAfter", "importedBefore", "syncedAfter", "syncedBefore")
    ]

    assert [body["data"]["products"]["totalCount"] for body in counts] == [1, 0, 1, 0]


async def test_it_does_not_find_links_by_the_publishers_marks(graph: Graph) -> None:
    key = await filled(graph)

    body = await graph.post('{ affiliateLinks(filter: {subId: "x"}) { totalCount } }', key=key)

    assert codes(body) == ["FORBIDDEN"]


async def test_it_makes_no_marketplace_calls_unless_it_was_given_some(graph: Graph) -> None:
    none, some = await filled(graph), await graph.make_key("PUBLIC", marketplaceCallsPerDay=1)
    by = {"by": lamp(graph, 1)}
    graph.sandbox.clear_calls()

    refused = await graph.post(LIVE, by, key=none)
    made = graph.sandbox.count()
    answered = await graph.post(LIVE, by, key=some)

    assert (codes(refused), made) == (["QUOTA_EXHAUSTED"], 0)
    assert codes(answered) == []


async def test_it_is_not_told_what_is_left_of_the_day(graph: Graph) -> None:
    key = await filled(graph, marketplaceCallsPerDay=10)

    body = await graph.post(LIVE, {"by": lamp(graph, 1)}, key=key)

    upstream = body["extensions"]["cost"]["upstream"]
    assert upstream["calls"] == 1
    assert upstream["leftToday"] == []


async def test_it_gets_no_export(graph: Graph) -> None:
    key = await filled(graph)

    response = await graph.http.get("/export/json", headers={"Authorization": f"Bearer {key}"})

    assert response.status_code == 403


async def test_readers_still_read_everything(graph: Graph) -> None:
    await filled(graph)
    key = await graph.make_key("READ")

    body = await graph.post("{ products { nodes { notes marketplace { status } } } }", key=key)

    assert codes(body) == []

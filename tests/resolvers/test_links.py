"""Affiliate links: shown beside products, made, stored, listed, found by id."""

import pytest

from domain.exceptions import InvalidInput
from domain.links import LinkKey
from resolvers import links
from tests.database import count_statements
from tests.graph import ALIEXPRESS, AMAZON, Graph
from tests.schema.test_products import aliexpress_ids, imported

pytestmark = pytest.mark.anyio

GENERATE = """
mutation Generate($products: [ProductLookup!]!, $trackingId: String, $subId: String) {
  generateLinks(input: {products: $products, trackingId: $trackingId, subId: $subId}) {
    results {
      affiliateLink { id url sourceUrl trackingId subId mode rel disclosure createdAt
                      product { externalId title } marketplace { code } }
      errors { code message path upstreamCode }
    }
  }
}
"""


async def test_links_of_many_products_share_calls(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = await aliexpress_ids(graph, 60)

    await graph.run(
        GENERATE.replace("product { externalId title }", ""),
        {"products": [{"url": id} for id in ids]},
    )

    assert graph.calls("aliexpress", "link.generate") == 2


async def test_a_link_belongs_to_its_product_and_tracking_id(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = await aliexpress_ids(graph, 5)

    data = await graph.run(
        GENERATE,
        {"products": [{"url": id} for id in ids], "trackingId": "sandbox_shop", "subId": "note 7"},
    )

    links = [result["affiliateLink"] for result in data["generateLinks"]["results"]]
    assert [link["product"]["externalId"] for link in links] == ids
    assert [link["sourceUrl"] for link in links] == [
        f"https://www.aliexpress.com/item/{id}.html" for id in ids
    ]
    assert {link["trackingId"] for link in links} == {"sandbox_shop"}
    assert {link["mode"] for link in links} == {"SANDBOX"}
    assert all(".sandbox.invalid/" in link["url"] and "note" in link["url"] for link in links)
    assert "sponsored" in links[0]["rel"]
    assert len({link["url"] for link in links}) == 5


async def test_an_unknown_tracking_id_is_refused(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)

    data = await graph.run(GENERATE, {"products": [{"url": id}], "trackingId": "nobody"})

    [result] = data["generateLinks"]["results"]
    assert result["affiliateLink"] is None
    assert result["errors"][0]["code"] == "TRACKING_ID_REJECTED"
    assert result["errors"][0]["upstreamCode"] == "402"


async def test_amazon_links_need_only_the_partner_tag_and_no_call(graph: Graph) -> None:
    await graph.connect("AMAZON", {"partnerTag": "sandbox-20"})
    ref = {"ref": {"marketplace": "AMAZON", "externalId": "B000000001"}}
    short = GENERATE.replace("product { externalId title }", "")

    data = await graph.run(short, {"products": [ref], "subId": "a b"})

    [result] = data["generateLinks"]["results"]
    url = result["affiliateLink"]["url"]
    assert url.startswith("https://www.amazon.com.sandbox.invalid/dp/B000000001?tag=sandbox-20")
    assert "ascsubtag=a" in url
    assert graph.calls("amazon") == 0


async def test_a_tag_of_another_country_site_is_refused(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)
    await graph.connect("AMAZON", {"partnerTag": "sandbox-21"}, "www.amazon.de")
    ref = {"marketplace": "AMAZON", "externalId": "B000000001", "locale": "www.amazon.de"}

    data = await graph.run(GENERATE, {"products": [{"ref": ref}], "trackingId": "sandbox-20"})

    [result] = data["generateLinks"]["results"]
    assert result["errors"][0]["code"] == "WRONG_LOCALE"
    assert result["errors"][0]["path"] == ["input", "trackingId"]


async def test_without_any_tracking_id_there_is_no_link(graph: Graph) -> None:
    ref = {"ref": {"marketplace": "AMAZON", "externalId": "B000000001"}}

    data = await graph.run(GENERATE, {"products": [ref]})

    [result] = data["generateLinks"]["results"]
    assert result["errors"][0]["code"] == "MARKETPLACE_NOT_CONNECTED"


async def test_a_stored_link_is_shown_without_a_call(graph: Graph) -> None:
    [product] = await imported(graph)
    made = await graph.run(GENERATE, {"products": [{"id": product["id"]}]})
    graph.sandbox.clear_calls()

    shown = await graph.run(
        "query S($id: ID!) { product(by: {id: $id}) { affiliateLink { id url } "
        "affiliateLinks { totalCount nodes { url } } } }",
        {"id": product["id"]},
    )

    link = made["generateLinks"]["results"][0]["affiliateLink"]
    assert shown["product"]["affiliateLink"] == {"id": link["id"], "url": link["url"]}
    assert shown["product"]["affiliateLinks"]["totalCount"] == 1
    assert graph.calls("aliexpress") == 0


async def test_making_a_link_again_replaces_it(graph: Graph) -> None:
    [product] = await imported(graph)
    await graph.run(GENERATE, {"products": [{"id": product["id"]}]})
    graph.clock.advance(minutes=5)
    again = await graph.run(GENERATE, {"products": [{"id": product["id"]}]})

    listed = await graph.run("{ affiliateLinks { totalCount nodes { url createdAt } } }")

    link = again["generateLinks"]["results"][0]["affiliateLink"]
    assert listed["affiliateLinks"]["totalCount"] == 1
    assert listed["affiliateLinks"]["nodes"][0]["url"] == link["url"]


async def test_links_survive_the_product(graph: Graph) -> None:
    [product] = await imported(graph)
    made = await graph.run(GENERATE, {"products": [{"id": product["id"]}]})
    link = made["generateLinks"]["results"][0]["affiliateLink"]

    await graph.run(
        "mutation D($id: ID!) { deleteProduct(input: {id: $id}) { deletedId } }",
        {"id": product["id"]},
    )
    found = await graph.run(
        "query N($id: ID!) { node(id: $id) { id ... on AffiliateLink { url } } }",
        {"id": link["id"]},
    )

    assert found["node"]["url"] == link["url"]


async def test_links_are_listed_filtered_and_paged(graph: Graph) -> None:
    products = await imported(graph, 7)
    lookups = [{"id": product["id"]} for product in products]
    await graph.run(GENERATE, {"products": lookups})
    await graph.run(GENERATE, {"products": lookups[:2], "trackingId": "sandbox_shop"})

    data = await graph.run(
        """query L($id: ID) {
             all: affiliateLinks(first: 5) { totalCount pageInfo { hasNextPage endCursor } }
             shop: affiliateLinks(filter: {trackingId: "sandbox_shop"}) { totalCount }
             one: affiliateLinks(filter: {productId: $id}) { nodes { trackingId } }
             amazon: affiliateLinks(filter: {marketplace: AMAZON}) { totalCount } }""",
        {"id": products[0]["id"]},
    )
    rest = await graph.run(
        "query R($after: String) { affiliateLinks(first: 5, after: $after) "
        "{ nodes { id } pageInfo { hasNextPage } } }",
        {"after": data["all"]["pageInfo"]["endCursor"]},
    )

    assert data["all"]["totalCount"] == 9
    assert data["shop"]["totalCount"] == 2
    assert {node["trackingId"] for node in data["one"]["nodes"]} == {
        "sandbox_blog",
        "sandbox_shop",
    }
    assert data["amazon"]["totalCount"] == 0
    assert len(rest["affiliateLinks"]["nodes"]) == 4
    assert rest["affiliateLinks"]["pageInfo"]["hasNextPage"] is False


async def test_a_named_tag_is_looked_up_once_for_all_rows(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    await graph.connect("AMAZON", AMAZON)
    refs = [{"marketplace": "AMAZON", "externalId": f"B{number:09}"} for number in range(60)]
    told = count_statements(monkeypatch)

    data = await graph.run(
        GENERATE.replace("product { externalId title }", "").replace("marketplace { code }", ""),
        {"products": [{"ref": ref} for ref in refs], "trackingId": "sandbox-20"},
    )

    results = data["generateLinks"]["results"]
    assert [result["affiliateLink"]["trackingId"] for result in results] == ["sandbox-20"] * 60
    assert len(told) <= 6


async def test_a_failure_that_requests_share_is_not_changed(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = InvalidInput("Not printable.", path=("subId",))

    async def refuse(*_: object) -> LinkKey:
        raise shared

    monkeypatch.setattr(links, "_key", refuse)

    data = await graph.run(GENERATE, {"products": [{"url": "1005006338829917"}]})

    [result] = data["generateLinks"]["results"]
    assert result["errors"][0]["path"] == ["input", "subId"]
    assert shared.path == ("subId",)

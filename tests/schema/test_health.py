"""Health follows from every answer of a marketplace, not only from verifying."""

import pytest

from tests.graph import ALIEXPRESS, AMAZON, Graph
from tests.schema.test_products import IMPORT, aliexpress_ids, imported

pytestmark = pytest.mark.anyio

HEALTH = """{ marketplaces { code capabilities
  health { state cure upstreamCode checkedAt lastSuccessAt nextTryAt } } }"""


async def health_of(graph: Graph, code: str) -> dict[str, object]:
    """Health and capabilities of the first site of a marketplace."""
    found = (await graph.run(HEALTH))["marketplaces"]
    market = next(market for market in found if market["code"] == code)
    return {**market["health"], "capabilities": market["capabilities"]}


async def test_an_answer_proves_the_credentials(graph: Graph) -> None:
    await graph.connect_both()
    before = await health_of(graph, "ALIEXPRESS")

    await aliexpress_ids(graph, 1)

    after = await health_of(graph, "ALIEXPRESS")
    assert before["state"] == "UNVERIFIED"
    assert after["state"] == "HEALTHY"
    assert after["lastSuccessAt"] == "2026-11-21T12:00:00Z"
    assert (await health_of(graph, "AMAZON"))["state"] == "UNVERIFIED"


async def test_a_refusal_closes_what_can_not_work_until_it_works_again(graph: Graph) -> None:
    [product] = await imported(graph)
    graph.sandbox.faults.inject("ae_error", code="InvalidAppKey")
    graph.clock.advance(minutes=20)

    await graph.post(
        "query P($id: ID!) { product(by: {id: $id}) { title } }", {"id": product["id"]}
    )
    refused = await health_of(graph, "ALIEXPRESS")
    graph.sandbox.faults.clear()
    graph.clock.advance(minutes=2)
    await aliexpress_ids(graph, 1)
    healed = await health_of(graph, "ALIEXPRESS")

    assert refused["state"] == "CREDENTIALS_REJECTED"
    assert refused["upstreamCode"] == "InvalidAppKey"
    assert refused["capabilities"] == []
    assert refused["lastSuccessAt"] == "2026-11-21T12:00:00Z"
    assert healed["state"] == "HEALTHY"
    assert "SEARCH" in healed["capabilities"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("fault", "options", "state"),
    [
        ("status", {"code": 503}, "UNREACHABLE"),
        ("throttle_body", {"seconds": 3599}, "THROTTLED"),
        ("throttle_body", {"seconds": 3600}, "QUOTA_EXHAUSTED"),
        ("clock_skew", {"minutes": 300}, "CLOCK_SKEWED"),
        ("ae_error", {"code": "401"}, None),
    ],
)
async def test_what_went_wrong_last_is_told(
    graph: Graph, fault: str, options: dict[str, object], state: str | None
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    graph.sandbox.faults.inject(fault, **options)  # type: ignore[arg-type]

    await graph.run(IMPORT, {"products": [{"url": id}]})

    told = await health_of(graph, "ALIEXPRESS")
    assert state is None or told["state"] == state
    assert told["cure"] or told["state"] == "HEALTHY"


async def test_a_missing_product_or_a_foreign_tracking_id_says_nothing_about_the_account(
    graph: Graph,
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    generate = """mutation G($u: String!) { generateLink(input: {product: {url: $u},
                    trackingId: "nobody"}) { errors { code } } }"""

    await graph.run(generate, {"u": id})
    await graph.run(IMPORT, {"products": [{"url": "1005009999999999"}]})

    assert (await health_of(graph, "ALIEXPRESS"))["state"] == "HEALTHY"


async def test_a_key_without_calls_left_says_nothing_about_the_account(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    key = await graph.make_key("READ", marketplaceCallsPerDay=0)

    body = await graph.post(
        '{ product(by: {url: "1005000000001016"}) { title } }',
        headers={"Authorization": f"Bearer {key}"},
    )

    assert body["errors"][0]["extensions"]["code"] == "QUOTA_EXHAUSTED"
    assert (await health_of(graph, "ALIEXPRESS"))["state"] == "UNVERIFIED"


async def test_links_made_without_a_call_prove_nothing(graph: Graph) -> None:
    await graph.connect("AMAZON", AMAZON)
    generate = """mutation G { generateLink(input: {product: {url:
                    "https://www.amazon.com/dp/B000000001"}}) { errors { code } } }"""

    await graph.run(generate)

    assert (await health_of(graph, "AMAZON"))["state"] == "UNVERIFIED"


async def test_retired_keys_that_are_asked_say_so(graph: Graph) -> None:
    old = {
        "accessKey": "AKIASANDBOX00000DEMO",
        "secretKey": "sandbox-secret-key",
        "partnerTag": "sandbox-20",
        "host": "webservices.amazon.com",
    }
    await graph.connect("AMAZON", old)

    data = await graph.run(
        """{ searchProducts(marketplace: AMAZON, search: {keywords: "lamp"}) {
               errors { code } } }"""
    )

    assert data["searchProducts"]["errors"] == [{"code": "API_RETIRED"}]
    told = await health_of(graph, "AMAZON")
    assert told["state"] == "API_RETIRED"
    assert told["checkedAt"] is not None


async def test_a_permission_for_variants_alone_says_nothing_about_the_rest(graph: Graph) -> None:
    [product] = await imported(graph)
    graph.sandbox.faults.inject(
        "ae_error", operation="product.sku.detail.get", code="InsufficientPermission"
    )

    data = await graph.run(
        "query V($id: ID!) { product(by: {id: $id}) { variants { externalId } "
        "variantsError { code } } }",
        {"id": product["id"]},
    )

    assert data["product"] == {"variants": [], "variantsError": None}
    assert (await health_of(graph, "ALIEXPRESS"))["state"] == "HEALTHY"

"""Refusals in the marketplaces' own words, and what a caller of the graph is told of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.answering import answering
from tests.faults.asking import aliexpress, amazon, code_of, product
from tests.graph import ALIEXPRESS, AMAZON, Graph

pytestmark = pytest.mark.anyio

PAAPI = {
    "accessKey": "AKIASANDBOX00000DEMO",
    "secretKey": "sandbox-secret-key",
    "partnerTag": "sandbox-20",
    "region": "us-east-1",
}
CREDENTIALS = {"ALIEXPRESS": ALIEXPRESS, "AMAZON": AMAZON, "AMAZON_PAAPI": PAAPI}
HEALTH = """{ marketplaces { code health { state cure nextTryAt } } }"""


def refused(code: object, **more: object) -> dict[str, Any]:
    return {"error_response": {"code": code, **more}}


CASES: list[dict[str, Any]] = [
    {
        "id": "an hour is the day",
        "gateway": "ALIEXPRESS",
        "body": refused(7, sub_msg="This ban will last for 7200 more seconds"),
        "code": "QUOTA_EXHAUSTED",
    },
    {
        "id": "too fast for a shop",
        "gateway": "ALIEXPRESS",
        "body": refused("ShopCallLimit", msg="wait"),
        "code": "THROTTLED",
    },
    {
        "id": "the old platform",
        "gateway": "ALIEXPRESS",
        "body": refused(15, sub_code="isv.blacklist", sub_msg="offline"),
        "code": "API_RETIRED",
    },
    {
        "id": "a token is asked for",
        "gateway": "ALIEXPRESS",
        "body": {"type": "ISV", "code": "IllegalRefreshToken", "message": "expired"},
        "code": "CREDENTIALS_REJECTED",
    },
    {
        "id": "text of a proxy",
        "gateway": "ALIEXPRESS",
        "status": 403,
        "body": "blocked by policy",
        "code": "MARKETPLACE_UNAVAILABLE",
    },
    {
        "id": "JSON of a proxy",
        "gateway": "ALIEXPRESS",
        "status": 403,
        "body": {"code": "1020", "message": "Access denied"},
        "code": "MARKETPLACE_UNAVAILABLE",
    },
    {
        "id": "JSON of a firewall",
        "gateway": "AMAZON",
        "status": 403,
        "body": {"type": "error", "code": "policy-7"},
        "code": "MARKETPLACE_UNAVAILABLE",
    },
    {
        "id": "success that says nothing",
        "gateway": "ALIEXPRESS",
        "body": {"x_response": {"resp_result": {"resp_code": 200, "result": {}}}},
        "code": "MARKETPLACE_ANSWER_INVALID",
    },
    {
        "id": "neither a code nor a result",
        "gateway": "ALIEXPRESS",
        "body": {"x_response": {"resp_result": {"resp_msg": "ok"}}},
        "code": "MARKETPLACE_ANSWER_INVALID",
    },
    {
        "id": "a ban of a month",
        "gateway": "ALIEXPRESS",
        "body": refused(7, sub_msg="This ban will last for 2592000 more seconds"),
        "code": "QUOTA_EXHAUSTED",
    },
    {
        "id": "an empty 403",
        "gateway": "AMAZON",
        "status": 403,
        "body": "",
        "code": "MARKETPLACE_UNAVAILABLE",
    },
    {
        "id": "trouble in place of rows",
        "gateway": "AMAZON",
        "body": {"errors": [{"code": "InternalFailure", "message": "x"}]},
        "code": "MARKETPLACE_ANSWER_INVALID",
    },
    {
        "id": "a row that is not there in place of rows",
        "gateway": "AMAZON",
        "body": {"errors": [{"code": "ItemNotFound", "message": "x"}]},
        "code": "NOT_FOUND",
    },
    {
        "id": "the same words of the living interface",
        "gateway": "AMAZON",
        "status": 403,
        "body": {
            "type": "AccessDeniedException",
            "message": "Unable to determine service/operation name to be authorized",
        },
        "code": "PERMISSION_MISSING",
    },
]


async def told(graph: Graph, case: dict[str, Any]) -> dict[str, Any]:
    """The answer for one product while the gateway says what the case has."""
    gateway = case["gateway"]
    marketplace = gateway.removesuffix("_PAAPI")
    await graph.connect(marketplace, CREDENTIALS[gateway])
    [url] = aliexpress(graph, 1) if marketplace == "ALIEXPRESS" else amazon(graph, 1)
    with answering(graph.sandbox, gateway, case["body"], case.get("status", 200)):
        return await product(graph, url)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
async def test_code_of_a_refusal(graph: Graph, case: dict[str, Any]) -> None:
    assert code_of(await told(graph, case)) == case["code"]


@pytest.mark.shared
@pytest.mark.parametrize("number", range(14))
async def test_refusals_that_were_seen_in_public(
    graph: Graph, reference: Path, number: int
) -> None:
    path = reference / "cases/error-answers.json"
    case = json.loads(path.read_text(encoding="utf-8"))["cases"][number]

    assert code_of(await told(graph, case)) == case["code"], case["id"]


async def test_a_long_ban_is_told_with_its_end(graph: Graph) -> None:
    body = await told(graph, CASES[0])
    listed = (await graph.run(HEALTH))["marketplaces"]

    assert body["errors"][0]["extensions"]["retryAt"] == "2026-11-21T14:00:00Z"
    [health] = [one["health"] for one in listed if one["code"] == "ALIEXPRESS"]
    assert (health["state"], health["nextTryAt"]) == ("QUOTA_EXHAUSTED", "2026-11-21T14:00:00Z")


async def test_address_of_the_old_platform_is_cured_by_the_setting(graph: Graph) -> None:
    body = await told(graph, CASES[2])
    listed = (await graph.run(HEALTH))["marketplaces"]

    [health] = [one["health"] for one in listed if one["code"] == "ALIEXPRESS"]
    assert "ALIEXPRESS_GATEWAY_URL" in body["errors"][0]["message"]
    assert "ALIEXPRESS_GATEWAY_URL" in health["cure"]


@pytest.mark.parametrize("gateway", ["ALIEXPRESS", "AMAZON"])
async def test_somebody_on_the_way_who_refuses_shuts_nothing_off(
    graph: Graph, gateway: str
) -> None:
    refusal = {"gateway": gateway, "status": 403, "body": "<html>blocked</html>"}
    code = code_of(await told(graph, refusal))
    [url] = aliexpress(graph, 1) if gateway == "ALIEXPRESS" else amazon(graph, 1)

    body = await product(graph, url)

    assert code == "MARKETPLACE_UNAVAILABLE"
    assert "errors" not in body

"""`extensions.cost.upstream`, and the headers by which a request bounds what it spends."""

import asyncio
from typing import Any

import pytest

from db import statements
from tests.graph import API_KEY, Graph
from tests.schema.test_products import IMPORT

pytestmark = pytest.mark.anyio

PRODUCT = "query P($by: ProductLookup!) { product(by: $by) { externalId title } }"
BOTH = """
query Both($amazon: ProductLookup!, $aliexpress: ProductLookup!) {
  amazon: product(by: $amazon) { externalId }
  aliexpress: product(by: $aliexpress) { externalId }
}
"""


def lamp(graph: Graph, number: int) -> dict[str, str]:
    """A lookup of an AliExpress product."""
    return {"url": graph.sandbox.catalog["aliexpress"].listings()[number].id}


def item(graph: Graph, number: int) -> dict[str, object]:
    """A lookup of an item of www.amazon.com."""
    asin = graph.sandbox.catalog["amazon"].listings()[number].id
    return {"ref": {"marketplace": "AMAZON", "externalId": asin}}


async def post(
    graph: Graph, query: str, variables: dict[str, Any] | None = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """Status and JSON; a header's underscores stand for hyphens."""
    response = await graph.http.post(
        "/graphql",
        json={"query": query, "variables": variables or {}},
        headers={"Authorization": f"Bearer {API_KEY}"}
        | {name.replace("_", "-"): value for name, value in headers.items()},
    )
    return response.status_code, response.json()


def upstream(body: dict[str, Any]) -> dict[str, Any]:
    """What the response tells about marketplace calls."""
    found: dict[str, Any] = body["extensions"]["cost"]["upstream"]
    return found


async def test_a_request_is_told_what_it_spent_and_what_is_left(graph: Graph) -> None:
    await graph.connect_both()
    given = {"amazon": item(graph, 0), "aliexpress": lamp(graph, 0)}

    _, body = await post(graph, BOTH, given)

    assert "errors" not in body
    spent = upstream(body)
    assert (spent["calls"], spent["savedByBatching"], spent["savedByCache"]) == (2, 0, 0)
    left = {each["marketplace"]: each for each in spent["leftToday"]}
    assert left["ALIEXPRESS"]["calls"] is None  # AliExpress publishes no limit
    assert left["AMAZON"]["calls"] == 8640 - graph.calls("amazon", "getItems")
    assert all(each["resetsAt"].endswith("Z") for each in left.values())


async def test_what_the_cache_and_the_batches_saved_is_told(graph: Graph) -> None:
    await graph.connect_both()
    one, two = lamp(graph, 0), lamp(graph, 1)
    pair = (
        "query T($a: ProductLookup!, $b: ProductLookup!)"
        " { a: product(by: $a) { title } b: product(by: $b) { title } }"
    )

    _, first = await post(graph, pair, {"a": one, "b": two})
    _, second = await post(graph, pair, {"a": one, "b": two})

    assert (upstream(first)["calls"], upstream(first)["savedByBatching"]) == (1, 1)
    assert (upstream(second)["calls"], upstream(second)["savedByCache"]) == (0, 2)
    assert upstream(second)["leftToday"] == []


async def test_a_request_that_asks_no_marketplace_spent_nothing(graph: Graph) -> None:
    _, body = await post(graph, "{ viewer { workspace } }")

    assert upstream(body) == {
        "calls": 0,
        "savedByBatching": 0,
        "savedByCache": 0,
        "leftToday": [],
    }


async def test_the_costs_of_requests_at_once_add_up_to_the_calls_made(graph: Graph) -> None:
    await graph.connect_both()
    graph.sandbox.clear_calls()

    answers = await asyncio.gather(
        *(post(graph, PRODUCT, {"by": lamp(graph, number % 10)}) for number in range(120))
    )

    assert all("errors" not in body for _, body in answers)
    spent = sum(upstream(body)["calls"] for _, body in answers)
    assert spent == graph.calls("aliexpress") <= 4
    saved = sum(
        upstream(body)["savedByBatching"] + upstream(body)["savedByCache"] for _, body in answers
    )
    assert saved == 120 - spent


async def test_a_cap_of_0_makes_no_call_and_shows_what_is_kept(graph: Graph) -> None:
    await graph.connect_both()
    await post(graph, PRODUCT, {"by": lamp(graph, 0)})
    graph.sandbox.clear_calls()

    _, kept = await post(graph, PRODUCT, {"by": lamp(graph, 0)}, X_Max_Upstream_Calls="0")
    _, new = await post(graph, PRODUCT, {"by": lamp(graph, 1)}, X_Max_Upstream_Calls="0")

    assert kept["data"]["product"]["externalId"] == lamp(graph, 0)["url"]
    assert new["errors"][0]["extensions"]["code"] == "CALL_CAP_REACHED"
    assert graph.calls("aliexpress") == 0
    assert (upstream(kept)["calls"], upstream(new)["calls"]) == (0, 0)


async def test_a_cap_of_1_makes_one_call_and_tells_of_the_rest(graph: Graph) -> None:
    await graph.connect_both()
    graph.sandbox.clear_calls()
    given = {"amazon": item(graph, 0), "aliexpress": lamp(graph, 0)}

    _, body = await post(graph, BOTH, given, X_Max_Upstream_Calls="1")

    answered = [name for name, value in (body["data"] or {}).items() if value]
    assert len(answered) == 1
    assert [error["extensions"]["code"] for error in body["errors"]] == ["CALL_CAP_REACHED"]
    assert upstream(body)["calls"] == 1
    assert graph.calls("aliexpress") + graph.calls("amazon", "getItems") == 1


@pytest.mark.parametrize("cap", ["-1", "1.5", "many", "0x10", "1 2", "", "12345678"])
async def test_a_cap_that_is_no_number_is_refused(graph: Graph, cap: str) -> None:
    status, body = await post(graph, "{ __typename }", X_Max_Upstream_Calls=cap)

    assert status == 400
    [error] = body["errors"]
    assert error["message"].startswith("X-Max-Upstream-Calls must be a whole number")


async def test_background_work_leaves_a_part_of_the_day_to_people(graph: Graph) -> None:
    await graph.connect_both()
    await post(graph, PRODUCT, {"by": item(graph, 0)})
    await statements.rows(
        "UPDATE quota_days SET used = $1 WHERE marketplace = $2 RETURNING used",
        [8640 * 4 // 5, "amazon"],
    )

    _, background = await post(graph, PRODUCT, {"by": item(graph, 1)}, X_Priority="background")
    _, waiting = await post(graph, PRODUCT, {"by": item(graph, 2)}, X_Priority="interactive")

    assert background["errors"][0]["extensions"]["code"] == "QUOTA_EXHAUSTED"
    assert "Background work has used its part" in background["errors"][0]["message"]
    assert waiting["data"]["product"] is not None


@pytest.mark.parametrize("word", ["Background", " INTERACTIVE ", "interactive"])
async def test_a_priority_may_be_written_in_any_case(graph: Graph, word: str) -> None:
    status, body = await post(graph, "{ __typename }", X_Priority=word)

    assert (status, body["data"]) == (200, {"__typename": "Query"})


@pytest.mark.parametrize("word", ["urgent", "1", "back ground"])
async def test_another_priority_is_refused(graph: Graph, word: str) -> None:
    status, body = await post(graph, "{ __typename }", X_Priority=word)

    assert status == 400
    assert body["errors"][0]["message"] == "X-Priority must be interactive or background."


async def test_a_capped_mutation_can_be_sent_again_with_another_cap(graph: Graph) -> None:
    await graph.connect_both()
    given = {"products": [lamp(graph, 0)], "key": "import 1"}

    _, capped = await post(graph, IMPORT, given, X_Max_Upstream_Calls="0")
    _, again = await post(graph, IMPORT, given)

    [refused] = capped["data"]["importProducts"]["results"]
    [imported] = again["data"]["importProducts"]["results"]
    assert [error["code"] for error in refused["errors"]] == ["CALL_CAP_REACHED"]
    assert imported["errors"] == []

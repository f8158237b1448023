"""How many calls a day a connection may refresh with: told, set, and each workspace's own."""

from typing import Any

import pytest

from db import statements
from domain.api_keys import Scope
from tests.graph import API_KEY, Graph

pytestmark = pytest.mark.anyio

POLICY = "refreshPolicy { callsPerDay state usedToday nextAt }"
READ = f"{{ marketplaces {{ code {POLICY} }} }}"
SET = f"""mutation($input: SetRefreshPolicyInput!) {{ setRefreshPolicy(input: $input) {{
  marketplace {{ {POLICY} }} errors {{ code path message }} }} }}"""
OFF = {"callsPerDay": None, "state": "OFF", "usedToday": 0, "nextAt": None}


async def policies(graph: Graph, key: str = API_KEY) -> dict[str, Any]:
    found = (await graph.run(READ, key=key))["marketplaces"]
    return {each["code"]: each["refreshPolicy"] for each in found}


async def set_policy(graph: Graph, calls: int | None, key: str = API_KEY) -> dict[str, Any]:
    given = {"marketplace": "ALIEXPRESS", "callsPerDay": calls}
    payload: dict[str, Any] = (await graph.run(SET, {"input": given}, key=key))["setRefreshPolicy"]
    return payload


async def test_a_new_connection_refreshes_and_an_older_one_does_not(graph: Graph) -> None:
    await graph.connect_both()
    new = await policies(graph)
    await statements.rows(  # as the upgrade leaves it
        "UPDATE marketplace_accounts SET refresh_calls = 0, refresh_state = NULL,"
        " refresh_at = NULL RETURNING id"
    )
    await graph.connect_both()

    assert {code: each["callsPerDay"] for code, each in new.items()} == {
        "ALIEXPRESS": 250,
        "AMAZON": 864,
    }
    assert {each["state"] for each in new.values()} == {"ACTIVE"}
    assert list((await policies(graph)).values()) == [OFF, OFF]


async def test_it_is_set_and_turned_off(graph: Graph) -> None:
    await graph.connect_both()

    on = await set_policy(graph, 1000)
    off = await set_policy(graph, None)

    assert on["marketplace"]["refreshPolicy"]["callsPerDay"] == 1000
    assert off == {"marketplace": {"refreshPolicy": OFF}, "errors": []}
    assert (await policies(graph))["AMAZON"]["state"] == "ACTIVE"


@pytest.mark.parametrize(
    ("calls", "code", "path"),
    [(-1, "INVALID_INPUT", ["input", "callsPerDay"]), (5, "MARKETPLACE_NOT_CONNECTED", None)],
)
async def test_what_cannot_be_set_is_told(
    graph: Graph, calls: int, code: str, path: list[str] | None
) -> None:
    payload = await set_policy(graph, calls)

    [error] = payload["errors"]
    assert (error["code"], error["path"] or None) == (code, path)
    assert payload["marketplace"] is None


async def test_it_is_each_workspaces_own_and_needs_the_scope(graph: Graph) -> None:
    await graph.connect_both()
    other = await graph.make_workspace("other", Scope.SETTINGS, Scope.READ)
    reader = await graph.make_workspace("reading", Scope.READ)

    others = await set_policy(graph, 7, other)
    refused = await set_policy(graph, 7, reader)

    assert others["errors"][0]["code"] == "MARKETPLACE_NOT_CONNECTED"
    assert refused["errors"][0]["code"] == "FORBIDDEN"
    assert list((await policies(graph, other)).values()) == [OFF, OFF]
    assert (await policies(graph))["ALIEXPRESS"]["callsPerDay"] == 250

"""viewer, apiKeys, createApiKey, narrowApiKey, revokeApiKey, rotateApiKey."""

from datetime import timedelta
from typing import Any

import pytest

from db import quota
from domain.api_keys import PATTERN
from schema import ids
from tests.graph import CREATE_KEY, Graph

pytestmark = pytest.mark.anyio

ROTATE = """
mutation Rotate($input: RotateApiKeyInput!) {
  rotateApiKey(input: $input) {
    key apiKey { id name scopes expiresAt rotatedFrom } errors { code message path }
  }
}
"""
NARROW = """
mutation Narrow($input: NarrowApiKeyInput!) {
  narrowApiKey(input: $input) {
    apiKey { id scopes marketplaceCallsPerDay warning } errors { code message path }
  }
}
"""
REVOKE = """
mutation Revoke($input: RevokeApiKeyInput!) {
  revokeApiKey(input: $input) {
    apiKey { id status revokedAt } errors { code message path }
  }
}
"""
VIEWER = "{ viewer { workspace name scopes expiresAt apiKey { name lastFour lastUsedAt } } }"


async def create(graph: Graph, **given: object) -> dict[str, Any]:
    input = {"name": "shop", "scopes": ["READ"]} | given
    payload: dict[str, Any] = (await graph.run(CREATE_KEY, {"input": input}))["createApiKey"]
    return payload


async def is_valid(graph: Graph, key: str) -> bool:
    return "data" in await graph.post("{ __typename }", key=key)


async def test_a_new_key_is_shown_once_and_works(graph: Graph) -> None:
    made = await create(graph, name=" shop ", scopes=["SYNC", "READ"])

    seen = await graph.run(VIEWER, key=made["key"])

    assert PATTERN.fullmatch(made["key"])
    assert made["key"].startswith("aff_test_")
    assert made["apiKey"]["lastFour"] == made["key"][-4:]
    assert made["apiKey"]["scopes"] == ["READ", "SYNC"]
    assert seen["viewer"]["name"] == made["apiKey"]["name"] == "shop"
    assert seen["viewer"]["workspace"] == "default"
    listed = await graph.post("{ apiKeys { totalCount nodes { id name status lastUsedAt } } }")
    assert made["key"] not in str(listed)
    assert listed["data"]["apiKeys"]["totalCount"] == 1
    assert listed["data"]["apiKeys"]["nodes"][0]["lastUsedAt"] == "2026-11-21T12:00:00Z"


async def test_the_operators_key_is_an_admin_without_a_row(graph: Graph) -> None:
    seen = (await graph.run(VIEWER))["viewer"]

    assert seen["scopes"] == ["ADMIN"]
    assert seen["workspace"] == "default"
    assert seen["apiKey"] is None


@pytest.mark.parametrize(
    ("_case", "given", "path"),
    [
        ("no name", {"name": " "}, ["input", "name"]),
        ("a name too long", {"name": "x" * 101}, ["input", "name"]),
        ("a name of two lines", {"name": "a\nb"}, ["input", "name"]),
        ("no scope", {"scopes": []}, ["input", "scopes"]),
        ("an end that is over", {"expiresAt": "2026-11-21T12:00:00Z"}, ["input", "expiresAt"]),
        ("a path", {"origins": ["https://a.example/b"]}, ["input", "origins", "0"]),
        ("plain http", {"origins": ["http://a.example"]}, ["input", "origins", "0"]),
        ("no address", {"origins": ["https://a.example", "*"]}, ["input", "origins", "1"]),
        ("a user in it", {"origins": ["https://u@a.example"]}, ["input", "origins", "0"]),
        ("a bad port", {"origins": ["https://a.example:99999"]}, ["input", "origins", "0"]),
        ("too many", {"origins": ["https://a.example"] * 21}, ["input", "origins"]),
        (
            "a page's key that may write",
            {"origins": ["https://a.example"], "scopes": ["READ", "IMPORT"]},
            ["input", "scopes"],
        ),
    ],
)
async def test_unusable_input_is_refused_and_nothing_made(
    graph: Graph, _case: str, given: dict[str, object], path: list[str]
) -> None:
    payload = await create(graph, **given)

    assert payload["key"] is None
    [error] = payload["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", path)
    assert (await graph.run("{ apiKeys { totalCount } }"))["apiKeys"]["totalCount"] == 0


async def test_origins_are_kept_as_browsers_send_them(graph: Graph) -> None:
    made = await create(
        graph,
        origins=[
            "https://Shop.Example.com:443/",
            "http://localhost:3000",
            "https://shop.example.com",
            "chrome-extension://AbCdefghijklmnopabcdefghijklmnop/",
            "moz-extension://0a1b2c3d-0000-4000-8000-00000000000a",
        ],
    )

    assert made["apiKey"]["origins"] == [
        "https://shop.example.com",
        "http://localhost:3000",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://0a1b2c3d-0000-4000-8000-00000000000a",
    ]


async def warnings(graph: Graph) -> list[str | None]:
    listed = await graph.run("{ apiKeys { nodes { warning } } }")
    return [node["warning"] for node in listed["apiKeys"]["nodes"]]


async def test_a_reading_key_of_web_pages_is_told_of_and_narrowed(graph: Graph) -> None:
    made = await create(graph, origins=["https://shop.example.com"])
    [before] = await warnings(graph)

    answer = (await graph.run(NARROW, {"input": {"id": made["apiKey"]["id"]}}))["narrowApiKey"]

    assert before is not None
    assert "key narrow" in before
    assert answer["errors"] == []
    assert answer["apiKey"]["scopes"] == ["PUBLIC"]
    assert answer["apiKey"]["marketplaceCallsPerDay"] == 0
    assert await warnings(graph) == [None]


async def test_a_narrowed_key_keeps_its_text_and_loses_its_scopes_at_once(graph: Graph) -> None:
    made = await create(graph, scopes=["READ", "SYNC"])

    input = {"id": made["apiKey"]["id"], "scopes": ["READ"], "marketplaceCallsPerDay": 5}
    answer = (await graph.run(NARROW, {"input": input}))["narrowApiKey"]

    seen = await graph.run(VIEWER, key=made["key"])
    assert seen["viewer"]["scopes"] == ["READ"]
    assert answer["apiKey"]["marketplaceCallsPerDay"] == 5


@pytest.mark.parametrize(
    ("_case", "given", "code", "path"),
    [
        ("wider", {"scopes": ["READ", "LINK"]}, "INVALID_INPUT", ["input", "scopes"]),
        ("nothing", {"scopes": []}, None, None),
        ("unknown", {"id": "WyJLZXkiLCIxIl0"}, "INVALID_INPUT", ["input", "id"]),
    ],
)
async def test_a_key_is_only_narrowed(
    graph: Graph, _case: str, given: dict[str, object], code: str | None, path: list[str] | None
) -> None:
    made = await create(graph)

    input = {"id": made["apiKey"]["id"]} | given
    answer = (await graph.run(NARROW, {"input": input}))["narrowApiKey"]

    errors = [(error["code"], error["path"]) for error in answer["errors"]]
    assert errors == ([] if code is None else [(code, path)])


async def test_a_key_for_everybody_makes_no_marketplace_calls_unless_told(graph: Graph) -> None:
    created = 'createApiKey(input: {name: "a", scopes: [PUBLIC], marketplaceCallsPerDay: '
    made = await graph.run(
        f"mutation {{ none: {created}null}}) {{ apiKey {{ marketplaceCallsPerDay }} }}"
        f" some: {created}7}}) {{ apiKey {{ marketplaceCallsPerDay }} }} }}"
    )

    assert [made[each]["apiKey"]["marketplaceCallsPerDay"] for each in ("none", "some")] == [0, 7]


async def test_a_key_ends_at_its_time(graph: Graph) -> None:
    made = await create(graph, expiresAt="2026-11-21T13:00:00Z")

    before = await is_valid(graph, made["key"])
    graph.clock.advance(hours=1)

    assert before
    assert not await is_valid(graph, made["key"])
    [listed] = (await graph.run("{ apiKeys { nodes { status } } }"))["apiKeys"]["nodes"]
    assert listed["status"] == "EXPIRED"


async def test_a_revoked_key_works_no_more(graph: Graph) -> None:
    made = await create(graph)

    payload = (await graph.run(REVOKE, {"input": {"id": made["apiKey"]["id"]}}))["revokeApiKey"]

    assert payload["errors"] == []
    assert payload["apiKey"]["status"] == "REVOKED"
    assert not await is_valid(graph, made["key"])


async def test_a_rotated_key_goes_on_until_the_overlap_ends(graph: Graph) -> None:
    old = await create(graph, scopes=["SYNC"], expiresAt="2026-12-21T12:00:00Z")
    graph.clock.advance(days=1)

    new = (await graph.run(ROTATE, {"input": {"id": old["apiKey"]["id"]}}))["rotateApiKey"]

    assert new["errors"] == []
    assert new["apiKey"]["rotatedFrom"] == old["apiKey"]["id"]
    assert new["apiKey"]["scopes"] == ["SYNC"]
    assert new["apiKey"]["expiresAt"] == "2026-12-22T12:00:00Z"  # it lives as long as the old one
    graph.clock.time += timedelta(hours=24) - timedelta(seconds=1)
    assert await is_valid(graph, old["key"])
    graph.clock.advance(seconds=1)
    assert not await is_valid(graph, old["key"])
    assert await is_valid(graph, new["key"])


async def test_without_an_overlap_the_old_key_ends_at_once(graph: Graph) -> None:
    old = await create(graph)

    await graph.run(ROTATE, {"input": {"id": old["apiKey"]["id"], "overlapHours": 0}})

    assert not await is_valid(graph, old["key"])


@pytest.mark.parametrize("hours", [-1, 721])
async def test_an_overlap_has_bounds(graph: Graph, hours: int) -> None:
    old = await create(graph)

    given = {"input": {"id": old["apiKey"]["id"], "overlapHours": hours}}
    payload = (await graph.run(ROTATE, given))["rotateApiKey"]

    assert payload["key"] is None
    assert payload["errors"][0]["path"] == ["input", "overlapHours"]


async def test_a_key_until_the_end_of_time_is_rotated_too(graph: Graph) -> None:
    old = await create(graph, expiresAt="9999-12-31T23:59:59Z")
    graph.clock.advance(minutes=1)

    new = (await graph.run(ROTATE, {"input": {"id": old["apiKey"]["id"]}}))["rotateApiKey"]

    assert new["errors"] == []
    assert new["apiKey"]["expiresAt"] == old["apiKey"]["expiresAt"]


async def test_a_key_is_rotated_once(graph: Graph) -> None:
    old = await create(graph)
    given = {"input": {"id": old["apiKey"]["id"]}}
    await graph.run(ROTATE, given)

    again = (await graph.run(ROTATE, given))["rotateApiKey"]

    assert again["key"] is None
    assert "rotated already" in again["errors"][0]["message"]


async def test_a_key_at_its_end_is_not_rotated(graph: Graph) -> None:
    made = await create(graph)
    await graph.run(REVOKE, {"input": {"id": made["apiKey"]["id"]}})

    payload = (await graph.run(ROTATE, {"input": {"id": made["apiKey"]["id"]}}))["rotateApiKey"]

    assert payload["key"] is None
    assert "revoked" in payload["errors"][0]["message"]


@pytest.mark.parametrize(
    ("_case", "id", "code"),
    [
        ("no id", "nonsense", "INVALID_INPUT"),
        ("a forged id", "WyJBcGlLZXkiLCJ4Il0", "NOT_FOUND"),
        ("of another type", "WyJNYXJrZXRwbGFjZSIsImFtYXpvbiIsInd3dy5hbWF6b24uY29tIl0", None),
    ],
)
async def test_unknown_ids_are_told(graph: Graph, _case: str, id: str, code: str | None) -> None:
    for mutation, name in ((REVOKE, "revokeApiKey"), (ROTATE, "rotateApiKey")):
        payload = (await graph.run(mutation, {"input": {"id": id}}))[name]

        [error] = payload["errors"]
        assert error["code"] == (code or "INVALID_INPUT")
        assert error["path"] == ["input", "id"]


ALLOWANCE = "{ apiKeys { nodes { name marketplaceCallsPerDay marketplaceCallsToday } } }"


async def test_a_key_can_have_a_number_of_marketplace_calls_a_day(graph: Graph) -> None:
    for name, calls in (("free", None), ("cached only", 0), ("ten", 10)):
        await create(graph, name=name, marketplaceCallsPerDay=calls)

    listed = await graph.run(ALLOWANCE)

    assert sorted(listed["apiKeys"]["nodes"], key=lambda node: node["name"]) == [
        {"name": "cached only", "marketplaceCallsPerDay": 0, "marketplaceCallsToday": 0},
        {"name": "free", "marketplaceCallsPerDay": None, "marketplaceCallsToday": None},
        {"name": "ten", "marketplaceCallsPerDay": 10, "marketplaceCallsToday": 0},
    ]


async def test_the_calls_of_a_key_are_counted_by_the_day_of_utc(graph: Graph) -> None:
    for name in ("a", "b"):
        await create(graph, name=name, marketplaceCallsPerDay=10)
    listed = await graph.run("{ apiKeys { nodes { id } } }")
    for node, calls in zip(listed["apiKeys"]["nodes"], (3, 1), strict=True):
        for _ in range(calls):
            await quota.book_key(ids.api_key(node["id"]), day=graph.clock().date(), limit=10)

    today = await graph.run(ALLOWANCE)
    graph.clock.advance(hours=12)
    tomorrow = await graph.run(ALLOWANCE)

    assert [node["marketplaceCallsToday"] for node in today["apiKeys"]["nodes"]] == [3, 1]
    assert [node["marketplaceCallsToday"] for node in tomorrow["apiKeys"]["nodes"]] == [0, 0]


async def test_a_rotated_key_keeps_its_number_of_calls(graph: Graph) -> None:
    old = await create(graph, marketplaceCallsPerDay=7)

    await graph.run(ROTATE, {"input": {"id": old["apiKey"]["id"]}})

    listed = await graph.run(ALLOWANCE)
    assert [node["marketplaceCallsPerDay"] for node in listed["apiKeys"]["nodes"]] == [7, 7]


async def test_a_negative_number_of_calls_is_refused(graph: Graph) -> None:
    payload = await create(graph, marketplaceCallsPerDay=-1)

    [error] = payload["errors"]
    assert payload["apiKey"] is None
    assert error["code"] == "INVALID_INPUT"
    assert error["path"] == ["input", "marketplaceCallsPerDay"]


async def test_keys_are_listed_in_pages(graph: Graph) -> None:
    for number in range(3):
        await create(graph, name=f"key {number}")
        graph.clock.advance(seconds=1)
    query = "query P($after: String) { apiKeys(first: 2, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }"  # noqa: E501

    first = (await graph.run(query))["apiKeys"]
    rest = (await graph.run(query, {"after": first["pageInfo"]["endCursor"]}))["apiKeys"]

    names = [node["name"] for node in first["nodes"] + rest["nodes"]]
    assert names == ["key 2", "key 1", "key 0"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)

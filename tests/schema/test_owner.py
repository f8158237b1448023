"""What the owner of a workspace has and sees; keys, exports and quotas beside it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from domain.api_keys import Scope
from exports import formats
from tests.graph import ALIEXPRESS, API_KEY, Graph, running_graph
from tests.schema.filling import MARK, WIDE, fill, rows_of
from tests.schema.walking import most, root_fields

pytestmark = pytest.mark.anyio

# Fields that answer something by which a workspace can be known, with the kind of id to ask for.
TELLING = {
    "node": "product",
    "nodes": "product",
    "product": "product",
    "products": "product",
    "affiliateLinks": "product",
    "apiKeys": "api key",
    "events": "product",
    "watches": "watch",
    "webhook": "webhook",
    "webhooks": "webhook",
    "updateWebhook": "webhook",
    "revokeApiKey": "api key",
    "rotateApiKey": "api key",
    "importProduct": "product",
    "syncProduct": "product",
    "updateProduct": "product",
}


@pytest.fixture
async def graph(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """As elsewhere, for documents that ask for everything there is."""
    async with running_graph(migrated_database, tmp_path, environ=WIDE) as running:
        yield running


async def test_the_owner_has_rows_to_protect_in_every_table(graph: Graph) -> None:
    await fill(graph)
    await graph.http.post(
        "/session",
        json={"key": await graph.make_key("READ")},
        headers={"GraphQL-Preflight": "1"},
    )

    rows = await rows_of("default")

    empty = {table for table, found in rows.items() if not found}
    assert empty <= {"encryption_canary", "quota_days"}  # neither is a workspace's own


@pytest.mark.parametrize(("name", "kind"), TELLING.items())
async def test_the_owner_sees_it_where_others_do_not(graph: Graph, name: str, kind: str) -> None:
    """What the walk (test_isolation) does not find is there: its operations do ask for it."""
    ids = await fill(graph)
    [root] = [each for each in root_fields() if each.name == name]

    document = most(root)

    body = await graph.post(document, {"id": ids[kind]} if "$id" in document else {})

    assert MARK in json.dumps(body)


async def test_an_unconnected_workspace_has_nothing_of_the_others_settings(graph: Graph) -> None:
    await fill(graph)
    key = await graph.make_workspace("other", Scope.READ)

    found = await graph.run(
        "{ marketplaces { status health { state lastSuccessAt } quota { usedToday }"
        " credentialFields { isSet hint updatedAt } } products { totalCount }"
        " affiliateLinks { totalCount } viewer { workspace } }",
        key=key,
    )

    for market in found["marketplaces"]:
        assert market["status"] == "NOT_CONFIGURED"
        assert market["health"] == {"state": "UNVERIFIED", "lastSuccessAt": None}
        assert market["quota"]["usedToday"] == 0
        assert not any(field["isSet"] for field in market["credentialFields"])
    assert (found["products"]["totalCount"], found["affiliateLinks"]["totalCount"]) == (0, 0)
    assert found["viewer"]["workspace"] == "other"


@pytest.mark.parametrize("format", formats.NAMES)
async def test_exports_hold_nothing_of_another_workspace(graph: Graph, format: str) -> None:
    ids = await fill(graph)
    key = await graph.make_workspace("other", Scope.READ)
    asked = {"id": ids["product"], "link": "https://shop.example/p/{handle}"}
    path = f"/export/{format}"

    own = await graph.http.get(path, params=asked, headers={"X-Api-Key": API_KEY})
    others = await graph.http.get(path, params=asked, headers={"X-Api-Key": key})

    assert (own.status_code, others.status_code) == (200, 200)
    assert MARK not in others.text
    assert len(others.text.splitlines()) <= len(own.text.splitlines())
    if format in ("json", "csv"):
        assert MARK in own.text


async def test_idempotency_keys_are_each_workspaces_own(graph: Graph) -> None:
    await fill(graph)
    key = await graph.make_workspace("other")
    await graph.connect_both(key=key)
    listing = graph.sandbox.catalog["aliexpress"].listings()[1]
    given = {"product": {"url": str(listing.fields["product_id"])}, "idempotencyKey": MARK}
    mutation = (
        "mutation I($input: ImportProductInput!) { importProduct(input: $input)"
        " { product { externalId } errors { code } } }"
    )

    own = await graph.run(mutation, {"input": given}, key=key)
    taken = await graph.run(mutation, {"input": given})

    assert own["importProduct"]["errors"] == []
    assert taken["importProduct"]["errors"] == [{"code": "IDEMPOTENCY_CONFLICT"}]


async def test_quotas_are_those_of_the_credentials(graph: Graph) -> None:
    """Whoever uses a marketplace's key spends its calls; another key's are not touched."""
    await graph.connect_both()
    same, other = await graph.make_workspace("same"), await graph.make_workspace("other")
    await graph.connect_both(key=same)
    await graph.connect("ALIEXPRESS", {**ALIEXPRESS, "appKey": "500199"}, key=other)
    used = "{ marketplace(code: ALIEXPRESS) { quota { usedToday } } }"

    await graph.run(
        '{ searchProducts(marketplace: ALIEXPRESS, search: {keywords: "a"}) { totalCount } }',
        key=same,
    )

    told = [await graph.run(used, key=key) for key in (API_KEY, same, other)]
    assert [each["marketplace"]["quota"]["usedToday"] for each in told] == [1, 1, 0]


async def test_equal_calls_of_two_workspaces_are_not_shared(graph: Graph) -> None:
    await graph.connect_both()
    key = await graph.make_workspace("other")
    await graph.connect_both(key=key)  # with the same credentials
    graph.sandbox.clear_calls()
    query = '{ searchProducts(marketplace: ALIEXPRESS, search: {keywords: "a"}) { totalCount } }'
    ask: Callable[[str], Awaitable[Any]] = lambda by: graph.run(query, key=by)  # noqa: E731
    own = await graph.make_key("READ")

    together = await asyncio.gather(ask(own), ask(own), ask(key))

    assert together[0] == together[1] == together[2]
    assert graph.calls("aliexpress") == 2

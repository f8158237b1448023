"""Two workspaces on one database: a key of one finds, changes and learns nothing of the other."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from db import doctor, statements
from domain.api_keys import Scope
from exports import formats
from tests.graph import ALIEXPRESS, API_KEY, Graph, running_graph
from tests.schema.walking import RootField, most, root_fields

pytestmark = pytest.mark.anyio

MARK = "only-for-the-owner"
FILL = """
mutation Fill($aliexpress: ProductLookup!, $amazon: ProductLookup!, $mark: String!) {
  aliexpress: importProduct(input: {product: $aliexpress, idempotencyKey: $mark}) {
    product { id } errors { code message }
  }
  amazon: importProduct(input: {product: $amazon}) { product { id } errors { code message } }
  link: generateLink(input: {product: $aliexpress, subId: "theirs"}) {
    affiliateLink { id } errors { code message }
  }
  key: createApiKey(input: {name: $mark, scopes: [READ]}) { apiKey { id } errors { code message } }
  job: startImport(input: {products: [$aliexpress]}) { job { id } errors { code message } }
  watch: createWatch(
    input: {condition: {belowPrice: {amount: "2", currencyCode: "USD"}}, filter: {text: $mark}}
  ) {
    watch { id } errors { code message }
  }
  hook: createWebhook(
    input: {url: "https://example.com/only-for-the-owner", events: [PRODUCT_PRICE_DROPPED]}
  ) {
    webhook { id } errors { code message }
  }
}
"""
SYNC = "mutation Sync($id: ID!) { syncProduct(input: {id: $id}) { changed errors { code } } }"
NOTE = """
mutation Note($id: ID!, $mark: String!) {
  updateProduct(input: {id: $id, notes: $mark}) { errors { code message } }
}
"""

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
    wide = {"LIMIT_SELECTIONS": "5000", "LIMIT_ALIASES": "5000", "LIMIT_COST": "1000000"}
    wide["LIMIT_TOKENS"] = "20000"
    async with running_graph(migrated_database, tmp_path, environ=wide) as running:
        yield running


async def fill(graph: Graph) -> dict[str, str]:
    """Everything that the workspace "default" can have; the ids of it, by kind."""
    await graph.connect_both()
    aliexpress = str(graph.sandbox.catalog["aliexpress"].listings()[0].fields["product_id"])
    found = await graph.run(
        '{ searchProducts(marketplace: AMAZON, search: {keywords: "a"}, first: 1)'
        " { nodes { externalId } errors { message } } }"
    )
    [amazon] = found["searchProducts"]["nodes"]
    variables = {
        "aliexpress": {"url": aliexpress},
        "amazon": {"ref": {"marketplace": "AMAZON", "externalId": amazon["externalId"]}},
        "mark": MARK,
    }
    made = await graph.run(FILL, variables)
    assert [payload["errors"] for payload in made.values()] == [[]] * 7
    product = made["aliexpress"]["product"]["id"]
    await graph.run(NOTE, {"id": product, "mark": MARK})
    graph.sandbox.catalog.set_price(aliexpress, "1.00")
    await graph.run(SYNC, {"id": product})
    told = await graph.run("{ webhooks { nodes { deliveries { nodes { id } } } } }")
    [event, _fired] = (await graph.run("{ events { nodes { id } } }"))["events"]["nodes"]
    market = await graph.run("{ marketplaces { id } }")
    return {
        "product": product,
        "link": made["link"]["affiliateLink"]["id"],
        "api key": made["key"]["apiKey"]["id"],
        "marketplace": market["marketplaces"][0]["id"],
        "event": event["id"],
        "job": made["job"]["job"]["id"],
        "watch": made["watch"]["watch"]["id"],
        "webhook": made["hook"]["webhook"]["id"],
        "delivery": told["webhooks"]["nodes"][0]["deliveries"]["nodes"][0]["id"],
    }


async def rows_of(workspace: str) -> dict[str, list[str]]:
    """Every row of the workspace, by table."""
    found = {}
    for table in await doctor.tables():
        if table == doctor.MIGRATIONS_TABLE:
            continue
        rows = await statements.rows(f'SELECT * FROM "{table}"')
        column = "id" if table == "workspaces" else "workspace_id"
        of_it = [
            {name: value for name, value in row.items() if name != "last_used_at"}
            for row in rows
            if row.get(column) == workspace
        ]
        found[table] = sorted(repr(row) for row in of_it)
    return found


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


@pytest.mark.parametrize("is_connected", [False, True])
@pytest.mark.parametrize("root", root_fields(), ids=lambda root: root.name)
async def test_no_field_leads_into_another_workspace(
    graph: Graph, root: RootField, is_connected: bool
) -> None:
    ids = await fill(graph)
    filled_at = graph.clock().strftime("%Y-%m-%dT%H:%M")
    graph.clock.advance(hours=1)
    key = await graph.make_workspace("other")
    if is_connected:
        await graph.connect_both(key=key)
    before = await rows_of("default")

    bodies = {kind: await graph.post(most(root, id), key=key) for kind, id in ids.items()}

    told = json.dumps(bodies)
    assert "VALIDATION_FAILED" not in told, told
    assert "TOO_COMPLEX" not in told, told
    assert "INTERNAL_SERVER_ERROR" not in told, told
    assert MARK not in told
    assert filled_at not in told
    assert await rows_of("default") == before


@pytest.mark.parametrize(("name", "kind"), TELLING.items())
async def test_the_owner_sees_it_where_others_do_not(graph: Graph, name: str, kind: str) -> None:
    """What the test above does not find is there to be found: its operations do ask for it."""
    ids = await fill(graph)
    [root] = [each for each in root_fields() if each.name == name]

    body = await graph.post(most(root, ids[kind]))

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

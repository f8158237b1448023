"""How mutations fail: the same failure takes the same form in each of them, which is data."""

from collections.abc import Callable
from typing import Any

import pytest
from strawberry.types.base import get_object_definition

from db.exceptions import DatabaseUnavailable
from domain.products import ProductRef
from resolvers.lookups import MAX_ROWS
from schema import ids
from schema.failures import ExpectedFailures
from schema.mutation import Mutation
from tests.graph import Graph
from tests.schema.walking import least, root_fields

pytestmark = pytest.mark.anyio

URL = "https://www.aliexpress.com/item/1005001234567890.html"
PRODUCT_ID = ids.of_product(ProductRef("aliexpress", "1005001234567890"))
KEY_ID = ids.of_api_key("1")
JOB_ID = ids.of_job("1")
WEBHOOK_ID, DELIVERY_ID = ids.of_webhook("1"), ids.of_delivery("1")
WATCH_ID = ids.of_watch("1")
LOOKUP, ID = f'{{url: "{URL}"}}', f'"{PRODUCT_ID}"'
ERRORS = "errors { code message path retryAt upstreamCode }"
# Field, what one row of its input is, what its payload and each of its results show.
ONE = {
    "importProduct": (f"product: {LOOKUP}", "product { id }"),
    "syncProduct": (f"id: {ID}", "product { id } changed"),
    "generateLink": (f"product: {LOOKUP}", "affiliateLink { id }"),
}
MANY = {
    "importProducts": ("products", LOOKUP, "product { id }"),
    "syncProducts": ("ids", ID, "product { id } changed"),
    "generateLinks": ("products", LOOKUP, "affiliateLink { id }"),
}
EMPTY: dict[str, object] = {"product": None, "affiliateLink": None, "changed": []}


def single(name: str, key: str) -> str:
    row, fields = ONE[name]
    return f'{name}(input: {{{row}, idempotencyKey: "{key}"}}) {{ {fields} {ERRORS} }}'


def bulk(name: str, rows: int, key: str) -> str:
    field, row, fields = MANY[name]
    sent = f'{field}: [{" ".join([row] * rows)}], idempotencyKey: "{key}"'
    return f"{name}(input: {{{sent}}}) {{ results {{ {fields} {ERRORS} }} {ERRORS} }}"


def assert_failed(payload: dict[str, Any], code: str, *, rows: int | None = None) -> dict[str, Any]:
    """The one error of a payload that holds nothing else, each of its results the same."""
    [error] = payload["errors"]
    assert error["code"] == code
    parts = [payload] if rows is None else payload["results"]
    assert len(parts) == (1 if rows is None else rows)
    for part in parts:
        assert part == {name: EMPTY[name] for name in part if name != "errors"} | {
            "errors": [error]
        }
    return dict(error)


def test_every_mutation_answers_its_expected_failures() -> None:
    fields = get_object_definition(Mutation, strict=True).fields

    answering = {
        field.name: sum(isinstance(each, ExpectedFailures) for each in field.extensions)
        for field in fields
    }

    assert answering == {field.name: 1 for field in fields}


@pytest.mark.parametrize("name", ONE)
async def test_a_key_of_another_input_is_data(graph: Graph, name: str) -> None:
    other = "importProducts" if name == "syncProduct" else "syncProducts"
    await graph.run(f"mutation {{ {bulk(other, 0, 'k')} }}")

    data = await graph.run(f"mutation {{ {single(name, 'k')} {bulk(f'{name}s', 3, 'k')} }}")

    for error in (
        assert_failed(data[name], "IDEMPOTENCY_CONFLICT"),
        assert_failed(data[f"{name}s"], "IDEMPOTENCY_CONFLICT", rows=3),
    ):
        assert error["path"] == ["input", "idempotencyKey"]
        assert error["retryAt"] is None


@pytest.mark.parametrize("name", ONE)
async def test_an_unusable_idempotency_key_is_data(graph: Graph, name: str) -> None:
    data = await graph.run(f"mutation {{ {single(name, ' ')} {bulk(f'{name}s', 2, ' ')} }}")

    for error in (
        assert_failed(data[name], "INVALID_INPUT"),
        assert_failed(data[f"{name}s"], "INVALID_INPUT", rows=2),
    ):
        assert error["path"] == ["input", "idempotencyKey"]


@pytest.mark.parametrize("name", MANY)
async def test_too_many_rows_are_data_in_as_many_results_as_are_taken(
    graph: Graph, name: str
) -> None:
    data = await graph.run(f"mutation {{ {bulk(name, MAX_ROWS + 1, 'k')} }}")

    error = assert_failed(data[name], "INVALID_INPUT", rows=MAX_ROWS)
    assert error["path"] == ["input", MANY[name][0]]
    assert "251 were sent" in error["message"]
    assert graph.sandbox.count() == 0


@pytest.mark.parametrize("name", ONE)
async def test_a_missing_scope_is_data(graph: Graph, name: str) -> None:
    key = await graph.make_key("READ")

    data = await graph.run(
        f"mutation {{ {single(name, 'k')} {bulk(f'{name}s', 2, 'k')} }}", key=key
    )

    assert_failed(data[name], "FORBIDDEN")
    assert_failed(data[f"{name}s"], "FORBIDDEN", rows=2)


RESOLVERS = {
    "connectMarketplace": "marketplaces.connect",
    "disconnectMarketplace": "marketplaces.disconnect",
    "verifyMarketplace": "marketplaces.verify",
    "setRefreshPolicy": "refresh.set_calls",
    "importProduct": "imports.import_products",
    "importProducts": "imports.import_products",
    "updateProduct": "products.change",
    "updateProducts": "products.change",
    "deleteProduct": "products.delete",
    "deleteProducts": "products.delete",
    "restoreProducts": "products.restore",
    "deleteLink": "links.delete",
    "syncProduct": "imports.sync_products",
    "syncProducts": "imports.sync_products",
    "generateLink": "links.generate",
    "generateLinks": "links.generate",
    "startImport": "jobs.start",
    "startSync": "jobs.start",
    "startLinks": "jobs.start",
    "startExport": "export_jobs.start",
    "cancelJob": "jobs.cancel",
    "retryJob": "jobs.retry",
    "createApiKey": "api_keys.create",
    "revokeApiKey": "api_keys.revoke",
    "narrowApiKey": "api_keys.narrow",
    "rotateApiKey": "api_keys.rotate",
    "createWebhook": "webhooks.create",
    "updateWebhook": "webhooks.update",
    "enableWebhook": "webhooks.enable",
    "disableWebhook": "webhooks.disable",
    "deleteWebhook": "webhooks.delete",
    "rotateWebhookSecret": "webhooks.rotate",
    "testWebhook": "webhooks.named",
    "redeliver": "webhooks.again",
    "createWatch": "watches.create",
    "rearmWatch": "watches.rearm",
    "deleteWatch": "watches.delete",
    "redeliverRange": "webhooks.again_between",
}
MUTATIONS = {root.name: root for root in root_fields() if root.kind == "mutation"}


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_full_storage_is_data_in_every_mutation(
    graph: Graph, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> object:
        raise DatabaseUnavailable("The storage is full.", retryable=False)

    monkeypatch.setattr(f"resolvers.{RESOLVERS[name]}", full)
    data = await graph.run(least(MUTATIONS[name], _id_for(name)))

    assert [error["code"] for error in data[name]["errors"]] == ["DATABASE_UNAVAILABLE"]


def _id_for(mutation: str) -> str:
    """One of the kind that it takes."""
    kinds = {
        "ApiKey": KEY_ID,
        "Job": JOB_ID,
        "Webhook": WEBHOOK_ID,
        "createWatch": PRODUCT_ID,
        "Watch": WATCH_ID,
        "redeliverRange": WEBHOOK_ID,
        "redeliver": DELIVERY_ID,
    }
    return next((id for word, id in kinds.items() if word in mutation), PRODUCT_ID)


async def test_what_was_done_before_a_failure_is_told(graph: Graph) -> None:
    make_key = 'createApiKey(input: {name: "a", scopes: [READ]}) { key errors { code } }'

    data = await graph.run(f"mutation {{ {make_key} {bulk('importProducts', 2, ' ')} }}")

    assert data["createApiKey"]["key"].startswith("aff_")
    assert_failed(data["importProducts"], "INVALID_INPUT", rows=2)


async def test_an_unexpected_failure_stays_a_masked_top_level_error(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> Callable[[], None]:
        raise RuntimeError("secret")

    monkeypatch.setattr("resolvers.imports.import_products", failing)
    body = await graph.post(f"mutation {{ {bulk('importProducts', 2, 'k')} }}")

    [error] = body["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in str(body)

"""Webhooks of tests: what is asked of the graph about them, and how their receivers read."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from standardwebhooks import Webhook

from tests.graph import API_KEY, Graph
from tests.networks import Received

URL = "https://hooks.example/take?token=marker"
WEBHOOK = """webhook { id url kind events query isEnabled disabledReason failingSince
  deliveries(first: 100) { nodes {
    id eventId type state attempt nextTryAt event { id }
    attempts { status milliseconds answer error } } totalCount } }"""
ERRORS = "errors { code message path }"
CREATE = f"""mutation($input: CreateWebhookInput!) {{
  createWebhook(input: $input) {{ secret {WEBHOOK} {ERRORS} }} }}"""
UPDATE = f"""mutation($input: UpdateWebhookInput!) {{
  updateWebhook(input: $input) {{ {WEBHOOK} {ERRORS} }} }}"""
ROTATE = f"""mutation($input: RotateWebhookSecretInput!) {{
  rotateWebhookSecret(input: $input) {{ secret {WEBHOOK} {ERRORS} }} }}"""
TEST = f"""mutation($input: WebhookInput!) {{
  testWebhook(input: $input) {{ attempt {{ status answer error }} {ERRORS} }} }}"""
REDELIVER = f"""mutation($input: RedeliverInput!) {{
  redeliver(input: $input) {{ delivery {{ state attempt }} {ERRORS} }} }}"""
RANGE = f"""mutation($input: RedeliverRangeInput!) {{
  redeliverRange(input: $input) {{ count {ERRORS} }} }}"""
READ = f"query($id: ID!) {{ {WEBHOOK.replace('webhook', 'webhook(id: $id)', 1)} }}"
TITLES = "subscription { events { type product { title offer { price { amount } } } } }"
CANCELLED = """mutation {
  startImport(input: {products: [{url: "1005006338829917"}]}) { job { id } } }"""


async def answered(graph: Graph, document: str, key: str = API_KEY, /, **input: Any) -> Any:
    """What a mutation answered."""
    [payload] = (await graph.run(document, {"input": input}, key=key)).values()
    return payload


async def made(graph: Graph, *types: str, key: str = API_KEY, **more: Any) -> dict[str, Any]:
    """The payload of a new webhook that is told of these."""
    payload = await answered(graph, CREATE, key, **{"url": URL, "events": types, **more})
    assert payload["errors"] == []
    return dict(payload)


async def until(
    graph: Graph, webhook: str, holds: Callable[[Any], bool], key: str = API_KEY
) -> dict[str, Any]:
    """The webhook once something is so."""
    for _ in range(600):
        found: dict[str, Any] = (await graph.run(READ, {"id": webhook}, key=key))["webhook"]
        if holds(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"It never was so: {found}")


def is_off(webhook: Mapping[str, Any]) -> bool:
    return not webhook["isEnabled"]


def are_told(webhook: Mapping[str, Any]) -> bool:
    return {one["state"] for one in deliveries(webhook)} == {"DELIVERED"}


def deliveries(webhook: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(webhook["deliveries"]["nodes"])


def verified(request: Received, secret: str) -> Any:
    """What a receiver reads that trusts nothing unsigned."""
    # The library compares with the real time, and that of a test is its own.
    with patch.object(Webhook, "_Webhook__verify_timestamp", _read):
        return Webhook(secret).verify(request.body, dict(request.headers))


def _read(_: Webhook, header: str) -> datetime:
    return datetime.fromtimestamp(float(header), UTC)


async def cancelled(graph: Graph, key: str = API_KEY) -> None:
    """A job that has ended."""
    job = (await graph.run(CANCELLED, key=key))["startImport"]["job"]["id"]
    await graph.run(
        "mutation($id: ID!) { cancelJob(input: {id: $id}) { job { id } } }", {"id": job}, key=key
    )

"""Webhooks through the graph: made, tried, delivered by the worker, and nobody else's."""

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from engine import worker
from tests.graph import API_KEY, Graph, running_graph
from tests.receivers import Received, Receivers
from tests.schema.test_events import imported, synced

pytestmark = pytest.mark.anyio

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
Answer = Callable[[Received], tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library compares with the real time, and that of these tests is their own."""

    def read(_: Webhook, header: str) -> datetime:
        return datetime.fromtimestamp(float(header), UTC)

    monkeypatch.setattr(Webhook, "_Webhook__verify_timestamp", read)


@pytest.fixture
def receivers() -> Receivers:
    return Receivers()


@pytest.fixture
async def graph(
    migrated_database: str, tmp_path: Path, receivers: Receivers
) -> AsyncIterator[Graph]:
    """As elsewhere, with receivers of webhooks."""
    overrides = {"webhooks": receivers.sender()}
    async with running_graph(migrated_database, tmp_path, overrides=overrides) as running:
        yield running


@pytest.fixture
async def working(
    migrated_database: str, tmp_path: Path, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Graph]:
    """The same with a worker inside, which looks often."""
    monkeypatch.setattr(worker, "POLL", 0.05)
    async with running_graph(
        migrated_database,
        tmp_path,
        environ={"WORKER": "on"},
        overrides={"webhooks": receivers.sender()},
    ) as running:
        yield running


async def answered(graph: Graph, document: str, key: str = API_KEY, /, **input: Any) -> Any:
    """What a mutation answered."""
    [payload] = (await graph.run(document, {"input": input}, key=key)).values()
    return payload


async def made(graph: Graph, *types: str, **more: Any) -> dict[str, Any]:
    """The payload of a new webhook that is told of these."""
    payload = await answered(graph, CREATE, **{"url": URL, "events": types, **more})
    assert payload["errors"] == []
    return dict(payload)


async def until(graph: Graph, webhook: str, holds: Callable[[Any], bool]) -> dict[str, Any]:
    """The webhook once something is so."""
    for _ in range(600):
        found: dict[str, Any] = (await graph.run(READ, {"id": webhook}))["webhook"]
        if holds(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"It never was so: {found}")


def deliveries(webhook: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(webhook["deliveries"]["nodes"])


def verified(request: Received, secret: str) -> Any:
    """What a receiver reads that trusts nothing unsigned."""
    return Webhook(secret).verify(request.body, dict(request.headers))


async def test_a_secret_is_shown_once_and_what_is_secret_never(
    graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    payload = await made(graph, "PRODUCT_GONE", "JOB_FINISHED")
    rotated = await answered(graph, ROTATE, id=payload["webhook"]["id"])
    listed = await graph.run(
        f"{{ webhooks {{ nodes {{ {WEBHOOK.removeprefix('webhook {')} totalCount }} }}"
    )

    assert payload["secret"].startswith("whsec_")
    assert payload["webhook"]["url"] == "https://hooks.example/take?…"
    assert payload["webhook"]["events"] == ["JOB_FINISHED", "PRODUCT_GONE"]
    assert listed["webhooks"]["nodes"] == [payload["webhook"]]
    for told in (repr(listed), caplog.text, repr(rotated["webhook"])):
        assert "marker" not in told
        assert payload["secret"] not in told
        assert rotated["secret"] not in told


async def test_a_test_is_sent_at_once_signed_by_old_and_new_secret(
    graph: Graph, receivers: Receivers
) -> None:
    payload = await made(graph, "PRODUCT_GONE")
    webhook = payload["webhook"]["id"]
    rotated = await answered(graph, ROTATE, id=webhook, keepFor=1)

    tested = await answered(graph, TEST, id=webhook)
    graph.clock.advance(hours=1)
    await answered(graph, TEST, id=webhook)

    first, second = receivers.received
    assert tested["attempt"] == {"status": 200, "answer": "ok", "error": None}
    for secret in (payload["secret"], rotated["secret"]):
        assert verified(first, secret)["type"] == "webhook.test"
    assert set(first.json) == {"type", "timestamp", "data"}
    assert first.json["data"]["events"]["type"] == "PRODUCT_GONE"
    assert len(second.headers["webhook-signature"].split()) == 1


async def test_an_event_is_told_by_the_subscribers_own_document(
    working: Graph, receivers: Receivers
) -> None:
    product = await imported(working)
    payload = await made(working, "PRODUCT_PRICE_DROPPED", query=TITLES)
    working.sandbox.catalog.set_price(product["externalId"], "1.00")
    await synced(working, product)

    webhook = await until(
        working,
        payload["webhook"]["id"],
        lambda found: [one["state"] for one in deliveries(found)] == ["DELIVERED"],
    )

    [delivery] = deliveries(webhook)
    [request] = receivers.received
    told = verified(request, payload["secret"])
    assert told["type"] == "product.price_dropped"
    assert told["data"]["events"]["product"]["offer"] == {"price": {"amount": "1.00"}}
    assert delivery["event"] == {"id": delivery["eventId"]}
    assert (delivery["attempt"], delivery["nextTryAt"]) == (1, None)
    assert [one["status"] for one in delivery["attempts"]] == [200]


async def test_with_three_of_ten_tries_failing_each_event_is_delivered_by_one_id(
    working: Graph, receivers: Receivers
) -> None:
    tries: dict[str, list[int]] = defaultdict(list)

    def answer(request: Received) -> tuple[int, str, str]:
        id = request.headers["webhook-id"]
        chance = hashlib.sha256(f"{id} {len(tries[id])}".encode()).digest()[0] / 256
        status = 500 if chance < 0.3 or not any(tries.values()) else 200
        tries[id].append(status)
        return status, "", ""

    receivers.answer = answer
    payload = await made(working, "JOB_FINISHED")
    for _ in range(20):
        job = (await working.run(CANCELLED))["startImport"]["job"]["id"]
        await working.run(
            "mutation($id: ID!) { cancelJob(input: {id: $id}) { job { id } } }", {"id": job}
        )

    def all_told(found: Any) -> bool:
        working.clock.advance(minutes=30)
        return {one["state"] for one in deliveries(found)} == {"DELIVERED"}

    webhook = await until(working, payload["webhook"]["id"], all_told)

    assert webhook["deliveries"]["totalCount"] == len(tries) == 20
    assert all(statuses[-1] == 200 for statuses in tries.values())
    assert any(len(statuses) > 1 for statuses in tries.values())
    assert len(receivers.received) == sum(map(len, tries.values()))
    for request in receivers.received:
        assert verified(request, payload["secret"])["type"] == "job.finished"


async def test_who_answers_410_is_told_nothing_any_more(
    working: Graph, receivers: Receivers
) -> None:
    receivers.answer = lambda _: (410, "", "gone")
    payload = await made(working, "JOB_FINISHED")
    await cancelled(working)

    webhook = await until(working, payload["webhook"]["id"], lambda found: not found["isEnabled"])
    refused = await answered(working, REDELIVER, id=deliveries(webhook)[0]["id"])
    await cancelled(working)
    [event] = (await working.run("{ events(types: [WEBHOOK_DISABLED]) { nodes { webhookId } } }"))[
        "events"
    ]["nodes"]

    assert webhook["disabledReason"] == "GONE"
    assert [one["state"] for one in deliveries(webhook)] == ["FAILED"]
    assert event == {"webhookId": webhook["id"]}
    assert "enableWebhook" in refused["errors"][0]["message"]
    assert len(receivers.received) == 1


async def cancelled(graph: Graph) -> None:
    """A job that has ended."""
    job = (await graph.run(CANCELLED))["startImport"]["job"]["id"]
    await graph.run(
        "mutation($id: ID!) { cancelJob(input: {id: $id}) { job { id } } }", {"id": job}
    )


async def test_what_was_told_is_told_again_when_asked(working: Graph, receivers: Receivers) -> None:
    payload = await made(working, "JOB_FINISHED")
    await cancelled(working)
    webhook = payload["webhook"]["id"]
    told = await until(
        working, webhook, lambda found: [one["state"] for one in deliveries(found)] == ["DELIVERED"]
    )

    one = await answered(working, REDELIVER, id=deliveries(told)[0]["id"])
    await until(working, webhook, lambda found: len(deliveries(found)[0]["attempts"]) == 2)
    since = "2000-01-01T00:00:00Z"
    failed = await answered(working, RANGE, id=webhook, since=since)
    working.clock.advance(seconds=1)
    every = await answered(working, RANGE, id=webhook, since=since, onlyFailed=False)
    await until(working, webhook, lambda found: len(deliveries(found)[0]["attempts"]) == 3)

    assert one["delivery"] == {"state": "PENDING", "attempt": 0}
    assert (failed["count"], every["count"]) == (0, 1)
    assert len({request.headers["webhook-id"] for request in receivers.received}) == 1


async def test_a_webhook_ends_with_the_key_that_made_it(
    working: Graph, receivers: Receivers
) -> None:
    key = await working.make_key("SETTINGS", "READ")
    payload = await answered(working, CREATE, key, url=URL, events=["JOB_FINISHED"])
    [made_key] = [
        each["id"]
        for each in (await working.run("{ apiKeys { nodes { id } } }"))["apiKeys"]["nodes"]
    ]
    await working.run(
        "mutation($id: ID!) { revokeApiKey(input: {id: $id}) { errors { code } } }",
        {"id": made_key},
    )
    await cancelled(working)

    webhook = await until(working, payload["webhook"]["id"], lambda found: not found["isEnabled"])

    assert webhook["disabledReason"] == "KEY_ENDED"
    assert receivers.received == []


@pytest.mark.parametrize(
    ("input", "path", "words"),
    [
        ({"url": "http://hooks.example/"}, "url", "https"),
        ({"url": "https://api.telegram.org/bot1:x/sendMessage"}, "url", "chat_id"),
        ({"events": []}, "events", "at least one"),
        ({"query": "subscription {"}, "query", "Syntax"),
        ({"query": "{ products { totalCount } }"}, "query", "one field `events`"),
        ({"query": "subscription { events { nothing } }"}, "query", "nothing"),
        ({"query": "subscription { productChanged(ids: []) { id } }"}, "query", "one field"),
        (
            {"query": "subscription($t: [EventType!]) { events(types: $t) { id } }"},
            "query",
            "without variables",
        ),
        ({"query": f"subscription {{ events {{ {'a: id ' * 3000} }} }}"}, "query", "cannot be"),
    ],
)
async def test_what_cannot_be_a_webhook_is_refused(
    graph: Graph, input: dict[str, object], path: str, words: str
) -> None:
    payload = await answered(graph, CREATE, **{"url": URL, "events": ["PRODUCT_GONE"], **input})

    [error] = payload["errors"]
    assert payload["webhook"] is payload["secret"] is None
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", path])
    assert words in error["message"]


async def test_nobody_reads_by_a_webhook_what_they_may_not_read(graph: Graph) -> None:
    webhook = (await made(graph, "PRODUCT_GONE"))["webhook"]["id"]
    settings, reader = await graph.make_key("SETTINGS"), await graph.make_key("READ")

    given = {"url": URL, "events": ["PRODUCT_GONE"]}
    refusals = [
        await answered(graph, CREATE, settings, **given),
        await answered(graph, CREATE, reader, **given),
        await answered(graph, UPDATE, settings, id=webhook, url="https://other.example/"),
        await answered(graph, TEST, settings, id=webhook),
    ]
    read = await graph.post(READ, {"id": webhook}, key=reader)

    assert [one["errors"][0]["code"] for one in refusals] == ["FORBIDDEN"] * 4
    assert read["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_chat_gets_a_sentence_without_a_price_that_is_not_the_events(
    working: Graph, receivers: Receivers
) -> None:
    product = await imported(working)
    chat = "https://hooks.slack.com/services/T/B/marker"
    payload = await made(working, "PRODUCT_GONE", url=chat)
    working.sandbox.catalog.remove(product["externalId"])
    await synced(working, product, times=3)

    await until(
        working,
        payload["webhook"]["id"],
        lambda found: [one["state"] for one in deliveries(found)] == ["DELIVERED"],
    )

    [request] = receivers.received
    assert payload["webhook"]["url"] == "https://hooks.slack.com/…"
    assert payload["webhook"]["kind"] == "SLACK"
    assert request.json["text"].startswith("Gone from the marketplace: ")
    assert product["offer"]["price"]["amount"] not in request.json["text"]

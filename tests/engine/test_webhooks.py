"""The worker tells webhooks: again after failures, by the same ids, and not for ever."""

import hashlib
from collections import defaultdict
from typing import Any

import pytest

import resolvers.deliveries
from db import statements
from engine.webhooks import OF_EACH, OF_WORKSPACE, PLACES
from tests.graph import Graph
from tests.networks import FakeNetwork, Received
from tests.webhooks import (
    CANCELLED,
    CREATE,
    REDELIVER,
    URL,
    answered,
    are_told,
    cancelled,
    deliveries,
    is_off,
    made,
    until,
    verified,
)

pytestmark = pytest.mark.anyio

PRICES = """subscription { events { job { results { nodes {
  product { offer { price { amount } } } } } } } }"""
START = "mutation($input: StartImportInput!) { startImport(input: $input) { job { id } } }"


async def test_with_three_of_ten_tries_failing_each_event_is_delivered_by_one_id(
    delivering: Graph, receivers: FakeNetwork
) -> None:
    tries: dict[str, list[int]] = defaultdict(list)

    def answer(request: Received) -> tuple[int, str, str]:
        id = request.headers["webhook-id"]
        chance = hashlib.sha256(f"{id} {len(tries[id])}".encode()).digest()[0] / 256
        fails = chance < 0.3 and len(tries[id]) < 4
        status = 500 if fails or not any(tries.values()) else 200
        tries[id].append(status)
        return status, "", ""

    receivers.answer = answer
    payload = await made(delivering, "JOB_FINISHED")
    for _ in range(20):
        job = (await delivering.run(CANCELLED))["startImport"]["job"]["id"]
        await delivering.run(
            "mutation($id: ID!) { cancelJob(input: {id: $id}) { job { id } } }", {"id": job}
        )

    def all_told(found: Any) -> bool:
        waiting = [one for one in deliveries(found) if one["state"] == "PENDING"]
        if any(one["attempts"] for one in waiting):
            delivering.clock.advance(minutes=30)
        return not waiting

    webhook = await until(delivering, payload["webhook"]["id"], all_told)

    assert webhook["deliveries"]["totalCount"] == len(tries) == 20
    assert all(statuses[-1] == 200 for statuses in tries.values())
    assert any(len(statuses) > 1 for statuses in tries.values())
    assert len(receivers.received) == sum(map(len, tries.values()))
    for request in receivers.received:
        assert verified(request, payload["secret"])["type"] == "job.finished"


async def test_receivers_of_one_workspace_that_hang_hold_no_other_workspace_up(
    delivering: Graph, receivers: FakeNetwork
) -> None:
    receivers.silent = frozenset({"away.example"})
    key = await delivering.make_workspace("theirs")
    payload = await made(delivering, "JOB_FINISHED", key=key)
    for _ in range(PLACES // OF_EACH):  # as many as would fill all places
        await made(delivering, "JOB_FINISHED", url="https://away.example/")
    for _ in range(OF_EACH):
        await cancelled(delivering)
        delivering.clock.advance(seconds=1)  # which of two comes first is told by their times
    theirs = payload["webhook"]["id"]
    await until(delivering, theirs, lambda _: receivers.at_once >= OF_WORKSPACE, key)

    await cancelled(delivering, key)
    await until(delivering, theirs, are_told, key)

    assert receivers.most_at_once <= OF_WORKSPACE + 1
    receivers.released.set()


async def test_who_answers_410_is_told_nothing_any_more(
    delivering: Graph, receivers: FakeNetwork
) -> None:
    receivers.answer = lambda _: (410, "", "gone")
    payload = await made(delivering, "JOB_FINISHED")
    await cancelled(delivering)

    webhook = await until(delivering, payload["webhook"]["id"], is_off)
    refused = await answered(delivering, REDELIVER, id=deliveries(webhook)[0]["id"])
    await cancelled(delivering)
    told = await delivering.run("{ events(types: [WEBHOOK_DISABLED]) { nodes { webhookId } } }")

    assert webhook["disabledReason"] == "GONE"
    assert [one["state"] for one in deliveries(webhook)] == ["FAILED"]
    assert told["events"]["nodes"] == [{"webhookId": webhook["id"]}]
    assert "enableWebhook" in refused["errors"][0]["message"]
    assert len(receivers.received) == 1


async def test_a_webhook_ends_with_the_key_that_made_it(
    delivering: Graph, receivers: FakeNetwork
) -> None:
    key = await delivering.make_key("SETTINGS", "READ")
    payload = await answered(delivering, CREATE, key, url=URL, events=["JOB_FINISHED"])
    [made_key] = [
        each["id"]
        for each in (await delivering.run("{ apiKeys { nodes { id } } }"))["apiKeys"]["nodes"]
    ]
    await delivering.run(
        "mutation($id: ID!) { revokeApiKey(input: {id: $id}) { errors { code } } }",
        {"id": made_key},
    )
    await cancelled(delivering)

    webhook = await until(delivering, payload["webhook"]["id"], is_off)

    assert webhook["disabledReason"] == "KEY_ENDED"
    assert receivers.received == []


async def test_a_price_that_must_not_be_kept_is_in_no_row_even_when_it_is_sent_back(
    delivering: Graph, receivers: FakeNetwork
) -> None:
    receivers.answer = lambda request: (200, "", request.body.decode())
    await delivering.connect_both()
    search = """{ searchProducts(marketplace: AMAZON, search: {keywords: "lamp"}, first: 10) {
                    nodes { externalId offer { price { amount } } } } }"""
    shown = (await delivering.run(search))["searchProducts"]["nodes"]
    found = next(each for each in shown if each["offer"] and each["offer"]["price"])
    ref = {"marketplace": "AMAZON", "externalId": found["externalId"]}
    payload = await made(delivering, "JOB_FINISHED", query=PRICES)

    await delivering.run(START, {"input": {"products": [{"ref": ref}]}})
    webhook = await until(delivering, payload["webhook"]["id"], are_told)

    [request] = receivers.received
    [delivery] = deliveries(webhook)
    price = found["offer"]["price"]["amount"]
    assert f'"amount":"{price}"' in request.body.decode()
    assert '"amount":"#"' in delivery["attempts"][0]["answer"]
    for table in ("events", "webhook_deliveries"):
        assert price not in repr(await statements.rows(f"SELECT * FROM {table}"))


async def test_what_is_too_large_is_not_sent(
    delivering: Graph, receivers: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolvers.deliveries, "LARGEST", 100)
    payload = await made(delivering, "JOB_FINISHED")
    await cancelled(delivering)

    webhook = await until(
        delivering, payload["webhook"]["id"], lambda found: bool(deliveries(found)[0]["attempts"])
    )

    [attempt] = deliveries(webhook)[0]["attempts"]
    assert "100 may go" in attempt["error"]
    assert receivers.received == []

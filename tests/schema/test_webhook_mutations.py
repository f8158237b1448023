"""What makes, tries and repeats webhooks, and what is refused."""

import pytest

from tests.database import count_statements
from tests.graph import Graph
from tests.networks import FakeNetwork
from tests.webhooks import (
    CREATE,
    RANGE,
    READ,
    REDELIVER,
    ROTATE,
    TEST,
    UPDATE,
    URL,
    answered,
    are_told,
    cancelled,
    deliveries,
    made,
    until,
    verified,
)

pytestmark = pytest.mark.anyio


async def test_a_test_is_sent_at_once_signed_by_old_and_new_secret(
    delivering: Graph, receivers: FakeNetwork
) -> None:
    payload = await made(delivering, "PRODUCT_GONE")
    webhook = payload["webhook"]["id"]
    rotated = await answered(delivering, ROTATE, id=webhook, keepFor=1)

    tested = await answered(delivering, TEST, id=webhook)
    delivering.clock.advance(hours=1)
    await answered(delivering, TEST, id=webhook)

    first, second = receivers.received
    assert tested["attempt"] == {"status": 200, "answer": "ok", "error": None}
    for secret in (payload["secret"], rotated["secret"]):
        assert verified(first, secret)["type"] == "webhook.test"
    assert set(first.json) == {"type", "timestamp", "data"}
    assert first.json["data"]["events"]["type"] == "PRODUCT_GONE"
    assert len(second.headers["webhook-signature"].split()) == 1


async def test_what_was_told_is_told_again(delivering: Graph, receivers: FakeNetwork) -> None:
    payload = await made(delivering, "JOB_FINISHED")
    await cancelled(delivering)
    webhook = payload["webhook"]["id"]
    told = await until(
        delivering,
        webhook,
        are_told,
    )

    one = await answered(delivering, REDELIVER, id=deliveries(told)[0]["id"])
    await until(delivering, webhook, lambda found: len(deliveries(found)[0]["attempts"]) == 2)
    since = "2000-01-01T00:00:00Z"
    failed = await answered(delivering, RANGE, id=webhook, since=since)
    delivering.clock.advance(seconds=1)
    every = await answered(delivering, RANGE, id=webhook, since=since, onlyFailed=False)
    await until(delivering, webhook, lambda found: len(deliveries(found)[0]["attempts"]) == 3)

    assert one["delivery"] == {"state": "PENDING", "attempt": 0}
    assert (failed["count"], every["count"]) == (0, 1)
    assert len({request.headers["webhook-id"] for request in receivers.received}) == 1


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


async def test_nobody_reads_by_a_delivery_what_they_may_not_read(graph: Graph) -> None:
    webhook = (await made(graph, "JOB_FINISHED"))["webhook"]["id"]
    await cancelled(graph)

    read = await graph.post(READ, {"id": webhook}, key=await graph.make_key("SETTINGS"))

    [delivery] = deliveries(read["data"]["webhook"])
    assert delivery["event"] is None
    assert [one["extensions"]["code"] for one in read["errors"]] == ["FORBIDDEN"]


async def test_the_events_of_a_page_of_deliveries_are_read_in_one_statement(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = (await made(graph, "JOB_FINISHED"))["webhook"]["id"]
    for _ in range(3):
        await cancelled(graph)
    told = count_statements(monkeypatch)

    read = (await graph.run(READ, {"id": webhook}))["webhook"]

    assert [one["event"] for one in deliveries(read)] == [
        {"id": one["eventId"]} for one in deliveries(read)
    ]
    assert len(deliveries(read)) == 3
    assert len([sql for sql in told if '"events"' in sql]) == 1

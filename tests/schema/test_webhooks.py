"""Webhooks through the graph: shown without what is secret, and told what was asked for."""

import logging

import pytest

from tests.graph import Graph
from tests.networks import FakeNetwork
from tests.schema.test_events import imported, synced
from tests.webhooks import (
    ROTATE,
    TITLES,
    WEBHOOK,
    answered,
    are_told,
    deliveries,
    made,
    until,
    verified,
)

pytestmark = pytest.mark.anyio


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


async def test_an_event_is_told_by_the_subscribers_own_document(
    delivering: Graph, receivers: FakeNetwork
) -> None:
    product = await imported(delivering)
    payload = await made(delivering, "PRODUCT_PRICE_DROPPED", query=TITLES)
    delivering.sandbox.catalog.set_price(product["externalId"], "1.00")
    await synced(delivering, product)

    webhook = await until(
        delivering,
        payload["webhook"]["id"],
        are_told,
    )

    [delivery] = deliveries(webhook)
    [request] = receivers.received
    told = verified(request, payload["secret"])
    assert told["type"] == "product.price_dropped"
    assert told["data"]["events"]["product"]["offer"] == {"price": {"amount": "1.00"}}
    assert delivery["event"] == {"id": delivery["eventId"]}
    assert (delivery["attempt"], delivery["nextTryAt"]) == (1, None)
    assert [one["status"] for one in delivery["attempts"]] == [200]


async def test_a_chat_gets_a_sentence_without_a_price_that_is_not_the_events(
    delivering: Graph, receivers: FakeNetwork
) -> None:
    product = await imported(delivering)
    chat = "https://hooks.slack.com/services/T/B/marker"
    payload = await made(delivering, "PRODUCT_GONE", url=chat)
    delivering.sandbox.catalog.remove(product["externalId"])
    await synced(delivering, product, times=3)

    await until(
        delivering,
        payload["webhook"]["id"],
        are_told,
    )

    [request] = receivers.received
    assert payload["webhook"]["url"] == "https://hooks.slack.com/…"
    assert payload["webhook"]["kind"] == "SLACK"
    assert request.json["text"].startswith("Gone from the marketplace: ")
    assert product["offer"]["price"]["amount"] not in request.json["text"]

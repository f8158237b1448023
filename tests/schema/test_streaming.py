"""How a subscription is opened, refused, and paid for."""

from pathlib import Path

import pytest

from tests.graph import API_KEY, Graph, running_graph
from tests.schema.test_events import imported
from tests.streaming import CHANGED, EVENTS, quicken, subscribed

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { events { type } productChanged(ids: []) { id } }", None),
        ('subscription { events(after: "x") { type } }', "INVALID_INPUT"),
        ('subscription { productChanged(ids: ["x"]) { id } }', "INVALID_INPUT"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
    ],
)
async def test_what_cannot_be_subscribed_to_is_told_in_the_stream(
    graph: Graph, query: str, code: str | None
) -> None:
    async with subscribed(graph, query) as stream:
        await stream.end()

    assert stream.status == 200
    [body] = await stream.bodies(1)
    assert body["errors"][0]["extensions"]["code"] == (code or "GRAPHQL_VALIDATION_FAILED")
    assert stream.text.endswith("event: complete\ndata:\n\n")


async def test_who_takes_no_stream_is_told_what_to_send(graph: Graph) -> None:
    body = await graph.post(EVENTS)

    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "text/event-stream" in body["errors"][0]["message"]


async def test_each_event_is_paid_for(migrated_database: str, tmp_path: Path) -> None:
    environ = {"BUCKET_CAPACITY": "100000", "BUCKET_RESTORE": "1"}
    async with running_graph(migrated_database, tmp_path, environ=environ) as graph:
        product = await imported(graph)
        async with subscribed(graph, CHANGED, {"ids": [product["id"]]}) as stream:
            [_] = await stream.bodies(1)
        left = (await graph.post("{ __typename }"))["extensions"]["cost"]["throttleStatus"]
        async with subscribed(graph, CHANGED, {"ids": [product["id"]]}) as stream:
            [_] = await stream.bodies(1)
        then = (await graph.post("{ __typename }"))["extensions"]["cost"]["throttleStatus"]

    # The opening, the event, and the question about what is left.
    assert left["currentlyAvailable"] - then["currentlyAvailable"] == 3
    assert API_KEY not in stream.text

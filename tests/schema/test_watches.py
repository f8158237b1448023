"""createWatch, rearmWatch, deleteWatch and watches."""

from typing import Any

import pytest

from tests.database import count_statements
from tests.graph import Graph
from tests.schema.test_events import imported, synced

pytestmark = pytest.mark.anyio

WATCH = """watch { id kind price { amount } percent days productIds conditions firedCount }
  errors { code path message }"""
CREATE = f"mutation($input: CreateWatchInput!) {{ createWatch(input: $input) {{ {WATCH} }} }}"
REARM = f"mutation($input: WatchInput!) {{ rearmWatch(input: $input) {{ {WATCH} }} }}"
DELETE = """mutation($input: WatchInput!) {
  deleteWatch(input: $input) { deletedId errors { code } } }"""
EVENTS = """{ events(types: [WATCH_FIRED]) {
  nodes { watchId productId price { amount } previousPrice { amount } } } }"""
LIST = "{ watches { nodes { id firedCount product { id } } totalCount } }"


async def answered(graph: Graph, document: str, **input: Any) -> dict[str, Any]:
    [payload] = (await graph.run(document, {"input": input})).values()
    return dict(payload)


async def test_a_watch_is_told_as_an_event_until_it_is_deleted(graph: Graph) -> None:
    product = await imported(graph)
    condition = {"belowPrice": {"amount": "2", "currencyCode": "USD"}}
    made = await answered(graph, CREATE, condition=condition, productIds=[product["id"]])
    graph.sandbox.catalog.set_price(product["externalId"], "1.00")
    await synced(graph, product)

    [event] = (await graph.run(EVENTS))["events"]["nodes"]
    listed = (await graph.run(LIST))["watches"]
    again = await answered(graph, REARM, id=made["watch"]["id"])
    deleted = await answered(graph, DELETE, id=made["watch"]["id"])

    assert made["errors"] == []
    assert made["watch"]["kind"] == "BELOW_PRICE"
    assert event == {
        "watchId": made["watch"]["id"],
        "productId": product["id"],
        "price": {"amount": "1.00"},
        "previousPrice": product["offer"]["price"],
    }
    [told] = listed["nodes"]
    assert told == {
        "id": event["watchId"],
        "firedCount": 1,
        "product": {"id": product["id"]},
    }
    assert again["watch"]["firedCount"] == 0
    assert deleted == {"deletedId": event["watchId"], "errors": []}
    assert (await graph.run(LIST))["watches"]["totalCount"] == 0


async def test_what_a_filter_asks_is_shown(graph: Graph) -> None:
    made = await answered(
        graph,
        CREATE,
        condition={"dropPercent": 10},
        filter={"marketplace": "ALIEXPRESS", "text": "lamp", "hasLink": True},
    )

    assert made["watch"]["conditions"] == ["marketplace=ALIEXPRESS", "text=lamp", "hasLink=true"]
    assert made["watch"]["productIds"] is None


@pytest.mark.parametrize(
    ("input", "code", "path"),
    [
        ({"condition": {"dropPercent": 10}}, "INVALID_INPUT", ["input"]),
        ({"condition": {"dropPercent": 0}, "filter": {}}, "INVALID_INPUT", "dropPercent"),
        ({"condition": {"lowestInDays": 366}, "filter": {}}, "INVALID_INPUT", "lowestInDays"),
        ({"condition": {"backInStock": False}, "filter": {}}, "INVALID_INPUT", "backInStock"),
        ({"condition": {"backInStock": True}, "productIds": []}, "INVALID_INPUT", "productIds"),
        (
            {"condition": {"dropPercent": 5}, "filter": {"marketplace": "AMAZON"}},
            "TRACKING_FORBIDDEN",
            "marketplace",
        ),
    ],
)
async def test_what_cannot_be_watched_is_refused(
    graph: Graph, input: dict[str, Any], code: str, path: object
) -> None:
    payload = await answered(graph, CREATE, **input)

    [error] = payload["errors"]
    assert payload["watch"] is None
    assert error["code"] == code
    assert path in (error["path"], error["path"][-1])


async def test_stock_may_be_watched_where_prices_may_not(graph: Graph) -> None:
    made = await answered(
        graph, CREATE, condition={"backInStock": True}, filter={"marketplace": "AMAZON"}
    )

    assert made["errors"] == []


async def test_what_watches_of_a_page_were_told_is_counted_in_one_statement(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    for percent in (10, 20, 30):
        await answered(graph, CREATE, condition={"dropPercent": percent}, filter={})
    told = count_statements(monkeypatch)

    listed = (await graph.run(LIST))["watches"]

    assert [one["firedCount"] for one in listed["nodes"]] == [0, 0, 0]
    assert len([sql for sql in told if "watch_firings" in sql]) == 1

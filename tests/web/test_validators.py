"""Answers that may be kept: which, by whom, how long, and that they are told apart."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from schema.execution import sha256
from tests.graph import ALIEXPRESS, API_KEY, Graph
from web import validators
from web.page import operations
from web.validators import kept

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = {"Authorization": f"Bearer {API_KEY}"}
IMPORT = """mutation Import($url: String!) {
  importProduct(input: {product: {url: $url}}) { product { id } errors { message } } }"""
EXPIRY = """mutation Import($url: String!) {
  importProduct(input: {product: {url: $url}}) { product { offer { expiresAt } } } }"""
DOCUMENT = operations()["library"]


async def gotten(graph: Graph, document: str = DOCUMENT, **headers: str) -> httpx.Response:
    parameters = {
        "documentId": sha256(document),
        "operationName": "Library",
        "variables": json.dumps({"first": 10}),
    }
    return await graph.http.get(
        "/graphql",
        params=parameters,
        headers=KEY | {k.replace("_", "-"): v for k, v in headers.items()},
    )


def request(if_none_match: str = "") -> Request:
    headers = [(b"if-none-match", if_none_match.encode())] if if_none_match else []
    return Request({"type": "http", "method": "GET", "headers": headers})


def used(valid_until: datetime | None) -> str:
    return kept(request(), Response(b"{}"), "0f", valid_until, NOW).headers["cache-control"]


async def test_a_trusted_query_is_told_again_in_a_few_bytes(graph: Graph) -> None:
    first = await gotten(graph)
    again = await gotten(graph, If_None_Match=first.headers["etag"])

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == first.headers["cache-control"] == "private, no-cache"
    assert {"Authorization", "X-Api-Key", "Cookie"} <= set(first.headers["vary"].split(", "))
    assert again.headers["ratelimit"].startswith('"points"')


async def test_an_answer_that_changed_is_told_anew(graph: Graph) -> None:
    first = await gotten(graph)
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    await graph.run(IMPORT, {"url": "https://www.aliexpress.com/item/1005000000001001.html"})

    again = await gotten(graph, If_None_Match=first.headers["etag"])

    assert again.status_code == 200
    assert again.headers["etag"] != first.headers["etag"]


async def test_an_answer_with_a_price_is_kept_a_minute_at_most(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    await graph.run(IMPORT, {"url": "https://www.aliexpress.com/item/1005000000001001.html"})

    fresh = await gotten(graph)
    graph.clock.advance(days=30)
    old = await gotten(graph)

    assert fresh.headers["cache-control"] == "private, max-age=60"
    assert old.headers["cache-control"] == "private, max-age=0"


async def test_an_answer_ends_with_the_offer_in_it_that_expires_first(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = ("1005000000001001", "1005000000001008")
    expiries = []
    for id in ids:
        address = f"https://www.aliexpress.com/item/{id}.html"
        payload = (await graph.run(EXPIRY, {"url": address}))["importProduct"]
        expiries.append(datetime.fromisoformat(payload["product"]["offer"]["expiresAt"]))
        graph.clock.advance(seconds=20)

    graph.clock.time = expiries[0] - timedelta(seconds=15)
    both = await gotten(graph)

    assert len(both.json()["data"]["products"]["nodes"]) == len(ids)
    assert expiries[1] - expiries[0] == timedelta(seconds=20)
    assert both.headers["cache-control"] == "private, max-age=15"


async def test_nothing_else_may_be_kept(graph: Graph) -> None:
    posted = await graph.http.post(
        "/graphql",
        json={"documentId": sha256(DOCUMENT), "operationName": "Library"},
        headers=KEY,
    )
    free = await graph.http.get("/graphql", params={"query": "{ __typename }"}, headers=KEY)
    failed: Any = await graph.http.get(
        "/graphql",
        params={"documentId": sha256(DOCUMENT), "operationName": "Nobody"},
        headers=KEY,
    )

    for answer in (posted, free, failed):
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers


@pytest.mark.parametrize(
    ("_case", "valid_until", "use"),
    [
        ("nothing expires", None, "private, no-cache"),
        ("it expires soon", NOW + timedelta(seconds=7.9), "private, max-age=7"),
        ("it expires late", NOW + timedelta(days=1), f"private, max-age={validators.LONGEST}"),
        ("it has expired", NOW - timedelta(seconds=1), "private, max-age=0"),
    ],
)
def test_an_answer_is_used_until_the_first_part_of_it_expires(
    _case: str, valid_until: datetime | None, use: str
) -> None:
    assert used(valid_until) == use


@pytest.mark.parametrize(("sent", "status"), [('"a", W/{}', 304), ("*", 304), ('"a"', 200)])
def test_one_of_several_tags_is_enough(sent: str, status: int) -> None:
    tag = kept(request(), Response(b"{}"), "0f", None, NOW).headers["etag"].removeprefix("W/")

    answer = kept(request(sent.replace("{}", tag)), Response(b"{}"), "0f", None, NOW)

    assert answer.status_code == status

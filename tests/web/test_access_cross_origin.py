"""Which pages may read answers, and ask with a key of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.graph import API_KEY, Graph, running_graph
from web.endpoint import CAP_HEADER, PRIORITY_HEADER
from web.security import PREFLIGHT_HEADER

pytestmark = pytest.mark.anyio

SHOP = "https://shop.example"
EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
SENT_BY_CLIENTS = (
    "apollographql-client-name",
    "apollographql-client-version",
    "x-apollo-operation-name",
    "apollo-require-preflight",
    "traceparent",
    "tracestate",
    "baggage",
    "sentry-trace",
    "cache-control",
    "x-requested-with",
)
KEY = {"Authorization": f"Bearer {API_KEY}"}
PING = {"query": "{ __typename }"}


@pytest.fixture
async def graph(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """Pages of one shop may read; the server has a public name."""
    settings = {
        "ALLOWED_ORIGINS": f"{SHOP}, {EXTENSION}",
        "ALLOWED_HEADERS": "X-Shop-Version",
        "PUBLIC_URL": "https://graph.example",
    }
    async with running_graph(migrated_database, tmp_path, environ=settings) as running:
        yield running


async def ask(graph: Graph, **headers: str) -> httpx.Response:
    return await graph.http.post("/graphql", json=PING, headers=KEY | headers)


async def test_a_listed_page_may_read_answers_with_their_limits(graph: Graph) -> None:
    answer = await ask(graph, Origin=SHOP)

    assert answer.headers["access-control-allow-origin"] == SHOP
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"} <= set(exposed)
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "Origin"


async def test_a_listed_page_may_read_refusals(graph: Graph) -> None:
    answer = await ask(graph, Origin=SHOP, Authorization="Bearer wrong")

    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == SHOP


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://shop.example", "https://shop.example.evil.example", "null"],
)
async def test_other_pages_may_read_nothing(graph: Graph, origin: str) -> None:
    answer = await ask(graph, Origin=origin)

    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "Origin"


async def test_permission_to_send_says_nothing_of_cookies(graph: Graph) -> None:
    answer = await graph.http.options(
        "/graphql", headers={"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    )

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/graphql", "/export/json"])
async def test_pages_may_send_what_clients_send_and_what_the_operator_lists(
    graph: Graph, path: str
) -> None:
    answer = await graph.http.options(path, headers={"Origin": SHOP})

    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    expected = [CAP_HEADER, PRIORITY_HEADER, "X-Shop-Version", *SENT_BY_CLIENTS]
    assert {name.lower() for name in expected} <= set(allowed)
    assert PREFLIGHT_HEADER.lower() not in allowed


@pytest.mark.parametrize("origin", [SHOP, EXTENSION])
async def test_a_listed_page_may_read_files(graph: Graph, origin: str) -> None:
    file = await graph.http.get("/export/json", headers=KEY | {"Origin": origin})
    refused = await graph.http.get("/export/json", headers={"Origin": origin})
    elsewhere = await graph.http.get("/export/json", headers=KEY | {"Origin": "https://e.example"})

    assert (file.status_code, refused.status_code) == (200, 401)
    assert file.headers["access-control-allow-origin"] == origin
    assert refused.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-origin" not in elsewhere.headers


async def may_send(graph: Graph, origin: str, path: str = "/graphql") -> bool:
    answer = await graph.http.options(
        path, headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
    )
    assert answer.headers["vary"] == "Origin"
    return bool(answer.headers.get("access-control-allow-origin") == origin)


async def test_only_pages_that_somebody_listed_are_permitted_to_send(graph: Graph) -> None:
    await graph.make_key("READ", origins=["https://blog.example"])

    found = {
        origin: await may_send(graph, origin)
        for origin in (SHOP, EXTENSION, "https://blog.example", "https://evil.example", "null")
    }

    assert found == {
        SHOP: True,
        EXTENSION: True,
        "https://blog.example": True,
        "https://evil.example": False,
        "null": False,
    }


async def test_pages_of_a_key_at_its_end_are_permitted_no_more(graph: Graph) -> None:
    soon = "2026-11-21T13:00:00Z"
    await graph.make_key("READ", origins=["https://blog.example"], expiresAt=soon)

    graph.clock.advance(hours=1)

    assert not await may_send(graph, "https://blog.example")

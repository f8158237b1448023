"""Which pages may read answers, and by which names the server may be called."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.graph import API_KEY, Graph, running_graph
from web.endpoint import CAP_HEADER, PRIORITY_HEADER
from web.security import PREFLIGHT_HEADER

pytestmark = pytest.mark.anyio

SHOP = "https://shop.example"
KEY = {"Authorization": f"Bearer {API_KEY}"}
PING = {"query": "{ __typename }"}


@pytest.fixture
async def graph(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """Pages of one shop may read; the server has a public name."""
    settings = {"ALLOWED_ORIGINS": SHOP, "PUBLIC_URL": "https://graph.example"}
    async with running_graph(migrated_database, tmp_path, environ=settings) as running:
        yield running


async def ask(graph: Graph, **headers: str) -> httpx.Response:
    return await graph.http.post("/graphql", json=PING, headers=KEY | headers)


async def test_a_listed_page_may_read_answers_with_their_limits(graph: Graph) -> None:
    answer = await ask(graph, Origin=SHOP)

    assert answer.headers["access-control-allow-origin"] == SHOP
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"} == set(exposed)
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


async def test_pages_may_say_what_an_answer_is_worth(graph: Graph) -> None:
    answer = await graph.http.options("/graphql", headers={"Origin": SHOP})

    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert {CAP_HEADER, PRIORITY_HEADER} <= set(allowed)
    assert PREFLIGHT_HEADER not in allowed


async def may_send(graph: Graph, origin: str) -> bool:
    answer = await graph.http.options(
        "/graphql", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
    )
    assert answer.headers["vary"] == "Origin"
    return bool(answer.headers.get("access-control-allow-origin") == origin)


async def test_only_pages_that_somebody_listed_are_permitted_to_send(graph: Graph) -> None:
    await graph.make_key("READ", origins=["https://blog.example"])

    found = {
        origin: await may_send(graph, origin)
        for origin in (SHOP, "https://blog.example", "https://evil.example", "null")
    }

    assert found == {
        SHOP: True,
        "https://blog.example": True,
        "https://evil.example": False,
        "null": False,
    }


async def test_pages_of_a_key_at_its_end_are_permitted_no_more(graph: Graph) -> None:
    soon = "2026-11-21T13:00:00Z"
    await graph.make_key("READ", origins=["https://blog.example"], expiresAt=soon)

    graph.clock.advance(hours=1)

    assert not await may_send(graph, "https://blog.example")


@pytest.mark.parametrize("host", ["graph.example", "GRAPH.example:443", "localhost", "127.0.0.1:1"])
async def test_its_names_are_answered(graph: Graph, host: str) -> None:
    answer = await ask(graph, Host=host)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "graph.example.evil.example", "192.0.2.7", "", "a b"]
)
@pytest.mark.parametrize("path", ["/graphql", "/", "/session", "/graphiql/nothing"])
async def test_other_names_are_not(graph: Graph, host: str, path: str) -> None:
    answer = await graph.http.get(path, headers=KEY | {"Host": host})

    assert answer.status_code == 421
    assert "ALLOWED_HOSTS" in answer.json()["errors"][0]["message"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_may_come_by_any_name(graph: Graph, path: str) -> None:
    answer = await graph.http.get(path, headers={"Host": "10.1.2.3:8000"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/graphql"),
        ("POST", "/graphql"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("POST", "/session"),
        ("GET", "/export/json"),
        ("GET", "/nothing"),
        ("PUT", "/graphql"),
        ("OPTIONS", "/graphql"),
    ],
)
async def test_every_answer_has_the_headers_of_security(
    graph: Graph, method: str, path: str
) -> None:
    answer = await graph.http.request(method, path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/graphql", "/session"])
async def test_every_route_with_a_body_bounds_it(graph: Graph, path: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1_000):
            yield b" " * 65_536

    answer = await graph.http.post(
        path,
        content=endless(),
        headers=KEY | {"Content-Type": "application/json", "GraphQL-Preflight": "1"},
    )

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "/graphql", 405, "BAD_REQUEST"),
        ("DELETE", "/graphql", 405, "BAD_REQUEST"),
        ("POST", "/export/json", 405, "BAD_REQUEST"),
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("GET", "/sandbox/nothing", 404, "NOT_FOUND"),
    ],
)
async def test_wrong_addresses_and_methods_are_told_as_errors(
    graph: Graph, method: str, path: str, status: int, code: str
) -> None:
    answer = await graph.http.request(method, path, headers=KEY)

    [error] = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (status, code)
    assert ("allow" in answer.headers) == (status == 405)
    assert answer.headers.get("allow", "GET").split(", ")[0] in error["message"] + "GET"

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

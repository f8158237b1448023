"""What holds for every route of the application."""

from collections.abc import AsyncIterator

import pytest

from tests.graph import API_KEY, Graph

pytestmark = pytest.mark.anyio

KEY = {"Authorization": f"Bearer {API_KEY}"}


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

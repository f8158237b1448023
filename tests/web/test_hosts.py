"""By which names the server may be called."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.graph import API_KEY, Graph, running_graph

pytestmark = pytest.mark.anyio

KEY = {"Authorization": f"Bearer {API_KEY}"}
PING = {"query": "{ __typename }"}


@pytest.fixture
async def graph(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """The server has a public name."""
    settings = {"PUBLIC_URL": "https://graph.example"}
    async with running_graph(migrated_database, tmp_path, environ=settings) as running:
        yield running


async def ask(graph: Graph, **headers: str) -> httpx.Response:
    return await graph.http.post("/graphql", json=PING, headers=KEY | headers)


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

"""What is told where no route, or no method of it, is meant."""

import pytest

from tests.graph import API_KEY, Graph

pytestmark = pytest.mark.anyio

KEY = {"Authorization": f"Bearer {API_KEY}"}


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

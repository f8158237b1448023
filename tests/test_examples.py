"""The examples on the real server: over HTTP, with httpx and with gql, on the made catalogue."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gql
import httpx
import pytest
from gql.transport.httpx import HTTPXTransport

from db.keys import new_key
from tests.database import empty_database, on_postgres
from tests.examples import Send, check, run_examples
from tests.processes import UNHURRIED, started_server

pytestmark = pytest.mark.anyio

KEY = "a-key-of-our-own-0123456789-abcdef"


def by_httpx(address: str) -> Send:
    """Plain HTTP, as curl does it."""

    def send(document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        answer = httpx.post(
            f"{address}/graphql",
            json={"query": document, "variables": dict(variables)},
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    return send


def by_gql(address: str) -> Send:
    """A GraphQL client that checks every document against the served schema."""
    transport = HTTPXTransport(f"{address}/graphql", headers={"X-Api-Key": KEY}, timeout=60)
    client = gql.Client(transport=transport, fetch_schema_from_transport=True)

    def send(document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        request = gql.gql(document)
        request.variable_values = dict(variables)
        with client as session:
            data: dict[str, Any] = session.execute(request)
        return data

    return send


@pytest.fixture
async def database(tmp_path: Path) -> object:
    """Settings for a database of its own, SQLite or PostgreSQL, without tables."""
    async with empty_database(tmp_path) as url:
        yield {"DATABASE_URL": url, "ENCRYPTION_KEYS": new_key()} if on_postgres() else {}


@pytest.mark.parametrize("by", [by_httpx, pytest.param(by_gql, marks=pytest.mark.slow)])
async def test_every_example_answers_what_its_comment_says(
    database: dict[str, str], tmp_path: Path, by: Any
) -> None:
    settings = {"SANDBOX": "on", "ADMIN_API_KEY": KEY, **UNHURRIED, **database}

    with started_server(tmp_path / "data", settings) as server:
        answers = run_examples(by(server.address), {})
        output = server.output

    check(answers)
    for secret in ("sandbox-app-secret", "sandbox-credential-secret", KEY):
        assert secret not in output
        assert secret not in str(answers)

"""Clients of others do their work against the server: each is a program of a few lines here."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport

from tests.conformance.test_audits import node
from tests.graph import ALIEXPRESS, CONNECT
from tests.processes import started_server
from tests.schema.test_events import IMPORT

pytestmark = pytest.mark.peers

FOLDER = Path(__file__).resolve().parent
KEY = "a-key-for-the-peers-0123456789-abcdef"
CODES = ["ALIEXPRESS", "AMAZON"]
NOT_AN_ID = "This is not an id that was given out here."
HASH, WITH_DOCUMENT = "POST extensions", "POST extensions query"
PRINTED = "query Marketplaces {\n  marketplaces {\n    code\n    name\n  }\n}"
CREDENTIALS = [{"name": name, "value": value} for name, value in ALIEXPRESS.items()]
SEARCH = """
{ searchProducts(marketplace: ALIEXPRESS, search: {keywords: "lamp"}, first: 1) {
    nodes { externalId } } }
"""
FORGET = "mutation F($id: ID!) { updateProduct(input: {id: $id, notes: null}) { errors { code } } }"
MAKE_KEY = """
mutation { createApiKey(input: {name: "a peer", scopes: [READ]}) { key errors { message } } }
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    environ = {"ADMIN_API_KEY": KEY, "SANDBOX": "on"}
    with started_server(tmp_path_factory.mktemp("peers") / "data", environ) as server:
        yield f"{server.address}/graphql"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that runs one document alone, as these clients print it."""
    documents = tmp_path_factory.mktemp("documents")
    (documents / "urql.graphql").write_text(PRINTED)
    (documents / "apollo.graphql").write_text(PRINTED.replace("name", "name\n    __typename"))
    environ = {
        "ADMIN_API_KEY": KEY,
        "SANDBOX": "on",
        "TRUSTED_DOCUMENTS": str(documents),
        "TRUSTED_DOCUMENTS_ONLY": "on",
    }
    with started_server(tmp_path_factory.mktemp("strict") / "data", environ) as server:
        yield f"{server.address}/graphql"


@pytest.fixture
def key(address: str) -> str:
    """A key of its own, under which nobody has registered a document yet."""
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = httpx.post(address, json={"query": MAKE_KEY}, headers=headers).json()
    return str(answer["data"]["createApiKey"]["key"])


def run(program: str, address: str, key: str, *more: str) -> dict[str, Any]:
    """What one of the programs beside this file found."""
    done = subprocess.run(
        [node(FOLDER), f"{program}.js", address, key, *more],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a server, and the id of the one product of its catalogue."""
    environ = {"ADMIN_API_KEY": KEY, "SANDBOX": "on"}
    with started_server(tmp_path_factory.mktemp("told") / "data", environ) as server:
        address = f"{server.address}/graphql"
        ask(address, CONNECT, input={"marketplace": "ALIEXPRESS", "credentials": CREDENTIALS})
        [found] = ask(address, SEARCH)["searchProducts"]["nodes"]
        ref = {"marketplace": "ALIEXPRESS", "externalId": found["externalId"]}
        yield address, ask(address, IMPORT, ref=ref)["importProduct"]["product"]["id"]


def ask(address: str, query: str, **variables: object) -> dict[str, Any]:
    """The data of an operation."""
    headers = {"Authorization": f"Bearer {KEY}"}
    sent = {"query": query, "variables": variables}
    body = httpx.post(address, json=sent, headers=headers, timeout=30).json()
    assert "errors" not in body, body
    data: dict[str, Any] = body["data"]
    return data


@pytest.mark.parametrize("program", ["sse-client", "sse-urql", "multipart-apollo4"])
def test_clients_hear_what_happens(program: str, product: tuple[str, str]) -> None:
    address, id = product
    ask(address, FORGET, id=id)

    found = run(program, address, KEY, id)

    assert found["seen"] == [None, "changed"]


@pytest.mark.parametrize("program", ["apollo3", "apollo4"])
def test_apollo_sends_a_document_once_and_shows_what_failed(
    program: str, address: str, key: str
) -> None:
    found = run(program, address, key)

    assert found["names"] == [CODES] * 3
    assert found["sent"][:4] == [HASH, WITH_DOCUMENT, HASH, "GET extensions"]
    assert found["failed"] == NOT_AN_ID
    assert [message[:17] for message in found["batched"]] == ["One request holds"] * 2


def test_urql_sends_a_document_once_and_shows_what_failed(address: str, key: str) -> None:
    found = run("urql", address, key)

    assert found["names"] == [CODES] * 2
    assert found["sent"][:3] == [HASH, WITH_DOCUMENT, HASH]
    assert found["failed"] == NOT_AN_ID


@pytest.mark.parametrize("program", ["apollo3", "apollo4", "urql"])
def test_where_nothing_can_be_registered_clients_name_trusted_documents_alone(
    program: str, strict: str
) -> None:
    found = run(program, strict, KEY)

    assert found["names"][:2] == [CODES] * 2
    assert found["sent"][:2] == [HASH] * 2
    assert found["failed"].startswith("This server runs only its trusted documents")


def test_graphql_request_asks_and_shows_what_failed(address: str, key: str) -> None:
    found = run("graphql-request", address, key)

    assert (found["names"], found["total"]) == ([CODES], 0)
    assert found["failed"] == NOT_AN_ID
    assert "BATCHING_NOT_SUPPORTED" in found["batched"][0]


def test_relays_compiler_makes_connections_and_documents_that_run(address: str, key: str) -> None:
    found = run("relay", address, key)

    assert found["answers"] == [0] * 4
    assert found["sent"] == [WITH_DOCUMENT, HASH] * 2


def test_the_python_gql_checks_documents_against_the_served_schema(address: str, key: str) -> None:
    transport = HTTPXTransport(address, headers={"Authorization": f"Bearer {key}"})
    client = Client(transport=transport, fetch_schema_from_transport=True)

    with client as session:
        answer = session.execute(gql("{ marketplaces { code } }"))
        with pytest.raises(TransportQueryError, match=NOT_AN_ID):
            session.execute(gql('{ product(by: {id: "nothing"}) { id } }'))

    assert answer == {"marketplaces": [{"code": code} for code in CODES]}

"""Documents named by their hash: where they come from, and what may run besides."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import parse, print_ast

from domain.starting import CannotStart
from schema.execution import sha256
from tests.examples import EXAMPLES
from tests.graph import API_KEY, Graph, running_graph
from web.page import operations
from web.trusted import TrustedDocuments, load

pytestmark = pytest.mark.anyio

NAME = "query Name { __typename }"
OTHER = "query Other { marketplaces { name } }"
CHANGE = 'mutation Drop { deleteProduct(input: {id: "x"}) { errors { code } } }'
MINE = "query Mine { __typename }"
KEY = {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The operator's folder: a file, one in a folder below, and a manifest."""
    found = tmp_path / "documents"
    (found / "below").mkdir(parents=True)
    (found / "name.graphql").write_text(f"{NAME}\n")
    (found / "below" / "drop.graphql").write_text(CHANGE)
    (found / "manifest.json").write_text(json.dumps({sha256(OTHER): OTHER}))
    return found


@pytest.fixture(params=["off", "on"])
async def graph(
    migrated_database: str, tmp_path: Path, folder: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Graph]:
    """A server with trusted documents; with "on" nothing else runs."""
    settings = {"TRUSTED_DOCUMENTS": str(folder), "TRUSTED_DOCUMENTS_ONLY": request.param}
    async with running_graph(migrated_database, tmp_path, environ=settings) as running:
        yield running


@pytest.fixture
async def strict(migrated_database: str, tmp_path: Path, folder: Path) -> AsyncIterator[Graph]:
    settings = {"TRUSTED_DOCUMENTS": str(folder), "TRUSTED_DOCUMENTS_ONLY": "on"}
    async with running_graph(migrated_database, tmp_path, environ=settings) as running:
        yield running


@pytest.fixture
async def free(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """A server without trusted documents of the operator."""
    async with running_graph(migrated_database, tmp_path) as running:
        yield running


def persisted(document: str, **more: object) -> dict[str, object]:
    """A request of automatic persisted queries."""
    named = {"version": 1, "sha256Hash": sha256(document)}
    return {"extensions": {"persistedQuery": named}, **more}


async def send(graph: Graph, body: Mapping[str, object]) -> dict[str, Any]:
    answer: dict[str, Any] = (await graph.http.post("/graphql", json=body, headers=KEY)).json()
    return answer


def code(answer: Mapping[str, Any]) -> str:
    [error] = answer["errors"]
    assert "data" not in answer
    return str(error["extensions"]["code"])


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": f"sha256:{sha256(NAME)}"},
        {"documentId": sha256(NAME).upper()},
        {"documentId": f"sha256:{sha256(NAME)}", "query": None, "operationName": "Name"},
        persisted(NAME),
        persisted(NAME, query=""),
        persisted(NAME, query=NAME),
        {"query": NAME},
    ],
)
async def test_a_trusted_document_is_run_however_it_is_named(
    graph: Graph, body: dict[str, object]
) -> None:
    assert (await send(graph, body))["data"] == {"__typename": "Query"}


async def test_documents_of_folders_below_and_of_manifests_are_trusted(graph: Graph) -> None:
    below = await send(graph, {"documentId": sha256(CHANGE)})
    manifest = await send(graph, {"documentId": sha256(OTHER)})

    assert below["data"]["deleteProduct"]["errors"][0]["code"] == "INVALID_INPUT"
    assert manifest["data"]["marketplaces"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
async def test_examples_are_trusted(graph: Graph, path: Path) -> None:
    text = path.read_text("utf-8")

    for document in (text, text.strip(), print_ast(parse(text))):
        answer = await send(graph, {"documentId": sha256(document), "operationName": "Nobody"})

        assert code(answer) == "OPERATION_RESOLUTION_FAILURE"


@pytest.mark.parametrize("name", sorted(operations()))
async def test_the_page_works_where_only_trusted_documents_do(strict: Graph, name: str) -> None:
    answer = await send(strict, {"query": operations()[name], "operationName": "Nobody"})

    assert code(answer) == "OPERATION_RESOLUTION_FAILURE"


async def test_a_hash_can_come_in_the_address(graph: Graph) -> None:
    by_id = await graph.http.get(
        "/graphql", params={"documentId": f"sha256:{sha256(NAME)}"}, headers=KEY
    )
    extensions = json.dumps(persisted(NAME)["extensions"])
    by_extension = await graph.http.get("/graphql", params={"extensions": extensions}, headers=KEY)
    change = await graph.http.get("/graphql", params={"documentId": sha256(CHANGE)}, headers=KEY)

    assert by_id.json()["data"] == by_extension.json()["data"] == {"__typename": "Query"}
    assert change.status_code == 405


@pytest.mark.parametrize("body", [persisted("{ a }"), {"documentId": sha256("{ a }")}])
async def test_an_unknown_hash_is_told_by_the_words_that_clients_know(
    graph: Graph, body: dict[str, object], request: pytest.FixtureRequest
) -> None:
    older = await graph.http.post("/graphql", json=body, headers=KEY)
    accept = KEY | {"Accept": "application/graphql-response+json"}
    newer = await graph.http.post("/graphql", json=body, headers=accept)

    # Where nothing can be registered, who asks for it is told so.
    is_strict = request.node.callspec.params["graph"] == "on" and "extensions" in body
    word = "NotSupported" if is_strict else "NotFound"
    assert older.json()["errors"][0]["message"] == f"PersistedQuery{word}"
    assert code(older.json()) == code(newer.json())
    assert code(older.json()) == f"PERSISTED_QUERY_{'NOT_SUPPORTED' if is_strict else 'NOT_FOUND'}"
    assert (older.status_code, newer.status_code) == (200, 400)


@pytest.mark.parametrize("by_get", [False, True])
async def test_a_caller_registers_a_document_by_sending_it_with_its_hash(
    free: Graph, by_get: bool
) -> None:
    async def ask(body: Mapping[str, object]) -> dict[str, Any]:
        if not by_get:
            return await send(free, body)
        parameters = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in body.items()
        }
        answer: dict[str, Any] = (
            await free.http.get("/graphql", params=parameters, headers=KEY)
        ).json()
        return answer

    before = await ask(persisted(MINE))
    sent = await ask(persisted(MINE, query=MINE))
    after = await ask(persisted(MINE))

    assert code(before) == "PERSISTED_QUERY_NOT_FOUND"
    assert sent["data"] == after["data"] == {"__typename": "Query"}


async def test_what_a_caller_registered_is_known_to_nobody_else(free: Graph) -> None:
    other = {"Authorization": f"Bearer {await free.make_key('READ')}"}
    await send(free, persisted(MINE, query=MINE))

    answer = await free.http.post("/graphql", json=persisted(MINE), headers=other)

    assert code(answer.json()) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    ("_case", "document", "refused_by"),
    [
        ("no GraphQL", "{", "GRAPHQL_PARSE_FAILED"),
        ("not of this schema", "{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "over the limits",
            "{ products(first: 250) { nodes { affiliateLinks(first: 250) { nodes { id } } } } }",
            "QUERY_TOO_COMPLEX",
        ),
    ],
)
async def test_a_document_that_is_refused_is_not_registered(
    free: Graph, _case: str, document: str, refused_by: str
) -> None:
    sent = await send(free, persisted(document, query=document))
    after = await send(free, persisted(document))

    assert code(sent) == refused_by
    assert code(after) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "body",
    [
        persisted(NAME, query=OTHER),
        {"documentId": sha256(NAME), "query": OTHER},
        {"documentId": "name"},
        {"documentId": 1},
        {"documentId": "md5:" + "0" * 64},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": sha256(NAME)}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": "x"}},
    ],
)
async def test_names_that_are_none_are_refused(graph: Graph, body: dict[str, object]) -> None:
    assert code(await send(graph, body)) == "BAD_REQUEST"


@pytest.mark.parametrize(
    "document",
    [
        "{ __typename }",
        f"{NAME} # changed",
        "{ __schema { queryType { name } } }",
        "{",
        'mutation { deleteProduct(input: {id: "x"}) { deletedId } }',
    ],
)
async def test_nothing_else_is_run_where_only_they_may(strict: Graph, document: str) -> None:
    plain = await send(strict, {"query": document})
    named = await send(strict, persisted(document, query=document))

    sent = await strict.http.post("/graphql", json={"query": document}, headers=KEY)
    assert (sent.status_code, code(plain), code(named)) == (200, *["DOCUMENT_NOT_TRUSTED"] * 2)
    assert "TRUSTED_DOCUMENTS" in plain["errors"][0]["message"]


async def test_an_address_runs_nothing_else_either(strict: Graph) -> None:
    answer: httpx.Response = await strict.http.get(
        "/graphql", params={"query": "{ __typename }"}, headers=KEY
    )

    assert code(answer.json()) == "DOCUMENT_NOT_TRUSTED"


def test_apollos_manifest_is_read(tmp_path: Path) -> None:
    operations = [{"id": sha256(NAME), "name": "Name", "type": "query", "body": NAME}]
    manifest = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))

    assert load([], tmp_path, only=False).by_hash == {sha256(NAME): NAME}


@pytest.mark.parametrize(
    ("_case", "name", "content"),
    [
        ("no JSON", "a.json", b"{"),
        ("a list", "a.json", b"[]"),
        ("a wrong hash", "a.json", json.dumps({sha256(NAME): OTHER}).encode()),
        ("a name", "a.json", json.dumps({"name": NAME}).encode()),
        ("no text", "a.graphql", b"\xff\xfe"),
    ],
)
def test_unusable_files_stop_the_start(
    tmp_path: Path, _case: str, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(CannotStart, match=f"TRUSTED_DOCUMENTS: .*{name} cannot be used"):
        load([], tmp_path, only=True)


def test_missing_folders_of_our_own_are_empty(tmp_path: Path) -> None:
    assert load([tmp_path / "none"], None, only=True) == TrustedDocuments(only=True)

"""Scopes: every field declares what it needs, and refuses before anything is spent."""

from typing import Any

import pytest
from strawberry.types.base import get_object_definition

from domain.api_keys import HOLDERS, Scope
from schema import schema
from schema.access import Needs
from schema.mutation import Mutation
from schema.query import Query
from tests.graph import Graph
from tests.schema.walking import SERVED, RootField, least, root_fields

pytestmark = pytest.mark.anyio

# For every valid key; what ends or repeats a job asks for the scope that began it.
OPEN = {"viewer", "cancelJob", "retryJob"}


def needs() -> dict[str, Needs | None]:
    """What each root field declares, by its GraphQL name; None: nothing."""
    found: dict[str, Needs | None] = {}
    for root in (Query, Mutation):
        definition = get_object_definition(root, strict=True)
        for field in definition.fields:
            declared = [each for each in field.extensions if isinstance(each, Needs)]
            name = schema.config.name_converter.get_graphql_name(field)
            found[name] = declared[0] if len(declared) == 1 else None
    return found


def test_every_field_declares_what_it_needs() -> None:
    assert [name for name, declared in needs().items() if declared is None] == []
    assert {name for name, declared in needs().items() if declared and not declared.scope} == OPEN


def test_readers_may_have_a_file_written_and_change_nothing() -> None:
    assert SERVED.mutation_type is not None
    declared = needs()
    scopes = {name: declared[name] for name in SERVED.mutation_type.fields}

    of_readers = [name for name, each in scopes.items() if each and each.scope is Scope.READ]
    assert of_readers == ["startExport"]


def test_descriptions_name_the_scope() -> None:
    for root in root_fields():
        if root.name not in OPEN:
            declared = needs()[root.name]
            assert declared is not None
            assert declared.scope is not None
            assert str(root.field.description).endswith(f" Scope: {declared.scope.name}."), (
                root.name
            )


async def keys_by_scope(graph: Graph) -> dict[Scope, str]:
    return {scope: await graph.make_key(scope.name) for scope in Scope}


def refusals(body: dict[str, Any], root: RootField) -> list[str]:
    """Messages with the code FORBIDDEN: of a mutation in its payload, of a query beside it."""
    if root.kind == "query":
        errors = body.get("errors", ())
        return [each["message"] for each in errors if each["extensions"]["code"] == "FORBIDDEN"]
    assert "errors" not in body, body
    errors = body["data"][root.name]["errors"]
    return [error["message"] for error in errors if error["code"] == "FORBIDDEN"]


async def test_each_scope_opens_its_fields_and_no_other(graph: Graph) -> None:
    await graph.connect_both()
    keys = await keys_by_scope(graph)
    declared = needs()

    for root in root_fields():
        name, needed = root.name, declared[root.name]
        assert needed is not None
        for scope, key in keys.items():
            graph.sandbox.clear_calls()
            body = await graph.post(least(root), key=key)
            messages = refusals(body, root)
            if needed.scope is None or scope in HOLDERS[needed.scope]:
                assert messages == [], (name, scope)
                assert "GRAPHQL_VALIDATION_FAILED" not in str(body), body
            else:
                assert len(messages) == 1, (name, scope, body)
                assert f"needs the scope {needed.scope.name}" in messages[0]
                assert name in messages[0]
                assert graph.sandbox.count() == 0


async def test_a_refused_query_names_its_path(graph: Graph) -> None:
    key = await graph.make_key("SYNC")

    body = await graph.post("{ mine: products { nodes { id } } }", key=key)

    [error] = body["errors"]
    assert error["path"] == ["mine"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "READ" in error["message"]


async def test_a_refused_mutation_spoils_no_other_field(graph: Graph) -> None:
    await graph.connect_both()
    key = await graph.make_key("LINK")

    body = await graph.post(
        'mutation { importProduct(input: {product: {url: "1005000000000001"}})'
        " { product { id } errors { code } }"
        ' generateLink(input: {product: {ref: {marketplace: AMAZON, externalId: "B000000001"}}})'
        " { affiliateLink { url } errors { code } } }",
        key=key,
    )

    assert "errors" not in body
    assert body["data"]["importProduct"] == {"product": None, "errors": [{"code": "FORBIDDEN"}]}
    assert body["data"]["generateLink"]["errors"] == []


async def test_a_key_is_read_by_its_id_only_with_admin(graph: Graph) -> None:
    reader = await graph.make_key("READ")
    listed = await graph.run("{ apiKeys { nodes { id name } } }")
    query = (
        f'{{ node(id: "{listed["apiKeys"]["nodes"][0]["id"]}") {{ ... on ApiKey {{ name }} }} }}'
    )

    as_admin = await graph.run(query)
    as_reader = await graph.post(query, key=reader)

    assert as_admin["node"] == {"name": "a test"}
    assert as_reader["data"]["node"] is None
    assert as_reader["errors"][0]["extensions"]["code"] == "FORBIDDEN"

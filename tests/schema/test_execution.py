"""Operations that are refused before anything of them runs."""

from pathlib import Path

import pytest

from schema import plan
from tests.graph import Graph, running_graph
from tests.schema.test_documents import doubling

pytestmark = pytest.mark.anyio


async def test_a_document_of_very_many_words_is_refused_before_it_is_read(graph: Graph) -> None:
    aliases = " ".join(f"a{number}:__typename" for number in range(50_000))

    body = await graph.post(f"{{ {aliases} }}")
    again = await graph.post(f"{{ {aliases} }}")

    [error] = body["errors"]
    assert "data" not in body
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert error["extensions"]["setting"] == "LIMIT_DOCUMENT"
    assert again == body


@pytest.mark.parametrize(
    ("_case", "document"),
    [
        (
            "an amount",
            '{ product(by: {url: "1"}) { margin(sellingPrice: {amount: "1e9", '
            'currencyCode: "USD"}) { percent } } }',
        ),
        ("an instant", '{ products(filter: {syncedBefore: "yesterday"}) { totalCount } }'),
        ("a year", '{ products(filter: {syncedBefore: "0000-01-01T00:00:00Z"}) { totalCount } }'),
    ],
)
async def test_a_bad_literal_is_told_with_its_place(
    graph: Graph, _case: str, document: str
) -> None:
    body = await graph.post(document)

    [error] = body["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["locations"]
    assert "data" not in body


async def test_a_number_too_long_to_read_is_refused(graph: Graph) -> None:
    body = await graph.post(f"{{ products(first: {'9' * 5000}) {{ totalCount }} }}")

    assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_refusal_comes_before_anything_is_run(graph: Graph) -> None:
    body = await graph.post(doubling(30))

    [error] = body["errors"]
    assert "data" not in body
    assert error["message"].startswith("The document asks for more than 500 fields")
    assert error["extensions"]["setting"] == "LIMIT_SELECTIONS"


async def test_1000_duplicates_of_a_composite_are_refused_unchecked(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.execution.validate_document", None)  # it would take a minute

    body = await graph.post("{ marketplaces { " + "health { state } " * 1_000 + "} }")

    assert body["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"


async def test_none_is_made_where_plans_are_off(
    migrated_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "compiled", None)
    async with running_graph(migrated_database, tmp_path, environ={"PLAN": "off"}) as graph:
        body = await graph.post("{ products { totalCount } }")

    assert body["data"] == {"products": {"totalCount": 0}}

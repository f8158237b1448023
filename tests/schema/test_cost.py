"""What operations cost: beforehand by their document, afterwards by their answer."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import (
    FragmentDefinitionNode,
    OperationDefinitionNode,
    get_introspection_query,
    parse,
)

from domain.limits import Limits
from schema import schema
from schema.cost import (
    MUTATION,
    SCHEMA,
    UNSIZED,
    Costs,
    Variables,
    actual,
    costs_of,
    requested,
    variables_of,
)
from tests.examples import EXAMPLES
from tests.graph import ALIEXPRESS, Graph
from tests.schema.test_products import IMPORT, imported

pytestmark = pytest.mark.anyio

GRID = """
query Grid($first: Int = 100) {
  products(first: $first) {
    pageInfo { endCursor }
    nodes {
      title image { url } offer { price { amount currencyCode } discountPercent }
      affiliateLinks { nodes { url } }
      priceHistory { nodes { price { amount } observedAt } }
    }
  }
}
"""


def read(document: str, variables: Variables | None = None) -> tuple[Costs, Variables]:
    definitions = parse(document).definitions
    fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
    operation = next(d for d in definitions if isinstance(d, OperationDefinitionNode))
    costs = costs_of(schema._schema, operation, fragments)
    return costs, variables_of(operation, variables or {})


def price(document: str, variables: Mapping[str, object] | None = None) -> int:
    return requested(*read(document, variables))


@pytest.mark.parametrize(
    ("_case", "document", "points"),
    [
        ("nothing but a name", "{ __typename }", 1),
        ("a page: its object and its rows", "{ products(first: 10) { nodes { title } } }", 11),
        ("the default page", "{ products { nodes { title } } }", 21),
        ("null is the default page", "{ products(first: null) { nodes { title } } }", 21),
        ("no page is over 250 rows", "{ products(first: 9999) { nodes { title } } }", 251),
        ("a bad page size", "{ products(first: -5) { nodes { title } } }", 21),
        ("a page from the end", "{ products(last: 10) { nodes { title } } }", 11),
        ("only a count", "{ products(first: 250) { totalCount } }", 1),
        (
            "rows of rows",
            "{ products(first: 3) { nodes { affiliateLinks(first: 2) { nodes { id } } } } }",
            13,
        ),
        ("edges and nodes", "{ products(first: 4) { edges { node { id } } nodes { id } } }", 13),
        (
            "an alias more",
            "{ a: products(first: 4) { nodes { id } } b: products(first: 4) { nodes { id } } }",
            10,
        ),
        ("as many as ids", '{ nodes(ids: ["a", "b", "c"]) { id } }', 6),
        ("a list without a size", "{ marketplaces { name } }", UNSIZED),
        ("an inline fragment", "{ ... on Query { products(first: 4) { nodes { id } } } }", 5),
        ("unknown fields", "{ nope { nix(first: 9) } }", 1),
        ("fields of another type", "{ ... on Product { offer { price { amount } } } }", 2),
        ("an unknown type", "{ ... on Nope { a { b } } }", 1),
        ("an unknown fragment", "{ ...Nope }", 1),
        ("no mutation of that name", "mutation { nope(input: {a: [1, 2]}) { id } }", 1),
        ("a subscription", "subscription { a }", 1),
    ],
)
def test_price(_case: str, document: str, points: int) -> None:
    assert price(document) == points


def test_a_page_size_in_a_variable_is_read_with_its_default() -> None:
    document = "query Q($n: Int = 7) { products(first: $n) { nodes { id } } }"

    assert price(document) == 8
    assert price(document, {"n": 30}) == 31
    assert price(document, {"n": None}) == 21
    assert price(document, {"n": "many"}) == 21


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("mutation M($p: [ProductLookup!]!) { importProducts(input: {products: $p}) %s }", "p"),
        ("mutation M($i: ImportProductsInput!) { importProducts(input: $i) %s }", "i"),
        (
            "mutation { importProducts(input: {products: [" + '{url: "1"}' * 9 + "]}) %s }",
            "",
        ),
    ],
)
def test_rows_are_counted_however_they_are_sent(document: str, variables: str) -> None:
    rows: list[object] = [{"url": "1"}] * 9
    values: dict[str, object] = {"": {}, "p": {"p": rows}, "i": {"i": {"products": rows}}}
    sent: Any = values[variables]

    silent = price(document % "{ __typename }", sent)
    shown = price(document % "{ results { product { id } errors { code } } }", sent)

    assert silent == MUTATION + 9 + 1
    assert shown == silent + 9 * 3


@pytest.mark.parametrize(
    ("document", "sent"),
    [
        ('mutation { importProducts(input: {text: "%s"}) { results { errors { code } } } }', {}),
        (
            "mutation M($i: ImportProductsInput!) { importProducts(input: $i) { results { errors "
            "{ code } } } }",
            {"i": {"text": "1" * 80}},
        ),
    ],
)
def test_a_text_costs_the_rows_that_it_could_have(document: str, sent: Any) -> None:
    assert price(document.replace("%s", "1" * 80), sent) == MUTATION + 11 + 1 + 11 * 2


def test_a_text_that_is_only_read_costs_what_it_could_name() -> None:
    document = "query Q($t: String!) { productsIn(text: $t) { errors { code } } }"

    assert price(document, {"t": "1" * 80}) == 11 * 3
    assert price(document, {"t": "1" * 100_000}) == 250 * 3


def test_what_may_ask_a_marketplace_weighs_more() -> None:
    stored = price("{ products(first: 10) { nodes { id } } }")
    searched = price(
        "{ searchProducts(marketplace: ALIEXPRESS, search: {}, first: 10) { nodes { id } } }"
    )
    plain = price("{ products(first: 10) { nodes { affiliateLinks { totalCount } } } }")
    asked = price("{ products(first: 10) { nodes { variants { externalId } } } }")

    assert searched == stored + 10
    assert asked > plain + 100


def test_a_price_does_not_grow_without_end() -> None:
    below = "{ title }"
    for _ in range(12):
        below = f"{{ affiliateLinks(first: 250) {{ nodes {{ product {below} }} }} }}"

    assert price(f"{{ products(first: 250) {{ nodes {below} }} }}") == 1_000_000


def test_the_whole_schema_has_one_price() -> None:
    assert price(get_introspection_query()) == SCHEMA


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_can_be_paid(path: Any) -> None:
    assert price(path.read_text("utf-8")) < Limits().cost / 4


def test_a_grid_of_100_products_with_links_and_prices_can_be_paid() -> None:
    assert price(GRID) < Limits().cost


def test_250_rows_with_everything_about_them_can_be_paid() -> None:
    assert price(IMPORT, {"products": [{"url": "1"}] * 250}) < Limits().cost / 4


async def test_the_answer_tells_what_it_could_and_what_it_did_cost(graph: Graph) -> None:
    await imported(graph, 3)

    body = await graph.post(GRID)

    spent = body["extensions"]["cost"]
    assert spent["requestedQueryCost"] == price(GRID)
    # The page, its pageInfo; of each product itself, image, offer, price, an empty list of links,
    # the history, one entry and its price.
    assert spent["actualQueryCost"] == 2 + 3 * 8
    assert spent["throttleStatus"]["currentlyAvailable"] <= 1_000_000_000


async def test_a_mutation_costs_its_rows_also_afterwards(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)

    body = await graph.post(
        "mutation M($p: [ProductLookup!]!) { importProducts(input: {products: $p}) "
        "{ results { product { id } } } }",
        {"p": [{"url": "not an address"}] * 4},
    )

    assert body["extensions"]["cost"]["actualQueryCost"] == MUTATION + 4 + 1 + 4


@pytest.mark.parametrize(
    ("_case", "document", "data", "points"),
    [
        ("no data", "{ products { nodes { id } } }", None, 1),
        ("null", "{ products { nodes { id } } }", {"products": None}, 1),
        ("a null in a list", "{ nodes(ids: []) { id } }", {"nodes": [None, {"id": "x"}]}, 3),
        ("an alias", "{ a: products { nodes { id } } }", {"a": {"nodes": [{"id": 1}] * 5}}, 6),
        (
            "one key by two fragments",
            "{ ...A ...B } fragment A on Query { products { nodes { id } } } "
            "fragment B on Query { products { nodes { title } pageInfo { endCursor } } }",
            {"products": {"nodes": [{"id": 1, "title": ""}], "pageInfo": {"endCursor": ""}}},
            3,
        ),
        ("the schema", "{ __schema { types { name } } }", {"__schema": {"types": []}}, SCHEMA),
    ],
)
def test_cost_of_an_answer(_case: str, document: str, data: object, points: int) -> None:
    assert actual(*read(document), data) == points

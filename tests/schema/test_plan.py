"""A plan answers what graphql-core answers."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_named_type,
    is_required_argument,
    parse,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import statements
from resolvers import products
from schema import execution, plan, schema
from tests.graph import ALIEXPRESS, AMAZON, Graph, running_graph
from web.page import operations

pytestmark = pytest.mark.anyio

# Changes what no answer is made from.
WRITE = "UPDATE products SET pace = pace + 1 RETURNING id"
COMPOSITE = (GraphQLObjectType, GraphQLInterfaceType)
# What is answered anew each time, or asks a marketplace at its own pace.
LEFT_OUT = {"variants", "variantsError", "variantsTotalCount", "hasMoreVariants", "usedToday"}
ROOTS = ("products", "affiliateLinks", "marketplaces", "viewer", "apiKeys")
ADDRESSES = [
    f"https://www.aliexpress.com/item/10050000000010{number}.html" for number in (16, 23, 30)
]
UNKNOWN = "https://www.aliexpress.com/item/1005000000009999.html"
LIVE = f"""query Live($url: String!) {{
  ours: product(by: {{url: "{ADDRESSES[0]}"}}) {{ ...P }}
  live: product(by: {{url: $url}}) {{
    ...P affiliateLink(subId: "a") {{ url subId product {{ title }} }}
  }}
  searchProducts(marketplace: ALIEXPRESS, search: {{keywords: "lamp"}}, first: 3) {{
    nodes {{ ...P }}
    edges {{ cursor node {{ id }} }}
    postFilters errors {{ code }}
  }}
}}
fragment P on Product {{
  __typename id title marketplace {{ code name mode status }} images {{ url }} availability
  price: offer {{ price {{ amount currencyCode }} discountPercent expiresAt coupon {{ code }} }}
  margin(sellingPrice: {{amount: "99", currencyCode: "USD"}}) {{ percent profit {{ amount }} }}
}}"""
FAILING = f"""{{ gone: product(by: {{url: "{UNKNOWN}"}}) {{ title }} products {{ totalCount }}
  bad: nodes(ids: ["nonsense"]) {{ id }} }}"""


# A field that fails at once beside one that waits.
REFUSED = f"""{{ product(by: {{url: "{ADDRESSES[0]}"}}) {{
  margin(sellingPrice: {{amount: "1", currencyCode: "XYZ"}}) {{ percent }}
  affiliateLink {{ url }} title }} }}"""


@pytest.fixture(scope="module")
async def filled(
    migrated_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Graph]:
    """Products with links of two marketplaces."""
    folder = tmp_path_factory.mktemp("plans")
    async with running_graph(migrated_database, folder) as graph:
        await graph.connect("ALIEXPRESS", ALIEXPRESS)
        await graph.connect("AMAZON", AMAZON)
        for url in ADDRESSES[:2]:
            await graph.post(
                "mutation M($url: String!) { importProduct(input: {product: {url: $url}}) "
                "{ errors { code } } generateLink(input: {product: {url: $url}}) "
                "{ errors { code } } }",
                {"url": url},
            )
        yield graph


async def both_ways(
    graph: Graph, document: str, variables: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answers without and with a plan; the second may be one that was kept.

    A variable that nobody knows makes a request of which nothing is kept. Of the further answers it
    is the one that differs, if one does: made anew, given again, and after a write given again too,
    by what was read for one after another.
    """
    anew, kept = {**(variables or {}), "once": uuid4().hex}, variables
    bodies = []
    before = execution.PLANNED_FROM_USE
    for first_use, sent, writes in (
        (2**60, anew, False),
        (1, anew, False),
        (1, kept, False),
        (1, kept, False),
        (1, kept, True),
        (1, kept, True),
    ):
        if writes:
            await statements.rows(WRITE)
        execution.PLANNED_FROM_USE = first_use
        try:
            bodies.append(await graph.post(document, sent))
        finally:
            execution.PLANNED_FROM_USE = before
    plain, *others = bodies
    others.sort(key=lambda body: told(body) != told(plain))
    return plain, others[-1]


def told(body: dict[str, Any]) -> str:
    """What must be the same, in the same order of keys."""
    cost = body.get("extensions", {}).get("cost", {})
    return json.dumps([body.get("data"), body.get("errors"), cost.get("actualQueryCost")])


def is_planned(document: str) -> bool:
    definitions = parse(document).definitions
    [operation] = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
    return plan.compiled(schema, operation, fragments) is not None


@pytest.mark.parametrize("document", [LIVE, FAILING, REFUSED], ids=["live", "failing", "refused"])
async def test_the_answers_are_the_same(filled: Graph, document: str) -> None:
    variables = {"url": ADDRESSES[2]} if "$url" in document else None

    plain, planned = await both_ways(filled, document, variables)

    assert is_planned(document)
    assert told(planned) == told(plain)
    assert planned["data"] is not None


async def test_errors_stand_as_the_document_does(filled: Graph) -> None:
    for body in await both_ways(filled, FAILING):
        assert [error["path"] for error in body["errors"]] == [["gone"], ["bad", 0]]


async def test_what_a_root_field_gave_is_not_asked_again_where_another_fails(
    filled: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "PLANNED_FROM_USE", 1)
    filled.sandbox.clear_calls()

    body = await filled.post(
        """{ searchProducts(marketplace: ALIEXPRESS, search: {keywords: "asked once"}) {
          errors { code } }
        bad: nodes(ids: ["nonsense"]) { id } }"""
    )

    assert [error["path"] for error in body["errors"]] == [["bad", 0]]
    assert body["data"]["searchProducts"] == {"errors": []}
    assert filled.calls("aliexpress") == 1


async def test_a_root_field_that_failed_is_not_asked_again(
    filled: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    get = products.get

    async def counted(*args: Any) -> object:
        asked.append(args)
        return await get(*args)

    monkeypatch.setattr(products, "get", counted)
    monkeypatch.setattr(execution, "PLANNED_FROM_USE", 1)

    body = await filled.post(f'{{ product(by: {{url: "{UNKNOWN}"}}) {{ title }} }}')

    assert [error["extensions"]["code"] for error in body["errors"]] == ["NOT_FOUND"]
    assert len(asked) == 1


@pytest.mark.parametrize("name", sorted(operations()))
async def test_the_pages_queries_are_answered_the_same(filled: Graph, name: str) -> None:
    document = operations()[name]
    if "mutation" in document:
        pytest.skip("mutations have no plan")
    variables = {"url": ADDRESSES[0], "text": ADDRESSES[0], "marketplace": "ALIEXPRESS"}
    variables |= {"code": "ALIEXPRESS"}

    plain, planned = await both_ways(filled, document, variables)

    assert told(planned) == told(plain)


@pytest.mark.parametrize(
    ("_case", "document"),
    [
        ("a mutation", 'mutation { deleteProduct(input: {id: "x"}) { errors { code } } }'),
        ("a directive", "{ products @include(if: true) { totalCount } }"),
        ("a directive below", "{ products { totalCount @skip(if: false) } }"),
        ("a question about the schema", "{ __schema { queryType { name } } }"),
    ],
)
def test_what_is_not_covered_has_no_plan(_case: str, document: str) -> None:
    assert not is_planned(document)


async def test_a_plan_is_made_at_the_second_use(
    filled: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    compiled = plan.compiled

    def counted(*args: Any) -> object:
        made.append(args)
        return compiled(*args)

    monkeypatch.setattr(plan, "compiled", counted)
    monkeypatch.setattr(execution, "PLANNED_FROM_USE", 2)

    numbers = []
    for _ in range(3):
        await filled.post("query SecondUse { products { totalCount } }")
        numbers.append(len(made))

    assert numbers == [0, 1, 1]


@st.composite
def selections(draw: st.DrawFn, of: Any, depth: int) -> str:
    """Some fields of a type, with aliases, fragments and the type's name among them."""
    fields: Mapping[str, GraphQLField] = of.fields
    asked: list[str] = []
    for name in draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=6)):
        field = fields[name]
        inner = get_named_type(field.type)
        is_composite = isinstance(inner, COMPOSITE)
        if name in LEFT_OUT or any(map(is_required_argument, field.args.values())):
            continue
        if is_composite and not depth:
            continue
        below = f" {draw(selections(inner, depth - 1))}" if is_composite else ""
        alias = draw(st.sampled_from(["", "", f"a{len(asked)}: "]))
        if alias == "" and is_composite:
            alias = f"b{len(asked)}: "  # two of one key would have to ask the same
        asked.append(f"{alias}{name}{below}")
    if draw(st.booleans()):
        asked.append("__typename")
    text = " ".join(asked) or "__typename"
    return f"{{ ... on {of.name} {{ {text} }} }}" if draw(st.booleans()) else f"{{ {text} }}"


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Queries of stored lists and settings."""
    root = schema._schema.query_type
    assert root is not None
    asked = []
    for number, name in enumerate(draw(st.lists(st.sampled_from(ROOTS), min_size=1, max_size=2))):
        below = draw(selections(get_named_type(root.fields[name].type), 4))
        asked.append(f"r{number}: {name} {below}")
    return f"{{ {' '.join(asked)} }}"


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(document=documents())
async def test_any_query_is_answered_the_same(filled: Graph, document: str) -> None:
    plain, planned = await both_ways(filled, document)

    assert told(planned) == told(plain)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A thousand random queries where time is short, else a hundred times as many."""
    if "thousand" in metafunc.fixturenames:
        metafunc.parametrize("thousand", range(100 if metafunc.config.option.whole else 1))


@pytest.mark.slow
@settings(max_examples=1_000, derandomize=False, suppress_health_check=list(HealthCheck))
@given(document=documents())
async def test_none_of_many_queries_is_answered_otherwise(
    filled: Graph, thousand: int, document: str
) -> None:
    plain, planned = await both_ways(filled, document)

    assert told(planned) == told(plain)


async def test_a_plan_asks_every_caller_and_keeps_variables_apart(
    filled: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "PLANNED_FROM_USE", 1)
    document = """query Apart($first: Int!) {
      products(first: $first) { nodes { id } } apiKeys { totalCount } }"""
    reader = await filled.make_key("READ")

    sizes = []
    for first in (1, 2, 1):
        data = await filled.run(document, {"first": first})
        sizes.append(len(data["products"]["nodes"]))
    body = await filled.post(document, {"first": 1}, key=reader)

    assert sizes == [1, 2, 1]
    assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]

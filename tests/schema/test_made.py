"""What is made straight from records is what graphql-core answers."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type
from strawberry.schema.schema_converter import GraphQLCoreConverter

from db import statements
from schema import execution, made, schema
from schema.made import MADE, Part, Uncovered, compiled
from schema.shown import ShownProduct
from tests.graph import ALIEXPRESS, AMAZON, API_KEY, Graph, running_graph
from tests.schema.test_plan import both_ways, told

pytestmark = pytest.mark.anyio

TYPES = ("Product", "Offer", "Money", "Image", "Reviews", "Category", "Seller", "ProductEdge")
NOT_MADE = {
    "Product": {
        "affiliateLink",  # asked together, by loaders
        "affiliateLinks",
        "commission",
        "deal",
        "hasMoreVariants",
        "margin",  # has arguments
        "lowestPrice",
        "priceAsOf",
        "priceHistory",
        "variants",
        "variantsError",
        "variantsTotalCount",
    },
    "Offer": {"coupon", "deal", "shipping"},
}
ADDRESSES = (
    "https://www.aliexpress.com/item/1005000000001016.html",
    "https://www.aliexpress.com/item/1005000000001023.html",
    "https://www.amazon.com/dp/B0SANDBX01",
)


def made_fields(type_: str) -> dict[str, Any]:
    """The fields of the type that are made from records."""
    fields = schema._schema.type_map[type_].fields.items()  # type: ignore[attr-defined]
    backref = GraphQLCoreConverter.DEFINITION_BACKREF
    return {name: of for name, of in fields if MADE in of.extensions[backref].metadata}


def selection(type_: str) -> str:
    """Everything of the type that is made from records."""
    asked = []
    for name, field in made_fields(type_).items():
        inner = get_named_type(field.type)
        below = selection(inner.name) if inner.name in TYPES else "{ id code mode __typename }"
        asked.append(f"{name} {below}" if isinstance(inner, GraphQLObjectType) else name)
    return f"{{ __typename {' '.join(asked)} }}"


@pytest.fixture
async def filled(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """Products of two marketplaces."""
    async with running_graph(migrated_database, tmp_path) as graph:
        await graph.connect("ALIEXPRESS", ALIEXPRESS)
        await graph.connect("AMAZON", AMAZON)
        for url in ADDRESSES:
            await graph.run(
                "mutation M($url: String!) { importProduct(input: {product: {url: $url}}) "
                "{ errors { code } } }",
                {"url": url},
            )
        yield graph


@pytest.mark.parametrize("type_", TYPES)
def test_which_fields_are_not_made_from_records(type_: str) -> None:
    fields = set(schema._schema.type_map[type_].fields)  # type: ignore[attr-defined]

    assert fields - set(made_fields(type_)) == NOT_MADE.get(type_, set())


@pytest.mark.parametrize("hours", [0, 2, 25], ids=["fresh", "expired", "withheld"])
@pytest.mark.parametrize(
    "document",
    [
        f"{{ products {{ nodes {selection('Product')} }} }}",
        f"{{ products {{ edges {{ cursor node {selection('Product')} }} totalCount }} }}",
        f"{{ products {{ nodes {{ a: title margin {{ percent }} ...P }} }} }}"
        f" fragment P on Product {selection('Product')}",
    ],
    ids=["nodes", "edges", "beside what is not made"],
)
async def test_every_field_is_answered_the_same(filled: Graph, document: str, hours: int) -> None:
    filled.clock.advance(hours=hours)

    plain, planned = await both_ways(filled, document)

    assert told(planned) == told(plain)
    assert "errors" not in planned
    assert '"amount"' in told(planned)
    assert ('"isStale": true' in told(planned)) == (hours == 25)


async def test_what_is_kept_follows_every_write_and_the_clock(filled: Graph) -> None:
    document = f"{{ products {{ nodes {selection('Product')} }} }}"
    listed = await both_ways(filled, document)
    first, *_ = listed[1]["data"]["products"]["nodes"]
    id = f'id: "{first["id"]}"'
    price = 'sellingPrice: {amount: "90", currencyCode: "USD"}'
    writes = (
        f'mutation {{ updateProduct(input: {{{id}, notes: "mine"}}) {{ errors {{ code }} }} }}',
        f"mutation {{ updateProduct(input: {{{id}, {price}}}) {{ errors {{ code }} }} }}",
        f"mutation {{ syncProduct(input: {{{id}}}) {{ errors {{ code }} }} }}",
        f"mutation {{ generateLink(input: {{product: {{{id}}}}}) {{ errors {{ code }} }} }}",
        f"mutation {{ deleteProduct(input: {{{id}}}) {{ errors {{ code }} }} }}",
    )
    seen = [told(listed[1])]

    for write in writes:
        filled.clock.advance(minutes=1)
        await filled.run(write)
        plain, planned = await both_ways(filled, document)
        assert told(planned) == told(plain)
        seen.append(told(planned))
    assert len(set(seen)) == len(writes)  # a link alone changes nothing that is asked for

    for hours in (2, 30, -31, -2):
        filled.clock.advance(hours=hours)
        plain, planned = await both_ways(filled, document)
        assert told(planned) == told(plain)
        assert told(planned) not in seen or hours == -2


async def test_what_is_kept_is_not_made_again(
    filled: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = "query Kept { products { nodes { locale title } edges { node { locale } } } }"
    plain, planned = await both_ways(filled, document)

    def never(_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(ShownProduct, "locale", property(never))
    monkeypatch.setattr(execution, "PLANNED_FROM_USE", 1)

    assert told(await filled.post(document)) == told(planned) == told(plain)


async def test_what_is_not_told_is_null_both_ways(filled: Graph) -> None:
    nothing = (
        ("price_amount", "price_currency", "list_price_amount", "list_price_currency"),
        ("orders_last_30_days", "commission_percent", "selling_price_amount", "notes"),
    )
    unset = ", ".join(f"{column} = NULL" for columns in nothing for column in columns)
    await statements.rows(f"""UPDATE products SET {unset}, details = '{{"offer": {{}}}}'""")

    plain, planned = await both_ways(
        filled, f"{{ products {{ nodes {selection('Product')} edges {{ cursor }} }} }}"
    )

    assert told(planned) == told(plain)
    assert {node["offer"] for node in planned["data"]["products"]["nodes"]} == {None}


async def test_nobody_is_answered_with_products_of_another_workspace(
    filled: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "PLANNED_FROM_USE", 1)
    document = f"{{ products {{ nodes {selection('Product')} }} }}"
    stranger = await filled.make_workspace("stranger")

    ours, *theirs = [
        (await filled.run(document, key=key))["products"]["nodes"]
        for key in (API_KEY, stranger, stranger)
    ]

    assert len(ours) == len(ADDRESSES)
    assert theirs == [[], []]


async def test_a_number_too_large_for_graphql_is_an_error_both_ways(filled: Graph) -> None:
    await statements.rows("UPDATE products SET orders_last_30_days = 3000000000")

    for document in (
        "{ products(last: 1) { nodes { title ordersLast30Days } } }",
        "{ products(last: 1) { nodes { ordersLast30Days margin { percent } } } }",
    ):
        plain, planned = await both_ways(filled, document)

        assert told(planned) == told(plain)
        assert planned["errors"][0]["path"] == ["products", "nodes", 0, "ordersLast30Days"]


def part(path: str, below: Any = None, **more: bool) -> Part:
    """A part that may be null, as all it holds."""
    usual = {"is_list": False, "may_be_null": True, "items_may_be_null": True}
    return Part(path=path, below=below, **(usual | more))


def test_parts_are_read_from_the_record_in_the_order_asked() -> None:
    record = SimpleNamespace(b=SimpleNamespace(c=1), a=[2, None], n=None)

    answer = compiled(
        {
            "__typename": "T",
            "z": part("b.c", lambda value: value + 1),
            "a": part("a", lambda value: -value, is_list=True),
            "b": part("b", {"c": part("c")}),
            "n": part("n", {"c": part("c")}),
            "m": part("n", is_list=True),
        }
    )(record)

    assert list(answer.items()) == [
        ("__typename", "T"),
        ("z", 2),
        ("a", [-2, None]),
        ("b", {"c": 1}),
        ("n", None),
        ("m", None),
    ]


@pytest.mark.parametrize(
    ("_case", "asked"),
    [
        ("a value", part("n", may_be_null=False)),
        ("an object", part("n", {"c": part("c")}, may_be_null=False)),
        ("a list", part("n", is_list=True, may_be_null=False)),
        ("an item", part("a", is_list=True, items_may_be_null=False)),
        ("below", part("b", {"c": part("c", may_be_null=False)})),
    ],
)
def test_a_null_that_may_not_be_is_left_to_graphql_core(_case: str, asked: Part) -> None:
    record = SimpleNamespace(n=None, a=[1, None], b=SimpleNamespace(c=None))

    with pytest.raises(Uncovered):
        made.compiled({"key": asked})(record)

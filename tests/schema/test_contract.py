"""The schema keeps its promises, explains itself, and is the one that is committed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
)
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from domain.exceptions import AffiliateGraphError
from schema import schema
from schema.enums import ErrorCode
from tests.conftest import ROOT
from tests.schema.test_stored_lists import LISTS

PROMISES = Path(__file__).with_name("promises.graphql").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def served() -> GraphQLSchema:
    return build_schema(schema.as_str())


def test_the_reference_contract_is_served(reference: Path, served: GraphQLSchema) -> None:
    contract = build_schema((reference / "contract/schema.graphql").read_text(encoding="utf-8"))

    assert find_breaking_changes(contract, served) == []


def test_every_stored_list_is_read_both_ways_and_counted(served: GraphQLSchema) -> None:
    objects = [kind for kind in served.type_map.values() if isinstance(kind, GraphQLObjectType)]
    lists = {
        f"{kind.name}.{name}": field
        for kind in objects
        for name, field in kind.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
        and name != "searchProducts"  # a marketplace's own list
    }

    assert set(lists) == set(LISTS), "tests/schema/test_stored_lists.py reads each stored list"
    for name, field in lists.items():
        connection = get_named_type(field.type)
        assert isinstance(connection, GraphQLObjectType)
        assert {"first", "after", "last", "before"} <= set(field.args), name
        assert {"totalCount", "pageInfo", "edges", "nodes"} <= set(connection.fields), name


def test_capabilities_that_no_marketplace_has_say_so(served: GraphQLSchema) -> None:
    capability = served.type_map["Capability"]
    assert isinstance(capability, GraphQLEnumType)
    useless = {name for name, value in capability.values.items() if value.deprecation_reason}

    assert useless == {"ORDERS", "HOT_PRODUCTS"}


def test_the_own_promises_are_kept(served: GraphQLSchema) -> None:
    assert find_breaking_changes(build_schema(PROMISES), served) == []


def test_the_own_promises_are_those_of_the_reference(reference: Path) -> None:
    contract = build_schema((reference / "contract/schema.graphql").read_text(encoding="utf-8"))
    promises = build_schema(PROMISES)

    assert find_breaking_changes(contract, promises) == []
    assert find_dangerous_changes(contract, promises) == []
    assert find_breaking_changes(promises, contract) == []


def test_defaults_of_arguments_and_inputs_are_the_promised_ones(served: GraphQLSchema) -> None:
    changed = [
        change.description
        for change in find_dangerous_changes(build_schema(PROMISES), served)
        if "default" in change.description
    ]

    assert changed == []


@pytest.mark.parametrize(
    ("_case", "old", "new"),
    [
        ("a field is gone", "  totalCount: Int\n", ""),
        ("a field may be null", "  title: String!", "  title: String"),
        (
            "an argument must be given",
            "locale: String): Marketplace!",
            "locale: String!): Marketplace!",
        ),
        ("an enum value is gone", "  NOT_ELIGIBLE\n", ""),
        ("an input must be filled in", "  idempotencyKey: String\n", "  idempotencyKey: String!\n"),
    ],
)
def test_the_comparison_finds_a_broken_promise(_case: str, old: str, new: str) -> None:
    assert old in PROMISES

    broken = build_schema(PROMISES.replace(old, new))

    assert find_breaking_changes(build_schema(PROMISES), broken)


def test_the_committed_schema_is_the_served_one() -> None:
    committed = (ROOT / "schema.graphql").read_text(encoding="utf-8")

    assert committed == f"{schema.as_str()}\n", "Run `make schema`."


def described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Everything that GraphiQL shows, with its description."""
    for name, type_ in schema.type_map.items():
        if is_introspection_type(type_) or is_specified_scalar_type(type_):
            continue
        yield name, type_.description
        yield from members(name, type_)


def members(name: str, type_: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)):
        for field_name, field in type_.fields.items():
            yield f"{name}.{field_name}", field.description
            for argument_name, argument in field.args.items():
                yield f"{name}.{field_name}({argument_name})", argument.description
    elif isinstance(type_, GraphQLInputObjectType):
        for field_name, input_field in type_.fields.items():
            yield f"{name}.{field_name}", input_field.description
    elif isinstance(type_, GraphQLEnumType):
        for value_name, value in type_.values.items():
            yield f"{name}.{value_name}", value.description


def words(text: str) -> str:
    """Letters alone, in one case: "sellingPrice" and "Selling price." are the same."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def test_everything_is_described(served: GraphQLSchema) -> None:
    bare = [name for name, text in described(served) if not (text or "").strip()]

    assert bare == []


def test_no_description_only_repeats_the_name(served: GraphQLSchema) -> None:
    repeated = [
        name
        for name, text in described(served)
        if words(text or "") == words(re.split(r"[.(]", name.rstrip(")"))[-1])
    ]

    assert repeated == []


def test_descriptions_are_sentences_without_our_modules(served: GraphQLSchema) -> None:
    odd = [
        name
        for name, text in described(served)
        if not re.search(r"[.!?)]$", (text or "").strip())
        or re.search(r"\b\w+\.py\b|\bresolvers?\b|\bTODO\b", text or "")
    ]

    assert odd == []


def test_every_error_code_is_some_failures(served: GraphQLSchema) -> None:
    codes = served.type_map["ErrorCode"]

    assert isinstance(codes, GraphQLEnumType)
    assert set(codes.values) == {code.name for code in ErrorCode}
    assert AffiliateGraphError.code in codes.values


def test_connections_are_pages_only(served: GraphQLSchema) -> None:
    pages = [type_ for name, type_ in served.type_map.items() if name.endswith("Connection")]

    assert pages
    assert all(
        isinstance(type_, GraphQLObjectType) and {"edges", "nodes", "pageInfo"} <= set(type_.fields)
        for type_ in pages
    )


def test_bulk_results_carry_errors_beside_the_thing(served: GraphQLSchema) -> None:
    answers = [
        type_
        for name, type_ in served.type_map.items()
        if name.endswith(("Payload", "Result")) and isinstance(type_, GraphQLObjectType)
    ]

    assert answers
    assert all("errors" in type_.fields or "results" in type_.fields for type_ in answers)

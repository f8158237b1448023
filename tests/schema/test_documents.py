"""What a document may be: measured in one pass, refused by its numbers alone."""

import gc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    get_introspection_query,
    parse,
)

from domain.limits import Limits
from schema.cost import MANY
from schema.documents import (
    MOST_ELEMENTS,
    MOST_VALUES,
    Shape,
    check,
    check_variables,
    read,
    shape_of,
)
from tests.examples import EXAMPLES

LIMITS = Limits()


def shape(document: str) -> Shape:
    definitions = parse(document).definitions
    return shape_of(
        [each for each in definitions if isinstance(each, OperationDefinitionNode)],
        {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)},
    )


def doubling(levels: int, last: str = "__typename") -> str:
    """Fragments that spread the next one twice each."""
    spreads = "".join(
        f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }} " for n in range(levels)
    )
    return f"{{ ...F0 }} {spreads} fragment F{levels} on Query {{ {last} }}"


def nested(levels: int) -> str:
    return "{ a " * levels + "}" * levels


@pytest.mark.parametrize(
    ("_case", "document", "expected"),
    [
        ("one field", "{ a }", Shape(selections=1, depth=1, root_fields=1)),
        ("two levels", "{ a { b } }", Shape(selections=2, depth=2, root_fields=1)),
        ("an alias", "{ x: a }", Shape(selections=1, depth=1, aliases=1, root_fields=1)),
        (
            "an inline fragment is no level",
            "{ ... on A { a { b } } }",
            Shape(selections=3, depth=2, root_fields=1),
        ),
        (
            "a fragment counts each time",
            "{ ...F ...F } fragment F on A { x: a { b @c } }",
            Shape(selections=6, depth=2, aliases=2, directives=2, root_fields=2),
        ),
        (
            "operations add up",
            "query A { a { b } } query B { a }",
            Shape(selections=3, depth=2, root_fields=2),
        ),
        (
            "an unused fragment has no root fields",
            "{ a } fragment F on A { a b }",
            Shape(selections=3, depth=1, root_fields=1),
        ),
        (
            "directives everywhere",
            "query Q($v: Int @a) @b { a @c ... @d { b } ...F @e } fragment F on A @f { c }",
            Shape(selections=6, depth=1, directives=6, root_fields=3),
        ),
        (
            "the schema's depth is spared",
            "{ __schema { types { fields { name } } } }",
            Shape(selections=4, depth=1, root_fields=1, asks_schema=True),
        ),
    ],
)
def test_shape(_case: str, document: str, expected: Shape) -> None:
    assert shape(document) == expected


@pytest.mark.parametrize(
    "document",
    [
        "{ ...F } fragment F on Query { ...F }",
        "{ ...F } fragment F on Query { a { ...G } } fragment G on Query { b { ...F } }",
    ],
)
def test_circles_are_seen(document: str) -> None:
    assert shape(document).has_circle


@pytest.mark.parametrize("levels", [20, 30, 300])
@pytest.mark.parametrize("last", ["__typename", "...Nobody", "...F0"])
def test_doubling_fragments_are_measured_once_each(
    levels: int, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    additions: list[Shape] = []
    beside = Shape.beside

    def counted(self: Shape, other: Shape) -> Shape:
        additions.append(other)
        return beside(self, other)

    monkeypatch.setattr(Shape, "beside", counted)

    found = shape(doubling(levels, last))

    assert found.selections == MANY
    assert len(additions) < 10 * levels + 10


def test_nesting_without_end_is_refused_not_followed() -> None:
    with pytest.raises(GraphQLError) as refused:
        check(shape(nested(190)), LIMITS)

    assert (refused.value.extensions or {})["measure"] == "depth"


def test_nesting_over_many_fragments_is_refused_not_followed() -> None:
    deep = "".join(
        f"fragment F{n} on A {{ {'a { ' * 40} ...F{n + 1} {'}' * 40} }} " for n in range(30)
    )

    with pytest.raises(GraphQLError):
        check(shape(f"{{ ...F0 }} {deep}"), replace(LIMITS, selections=MANY))


def repeated(text: str, number: int) -> str:
    return "{ " + " ".join(text.format(n=n) for n in range(number)) + " }"


AT_THE_LIMIT: list[tuple[str, Callable[[int], str]]] = [
    ("depth", nested),
    ("aliases", lambda number: repeated("... on Query {{ a{n}: b }}", number)),
    ("root_fields", lambda number: repeated("a{n}", number)),
    ("directives", lambda number: "{ a " + "@b " * number + "}"),
    ("selections", lambda number: "{ a { " + "b " * (number - 1) + "} }"),
]


@pytest.mark.parametrize(("measure", "document"), AT_THE_LIMIT)
def test_the_limit_itself_is_allowed_and_one_more_is_not(
    measure: str, document: Callable[[int], str]
) -> None:
    wide = {name: 1_000_000 for name, _ in AT_THE_LIMIT if name != measure}
    limits = replace(LIMITS, **wide)
    limit = getattr(LIMITS, measure)

    check(shape(document(limit)), limits)
    with pytest.raises(GraphQLError) as refused:
        check(shape(document(limit + 1)), limits)

    assert refused.value.extensions == {
        "code": "QUERY_TOO_COMPLEX",
        "measure": measure,
        "value": limit + 1,
        "limit": limit,
        "setting": Limits.setting(measure),
    }
    assert f"{limit + 1:,}" in refused.value.message
    assert Limits.setting(measure) in refused.value.message


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_within_the_limits(path: Path) -> None:
    check(shape(path.read_text("utf-8")), LIMITS)


@pytest.mark.parametrize("everything", [True, False])
def test_questions_about_the_schema_are_within_the_limits(everything: bool) -> None:
    document = get_introspection_query(
        specified_by_url=everything,
        directive_is_repeatable=everything,
        schema_description=everything,
        input_value_deprecation=everything,
    )

    check(shape(document), LIMITS)


def test_variables_of_250_rows_are_few_enough() -> None:
    row = {"ref": {"marketplace": "AMAZON", "externalId": "B0", "locale": "www.amazon.de"}}

    check_variables({"input": {"products": [row] * 250, "trackingId": None}})


@pytest.mark.parametrize(
    ("_case", "variables", "code"),
    [
        ("a long list", {"ids": ["x"] * (MOST_ELEMENTS + 1)}, "INVALID_INPUT"),
        ("a long list inside", {"input": {"ids": [1] * (MOST_ELEMENTS + 1)}}, "INVALID_INPUT"),
        ("many lists", {"a": [[1] * 100] * 100}, "QUERY_TOO_COMPLEX"),
        ("many keys", {"a": {f"k{n}": n for n in range(MOST_VALUES)}}, "QUERY_TOO_COMPLEX"),
        (
            "many variables",
            {f"v{n}": {"a": {"b": 1}} for n in range(MOST_VALUES // 2)},
            "QUERY_TOO_COMPLEX",
        ),
    ],
)
def test_too_many_values_are_refused(_case: str, variables: dict[str, object], code: str) -> None:
    with pytest.raises(GraphQLError) as refused:
        check_variables(variables)

    assert (refused.value.extensions or {})["code"] == code


def test_very_deep_variables_are_counted_without_recursion() -> None:
    deep: object = 1
    for _ in range(MOST_VALUES - 2):
        deep = [deep]

    check_variables({"a": deep})


def test_what_nobody_has_any_more_is_freed_at_once() -> None:
    text = f"{{ a(b: [{'1 ' * 2_600}]) }}"  # longer than what is kept
    gc.collect()
    gc.disable()
    try:
        read(text, LIMITS)
        left = gc.collect()
    finally:
        gc.enable()

    assert left < 100

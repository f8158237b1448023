"""The attacks: those of the OWASP GraphQL cheat sheet and of the public tools, by name."""

from collections.abc import Iterator
from dataclasses import dataclass, field

TYPENAME = "__typename"


@dataclass(frozen=True)
class Attack:
    """A request, and the code of the refusal that it must meet; None where it may be answered."""

    name: str
    document: str
    code: str | None = "QUERY_TOO_COMPLEX"
    variables: dict[str, object] = field(default_factory=dict)


def doubling(levels: int, last: str = TYPENAME) -> str:
    """Fragments that spread the next one twice each: 2 to the power of `levels` at the end."""
    spreads = " ".join(
        f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)
    )
    return f"{{ ...F0 }} {spreads} fragment F{levels} on Query {{ {last} }}"


def circular(levels: int) -> str:
    """Products of links of products of links."""
    inner = "title"
    for _ in range(levels):
        inner = f"affiliateLinks {{ nodes {{ product {{ {inner} }} }} }}"
    return f"{{ products {{ nodes {{ {inner} }} }} }}"


def circular_introspection(levels: int) -> str:
    """Types of fields of types of fields."""
    inner = "name"
    for _ in range(levels):
        inner = f"type {{ fields {{ {inner} }} }}"
    return f"{{ __schema {{ types {{ fields {{ {inner} }} }} }} }}"


def many(text: str, number: int) -> str:
    return " ".join(text.format(n=n) for n in range(number))


def attacks() -> Iterator[Attack]:
    """Each refused by its numbers or its sense, whatever is stored."""
    yield Attack("alias overloading", "{ " + many("a{n}: __typename", 101) + " }")
    yield Attack(
        "alias overloading, 1,000", "{ " + many("a{n}: marketplaces {{ id }}", 1_000) + " }"
    )
    yield Attack(
        "alias brute force",
        "mutation { "
        + many(
            "a{n}: connectMarketplace(input: {{marketplace: AMAZON, credentials: []}}) "
            "{{ errors {{ code }} }}",
            100,
        )
        + " }",
    )
    yield Attack("field duplication", "{ " + "__typename " * 1_000 + "}")
    yield Attack("composite duplication", "{ marketplaces { " + "health { state } " * 1_000 + "} }")
    yield Attack("directive overloading", "{ __typename " + "@include(if: true) " * 500 + "}")
    yield Attack("unknown directives", "{ __typename " + "@aa " * 1_000 + "}")
    yield Attack("deep query", "{ a " * 150 + "}" * 150)
    yield Attack("circular query", circular(6))
    yield Attack("circular query, hidden in fragments", _circular_in_fragments(20))
    yield Attack("wide lists in lists", _wide())
    yield Attack(
        "wide lists by a variable",
        "query Q($n: Int) { products(first: $n) { nodes { priceHistory(first: $n) "
        "{ nodes { price { amount } } } } } }",
        variables={"n": 250},
    )
    yield Attack(
        "wide lists by a default",
        "query Q($n: Int = 250) { products(first: $n) { nodes { priceHistory(first: $n) "
        "{ nodes { price { amount } } } } } }",
    )
    yield Attack("circular introspection", circular_introspection(4), "GRAPHQL_VALIDATION_FAILED")
    yield Attack("deep introspection", circular_introspection(40))
    yield Attack(
        "fragment in itself",
        "{ ...F } fragment F on Query { ...F }",
        "GRAPHQL_VALIDATION_FAILED",
    )
    yield Attack(
        "fragment circle",
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
        "GRAPHQL_VALIDATION_FAILED",
    )
    for levels in (12, 20, 30, 60):
        yield Attack(f"doubling fragments, {levels}", doubling(levels))
    yield Attack("doubling fragments in a circle", doubling(30, "...F0"))
    yield Attack("doubling fragments of nothing", doubling(30, "...Nobody"))
    yield Attack("every fragment spreads every other", _all_to_all(25))
    yield Attack("token bomb", "{ " + many("f{n}", 15_000) + " }")
    yield Attack("long comments", "{ __typename } " + "#\n" * 200_000)
    yield Attack("long string", '{ node(id: "' + "x" * 300_000 + '") { id } }')
    yield Attack("long number", "{ node(id: " + "1" * 5_000 + ") { id } }", "BAD_USER_INPUT")
    yield Attack("nested lists", "{ node(id: " + "[" * 5_000 + ") }", "GRAPHQL_PARSE_FAILED")
    yield Attack("unused variables", "query Q(" + many("$v{n}: Int", 600) + ") { __typename }")
    yield Attack("unknown types", "query Q(" + many("$v{n}: Prodact{n}", 600) + ") { __typename }")
    yield Attack(
        "huge list of ids",
        "query N($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        "INVALID_INPUT",
        {"ids": ["x"] * 100_000},
    )
    yield Attack(
        "many lists in a variable",
        "query N($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        variables={"ids": [["x"] * 900] * 200},
    )
    yield Attack(
        "huge variable that is not declared",
        "{ __typename }",
        variables={f"v{n}": n for n in range(50_000)},
    )
    yield Attack(
        "operations without a name",
        many("query Q{n} {{ __typename }}", 40),
        "OPERATION_RESOLUTION_FAILURE",
    )
    yield Attack("very many operations", many("query Q{n} {{ __typename }}", 600))
    yield Attack(
        "suggestion probing", "{ " + many("prodct{n}", 40) + " }", "GRAPHQL_VALIDATION_FAILED"
    )


def _circular_in_fragments(levels: int) -> str:
    parts = " ".join(
        f"fragment P{n} on Product {{ affiliateLinks {{ nodes {{ product {{ ...P{n + 1} }} }} }} }}"
        for n in range(levels)
    )
    last = f"fragment P{levels} on Product {{ title }}"
    return f"{{ products {{ nodes {{ ...P0 }} }} }} {parts} {last}"


def _wide() -> str:
    return (
        "{ products(first: 250) { nodes { affiliateLinks(first: 250) { nodes { product "
        "{ priceHistory(first: 250) { nodes { price { amount } } } } } } } } }"
    )


def _all_to_all(number: int) -> str:
    return "{ ...F0 } " + " ".join(
        f"fragment F{n} on Query {{ {' '.join(f'...F{m}' for m in range(number))} }}"
        for n in range(number)
    )

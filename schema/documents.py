"""Reads GraphQL documents and refuses those that ask for too much, before anything is checked.

Checking a document against the schema can take time that grows with the square of its size, and
fragments that spread each other twice double with each level. So each fragment is measured once,
and what is too large is refused by its numbers alone.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from domain.limits import Limits
from resolvers.lookups import MAX_ROWS
from schema.cost import INTROSPECTION, MANY, Costs
from schema.plan import Selection

DEEPEST = 64  # levels that are followed at all, questions about the schema included
MOST_VALUES = 10_000  # inside variables; 250 rows of three values each are 1,250
MOST_ELEMENTS = 1_000  # of one list; fields take 250, and say so themselves up to here
# Python reads no longer ones, and graphql-core does not expect that.
LONG_NUMBER = re.compile(r"\d{4000}")
# Reading a document again costs more than running a small one. Programs send few different ones,
# and short ones: whoever sends others shall not fill the memory with them.
KEPT_DOCUMENTS = 64
LONGEST_KEPT = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a document, or a part of it, amounts to, fragments counted at each use."""

    selections: int = 0
    depth: int = 0
    aliases: int = 0
    directives: int = 0
    root_fields: int = 0
    has_circle: bool = False
    asks_schema: bool = False

    def beside(self, other: "Shape") -> "Shape":
        """Both at the same level."""
        return Shape(
            selections=min(MANY, self.selections + other.selections),
            depth=max(self.depth, other.depth),
            aliases=min(MANY, self.aliases + other.aliases),
            directives=min(MANY, self.directives + other.directives),
            root_fields=min(MANY, self.root_fields + other.root_fields),
            has_circle=self.has_circle or other.has_circle,
            asks_schema=self.asks_schema or other.asks_schema,
        )


@dataclass(slots=True, eq=False)
class Document:
    """A document that is GraphQL, though perhaps not of this schema, and what it amounts to.

    Filled in when somebody has looked, and kept with it. `problems`: what does not fit the schema.
    By operation: `costs`, see schema/cost.py; `uses`, how often it was run; `plans`, see
    schema/plan.py, None where it has none.
    """

    node: DocumentNode
    operations: tuple[OperationDefinitionNode, ...]
    fragments: Mapping[str, FragmentDefinitionNode]
    shape: Shape
    problems: list[GraphQLError] | None = None
    costs: dict[str | None, Costs] = field(default_factory=dict)
    uses: Counter[str | None] = field(default_factory=Counter)
    plans: dict[str | None, Selection | None] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name; without a name the only one. None where there is no such."""
        if name is None:
            return self.operations[0] if len(self.operations) == 1 else None
        named = (each for each in self.operations if each.name and each.name.value == name)
        return next(named, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An operation that may be run, and what it costs. `name`: as the caller calls it, None for
    none. `variables`: with their defaults."""

    document: Document
    operation: OperationDefinitionNode
    name: str | None
    variables: Mapping[str, object]
    costs: Costs
    points: int


def read(text: str, limits: Limits) -> Document:
    """Parse, measure and compare with the limits.

    Raises GraphQLSyntaxError, and GraphQLError with its code for what is too large.
    """
    size = len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
    if size > limits.document:
        raise too_complex(
            f"The document has {size:,} bytes; at most {limits.document:,} are allowed.",
            measure="document",
            value=size,
            limit=limits.document,
        )
    if LONG_NUMBER.search(text):
        message = "The document holds a number that is too long."
        raise GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
    document = (_parsed if len(text) > LONGEST_KEPT else _kept)(text, limits.tokens)
    check(document.shape, limits)
    return document


def _parsed(text: str, max_tokens: int) -> Document:
    try:
        node = parse(text, max_tokens=max_tokens)
    except GraphQLSyntaxError as error:
        if f"more than {max_tokens} tokens" not in error.message:
            raise
        raise too_complex(
            f"The document has more than {max_tokens:,} words and signs.",
            measure="tokens",
            value=max_tokens + 1,
            limit=max_tokens,
        ) from None
    _unchain(node)
    operations = tuple(d for d in node.definitions if isinstance(d, OperationDefinitionNode))
    fragments = {d.name.value: d for d in node.definitions if isinstance(d, FragmentDefinitionNode)}
    return Document(node, operations, fragments, shape_of(operations, fragments))


def _unchain(node: DocumentNode) -> None:
    """Let go of a document when nobody has it any more.

    Its words are chained in both directions, so that the collector alone could free them, and it
    looks rarely. Where something stands is told without the chain.
    """
    word = node.loc.start_token if node.loc else None
    while word is not None:
        word.prev, word.next, word = None, None, word.next


_kept = lru_cache(maxsize=KEPT_DOCUMENTS)(_parsed)


def shape_of(
    operations: Collection[OperationDefinitionNode],
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Shape:
    """Measures a document in one pass, with unused fragments, since they are checked as well."""
    measuring = _Measuring(fragments)
    shape = Shape()
    for operation in operations:
        declared = operation.variable_definitions or ()
        directives = len(operation.directives or ())
        directives += sum(len(variable.directives or ()) for variable in declared)
        shape = shape.beside(Shape(selections=len(declared), directives=directives))
        shape = shape.beside(measuring.selection_set(operation.selection_set, 0))
    for name in fragments.keys() - measuring.fragments.keys():
        # Its fields are nobody's root fields.
        shape = shape.beside(replace(measuring.fragment(name, 0), root_fields=0))
    return shape


@dataclass(frozen=True, slots=True)
class _Measuring:
    """One walk over a document. Each fragment is measured once: `fragments`, by name."""

    definitions: Mapping[str, FragmentDefinitionNode]
    fragments: dict[str, Shape] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def fragment(self, name: str, level: int) -> Shape:
        """The shape of a fragment, counted from where it is spread."""
        if name in self.open:
            return Shape(has_circle=True)
        if name not in self.fragments and name in self.definitions:
            self.open.add(name)
            node = self.definitions[name]
            own = Shape(directives=len(node.directives or ()))
            self.fragments[name] = own.beside(self.selection_set(node.selection_set, level))
            self.open.remove(name)
        return self.fragments.get(name, Shape())

    def selection_set(self, node: SelectionSetNode, level: int) -> Shape:
        """What stands between one pair of braces."""
        if level > DEEPEST:
            return Shape(depth=MANY)
        shape = Shape(selections=len(node.selections))
        for selection in node.selections:
            shape = shape.beside(Shape(directives=len(selection.directives or ())))
            if isinstance(selection, FieldNode):
                shape = shape.beside(self._field(selection, level))
            elif isinstance(selection, FragmentSpreadNode):
                shape = shape.beside(self.fragment(selection.name.value, level + 1))
            elif isinstance(selection, InlineFragmentNode):
                shape = shape.beside(self.selection_set(selection.selection_set, level + 1))
        return shape

    def _field(self, node: FieldNode, level: int) -> Shape:
        below = Shape()
        if node.selection_set is not None:
            below = self.selection_set(node.selection_set, level + 1)
        asks_schema = node.name.value in INTROSPECTION
        is_spared = asks_schema and below.depth < MANY
        return replace(
            below,
            depth=min(MANY, 1 + (0 if is_spared else below.depth)),
            aliases=min(MANY, below.aliases + (node.alias is not None)),
            root_fields=1,
            asks_schema=below.asks_schema or asks_schema,
        )


def check(shape: Shape, limits: Limits) -> None:
    """Raises GraphQLError, code QUERY_TOO_COMPLEX, for the first number that is over its limit."""
    for name, what in (
        ("selections", "asks for {value} fields, fragments and variables"),
        ("depth", "nests {value} levels deep"),
        ("aliases", "has {value} aliases"),
        ("directives", "has {value} directives"),
        ("root_fields", "has {value} fields at its root"),
    ):
        value, limit = getattr(shape, name), getattr(limits, name)
        if value > limit:
            number = f"more than {limit:,}" if value >= MANY else f"{value:,}"
            message = f"The document {what.format(value=number)}; at most {limit:,} are allowed."
            raise too_complex(message, measure=name, value=value, limit=limit)


def too_complex(message: str, *, measure: str, value: int, limit: int) -> GraphQLError:
    """The error for a number over its limit; `measure` is the name of the limit."""
    setting = Limits.setting(measure)
    return GraphQLError(
        f"{message} Ask in several requests, or let the operator raise {setting}.",
        extensions={
            "code": "QUERY_TOO_COMPLEX",
            "measure": measure,
            "value": value,
            "limit": limit,
            "setting": setting,
        },
    )


def check_variables(variables: Mapping[str, object]) -> None:
    """Raises GraphQLError for a very long list, or for more than MOST_VALUES values in all."""
    waiting: list[tuple[str, object]] = list(variables.items())
    count = len(waiting)
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, list) and len(value) > MOST_ELEMENTS:
            raise GraphQLError(
                f"At most {MAX_ROWS} rows; {len(value):,} were sent.",
                extensions={"code": "INVALID_INPUT", "inputPath": [name]},
            )
        inner: Collection[object] = ()
        if isinstance(value, (dict, list)):
            inner = value.values() if isinstance(value, dict) else value
        count += len(inner)
        if count > MOST_VALUES:
            raise GraphQLError(
                f"The variables hold more than {MOST_VALUES:,} values. Send them in several "
                "requests.",
                extensions={"code": "QUERY_TOO_COMPLEX", "inputPath": [name]},
            )
        waiting.extend((name, each) for each in inner)

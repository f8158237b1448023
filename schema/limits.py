"""What an incoming operation may be, looked at before anything of it is checked or run.

Checking a document against the schema can take time that grows with the square of its size, and
fragments that spread each other twice double with each level. So each fragment is measured once,
and what is too large is refused by its numbers alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from domain.limits import Limits
from resolvers.lookups import MAX_ROWS

MANY = 1_000_000  # numbers grow no further
DEEPEST = 64  # levels that are followed at all, questions about the schema included
MOST_VALUES = 10_000  # inside variables; 250 rows of three values each are 1,250
MOST_ELEMENTS = 1_000  # of one list; fields take 250, and say so themselves up to here
INTROSPECTION = ("__schema", "__type")


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


def shape_of(document: DocumentNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Shape:
    """Measures a document in one pass, with unused fragments, since they are checked as well."""
    pass_ = _Pass(fragments)
    shape = Shape()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            shape = shape.beside(pass_.operation(definition))
    for name in fragments.keys() - pass_.used:
        # Its fields are nobody's root fields.
        shape = shape.beside(replace(pass_.fragment(name, 0), root_fields=0))
    return shape


class _Pass:
    """One walk over a document. Each fragment is measured once."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._measured: dict[str, Shape] = {}
        self._open: set[str] = set()

    @property
    def used(self) -> set[str]:
        """The names of the fragments measured so far."""
        return set(self._measured)

    def operation(self, node: OperationDefinitionNode) -> Shape:
        declared = node.variable_definitions or ()
        directives = len(node.directives or ()) + sum(
            len(variable.directives or ()) for variable in declared
        )
        own = Shape(selections=len(declared), directives=directives)
        return own.beside(self._selection_set(node.selection_set, 0))

    def fragment(self, name: str, level: int) -> Shape:
        """The shape of a fragment, counted from where it is spread."""
        if name in self._open:
            return Shape(has_circle=True)
        if name not in self._measured and name in self._fragments:
            self._open.add(name)
            node = self._fragments[name]
            own = Shape(directives=len(node.directives or ()))
            self._measured[name] = own.beside(self._selection_set(node.selection_set, level))
            self._open.remove(name)
        return self._measured.get(name, Shape())

    def _selection_set(self, node: SelectionSetNode, level: int) -> Shape:
        if level > DEEPEST:
            return Shape(depth=MANY)
        shape = Shape()
        for selection in node.selections:
            shape = shape.beside(self._selection(selection, level))
        return shape

    def _selection(self, node: SelectionNode, level: int) -> Shape:
        own = Shape(selections=1, directives=len(node.directives or ()))
        if isinstance(node, FieldNode):
            return own.beside(self._field(node, level))
        if isinstance(node, FragmentSpreadNode):
            return own.beside(self.fragment(node.name.value, level + 1))
        if isinstance(node, InlineFragmentNode):
            return own.beside(self._selection_set(node.selection_set, level + 1))
        return own

    def _field(self, node: FieldNode, level: int) -> Shape:
        below = Shape()
        if node.selection_set is not None:
            below = self._selection_set(node.selection_set, level + 1)
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
        inner = _inside(value)
        count += len(inner)
        if isinstance(value, list) and len(value) > MOST_ELEMENTS:
            raise GraphQLError(
                f"At most {MAX_ROWS} rows; {len(value):,} were sent.",
                extensions={"code": "INVALID_INPUT", "inputPath": [name]},
            )
        if count > MOST_VALUES:
            raise GraphQLError(
                f"The variables hold more than {MOST_VALUES:,} values. Send them in several "
                "requests.",
                extensions={"code": "QUERY_TOO_COMPLEX", "inputPath": [name]},
            )
        waiting.extend((name, each) for each in inner if isinstance(each, (dict, list)))


def _inside(value: object) -> Collection[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()

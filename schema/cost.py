"""What an operation costs, in points: before it runs by its document, afterwards by its answer.

A point stands for one object in the answer, 10 to 20 microseconds of work. Lists count by the page
size or the number of rows asked for; a list of which nobody knows the length counts as UNSIZED.
What asks a marketplace weighs more, since its calls a day are counted, and so do mutations.

A document is looked at once (`costs_of`); its price and that of its answer are then sums over keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    value_from_ast_untyped,
)

from resolvers.cursors import MAX_PAGE_SIZE

MANY = 1_000_000  # numbers grow no further
INTROSPECTION = ("__schema", "__type")
MUTATION = 10
SCHEMA = 1_000  # the usual question about the whole schema takes some 40 milliseconds
UNSIZED = 5
TYPICAL = {"errors": 1}  # lists that usually hold at most this many
ROWS = ("nodes", "edges", "results")  # lists as long as their field was asked for
# Beside its object: what the field may have to ask a marketplace, or to read.
WEIGHTS: Mapping[tuple[str, str], int] = {
    ("Query", "searchProducts"): 10,
    ("Query", "product"): 5,
    ("Query", "node"): 5,
    ("Query", "nodes"): 1,
    ("Query", "productsIn"): 1,
    ("Product", "affiliateLink"): 1,
    ("Product", "variants"): 10,
    ("Product", "variantsTotalCount"): 10,
    ("Product", "hasMoreVariants"): 10,
    ("Product", "variantsError"): 10,
    ("AffiliateLink", "product"): 1,
    ("Mutation", "verifyMarketplace"): 20,
    ("Mutation", "startExport"): 10_000,  # looks at every product that meets the filter
}
TEXT = "text"  # the argument or field in which products are found
Variables = Mapping[str, object]
Composite = GraphQLObjectType | GraphQLInterfaceType
Costs = dict[str, "Entry"]  # by the key of an answered object


@dataclass(slots=True)
class Entry:
    """What one key of an answered object costs, whichever of several fields stands behind it.

    `weight`: its own points. `is_change`: it is a mutation. `sized`: where its number of rows may
    stand. `below`: of its objects; None where it has none.
    """

    name: str
    weight: int = 0
    is_change: bool = False
    is_list: bool = False
    sized: list[tuple[FieldNode, GraphQLField]] = field(default_factory=list)
    below: Costs | None = None

    def size(self, variables: Variables) -> int | None:
        """The page size, or the number of rows sent; None for a field that takes neither."""
        sizes = (_size(node, of, variables) for node, of in self.sized)
        return max((size for size in sizes if size is not None), default=None)

    def own(self, size: int | None) -> int:
        """The points beside its objects. A mutation's rows are work each."""
        return self.weight + (MUTATION + (size or 0) if self.is_change else 0)


def costs_of(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Costs:
    """What each key of the answer costs. The document has no circles.

    It is not yet known to fit the schema: what is unknown costs nothing here and is refused later.
    """
    root = schema.get_root_type(operation.operation)
    costs: Costs = {}
    if root is not None:
        _Reading(schema, fragments).selection_set(operation.selection_set, root, costs)
    return _priced(costs)


def _priced(costs: Costs) -> Costs:
    """Without the values that cost nothing, which are most."""
    for entry in costs.values():
        entry.below = None if entry.below is None else _priced(entry.below)
    return {
        key: entry
        for key, entry in costs.items()
        if entry.below is not None or entry.weight or entry.is_change
    }


def variables_of(operation: OperationDefinitionNode, sent: Variables) -> Variables:
    """The variables, with the defaults of those that were not sent."""
    defaults = {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in operation.variable_definitions or ()
        if each.default_value is not None
    }
    return defaults | dict(sent)


def requested(costs: Costs, variables: Variables) -> int:
    """The most points that the operation should cost; at least 1."""
    return max(1, min(MANY, _requested(costs, variables, None)))


def actual(costs: Costs, variables: Variables, data: object) -> int:
    """The points that an answer cost; at least 1."""
    objects = [data] if isinstance(data, dict) else []
    return max(1, min(MANY, _actual(costs, variables, objects)))


def _requested(costs: Costs, variables: Variables, rows: int | None) -> int:
    """`rows`: how many the nearest paged or bulk field above asks for."""
    total = 0
    for entry in costs.values():
        size = entry.size(variables) if entry.sized else None
        own = entry.own(size)
        if entry.below is None:
            total += own
            continue
        times = 1
        if entry.is_list:
            inherited = rows if entry.name in ROWS else None
            times = next(
                (number for number in (size, inherited) if number is not None),
                TYPICAL.get(entry.name, UNSIZED),
            )
        total += times * (own + 1 + _requested(entry.below, variables, size or rows))
    return total


def _actual(costs: Costs, variables: Variables, objects: Sequence[Mapping[str, object]]) -> int:
    """Of all answered objects of one kind together, without their own points."""
    total = 0
    for key, entry in costs.items():
        values: list[Any] = [value for each in objects if (value := each.get(key)) is not None]
        if not values:
            continue
        if isinstance(values[0], list):  # then all are: the check against the schema sees to it
            values = list(chain.from_iterable(values))
        total += len(values) * entry.own(entry.size(variables) if entry.sized else None)
        if entry.below is not None:
            below = [value for value in values if isinstance(value, dict)]
            total += len(below) + _actual(entry.below, variables, below)
    return total


@dataclass(frozen=True, slots=True)
class _Reading:
    """One walk over an operation. Fields that share a key become one entry, the dearest."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]

    def selection_set(self, node: SelectionSetNode, parent: Composite, costs: Costs) -> None:
        """Adds what stands between one pair of braces, its fragments included."""
        for selection in node.selections:
            if isinstance(selection, FieldNode):
                self._field(selection, parent, costs)
                continue
            part: InlineFragmentNode | FragmentDefinitionNode | None = None
            if isinstance(selection, InlineFragmentNode):
                part = selection
            elif isinstance(selection, FragmentSpreadNode):
                part = self.fragments.get(selection.name.value)
            if part is None:
                continue
            condition = part.type_condition
            of_type = self.schema.get_type(condition.name.value) if condition else parent
            if isinstance(of_type, Composite):
                self.selection_set(part.selection_set, of_type, costs)

    def _field(self, node: FieldNode, parent: Composite, costs: Costs) -> None:
        name = node.name.value
        of = parent.fields.get(name)
        if of is None and name not in INTROSPECTION:
            return
        entry = costs.setdefault(node.alias.value if node.alias else name, Entry(name))
        if of is None:
            entry.weight = SCHEMA
            return
        entry.weight = max(entry.weight, WEIGHTS.get((parent.name, name), 0))
        entry.is_change = parent.name == "Mutation"
        if node.arguments or "first" in of.args:
            entry.sized.append((node, of))
        inner = get_named_type(of.type)
        if node.selection_set is not None and isinstance(inner, Composite):
            entry.is_list = is_list_type(get_nullable_type(of.type))
            entry.below = {} if entry.below is None else entry.below
            self.selection_set(node.selection_set, inner, entry.below)


def _size(node: FieldNode, of: GraphQLField, variables: Variables) -> int | None:
    sent = {
        argument.name.value: value_from_ast_untyped(argument.value, dict(variables))
        for argument in node.arguments or ()
    }
    if "first" in of.args:
        numbers = [sent.get("last"), sent.get("first"), of.args["first"].default_value]
        first = next((n for n in numbers if isinstance(n, int) and n > 0), 0)
        return min(first, MAX_PAGE_SIZE)
    longest = _longest(sent, depth=2)
    return None if longest is None else min(longest, MAX_PAGE_SIZE)  # more rows are refused


def _longest(value: object, *, depth: int) -> int | None:
    """The length of the longest list in a value, or in its fields down to `depth`.

    A text in which products are found can name as many as fit: the shortest words for one have
    some eight characters.
    """
    if isinstance(value, list):
        return len(value)
    if not isinstance(value, dict) or not depth:
        return None
    lengths = [_longest(inner, depth=depth - 1) for inner in value.values()]
    if isinstance(text := value.get(TEXT), str):
        lengths.append(len(text) // 8 + 1)
    return max((length for length in lengths if length is not None), default=None)

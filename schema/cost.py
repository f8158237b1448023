"""What an operation costs, in points: before it runs by its document, afterwards by its answer.

A point stands for one object in the answer, about 35 microseconds of work. Lists count by the page
size or the number of rows asked for; a list of which nobody knows the length counts as UNSIZED.
What asks a marketplace weighs more, since its calls a day are counted, and so do mutations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
    value_from_ast_untyped,
)

from resolvers.cursors import MAX_PAGE_SIZE
from schema.documents import Document
from schema.limits import INTROSPECTION, MANY

MUTATION = 10
SCHEMA = 1_000  # the usual question about the whole schema takes some 40 milliseconds
UNSIZED = 5
TYPICAL = {"errors": 1}  # lists that usually hold at most this many
ROWS = ("nodes", "edges", "results")  # lists as long as their field was asked for
# Beside its object: what the field may have to ask a marketplace.
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
}
TEXT = "text"  # the argument or field in which products are found
Variables = Mapping[str, object]
Composite = GraphQLObjectType | GraphQLInterfaceType


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation with what its names stand for. `variables`: defaults included."""

    schema: GraphQLSchema
    document: Document
    operation: OperationDefinitionNode
    variables: Variables

    @classmethod
    def of(
        cls,
        schema: GraphQLSchema,
        document: Document,
        operation: OperationDefinitionNode,
        sent: Variables,
    ) -> "Asked":
        """With the defaults of the variables that were not sent."""
        defaults = {
            each.variable.name.value: value_from_ast_untyped(each.default_value)
            for each in operation.variable_definitions or ()
            if each.default_value is not None
        }
        return cls(schema, document, operation, defaults | dict(sent))

    @property
    def root(self) -> GraphQLObjectType | None:
        """The type at its root."""
        return self.schema.get_root_type(self.operation.operation)

    @property
    def is_mutation(self) -> bool:
        """Whether it may change something."""
        return self.operation.operation is OperationType.MUTATION


def requested(asked: Asked) -> int:
    """The most points that the operation should cost; at least 1. The document has no circles.

    It is not yet known to fit the schema: what is unknown costs nothing here and is refused later.
    """
    root = asked.root
    if root is None:
        return 1
    return max(1, min(MANY, _of_set(asked, asked.operation.selection_set, root, None)))


def actual(asked: Asked, data: object) -> int:
    """The points that an answer cost; at least 1."""
    root = asked.root
    if root is None or not isinstance(data, dict):
        return 1
    plan = _Plan(asked, root, (asked.operation.selection_set,))
    return max(1, min(MANY, plan.cost(data)))


def _of_set(
    asked: Asked,
    selection_set: SelectionSetNode,
    parent: Composite,
    rows: int | None,
) -> int:
    """`rows`: how many the nearest paged or bulk field above asks for."""
    return sum(
        _of_field(asked, field, of_type, rows)
        for field, of_type in _fields(asked, selection_set, parent)
    )


def _of_field(asked: Asked, node: FieldNode, parent: Composite, rows: int | None) -> int:
    name = node.name.value
    if name in INTROSPECTION:
        return SCHEMA
    field = parent.fields.get(name)
    if field is None:
        return 0
    size = _size(node, field, asked.variables)
    own = _weight(parent, name, size)
    inner = get_named_type(field.type)
    if node.selection_set is None or not isinstance(inner, Composite):
        return own
    times = _times(name, field.type, size, rows)
    return times * (own + 1 + _of_set(asked, node.selection_set, inner, size or rows))


def _weight(parent: Composite, name: str, size: int | None) -> int:
    """What a field costs beside the objects that it answers. A mutation's rows are work each."""
    changes = MUTATION + (size or 0) if parent.name == "Mutation" else 0
    return changes + WEIGHTS.get((parent.name, name), 0)


def _times(name: str, type_: GraphQLOutputType, size: int | None, rows: int | None) -> int:
    """How many objects a field may answer."""
    if not _is_list(type_):
        return 1
    if size is not None:
        return size
    if name in ROWS and rows is not None:
        return rows
    return TYPICAL.get(name, UNSIZED)


def _is_list(type_: GraphQLOutputType) -> bool:
    return is_list_type(type_.of_type if is_non_null_type(type_) else type_)


def _size(node: FieldNode, field: GraphQLField, values: Variables) -> int | None:
    """The page size, or the number of rows sent; None for a field that takes neither."""
    arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
    if "first" in field.args:
        first = _number(arguments.get("last"), values) or _number(arguments.get("first"), values)
        default = field.args["first"].default_value
        return min(first if first is not None else int(default or 0), MAX_PAGE_SIZE)
    lengths = [_longest(value, values, depth=1) for value in arguments.values()]
    if TEXT in field.args and TEXT in arguments:
        lengths.append(_rows_of_text(value_from_ast_untyped(arguments[TEXT], dict(values))))
    longest = max((length for length in lengths if length is not None), default=None)
    return None if longest is None else min(longest, MAX_PAGE_SIZE)  # more rows are refused


def _rows_of_text(text: object) -> int | None:
    """How many products a text can name: the shortest words for one have some eight characters."""
    return len(text) // 8 + 1 if isinstance(text, str) else None


def _number(node: ValueNode | None, values: Variables) -> int | None:
    """The page size of an argument; None where it is left out, null or no number above 0."""
    value = value_from_ast_untyped(node, dict(values)) if node is not None else None
    return value if isinstance(value, int) and value > 0 else None


def _longest(node: ValueNode, values: Variables, *, depth: int) -> int | None:
    """The length of the longest list in an argument, or in its fields down to `depth`."""
    if isinstance(node, VariableNode):
        return _longest_value(values.get(node.name.value), depth=depth)
    if isinstance(node, ListValueNode):
        return len(node.values)
    if isinstance(node, ObjectValueNode) and depth:
        lengths = [_longest(field.value, values, depth=depth - 1) for field in node.fields]
        lengths += [
            _rows_of_text(value_from_ast_untyped(field.value, dict(values)))
            for field in node.fields
            if field.name.value == TEXT
        ]
        return max((length for length in lengths if length is not None), default=None)
    return None


def _longest_value(value: object, *, depth: int) -> int | None:
    if isinstance(value, list):
        return len(value)
    if isinstance(value, dict) and depth:
        lengths = [_longest_value(inner, depth=depth - 1) for inner in value.values()]
        lengths.append(_rows_of_text(value.get(TEXT)))
        return max((length for length in lengths if length is not None), default=None)
    return None


def _fields(
    asked: Asked, selection_set: SelectionSetNode, parent: Composite
) -> Iterator[tuple[FieldNode, Composite]]:
    """The fields of a selection, those of its fragments included, with the type each is of."""
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            yield selection, parent
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            of_type = _composite(asked, condition.name.value) if condition else parent
            if of_type is not None:
                yield from _fields(asked, selection.selection_set, of_type)
        elif isinstance(selection, FragmentSpreadNode):
            fragment = asked.document.fragments.get(selection.name.value)
            of_type = _composite(asked, fragment.type_condition.name.value) if fragment else None
            if fragment is not None and of_type is not None:
                yield from _fields(asked, fragment.selection_set, of_type)


def _composite(asked: Asked, name: str) -> Composite | None:
    type_: GraphQLNamedType | None = asked.schema.get_type(name)
    return type_ if isinstance(type_, Composite) else None


class _Plan:
    """What the keys of one kind of answered object cost. Made once for each kind, not each row."""

    def __init__(
        self, asked: Asked, parent: Composite, selection_sets: tuple[SelectionSetNode, ...]
    ) -> None:
        self._asked = asked
        self._weights: dict[str, int] = {}
        self._below: dict[str, tuple[Composite, list[SelectionSetNode]]] = {}
        self._plans: dict[str, _Plan] = {}
        for selection_set in selection_sets:
            for node, of_type in _fields(asked, selection_set, parent):
                self._add(node, of_type)

    def _add(self, node: FieldNode, of_type: Composite) -> None:
        name = node.name.value
        key = node.alias.value if node.alias else name
        if name in INTROSPECTION:
            self._weights[key] = SCHEMA
            return
        field = of_type.fields.get(name)
        if field is None:
            return
        own = _weight(of_type, name, _size(node, field, self._asked.variables))
        inner = get_named_type(field.type)
        if own:
            # Fields of two types may share a key: the dearer one counts.
            self._weights[key] = max(own, self._weights.get(key, 0))
        if node.selection_set is not None and isinstance(inner, Composite):
            self._below.setdefault(key, (inner, []))[1].append(node.selection_set)

    def cost(self, answer: Mapping[str, object]) -> int:
        """The points of one answered object, without its own."""
        total = sum(
            own * (len(value) if isinstance(value, list) else 1)
            for key, own in self._weights.items()
            if (value := answer.get(key)) is not None
        )
        for key in self._below:
            total += self._below_cost(key, answer.get(key))
        return total

    def _below_cost(self, key: str, value: object) -> int:
        if isinstance(value, dict):
            return 1 + self._plan(key).cost(value)
        if isinstance(value, list):
            return sum(self._below_cost(key, each) for each in value)
        return 0

    def _plan(self, key: str) -> "_Plan":
        plan = self._plans.get(key)
        if plan is None:
            inner, selection_sets = self._below[key]
            plan = self._plans[key] = _Plan(self._asked, inner, tuple(selection_sets))
        return plan

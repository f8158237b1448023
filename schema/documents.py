"""Reads GraphQL documents, and finds in one the operation that is meant."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    parse,
)

from schema.limits import Shape, shape_of

# Reading a document again costs more than running a small one. Programs send few different ones,
# and short ones: whoever sends others shall not fill the memory with them.
KEPT_DOCUMENTS = 64
LONGEST_KEPT = 5_000


@dataclass(slots=True, eq=False)
class Document:
    """A document that is GraphQL, though perhaps not of this schema, and what it amounts to.

    `problems`: what does not fit the schema; None until somebody has looked.
    """

    node: DocumentNode
    operations: tuple[OperationDefinitionNode, ...]
    fragments: Mapping[str, FragmentDefinitionNode]
    shape: Shape
    problems: list[GraphQLError] | None = None

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name; without a name the only one. None where there is no such."""
        if name is not None:
            return next((each for each in self.operations if _name(each) == name), None)
        return self.operations[0] if len(self.operations) == 1 else None


def read(text: str, max_tokens: int) -> Document:
    """Parse and measure. Raises GraphQLSyntaxError, also for more than `max_tokens`."""
    return (_read if len(text) > LONGEST_KEPT else _kept)(text, max_tokens)


def _read(text: str, max_tokens: int) -> Document:
    node = parse(text, max_tokens=max_tokens)
    operations = tuple(d for d in node.definitions if isinstance(d, OperationDefinitionNode))
    fragments = {d.name.value: d for d in node.definitions if isinstance(d, FragmentDefinitionNode)}
    return Document(node, operations, fragments, shape_of(node, fragments))


_kept = lru_cache(maxsize=KEPT_DOCUMENTS)(_read)


def _name(operation: OperationDefinitionNode) -> str | None:
    return operation.name.value if operation.name else None

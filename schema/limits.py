"""What an incoming operation may be, looked at before anything runs."""

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

# Reading a document takes time in which nobody else is served. 250 rows written into it are 3,500.
MAX_TOKENS = 10_000


class OneOperation(SchemaExtension):
    """Refuses a document of several operations without a name; Strawberry would run the first."""

    def on_validate(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        operations = [
            definition
            for definition in (document.definitions if document else ())
            if isinstance(definition, OperationDefinitionNode)
        ]
        if len(operations) > 1 and self.execution_context._provided_operation_name is None:
            self.execution_context.pre_execution_errors = [
                GraphQLError(
                    "The document holds several operations: name one in operationName.",
                    extensions={"code": "OPERATION_RESOLUTION_FAILURE"},
                )
            ]
        yield

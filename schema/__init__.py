"""Assembles the schema: roots, scalars, and what an unexpected failure looks like."""

import logging
from collections.abc import Iterator

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import validate_document
from strawberry.types import ExecutionContext

from domain.exceptions import AffiliateGraphError
from schema.documents import Document
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS, NotAValue

DOCUMENT = "document"  # where ReadBefore finds it
log = logging.getLogger("affiliate_graph.schema")


class AffiliateGraphSchema(strawberry.Schema):
    """Logs what was not expected; what callers see of it, schema/errors.py decides."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        for error in errors:
            cause = error.original_error
            if cause is not None and not isinstance(
                cause, (AffiliateGraphError, GraphQLError, NotAValue)
            ):
                log.error("unexpected failure at %s", error.path, exc_info=cause)


class ReadBefore(SchemaExtension):
    """Takes the document that schema/execution.py read, and checks it against the schema once."""

    def on_parse(self) -> Iterator[None]:
        if (document := self._document()) is not None:
            self.execution_context.graphql_document = document.node
        yield

    def on_validate(self) -> Iterator[None]:
        if (document := self._document()) is not None:
            if document.problems is None:
                document.problems = validate_document(
                    self.execution_context.schema._schema,
                    document.node,
                    self.execution_context.validation_rules,
                )
            self.execution_context.pre_execution_errors = document.problems
        yield

    def _document(self) -> Document | None:
        return (self.execution_context.operation_extensions or {}).get(DOCUMENT)


schema = AffiliateGraphSchema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(scalar_map=SCALARS),  # type: ignore[arg-type]
    extensions=[ReadBefore],
)

"""Tells the meter about each operation, without anything that the caller wrote but its name."""

import hashlib
from collections.abc import Iterator

from graphql import get_operation_ast
from strawberry.extensions import SchemaExtension

from domain.metering import OperationNote, OperationOutcome
from resolvers.context import Context


class Observed(SchemaExtension):
    """Notes an operation from before it is read until its answer is there."""

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context.context
        if not isinstance(context, Context):
            yield
            return
        note = OperationNote()
        with context.outside.meter.operation(note):
            try:
                yield
            finally:
                self._fill(note, context)

    def _fill(self, note: OperationNote, context: Context) -> None:
        ran = self.execution_context
        note.document_hash = hashlib.sha256((ran.query or "").encode()).hexdigest()
        note.calls = context.spending.calls
        if ran.graphql_document is None:
            return
        operation = get_operation_ast(ran.graphql_document, ran._provided_operation_name)
        if operation is not None:
            note.name = operation.name.value if operation.name else ""
            note.kind = operation.operation.value
        if ran.result is not None and not ran.pre_execution_errors:
            note.outcome = OperationOutcome.ERRORS if ran.result.errors else OperationOutcome.OK

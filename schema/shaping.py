"""What a webhook tells of an event: the answer to a subscription of its own, for that event.

The document is kept as text. It is checked and priced when it is given, and again whenever it runs:
with the rights and the budget of that moment, so that nothing is told which may not be by then.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import FieldNode, GraphQLError, OperationDefinitionNode, OperationType

from domain.events import Event as EventRecord
from domain.exceptions import InvalidInput
from domain.limits import Limits
from resolvers.context import Context
from schema import execution, streaming
from schema.answers import Terms
from schema.documents import Prepared
from schema.events import Event
from schema.execution import Operation

USUAL = """
subscription Told {
  events {
    id type sequence occurredAt productId linkId jobId webhookId watchId
    marketplace { code locale }
    price { amount currencyCode }
    previousPrice { amount currencyCode }
    upstreamCode callsPerDay
  }
}
"""
PATH = ("input", "query")
UNUSABLE = "This document cannot be used."


@dataclass(frozen=True, slots=True)
class WebhookDocuments:
    """See `resolvers.context.Documents`. `limits`: what a document may ask for."""

    limits: Limits

    def check(self, document: str) -> None:
        """See `Documents.check`."""
        self._prepared(document)

    async def shaped(
        self, context: Context, document: str | None, event: EventRecord
    ) -> Mapping[str, object]:
        """See `Documents.shaped`. Raises InvalidInput where it does not fit any more."""
        operation = Operation(query=document or USUAL)
        prepared = self._prepared(operation.query)
        executor = execution.builder(operation, prepared, context)(root_value=Event.of(event))
        if isinstance(executor, list):
            raise InvalidInput(executor[0].message, path=PATH)
        return (await streaming.answered(executor, context, Terms(limits=self.limits))).body

    def _prepared(self, document: str) -> Prepared:
        try:
            terms = Terms(limits=self.limits, fresh=_nobody)
            prepared = execution.prepared_of(Operation(query=document), terms)
            problems = execution.problems_of(prepared.document)
        except GraphQLError as error:
            raise InvalidInput(f"{UNUSABLE} {error.message}", path=PATH) from None
        if problems:
            raise InvalidInput(f"{UNUSABLE} {problems[0].message}", path=PATH)
        if not _is_of_events(prepared.operation):
            raise InvalidInput(
                f"{UNUSABLE} It must be a subscription with the one field `events`, without "
                "variables.",
                path=PATH,
            )
        return prepared


def _nobody() -> Context:
    raise AssertionError("a document is only read here")


def _is_of_events(operation: OperationDefinitionNode) -> bool:
    [field, *others] = operation.selection_set.selections
    return (
        operation.operation is OperationType.SUBSCRIPTION
        and not operation.variable_definitions
        and not others
        and isinstance(field, FieldNode)
        and field.name.value == "events"
    )

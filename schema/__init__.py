"""Assembles the schema: roots, scalars, and what an unexpected failure looks like."""

import logging

import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaxTokensLimiter, ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from domain.exceptions import AffiliateGraphError
from schema.limits import MAX_TOKENS, OneOperation
from schema.mutation import Mutation
from schema.observing import Observed
from schema.query import Query
from schema.scalars import SCALARS, NotAValue

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


schema = AffiliateGraphSchema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(scalar_map=SCALARS),  # type: ignore[arg-type]
    extensions=[
        Observed,
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        ParserCache,
        ValidationCache,
        OneOperation,
    ],
)

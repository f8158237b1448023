"""Runs one operation of a request and words the answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from resolvers.context import Context
from resolvers.cost import upstream
from schema import schema
from schema.errors import shown

# Python reads no longer ones, and graphql-core does not expect that.
LONG_NUMBER = re.compile(r"\d{4000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a request asks to run. Mutations only where `may_change` says so."""

    query: str
    variables: Mapping[str, object] | None = None
    name: str | None = None
    may_change: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The response's JSON. `is_request_error`: nothing was run, and there is no `data`.

    `is_refused_change`: a mutation came by a way that must not change anything.
    """

    body: dict[str, object]
    is_request_error: bool = False
    is_refused_change: bool = False


async def run(operation: Operation, context: Context) -> Outcome:
    """Run it. Never raises for anything that the request can contain."""
    if LONG_NUMBER.search(operation.query):
        return request_error("The document holds a number that is too long.", "BAD_USER_INPUT")
    allowed = [OperationType.QUERY]
    if operation.may_change:
        allowed.append(OperationType.MUTATION)
    try:
        with context.spending.active():
            result = await schema.execute(
                operation.query,
                variable_values=dict(operation.variables or {}),
                context_value=context,
                operation_name=operation.name,
                allowed_operation_types=allowed,
            )
    except MissingQueryError:
        return request_error("The request holds no query.", "BAD_REQUEST")
    except CannotGetOperationTypeError:
        return request_error(
            "The document holds no operation of that name.", "OPERATION_RESOLUTION_FAILURE"
        )
    except InvalidOperationTypeError as error:
        if error.operation_type is OperationType.SUBSCRIPTION:
            return request_error("There are no subscriptions here.", "BAD_REQUEST")
        outcome = request_error(
            "Only queries can be sent this way. Send mutations as POST.", "BAD_REQUEST"
        )
        return Outcome(body=outcome.body, is_request_error=True, is_refused_change=True)
    return await _outcome(result, context)


def request_error(message: str, code: str) -> Outcome:
    """The answer to a request of which nothing was run."""
    return Outcome(
        body={"errors": [{"message": message, "extensions": {"code": code}}]},
        is_request_error=True,
    )


async def _outcome(result: ExecutionResult, context: Context) -> Outcome:
    errors = result.errors or []
    is_request_error = isinstance(result, PreExecutionError) or (
        result.data is None and all(error.path is None for error in errors)
    )
    body: dict[str, object] = {}
    if errors:
        body["errors"] = [
            shown(error, request_id=context.request_id, default_code=_code(error, result))
            for error in errors
        ]
    if not is_request_error:
        body["data"] = result.data
        body["extensions"] = {"cost": {"upstream": await upstream(context)}}
    return Outcome(body=body, is_request_error=is_request_error)


def _code(error: GraphQLError, result: ExecutionResult) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    if isinstance(result, PreExecutionError):
        return "GRAPHQL_VALIDATION_FAILED"
    return "BAD_USER_INPUT"

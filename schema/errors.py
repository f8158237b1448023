"""The one map from exceptions to what the API shows."""

import re
from contextvars import ContextVar
from datetime import datetime

import strawberry
from graphql import GraphQLError

from domain.exceptions import AffiliateGraphError
from schema.enums import ErrorCode
from schema.scalars import NotAValue

# Of the operation that runs now: every code that is told as data, for its line in the log.
told_codes: ContextVar[set[str] | None] = ContextVar("told_codes", default=None)


@strawberry.type(description="An expected failure: data beside the payload, no top-level error.")
class UserError:
    code: ErrorCode = strawberry.field(description="What a program acts on.")
    message: str = strawberry.field(description="What happened and what to do about it.")
    path: list[str] = strawberry.field(
        description='Where in the input: ["input", "products", "3", "url"].'
    )
    retry_at: datetime | None = strawberry.field(description="When trying again makes sense.")
    upstream_code: str | None = strawberry.field(description="The marketplace's own error code.")

    @classmethod
    def of(cls, error: AffiliateGraphError) -> "UserError":
        if (codes := told_codes.get()) is not None:
            codes.add(error.code)
        return cls(
            code=ErrorCode(error.code),
            message=error.message,
            path=list(error.path),
            retry_at=error.retry_at,
            upstream_code=error.upstream_code,
        )


def user_errors(error: AffiliateGraphError | None) -> list[UserError]:
    """A list of the one error, empty without."""
    return [] if error is None else [UserError.of(error)]


SUGGESTION = re.compile(r" Did you mean .*", re.DOTALL)
LONGEST_MESSAGE = 500
UNEXPECTED = "Something went wrong on our side. Tell the operator the requestId."


def shown(error: GraphQLError, *, request_id: str, default_code: str) -> dict[str, object]:
    """One entry of `errors`: expected failures with their code, everything else masked.

    `default_code` is for errors of the request itself (syntax, validation, variables), which
    GraphQL words itself.
    """
    cause = error.original_error
    entry: dict[str, object] = {}
    if isinstance(cause, AffiliateGraphError):
        entry["message"] = cause.message
        extensions = dict(cause.extensions)
        if cause.path:
            extensions["inputPath"] = list(cause.path)
    elif cause is None or isinstance(cause, (GraphQLError, NotAValue)):
        if isinstance(cause, NotAValue):
            default_code = "BAD_USER_INPUT"
        entry["message"] = _shortened(error.message)
        extensions = {"code": default_code, **(error.extensions or {})}
        if path := _variable_path(error.message):
            extensions["inputPath"] = path
    else:
        entry["message"] = UNEXPECTED
        extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    if error.locations:
        entry["locations"] = [
            {"line": place.line, "column": place.column} for place in error.locations
        ]
    if error.path is not None:
        entry["path"] = error.path
    entry["extensions"] = extensions
    return entry


def _shortened(message: str) -> str:
    """GraphQL quotes what was sent, however long it is."""
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} ..."


def without_suggestion(error: GraphQLError) -> GraphQLError:
    """The error as GraphQL words it, without the names it would suggest."""
    message = SUGGESTION.sub("", error.message)
    if message == error.message:
        return error
    return GraphQLError(
        message,
        error.nodes,
        error.source,
        error.positions,
        error.path,
        error.original_error,
        error.extensions,
    )


def _variable_path(message: str) -> list[str] | None:
    """Where in the variables: graphql-core tells it only in words, "at .price.amount:"."""
    match = re.match(r"Variable '\$(\w+)' has invalid value(?: at ([\w.\[\]]+))?:", message)
    if match is None:
        return None
    return [match.group(1), *re.findall(r"\w+", match.group(2) or "")]

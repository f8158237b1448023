"""Runs one operation of a request and words the answer.

In this order: read the document, measure it, let the caller's bucket pay, check it against the
schema, run it in its time, pay back what was not used.
"""

import asyncio
import contextlib
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from graphql import GraphQLError, GraphQLSyntaxError, OperationType
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from domain.buckets import BucketState
from domain.limits import Limits
from domain.metering import OperationNote, OperationOutcome
from resolvers.context import Context
from resolvers.cost import upstream
from schema import DOCUMENT, cost, documents, schema
from schema.cost import Asked
from schema.documents import Document
from schema.errors import UNEXPECTED, shown, without_suggestion
from schema.limits import check, check_variables, too_complex
from schema.observing import observed

# Python reads no longer ones, and graphql-core does not expect that.
LONG_NUMBER = re.compile(r"\d{4000}")


class Bucket(Protocol):
    """The points of one caller, which pay for operations."""

    async def take(self, points: int) -> BucketState:
        """Pay before the operation runs; a `wait` above 0 says that it cannot be paid now."""

    async def give_back(self, points: int) -> BucketState:
        """Take back what it did not cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a request asks to run. Mutations only where `may_change` says so."""

    query: str
    variables: Mapping[str, object] | None = None
    name: str | None = None
    may_change: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which conditions a request is answered. Without a bucket nobody pays.

    `hung_up` returns when the caller waits for the answer no more: a query is stopped then, while a
    mutation has effects to finish. `note` is filled in, for whoever watches.
    """

    limits: Limits = field(default_factory=Limits)
    bucket: Bucket | None = None
    has_introspection: bool = True
    hung_up: Callable[[], Awaitable[None]] | None = None
    note: OperationNote = field(default_factory=OperationNote)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The response's JSON. `is_request_error`: nothing was run, and there is no `data`.

    `is_refused_change`: a mutation came by a way that must not change anything. `is_throttled`: the
    caller's bucket holds too little. `is_abandoned`: nobody waits for it. `bucket`: the caller's,
    where there is one.
    """

    body: dict[str, object]
    is_request_error: bool = False
    is_refused_change: bool = False
    is_throttled: bool = False
    is_abandoned: bool = False
    bucket: BucketState | None = None


class RefusedChange(GraphQLError):
    """A mutation that came by a way that must not change anything."""


class CallerGone(Exception):
    """Nobody waits for the answer any more."""


async def run(operation: Operation, context: Context, terms: Terms | None = None) -> Outcome:
    """Run it. Never raises for anything that the request can contain."""
    terms = terms or Terms()
    with observed(operation.query, context, terms.note):
        outcome = await _run(operation, context, terms)
        _note(outcome, terms.note)
        return outcome


def _note(outcome: Outcome, note: OperationNote) -> None:
    """How it ended, and the codes of its `errors`."""
    note.outcome = _ended(outcome)
    errors = outcome.body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        note.codes.add(str(error["extensions"]["code"]))


def _ended(outcome: Outcome) -> OperationOutcome:
    if outcome.is_abandoned:
        return OperationOutcome.ABANDONED
    if outcome.is_throttled:
        return OperationOutcome.THROTTLED
    if outcome.is_request_error:
        return OperationOutcome.REFUSED
    return OperationOutcome.ERRORS if "errors" in outcome.body else OperationOutcome.OK


async def _run(operation: Operation, context: Context, terms: Terms) -> Outcome:
    note = terms.note
    try:
        asked = _prepared(operation, terms)
        note.kind = asked.operation.operation.value
        note.name = asked.operation.name.value if asked.operation.name else ""
        requested = _price(asked, terms.limits)
    except GraphQLError as error:
        return await refused(_worded(error), terms)
    bucket = await terms.bucket.take(requested) if terms.bucket else None
    if bucket is not None and bucket.wait:
        return throttled(requested, bucket)
    outcome = await _executed(operation, asked, context, terms)
    actual = 1
    if not outcome.is_request_error:
        actual = min(requested, cost.actual(asked, outcome.body.get("data")))
    note.points = actual
    if terms.bucket is not None:
        bucket = await terms.bucket.give_back(requested - actual)
    return await _with_cost(outcome, requested, actual, bucket, context)


def request_error(message: str, code: str, **extensions: object) -> Outcome:
    """The answer to a request of which nothing was run."""
    return Outcome(
        body={"errors": [{"message": message, "extensions": {"code": code, **extensions}}]},
        is_request_error=True,
    )


async def refused(outcome: Outcome, terms: Terms) -> Outcome:
    """A request of which nothing is run costs a point all the same, lest it be sent for ever."""
    bucket = await terms.bucket.take(1) if terms.bucket else None
    if bucket is not None and bucket.wait:
        outcome = throttled(1, bucket)
    else:
        outcome = replace(outcome, bucket=bucket)
    _note(outcome, terms.note)
    return outcome


def unexpected(request_id: str) -> Outcome:
    """The answer where something failed that nobody expected: nothing of it is shown."""
    return request_error(UNEXPECTED, "INTERNAL_SERVER_ERROR", requestId=request_id)


def throttled(points: int, bucket: BucketState) -> Outcome:
    """The answer to a caller whose bucket holds too little."""
    seconds = math.ceil(bucket.wait)
    outcome = request_error(
        f"This API key has {bucket.available:,} points left; the operation needs {points:,}. "
        f"Try again in {seconds} s.",
        "THROTTLED",
        retryAfter=seconds,
        cost={"requestedQueryCost": points, "throttleStatus": _status(bucket)},
    )
    return replace(outcome, is_throttled=True, bucket=bucket)


def _prepared(operation: Operation, terms: Terms) -> Asked:
    """The operation that is meant, read and measured. Raises GraphQLError with its code."""
    limits = terms.limits
    document = _document(operation.query, limits)
    check(document.shape, limits)
    if document.shape.asks_schema and not terms.has_introspection:
        raise _error("Introspection is off on this server.", "GRAPHQL_VALIDATION_FAILED")
    check_variables(operation.variables or {})
    chosen = document.operation(operation.name or None)
    if chosen is None:
        raise _error(
            "The document holds several operations: name one in operationName."
            if not operation.name and len(document.operations) > 1
            else "The document holds no operation of that name.",
            "OPERATION_RESOLUTION_FAILURE",
        )
    if chosen.operation is OperationType.SUBSCRIPTION:
        raise _error("There are no subscriptions here.", "BAD_REQUEST")
    if chosen.operation is OperationType.MUTATION and not operation.may_change:
        raise RefusedChange("Only queries can be sent this way. Send mutations as POST.")
    return Asked.of(schema._schema, document, chosen, operation.variables or {})


def _document(text: str, limits: Limits) -> Document:
    """Raises GraphQLError for what is no document, or too long a one."""
    size = len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
    if size > limits.document:
        raise too_complex(
            f"The document has {size:,} bytes; at most {limits.document:,} are allowed.",
            measure="document",
            value=size,
            limit=limits.document,
        )
    if LONG_NUMBER.search(text):
        raise _error("The document holds a number that is too long.", "BAD_USER_INPUT")
    try:
        return documents.read(text, limits.tokens)
    except GraphQLSyntaxError as error:
        if f"more than {limits.tokens} tokens" not in error.message:
            raise
        raise too_complex(
            f"The document has more than {limits.tokens:,} words and signs.",
            measure="tokens",
            value=limits.tokens + 1,
            limit=limits.tokens,
        ) from None


def _price(asked: Asked, limits: Limits) -> int:
    """The points to pay beforehand. Raises GraphQLError where they are over the limit."""
    if asked.document.shape.has_circle:
        return 1  # the check against the schema refuses it
    points = cost.requested(asked)
    if points > limits.cost:
        raise too_complex(
            f"The operation can cost {points:,} points; at most {limits.cost:,} are allowed. "
            "Lower `first` or ask for fewer lists inside lists.",
            measure="cost",
            value=points,
            limit=limits.cost,
        )
    return points


def _worded(error: GraphQLError) -> Outcome:
    code = "GRAPHQL_PARSE_FAILED" if isinstance(error, GraphQLSyntaxError) else "BAD_REQUEST"
    return Outcome(
        body={"errors": [shown(error, request_id="", default_code=code)]},
        is_request_error=True,
        is_refused_change=isinstance(error, RefusedChange),
    )


async def _executed(operation: Operation, asked: Asked, context: Context, terms: Terms) -> Outcome:
    limits = terms.limits
    seconds = limits.mutation_seconds if asked.is_mutation else limits.query_seconds
    context.budget.wait_at_most(
        limits.marketplace_mutation_seconds
        if asked.is_mutation
        else limits.marketplace_query_seconds
    )
    try:
        async with asyncio.timeout(seconds), _awaited(None if asked.is_mutation else terms.hung_up):
            result = await schema.execute(
                operation.query,
                variable_values=dict(operation.variables or {}),
                context_value=context,
                operation_name=operation.name or None,
                operation_extensions={DOCUMENT: asked.document},
            )
    except TimeoutError:
        return _late(asked, seconds)
    except CallerGone:
        return Outcome(body={"data": None}, is_abandoned=True)
    return _outcome(result, context, helps=terms.has_introspection)


@contextlib.asynccontextmanager
async def _awaited(hung_up: Callable[[], Awaitable[None]] | None) -> AsyncIterator[None]:
    """Cancels what is done inside when the caller hangs up. Raises CallerGone."""
    if hung_up is None:
        yield
        return
    deadline = asyncio.timeout(None)

    async def watch() -> None:
        await hung_up()
        deadline.reschedule(asyncio.get_running_loop().time())

    watcher = asyncio.create_task(watch())
    try:
        async with deadline:
            yield
    except TimeoutError:
        if deadline.expired():
            raise CallerGone from None
        raise
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)


def _late(asked: Asked, seconds: int) -> Outcome:
    name = "mutation_seconds" if asked.is_mutation else "query_seconds"
    told = "What was done until then stays done." if asked.is_mutation else "Ask for less at once."
    outcome = request_error(
        f"This took longer than {seconds} s and was stopped. {told}",
        "OPERATION_TIMEOUT",
        limit=seconds,
        setting=Limits.setting(name),
    )
    return Outcome(body=outcome.body | {"data": None})


async def _with_cost(
    outcome: Outcome, requested: int, actual: int, bucket: BucketState | None, context: Context
) -> Outcome:
    """The outcome with extensions.cost, if something was run."""
    if outcome.is_request_error or outcome.is_abandoned:
        return replace(outcome, bucket=bucket)
    spent: dict[str, object] = {"requestedQueryCost": requested, "actualQueryCost": actual}
    if bucket is not None:
        spent["throttleStatus"] = _status(bucket)
    spent["upstream"] = await upstream(context)
    return replace(outcome, body=outcome.body | {"extensions": {"cost": spent}}, bucket=bucket)


def _status(bucket: BucketState) -> dict[str, int]:
    return {
        "maximumAvailable": bucket.capacity,
        "currentlyAvailable": bucket.available,
        "restoreRate": bucket.restore,
    }


def _outcome(result: ExecutionResult, context: Context, *, helps: bool) -> Outcome:
    """`helps`: whether messages may suggest names of the schema."""
    errors = result.errors or []
    is_request_error = isinstance(result, PreExecutionError) or (
        result.data is None and all(error.path is None for error in errors)
    )
    body: dict[str, object] = {}
    if errors:
        body["errors"] = [
            shown(
                error if helps else without_suggestion(error),
                request_id=context.request_id,
                default_code=_code(result),
            )
            for error in errors
        ]
    if not is_request_error:
        body["data"] = result.data
    return Outcome(body=body, is_request_error=is_request_error)


def _code(result: ExecutionResult) -> str:
    """Of errors that GraphQL words itself: about the document, or about its variables."""
    is_document = isinstance(result, PreExecutionError)
    return "GRAPHQL_VALIDATION_FAILED" if is_document else "BAD_USER_INPUT"


def _error(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})

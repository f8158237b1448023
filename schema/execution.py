"""Runs one operation of a request and words the answer.

In this order: read the document, measure it, let the caller's bucket pay, check it against the
schema, run it in its time, pay back what was not used.
"""

import asyncio
import contextlib
import hashlib
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, TypeGuard, cast

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSyntaxError,
    OperationType,
    specified_rules,
)
from graphql.execution import Executor
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import validate_document

from domain.api_keys import Scope
from domain.metering import OperationNote
from resolvers import quota
from resolvers.context import Context, Reads
from schema import cost, documents, plan, recalled, schema, streaming
from schema.answers import (
    BucketState,
    Outcome,
    Terms,
    invalid,
    late,
    outcome_of,
    request_error,
    status_of,
    throttled,
)
from schema.documents import Document, Prepared, check_variables, too_complex
from schema.errors import shown, told_codes
from schema.public import private_field
from schema.recalled import Recalled, Told

# Strawberry's, which is faster than the default and says less of its type.
IS_AWAITABLE = cast(Callable[[object], TypeGuard[Awaitable[object]]], optimized_is_awaitable)
PLANNED_FROM_USE = 2
WATCHED_AFTER = 0.02  # seconds: most queries have ended by then
log = logging.getLogger("affiliate_graph.schema")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a request asks to run. Mutations only where `may_change` says so."""

    query: str
    variables: Mapping[str, object] | None = None
    name: str | None = None
    may_change: bool = True


class RefusedChange(GraphQLError):
    """A mutation that came by a way that must not change anything."""


class CallerGone(Exception):
    """Nobody waits for the answer any more."""


@lru_cache(maxsize=documents.KEPT_DOCUMENTS)
def sha256(document: str) -> str:
    """The hash by which a document is named, in hexadecimal."""
    return hashlib.sha256(document.encode(errors="surrogatepass")).hexdigest()


async def run(operation: Operation, context: Context, terms: Terms | None = None) -> Outcome:
    """Run it. Never raises for anything that the request can contain."""
    terms = terms or Terms()
    note = terms.note  # for the meter: of what the caller wrote it has the name alone
    note.document_hash = sha256(operation.query)
    before = told_codes.set(note.codes)
    try:
        with context.upstream.meter.operation(note):
            try:
                outcome = await _run(operation, context, terms)
                _note(outcome, note)
                return outcome
            finally:
                note.calls = context.budget.calls
    finally:
        told_codes.reset(before)


def _note(outcome: Outcome, note: OperationNote) -> None:
    """How it ended, and the codes of its `errors`."""
    note.outcome = outcome.kind
    errors = outcome.body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        note.codes.add(str(error["extensions"]["code"]))


async def _run(operation: Operation, context: Context, terms: Terms) -> Outcome:
    note = terms.note
    key = recalled.key_of(operation.query, operation.name, operation.variables, context)
    answer: Callable[[], Awaitable[tuple[Outcome, int]]]
    if known := await terms.answers.find(key, context) if terms.answers else None:
        told, answer = known.told, partial(_again, known)
    else:
        try:
            prepared = prepared_of(operation, terms)
        except GraphQLError as error:
            return await refused(_worded(error), terms)
        told = _told(prepared)
        answer = partial(_made, operation, prepared, context, terms, key)
    note.kind, note.name, most = told
    buckets, caller = terms.buckets, terms.caller
    bucket = None if buckets is None else await buckets.take(caller, most)
    if bucket is not None and bucket.wait:
        return throttled(most, bucket)
    outcome, actual = await answer()
    note.points = actual
    if buckets is not None:
        bucket = await buckets.give_back(caller, most - actual)
    return await _with_cost(outcome, most, actual, bucket, context)


def _told(prepared: Prepared) -> Told:
    return Told(prepared.operation.operation.value, prepared.name or "", prepared.points)


async def _again(known: Recalled) -> tuple[Outcome, int]:
    """The answer of before, and what it cost."""
    return Outcome(body=known.body, recalled=known), known.points


async def _made(
    operation: Operation, prepared: Prepared, context: Context, terms: Terms, key: recalled.Key
) -> tuple[Outcome, int]:
    """A new answer, and what it cost."""
    outcome = await _executed(operation, prepared, context, terms, key)
    return outcome, outcome.recalled.points if outcome.recalled else _points(prepared, outcome)


def _points(prepared: Prepared, outcome: Outcome) -> int:
    """What the answer cost."""
    if outcome.is_request_error:
        return 1
    points = cost.actual(prepared.costs, prepared.variables, outcome.body.get("data"))
    return min(prepared.points, points)


async def refused(outcome: Outcome, terms: Terms) -> Outcome:
    """A request of which nothing is run costs a point all the same, lest it be sent for ever."""
    bucket = None if terms.buckets is None else await terms.buckets.take(terms.caller, 1)
    if bucket is not None and bucket.wait:
        outcome = throttled(1, bucket)
    else:
        outcome = replace(outcome, bucket=bucket)
    _note(outcome, terms.note)
    return outcome


def prepared_of(operation: Operation, terms: Terms) -> Prepared:
    """The operation that is meant, read, measured and priced. Raises GraphQLError with its code."""
    limits = terms.limits
    document = documents.read(operation.query, limits)
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
    if chosen.operation is OperationType.SUBSCRIPTION and terms.fresh is None:
        raise _error(
            "A subscription is answered as a stream: send Accept: text/event-stream, or "
            "multipart/mixed;subscriptionSpec=1.0.",
            "BAD_REQUEST",
        )
    if chosen.operation is OperationType.MUTATION and not operation.may_change:
        raise RefusedChange("Only queries can be sent this way. Send mutations as POST.")
    name = chosen.name.value if chosen.name else None
    if name not in document.costs:
        # The check against the schema refuses circles.
        document.costs[name] = (
            {}
            if document.shape.has_circle
            else cost.costs_of(schema._schema, chosen, document.fragments)
        )
    costs = document.costs[name]
    variables = cost.variables_of(chosen, operation.variables or {})
    points = cost.requested(costs, variables)
    if points > limits.cost:
        raise too_complex(
            f"The operation can cost {points:,} points; at most {limits.cost:,} are allowed. "
            "Lower `first` or ask for fewer lists inside lists.",
            measure="cost",
            value=points,
            limit=limits.cost,
        )
    return Prepared(
        document=document,
        operation=chosen,
        name=name,
        variables=variables,
        costs=costs,
        points=points,
    )


def _worded(error: GraphQLError) -> Outcome:
    code = "GRAPHQL_PARSE_FAILED" if isinstance(error, GraphQLSyntaxError) else "BAD_REQUEST"
    return Outcome(
        body={"errors": [shown(error, request_id="", default_code=code)]},
        is_request_error=True,
        is_refused_change=isinstance(error, RefusedChange),
    )


async def _executed(
    operation: Operation, prepared: Prepared, context: Context, terms: Terms, key: recalled.Key
) -> Outcome:
    """Checks against the schema, once for each document, and runs. `key`: of the answer."""
    document, limits = prepared.document, terms.limits
    is_mutation = prepared.operation.operation is OperationType.MUTATION
    if problems := problems_of(document):
        return invalid(problems, context, helps=terms.has_introspection)
    # What a mutation answers is part of its own scope.
    is_limited = context.caller.is_public and not is_mutation
    if is_limited and (private := private_field(schema._schema, document)):
        refusal = context.caller.refusal(Scope.READ, private)
        return request_error(refusal.message, refusal.code)
    if prepared.operation.operation is OperationType.SUBSCRIPTION:
        return await _subscribed(operation, prepared, context, terms)
    selection = _plan(prepared) if terms.has_plans else None
    answers, version, since, reads = terms.answers, None, context.now, Reads()
    if selection is None or not plan.rests_on_rows(selection):
        answers = None
    seconds = limits.mutation_seconds if is_mutation else limits.query_seconds
    context.budget.wait_at_most(
        limits.marketplace_mutation_seconds if is_mutation else limits.marketplace_query_seconds
    )
    try:
        async with asyncio.timeout(seconds), _awaited(None if is_mutation else terms.hung_up):
            if answers is not None:
                if known := await answers.find(key, context, reads):
                    return Outcome(body=known.body, recalled=known)
                version = await context.version()
            with reads.noting() if answers is not None else contextlib.nullcontext():
                result = await _result(operation, prepared, context, selection)
    except TimeoutError:
        return late(is_mutation, seconds)
    except CallerGone:
        return Outcome(body={"data": None}, is_abandoned=True)
    outcome = outcome_of(result, context, helps=terms.has_introspection)
    if answers is None or version is None or result.errors or context.budget.is_used:
        return outcome
    answer = Recalled(
        data=recalled.encoded(result.data),
        told=_told(prepared),
        points=_points(prepared, outcome),
        version=version,
        since=since,
        until=context.changes_at,
        valid_until=context.valid_until,
        asked=context.noted_asked,
    )
    answers.keep(key, answer, reads)
    return Outcome(body=answer.body, recalled=answer)


def problems_of(document: Document) -> Sequence[GraphQLError]:
    """Where the document does not fit the schema; looked for once."""
    if document.problems is None:
        document.problems = validate_document(schema._schema, document.node, specified_rules)
    return document.problems


async def _subscribed(
    operation: Operation, prepared: Prepared, context: Context, terms: Terms
) -> Outcome:
    def build(context: Context, event: object = None) -> Executor[Any] | list[GraphQLError]:
        return builder(operation, prepared, context)(root_value=event)

    def points(data: object) -> int:
        return min(prepared.points, cost.actual(prepared.costs, prepared.variables, data))

    price = streaming.Price(most=prepared.points, actual=points)
    return await streaming.opened(build, context, terms, price)


async def _result(
    operation: Operation, prepared: Prepared, context: Context, selection: plan.Selection | None
) -> ExecutionResult:
    """By the operation's plan where there is one, else, and where that fails, by graphql-core."""
    build = builder(operation, prepared, context)
    executor = build()
    if isinstance(executor, list):
        return ExecutionResult(data=None, errors=executor)
    if selection is not None:
        run = plan.Run(selection, executor, schema, operation.variables)
        try:
            data = await run.data()
            # It refers to itself: what it holds would wait for the collector, all rows included.
            executor.context_value = None
            return ExecutionResult(data=data)
        except Exception:
            log.debug("the plan of an operation was given up", exc_info=True)
        executor = cast("Executor[Any]", build(middleware=[run]))
    result = executor.execute_operation()
    return cast(ExecutionResult, await result if inspect.isawaitable(result) else result)


def builder(
    operation: Operation, prepared: Prepared, context: Context
) -> Callable[..., Executor[Any] | list[GraphQLError]]:
    """Makes what runs the operation; it takes the further arguments of graphql-core's executor."""
    return partial(
        schema.execution_context_class.build,
        schema._schema,
        prepared.document.node,
        context_value=context,
        raw_variable_values=dict(operation.variables or {}),
        operation_name=operation.name or None,
        is_awaitable=IS_AWAITABLE,
    )


def _plan(prepared: Prepared) -> plan.Selection | None:
    """Compiled at the operation's second use: many documents come only once."""
    document, operation, name = prepared.document, prepared.operation, prepared.name
    document.uses[name] += 1
    if document.uses[name] < PLANNED_FROM_USE:
        return None
    if name not in document.plans:
        document.plans[name] = plan.compiled(schema, operation, document.fragments)
    return document.plans[name]


@contextlib.asynccontextmanager
async def _awaited(hung_up: Callable[[], Awaitable[None]] | None) -> AsyncIterator[None]:
    """Cancels what is done inside when the caller hangs up. Raises CallerGone."""
    if hung_up is None:
        yield
        return
    deadline, loop = asyncio.timeout(None), asyncio.get_running_loop()
    watchers: list[asyncio.Task[None]] = []

    async def watch() -> None:
        await hung_up()
        deadline.reschedule(loop.time())

    later = loop.call_later(WATCHED_AFTER, lambda: watchers.append(loop.create_task(watch())))
    try:
        async with deadline:
            yield
    except TimeoutError:
        if deadline.expired():
            raise CallerGone from None
        raise
    finally:
        later.cancel()
        for watcher in watchers:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)


async def _with_cost(
    outcome: Outcome, requested: int, actual: int, bucket: BucketState | None, context: Context
) -> Outcome:
    """The outcome with extensions.cost, if something was run."""
    if outcome.is_request_error or outcome.is_abandoned or outcome.stream is not None:
        return replace(outcome, bucket=bucket)
    spent: dict[str, object] = {"requestedQueryCost": requested, "actualQueryCost": actual}
    if bucket is not None:
        spent["throttleStatus"] = status_of(bucket)
    spent["upstream"] = await quota.spent(context)
    return replace(outcome, body=outcome.body | {"extensions": {"cost": spent}}, bucket=bucket)


def _error(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})

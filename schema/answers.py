"""What a request is answered: the words of outcomes, and on which terms they come about."""

import logging
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from graphql import ExecutionResult, GraphQLError

from domain.exceptions import AffiliateGraphError
from domain.limits import Limits
from domain.metering import OperationNote, OperationOutcome
from resolvers.context import Context
from schema.errors import UNEXPECTED, shown, without_suggestion
from schema.recalled import Answers, Recalled
from schema.scalars import NotAValue

log = logging.getLogger("affiliate_graph.schema")


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketState:
    """How many points a caller has, which fill themselves again.

    `wait`: seconds until what was asked can be paid, 0 where it was.
    """

    capacity: int
    available: int
    restore: int
    wait: float = 0.0

    @property
    def seconds_to_full(self) -> float:
        """Seconds until the bucket is full again."""
        return (self.capacity - self.available) / self.restore


class Buckets(Protocol):
    """The points of callers, which pay for operations: a bucket for each."""

    async def take(self, caller: str, points: int) -> BucketState:
        """Pay that many points, or nothing: then the answer's `wait` is above 0."""
        ...

    async def give_back(self, caller: str, points: int) -> BucketState:
        """Pay back what was not used."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which conditions a request is answered. The bucket of `caller` pays, without `buckets`
    nobody does.

    `hung_up` returns when the caller waits for the answer no more: a query is stopped then, while a
    mutation has effects to finish. `has_plans`: queries may run by schema/plan.py. `note` is filled
    in, for whoever watches. `fresh` makes the Context of each event of a subscription; None: the
    caller takes no stream. `answers`: those that may be given again; None: none may.
    """

    limits: Limits = field(default_factory=Limits)
    buckets: Buckets | None = None
    caller: str = ""
    has_introspection: bool = True
    hung_up: Callable[[], Awaitable[None]] | None = None
    has_plans: bool = True
    note: OperationNote = field(default_factory=OperationNote)
    fresh: Callable[[], Context] | None = None
    answers: Answers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The response's JSON. `is_request_error`: nothing was run, and there is no `data`.

    `is_refused_change`: a mutation came by a way that must not change anything. `is_throttled`: the
    caller's bucket holds too little. `is_abandoned`: nobody waits for it. `bucket`: the caller's,
    where there is one. `stream`: the bodies of a subscription, one after another, instead of the
    one body; whoever takes it closes it. `recalled`: what is kept of it.
    """

    body: dict[str, object]
    is_request_error: bool = False
    is_refused_change: bool = False
    is_throttled: bool = False
    is_abandoned: bool = False
    bucket: BucketState | None = None
    stream: AsyncGenerator[dict[str, object], None] | None = None
    recalled: Recalled | None = None

    @property
    def kind(self) -> OperationOutcome:
        """How it ended, for whoever counts."""
        if self.is_abandoned:
            return OperationOutcome.ABANDONED
        if self.is_throttled:
            return OperationOutcome.THROTTLED
        if self.is_request_error:
            return OperationOutcome.REFUSED
        return OperationOutcome.ERRORS if "errors" in self.body else OperationOutcome.OK


def request_error(message: str, code: str, **extensions: object) -> Outcome:
    """The answer to a request of which nothing was run."""
    return Outcome(
        body={"errors": [{"message": message, "extensions": {"code": code, **extensions}}]},
        is_request_error=True,
    )


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
        cost={"requestedQueryCost": points, "throttleStatus": status_of(bucket)},
    )
    return replace(outcome, is_throttled=True, bucket=bucket)


def late(is_mutation: bool, seconds: int) -> Outcome:
    name = "mutation_seconds" if is_mutation else "query_seconds"
    told = "What was done until then stays done." if is_mutation else "Ask for less at once."
    outcome = request_error(
        f"This took longer than {seconds} s and was stopped. {told}",
        "OPERATION_TIMEOUT",
        limit=seconds,
        setting=Limits.setting(name),
    )
    return Outcome(body=outcome.body | {"data": None})


def status_of(bucket: BucketState) -> dict[str, int]:
    return {
        "maximumAvailable": bucket.capacity,
        "currentlyAvailable": bucket.available,
        "restoreRate": bucket.restore,
    }


def invalid(problems: Sequence[GraphQLError], context: Context, *, helps: bool) -> Outcome:
    """The answer to a document that does not fit the schema; see `_shown`."""
    entries = _shown(problems, "GRAPHQL_VALIDATION_FAILED", context, helps=helps)
    return Outcome(body={"errors": entries}, is_request_error=True)


def outcome_of(result: ExecutionResult, context: Context, *, helps: bool) -> Outcome:
    errors = sorted(result.errors or [], key=_place)
    for error in errors:
        cause = error.original_error
        if cause and not isinstance(cause, (AffiliateGraphError, GraphQLError, NotAValue)):
            log.error("unexpected failure at %s", error.path, exc_info=cause)
    body: dict[str, object] = {}
    if errors:
        body["errors"] = _shown(errors, "BAD_USER_INPUT", context, helps=helps)
    # Errors without a path are about the variables: nothing was run.
    is_request_error = result.data is None and all(error.path is None for error in errors)
    if not is_request_error:
        body["data"] = result.data
    return Outcome(body=body, is_request_error=is_request_error)


def _place(error: GraphQLError) -> tuple[object, ...]:
    """By it errors stand as the document does, whichever of its fields failed first."""
    return (error.locations or [], error.path or [])


def _shown(
    errors: Sequence[GraphQLError], code: str, context: Context, *, helps: bool
) -> list[dict[str, object]]:
    """`code`: of those that GraphQL words. `helps`: they may suggest names of the schema."""
    return [
        shown(
            error if helps else without_suggestion(error),
            request_id=context.request_id,
            default_code=code,
        )
        for error in errors
    ]

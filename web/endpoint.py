"""GraphQL over HTTP: reads a request, asks the schema to run it, words the response.

Protects against: bodies over the limit or that never end, callers who spend faster than their
bucket fills, requests that a foreign page can send without asking first (only application/json is
read, GET never changes anything), and JSON that is no GraphQL request.
"""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from domain.limits import Limits
from resolvers.context import Context
from schema.answers import (
    Buckets,
    BucketState,
    Outcome,
    Terms,
    request_error,
    throttled,
    unexpected,
)
from schema.execution import Operation, refused, run
from schema.recalled import Answers, encoded, tag_of
from upstream.budget import CallBudget, Priority
from web.accept import media_ranges
from web.compression import MINIMUM, pack
from web.streams import Encoding, Streams, encoding_for, of_one, takes_streams_alone
from web.trusted import (
    NOT_FOUND,
    NOT_SUPPORTED,
    NOT_TRUSTED,
    Found,
    NotTrusted,
    TrustedDocuments,
)
from web.validators import kept

BODY_SECONDS = 30  # in which a body arrives as a whole, however it trickles
RETRY_SECONDS = 5  # after which the storage may be back
JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
# Of requests that are well formed: their status goes by the media type, as that of others does.
NOT_TO_RUN = (NOT_FOUND, NOT_SUPPORTED, NOT_TRUSTED)
READING = ("GET", "HEAD")  # what cannot change anything
CLIENT_CLOSED = 499  # nginx' number, for the log: nobody reads the answer
BATCH = (
    "One request holds one operation here, so that each is limited and paid for by itself. Switch "
    "the batching of your client off; operations sent side by side share marketplace calls all the "
    "same."
)
MOST_IN_BATCH = 100
CAP_HEADER = "X-Max-Upstream-Calls"
PRIORITY_HEADER = "X-Priority"


class BadRequest(Exception):
    """A request that is refused before anything is run."""

    def __init__(
        self, status: int, message: str, code: str = "BAD_REQUEST", **extensions: object
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.extensions = extensions


async def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Answers GET and POST. `context` makes the Context of a request that may be answered."""

    context: Callable[[Request, CallBudget], Context]
    limits: Limits = field(default_factory=Limits)
    has_introspection: bool = True
    has_plans: bool = True
    trusted: TrustedDocuments = field(default_factory=TrustedDocuments)
    streams: Streams = field(default_factory=Streams)
    answers: Answers = field(default_factory=Answers)

    async def answer(
        self,
        request: Request,
        buckets: Buckets,
        caller: str,
        is_valid: Callable[[], Awaitable[bool]] = _always,
    ) -> Response:
        """The response to one request of that caller, also to a bad one. Its bucket pays for it.

        `is_valid`: whether a stream may go on.
        """
        accept = request.headers.get("accept", "")
        media_type = preferred_type(accept)
        encoding = None if request.method == "HEAD" else encoding_for(accept)
        terms = Terms(
            limits=self.limits,
            buckets=buckets,
            caller=caller,
            has_introspection=self.has_introspection,
            has_plans=self.has_plans,
            answers=self.answers,
            hung_up=partial(_hung_up, request),
            fresh=partial(self._context, request) if encoding else None,
        )
        request.state.operation = terms.note
        try:
            body = await _read(request, self.limits)
            if body and isinstance(body, list):
                return await _refused_batch(len(body), terms)
            document, operation = _operation(
                body, self.trusted, caller, may_change=request.method not in READING
            )
            context = self._context(request)
        except BadRequest as bad:
            outcome = await refused(request_error(bad.message, bad.code, **bad.extensions), terms)
            is_usual = outcome.is_throttled or bad.code in NOT_TO_RUN
            status = _status(outcome, media_type) if is_usual else bad.status
            return _response(outcome, media_type, status)
        outcome = await run(operation, context, terms)
        if outcome.is_abandoned:
            return Response(status_code=CLIENT_CLOSED)
        if document.register_as is not None and not outcome.is_request_error:
            self.trusted.register(document, caller)
        if encoding and (outcome.stream or takes_streams_alone(accept)):
            return await self._streamed(outcome, encoding, caller, is_valid)
        response = _response(outcome, media_type, _status(outcome, media_type))
        if document.is_trusted and request.method in READING and "errors" not in outcome.body:
            tag = _tag(outcome)
            response = kept(request, response, tag, context.valid_until, context.now)
        if len(response.body) >= MINIMUM:
            await pack(response, request.headers.get("accept-encoding", ""))
        return response

    def _context(self, request: Request) -> Context:
        """With what the request may spend on marketplace calls. Raises BadRequest."""
        cap, priority = request.headers.get(CAP_HEADER), request.headers.get(PRIORITY_HEADER)
        if cap is not None and not re.fullmatch(r"[0-9]{1,6}", cap.strip()):
            raise BadRequest(
                400, f"{CAP_HEADER} must be a whole number: the most marketplace calls."
            )
        try:
            wanted = Priority((priority or "interactive").strip().upper())
        except ValueError:
            raise BadRequest(400, f"{PRIORITY_HEADER} must be interactive or background.") from None
        max_calls = None if cap is None else int(cap)
        return self.context(request, CallBudget(max_calls=max_calls, priority=wanted))

    async def _streamed(
        self,
        outcome: Outcome,
        encoding: Encoding,
        caller: str,
        is_valid: Callable[[], Awaitable[bool]],
    ) -> Response:
        """The stream of a subscription, or one of the one answer; a plain refusal of a full one."""
        if outcome.stream is None:
            if outcome.is_throttled:
                return _response(outcome, JSON, 429)
            response = of_one(outcome, encoding)
        elif refusal := self.streams.refusal(caller):
            await outcome.stream.aclose()
            return _response(refusal, JSON, 503 if self.streams.ends() else 429)
        else:
            response = self.streams.response(outcome.stream, encoding, caller, is_valid=is_valid)
        response.headers.update(rate_limit(outcome.bucket) if outcome.bucket else {})
        return response


async def _hung_up(request: Request) -> None:
    """Returns when the client goes away. Its body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass  # of a GET, whose body nobody reads


def preferred_type(accept: str) -> str:
    """The newer media type for whoever names it, application/json for everybody else."""
    if GRAPHQL_JSON not in accept.lower():
        return JSON
    ranges = media_ranges(accept)
    newer = ranges.get(GRAPHQL_JSON, 0.0)
    return GRAPHQL_JSON if newer > 0 and newer >= ranges.get(JSON, 0.0) else JSON


def error_response(request: Request, status: int, message: str, code: str) -> Response:
    """A GraphQL-shaped error for requests that never reach the schema."""
    request.state.code = code
    media_type = preferred_type(request.headers.get("accept", ""))
    return _response(request_error(message, code), media_type, status)


def failure_response(request: Request, request_id: str) -> Response:
    """What is told of a failure that nobody expected."""
    request.state.code = "INTERNAL_SERVER_ERROR"
    media_type = preferred_type(request.headers.get("accept", ""))
    return _response(unexpected(request_id), media_type, 500)


def unavailable_response(request: Request, message: str, code: str) -> Response:
    """What is told where a request could not be begun, or not be finished, just now."""
    response = error_response(request, 503, message, code)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def throttled_response(request: Request, points: int, bucket: BucketState) -> Response:
    """What is told to a caller whose bucket holds too little."""
    request.state.code = "THROTTLED"
    media_type = preferred_type(request.headers.get("accept", ""))
    return _response(throttled(points, bucket), media_type, 429)


def _tag(outcome: Outcome) -> str:
    return outcome.recalled.tag if outcome.recalled else tag_of(encoded(outcome.body["data"]))


def _status(outcome: Outcome, media_type: str) -> int:
    if outcome.is_refused_change:
        return 405
    if outcome.is_throttled:
        return 429
    return 400 if outcome.is_request_error and media_type == GRAPHQL_JSON else 200


def _response(
    outcome: Outcome, media_type: str, status: int, *, times: int | None = None
) -> Response:
    """`times`: a list of the same answer, so often."""
    headers = rate_limit(outcome.bucket) if outcome.bucket else {}
    if status == 405:
        headers["Allow"] = "POST"
    return Response(
        orjson.dumps(outcome.body if times is None else [outcome.body] * times),
        status,
        headers=headers,
        media_type=f"{media_type}; charset=utf-8",
    )


def rate_limit(bucket: BucketState) -> dict[str, str]:
    """The header fields of the IETF's draft "RateLimit header fields for HTTP"."""
    window = math.ceil(bucket.capacity / bucket.restore)
    full = math.ceil(bucket.seconds_to_full)
    headers = {
        "RateLimit-Policy": f'"points";q={bucket.capacity};w={window}',
        "RateLimit": f'"points";r={bucket.available};t={full}',
    }
    if bucket.wait:
        headers["Retry-After"] = str(math.ceil(bucket.wait))
    return headers


async def _refused_batch(length: int, terms: Terms) -> Response:
    """As many errors as operations, since clients that batch give one to each of theirs.

    A list has no media type of its own, so it is plain JSON with 200.
    """
    outcome = await refused(request_error(BATCH, "BATCHING_NOT_SUPPORTED"), terms)
    if outcome.is_throttled:
        return _response(outcome, JSON, 429)
    return _response(outcome, JSON, 200, times=min(max(1, length), MOST_IN_BATCH))


async def _read(request: Request, limits: Limits) -> object:
    """The JSON of a request. Raises BadRequest."""
    if request.method in READING:
        return _from_query_string(request)
    content_type = request.headers.get("content-type", "")
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if kind != JSON or any(_is_other_charset(parameter) for parameter in parameters):
        raise BadRequest(415, "Send the request as application/json in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise BadRequest(415, "Send the request unpacked, without content-encoding.")
    return _json(await read_body(request, limits.body))


def _is_other_charset(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name == "charset" and value.strip('"') not in ("utf-8", "utf8")


def _from_query_string(request: Request) -> dict[str, object]:
    parameters = request.query_params
    variables, extensions = parameters.get("variables"), parameters.get("extensions")
    return {
        "query": parameters.get("query"),
        "documentId": parameters.get("documentId") or None,
        "variables": _json(variables.encode()) if variables else None,
        "extensions": _json(extensions.encode()) if extensions else None,
        "operationName": parameters.get("operationName") or None,
    }


async def read_body(request: Request, most: int, too_large: str = "") -> bytes:
    """The body of a request. Raises BadRequest when it is too long, too slow, or broke off.

    `too_large`: what is told of a body that has more bytes.
    """
    too_large = too_large or (
        f"A request holds at most {most:,} bytes. Send its rows in several requests, or let the "
        "operator raise LIMIT_BODY."
    )
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise BadRequest(413, too_large, "PAYLOAD_TOO_LARGE")
    except TimeoutError:
        raise BadRequest(408, f"The request did not arrive within {BODY_SECONDS} s.") from None
    except ClientDisconnect:
        raise BadRequest(400, "The request broke off.") from None
    return bytes(body)


def _json(text: bytes) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest(400, "The request is not valid JSON in UTF-8.") from None


def _operation(
    body: object, trusted: TrustedDocuments, caller: str, *, may_change: bool
) -> tuple[Found, Operation]:
    """What is asked to be run, and where its document came from. Raises BadRequest."""
    if not isinstance(body, dict):
        raise BadRequest(400, 'A GraphQL request is a JSON object: {"query": "{ ... }"}.')
    variables, name = body.get("variables"), body.get("operationName")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest(400, "variables must be a JSON object.")
    if name is not None and not isinstance(name, str):
        raise BadRequest(400, "operationName must be text.")
    if not isinstance(body.get("extensions"), dict | None):
        raise BadRequest(400, "extensions must be a JSON object.")
    try:
        document = trusted.document(body, caller)
    except NotTrusted as refusal:
        hint = {"hint": refusal.hint} if refusal.hint else {}
        raise BadRequest(400, refusal.message, refusal.code, **hint) from None
    query = document.query
    if not isinstance(query, str) or not query.strip():
        raise BadRequest(400, "The request needs a query: text with the GraphQL document.")
    operation = Operation(query=query, variables=variables, name=name, may_change=may_change)
    return document, operation

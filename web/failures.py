"""The last net: what fails outside the graph.

A wrong address or method is told as one, in the shape of every other error.
An expected failure is told as what it is, with 503: only the storage can fail there. A request that
is cut off because the server ends is told so, with 503 too. Whatever else fails is logged, and told
as nothing but a request id.
"""

import asyncio
import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.exceptions import AffiliateGraphError
from web import logs
from web.endpoint import error_response, failure_response, unavailable_response

ENDING = "The server ends and could not wait for this request. Send it again in a moment."
NOWHERE = "There is nothing at this address. The API is at /graphql, the page at /."
log = logging.getLogger("affiliate_graph.web")


async def wrong_address(request: Request, failure: Exception) -> Response:
    """The answer where no route takes the address, or none takes the method, of a request."""
    status = failure.status_code if isinstance(failure, HTTPException) else 404
    headers = dict(getattr(failure, "headers", None) or {})
    if status == 405:
        takes = ", ".join(sorted(headers.get("Allow", "").replace(" ", "").split(",")))
        response = error_response(request, 405, f"This address takes {takes}.", "BAD_REQUEST")
    else:
        response = error_response(request, status, NOWHERE, "NOT_FOUND")
    response.headers.update(headers)
    return response


class UnexpectedFailures:
    """ASGI middleware: answers 500 for an exception, unless an answer was begun already."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_begun = False

        async def noticed(message: Message) -> None:
            nonlocal is_begun
            is_begun = is_begun or message["type"] == "http.response.start"
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, receive, noticed)
        except (Exception, asyncio.CancelledError) as failure:
            # Whatever it is, its text must not reach the caller.
            if is_begun:
                raise
            await _answer_to(failure, scope)(scope, receive, send)


def _answer_to(failure: BaseException, scope: Scope) -> Response:
    request = Request(scope)
    if isinstance(failure, AffiliateGraphError):  # the storage, asked by nobody of the graph
        return unavailable_response(request, failure.message, failure.code)
    if isinstance(failure, asyncio.CancelledError):  # only the end of the server cancels requests
        return unavailable_response(request, ENDING, "SERVER_ENDING")
    log.error("unexpected failure of %s %s", scope["method"], scope["path"], exc_info=failure)
    return failure_response(request, logs.request_id.get() or "")

"""The last net: what fails outside the graph.

An expected failure is told as what it is, with 503: only the storage can fail there. Whatever else
fails is logged, and told as nothing but a request id.
"""

import logging

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.exceptions import AffiliateGraphError
from web import logs
from web.endpoint import failure_response, unavailable_response

log = logging.getLogger("affiliate_graph.web")


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
        except AffiliateGraphError as error:  # the storage, asked by nobody of the graph
            if is_begun:
                raise
            response = unavailable_response(Request(scope), error)
            await response(scope, receive, send)
        except Exception:  # whatever it is, its text must not reach the caller
            if is_begun:
                raise
            log.exception("unexpected failure of %s %s", scope["method"], scope["path"])
            response = failure_response(Request(scope), logs.request_id.get() or "")
            await response(scope, receive, send)

"""What every request passes before its route, and every answer on its way out.

In this order: an id, bounds for its headers, a host name that the server answers to, the route, the
last net for what fails in it, the headers that every answer carries, one line in the log.

Protects against DNS rebinding (a page of a foreign site whose name was pointed at this machine
sends that name), not against programs, which can send any. A failure that nobody expected is told
as nothing but the request's id.
"""

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.api_keys import Caller
from domain.exceptions import AffiliateGraphError
from domain.metering import OperationNote
from web import logs
from web.endpoint import error_response, failure_response, unavailable_response
from web.security import DEFAULT_HEADERS, is_allowed_host

SANE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
MOST_BYTES = 64 * 1024  # the HTTP parser bounds headers that come in pieces, not those at once
PROBES = ("/healthz", "/readyz")  # asked by address, whatever the server's name
ENDING = "The server ends and could not wait for this request. Send it again in a moment."
NOWHERE = "There is nothing at this address. The API is at /graphql, the page at /."
RAW_DEFAULTS = [(name.lower().encode(), value.encode()) for name, value in DEFAULT_HEADERS.items()]
LONGEST_NAME = 100  # of an operation, in the log
log = logging.getLogger("affiliate_graph.web")
requests = logging.getLogger("affiliate_graph.requests")


class RequestBoundary:
    """ASGI middleware, the only one. `allowed_hosts` None: any host name is answered.

    `path`: below which callers find the server. A proxy may take it off or leave it on: it is taken
    off here, so that nothing within knows of it.

    A sane X-Request-Id of the caller is kept, any other replaced. The answer carries the id back.
    """

    def __init__(
        self, app: ASGIApp, allowed_hosts: frozenset[str] | None = None, path: str = ""
    ) -> None:
        self.app = app
        self.path = path
        self.allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See above. Raises what the route raises only where an answer was begun already."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.path:
            scope = _without(self.path, scope)
        headers = Headers(scope=scope)
        request_id = headers.get("x-request-id", "")
        if not SANE_ID.fullmatch(request_id):
            request_id = uuid.uuid4().hex
        started = time.perf_counter()
        status: int | None = None

        async def send_completed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = dict(message["headers"])
                sent = message["headers"]
                if location := own.get(b"location"):
                    sent = [each for each in sent if each[0] != b"location"]
                    sent.append((b"location", _below(self.path, location)))
                message["headers"] = [
                    *sent,
                    *(default for default in RAW_DEFAULTS if default[0] not in own),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        before = logs.request_id.set(request_id)
        try:
            refusal = _refusal(scope, headers, self.allowed_hosts)
            await (refusal or self.app)(scope, receive, send_completed)
        except (Exception, asyncio.CancelledError) as failure:
            # Whatever it is, its text must not reach the caller.
            if status is not None:
                raise
            await _answer_to(failure, scope)(scope, receive, send_completed)
        finally:
            _log_answer(scope, status, time.perf_counter() - started)
            logs.request_id.reset(before)


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


def _without(path: str, scope: Scope) -> Scope:
    """The scope as it would be at the root of a host."""
    if not f"{scope['path']}/".startswith(f"{path}/"):
        return scope
    return {**scope, "path": scope["path"][len(path) :] or "/"}


def _below(path: str, location: bytes) -> bytes:
    """Where the router says that an address stands without its last slash, as callers see it.

    Without a host: behind a proxy the router knows neither the scheme nor the path.
    """
    parts = urlsplit(location.decode())
    address = f"{path}/{parts.path.lstrip('/')}"  # two slashes would begin a host
    return parts._replace(scheme="", netloc="", path=address).geturl().encode()


def _refusal(
    scope: Scope, headers: Headers, allowed_hosts: frozenset[str] | None
) -> Response | None:
    """The answer to a request that no route may see; None for every other."""
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if size + len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_BYTES:
        return error_response(
            Request(scope),
            431,
            f"The headers and the address of a request hold at most {MOST_BYTES:,} bytes.",
            "PAYLOAD_TOO_LARGE",
        )
    if "transfer-encoding" in headers and "content-length" in headers:
        # The quick parser refuses it itself; the other takes one of them, a proxy maybe the other.
        response = error_response(
            Request(scope),
            400,
            "A request has a Content-Length or a Transfer-Encoding, not both.",
            "BAD_REQUEST",
        )
        response.headers["Connection"] = "close"
        return response
    if scope["path"] not in PROBES and not is_allowed_host(headers.get("host", ""), allowed_hosts):
        return error_response(
            Request(scope),
            421,
            "This server does not answer to that host name. Call it by PUBLIC_URL, or let the "
            "operator add the name to ALLOWED_HOSTS.",
            "BAD_REQUEST",
        )
    return None


def _answer_to(failure: BaseException, scope: Scope) -> Response:
    """An expected failure is told as what it is, the storage away; the server's end is told so."""
    request = Request(scope)
    if isinstance(failure, AffiliateGraphError):  # the storage, asked by nobody of the graph
        return unavailable_response(request, failure.message, failure.code)
    if isinstance(failure, asyncio.CancelledError):  # only the end of the server cancels requests
        return unavailable_response(request, ENDING, "SERVER_ENDING")
    log.error("unexpected failure of %s %s", scope["method"], scope["path"], exc_info=failure)
    return failure_response(request, logs.request_id.get() or "")


def _log_answer(scope: Scope, status: int | None, seconds: float) -> None:
    """One line; `status` is null where no answer was begun.

    Probes come every few seconds and say nothing as long as they are good.
    """
    level = logging.DEBUG if scope["path"] in PROBES else logging.INFO
    if status is None or status >= 500:
        level = logging.WARNING
    extra = {
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": round(seconds * 1000, 1),
        **_told(scope.get("state", {})),
    }
    requests.log(level, "%s %s", scope["method"], scope["path"], extra=extra)


def _told(state: Mapping[str, object]) -> dict[str, object]:
    """What the application found out on the way: who asked, for what, and how it ended."""
    caller, note, code = state.get("caller"), state.get("operation"), state.get("code")
    told: dict[str, object] = {}
    codes = {code} if code else set()
    if isinstance(caller, Caller):
        told |= {"workspace": caller.workspace, "caller": caller.name}
        told |= {"apiKey": caller.key.id} if caller.key else {}
    if isinstance(note, OperationNote):
        told |= {
            "operation": note.name[:LONGEST_NAME],
            "type": note.kind,
            "outcome": note.outcome.value,
            "points": note.points,
            "calls": note.calls,
        }
        codes |= note.codes
    return told | ({"codes": sorted(map(str, codes))} if codes else {})

"""Which names the server answers to.

Protects against DNS rebinding: a page of a foreign site whose name was pointed at this machine
sends that name. Does not protect against programs, which can send any.
"""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from web.endpoint import error_response
from web.security import is_allowed_host

PROBES = ("/healthz", "/readyz")  # asked by address, whatever the server's name


class HostCheck:
    """ASGI middleware: answers 421 to requests for other hosts. `allowed` None: any."""

    def __init__(self, app: ASGIApp, allowed: frozenset[str] | None) -> None:
        self.app = app
        self.allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES or self._is_allowed(scope):
            await self.app(scope, receive, send)
            return
        response = error_response(
            Request(scope),
            421,
            "This server does not answer to that host name. Call it by PUBLIC_URL, or let the "
            "operator add the name to ALLOWED_HOSTS.",
            "BAD_REQUEST",
        )
        await response(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        return is_allowed_host(Headers(scope=scope).get("host", ""), self.allowed)

"""Which pages of other sites may send requests, and read the answers.

Those of the operator's setting, whatever key they send, and those that a key lists, with that key.
Cookies and the header that goes with them stay forbidden to all of them.
"""

from collections.abc import Collection
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from domain.api_keys import Caller
from web.access import Access

# What clients of GraphQL, tracing and error reports are known to send beside what browsers always
# may. Never the header that only our own page sends.
SENT = (
    *("Authorization", "Content-Type", "X-Api-Key", "X-Request-Id", "X-Requested-With"),
    *("X-Max-Upstream-Calls", "X-Priority", "Cache-Control", "If-None-Match"),
    *("apollographql-client-name", "apollographql-client-version"),
    *("x-apollo-operation-name", "apollo-require-preflight"),
    *("traceparent", "tracestate", "baggage", "sentry-trace"),
)
READ = (
    *("Content-Disposition", "ETag", "Retry-After", "RateLimit", "RateLimit-Policy"),
    *("X-Left-Out", "X-Left-Out-Words", "X-Request-Id"),
)


@dataclass(frozen=True, kw_only=True)
class CrossOrigin:
    """`origins`: the operator's list. `headers`: what pages may send beside SENT."""

    access: Access
    origins: frozenset[str] = frozenset()
    headers: Collection[str] = ()

    async def permission(self, request: Request) -> Response:
        """The answer to a browser that asks whether a page may send a request with a key.

        Which key it is, it does not say: so pages may that anybody listed, and what the key is good
        for is decided when it comes.
        """
        origin = request.headers.get("origin", "")
        headers = {"Allow": "GET, POST, OPTIONS", "Vary": "Origin"}
        if self._is_listed(origin) or await self._is_of_a_key(origin):
            headers |= {
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": ", ".join((*SENT, *self.headers)),
                "Access-Control-Max-Age": "7200",
            }
        return Response(status_code=204, headers=headers)

    def let_read(self, response: Response, request: Request, caller: Caller | None) -> None:
        """Let the page that asked read the answer, if it may. `caller`: None for nobody."""
        response.headers.add_vary_header("Origin")
        origin = request.headers.get("origin")
        if origin and (self._is_listed(origin) or (caller and caller.is_of_page(origin))):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = ", ".join(READ)

    def _is_listed(self, origin: str) -> bool:
        return origin.lower() in self.origins

    async def _is_of_a_key(self, origin: str) -> bool:
        return bool(origin) and await self.access.lists_origin(origin.lower())

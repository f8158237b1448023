"""Who may pass: reads key or cookie of a request and says who asks, or refuses.

Protects against: keys that are unknown, mistyped, expired or revoked, all refused alike; a key of a
web page in other hands than the listed pages' (a program can claim any origin, so such a key is for
what everybody may read); and requests that a foreign page sends with the browser's cookie, which
lack the header that only our own page can add. Does not protect against whoever holds the key.

Pages of other sites may send requests, and read the answers: those of the operator's setting,
whatever key they send, and those that a key lists, with that key. Cookies and the header that goes
with them stay forbidden to all of them.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from db.exceptions import DatabaseUnavailable
from domain.api_keys import Caller, is_mistyped
from domain.credentials import Secret
from resolvers.access import Authenticator
from web.endpoint import error_response, unavailable_response
from web.security import PREFLIGHT_HEADER

MISTYPED = (
    "This API key is not valid here: a character is wrong or missing. Copy it again from where it "
    "was shown."
)

SIGNED_OUT = "You are not signed in, or no more. Sign in with an API key."

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


class Refused(Exception):
    """A request that is not let in."""

    def __init__(self, status: int, message: str, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Access:
    """Lets callers in. `cookie`: the name of the session's cookie."""

    authenticator: Authenticator
    cookie: str
    now: Callable[[], datetime]

    async def let_in(self, request: Request) -> Caller:
        """Who asks: by the key of a header, else by the cookie. Raises Refused.

        Noted for the log and for the request's Context.
        """
        key = bearer_key(request.headers)
        if key is not None:
            caller = await self.by_key(request, Secret(key))
        elif self.cookie in request.cookies:
            require_preflight(request)
            caller = await self.by_cookie(request)
        else:
            raise _unauthenticated(
                "This needs an API key: send Authorization: Bearer or X-Api-Key."
            )
        request.state.caller = caller
        return caller

    async def is_still(self, request: Request, caller: Caller) -> bool:
        """Whether the request would still be let in, with the same scopes. True while the storage
        is away: nobody is cut off by that."""
        try:
            return (await self.let_in(request)).scopes == caller.scopes
        except Refused as refused:
            return refused.status == 503

    async def by_key(self, request: Request, key: Secret) -> Caller:
        """Whose key this is. Raises Refused."""
        if is_mistyped(key.reveal()):
            raise _unauthenticated(MISTYPED)
        lookup = self.authenticator.by_key(key, self.now())
        return await _accepted(request, lookup, "This API key is not valid here.")

    async def lists_origin(self, origin: str) -> bool:
        """Whether any API key is for the pages of that origin; not while the storage is away."""
        try:
            return await self.authenticator.lists_origin(origin, self.now())
        except DatabaseUnavailable:
            return False

    async def by_cookie(self, request: Request) -> Caller:
        """Who signed in with this browser. Raises Refused."""
        token = Secret(request.cookies.get(self.cookie, ""))
        if not token:
            raise _unauthenticated(SIGNED_OUT)
        lookup = self.authenticator.by_session(token, self.now())
        return await _accepted(request, lookup, SIGNED_OUT)

    async def is_operator(self, request: Request) -> bool:
        """Whether this browser signed in as the operator: by the admin key, or the printed link."""
        try:
            return (await self.by_cookie(request)).key is None
        except Refused:
            return False


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


def bearer_key(headers: Mapping[str, str]) -> str | None:
    """The API key of `Authorization: Bearer` or else `X-Api-Key`; None where there is neither."""
    scheme, _, key = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    return headers.get("x-api-key", "").strip() or None


def require_preflight(request: Request) -> None:
    """Raises Refused unless the page of this server sent the request."""
    if request.headers.get(PREFLIGHT_HEADER) is None:
        raise Refused(
            403,
            f"A request of a browser's session needs the header {PREFLIGHT_HEADER}: 1, so that "
            "other web sites cannot send it.",
            "FORBIDDEN",
        )


def refusal(request: Request, refused: Refused) -> Response:
    """The answer to a request that is not let in."""
    if refused.status == 503:
        return unavailable_response(request, refused.message, refused.code)
    response = error_response(request, refused.status, refused.message, refused.code)
    if refused.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def _accepted(request: Request, lookup: Awaitable[Caller | None], unknown: str) -> Caller:
    """Whom the storage knows. Raises Refused, so that a page may read the answer.

    A key of web pages is refused elsewhere, and where no page is named at all.
    """
    try:
        caller = await lookup
    except DatabaseUnavailable as failure:
        raise Refused(503, failure.message, failure.code) from failure
    if caller is None:
        raise _unauthenticated(unknown)
    is_of_pages = caller.key is not None and bool(caller.key.origins)
    if is_of_pages and not caller.is_of_page(request.headers.get("origin", "")):
        raise Refused(
            403,
            "This API key may be used only by the web pages that it lists. For a server, make a "
            "key without origins.",
            "FORBIDDEN",
        )
    return caller


def _unauthenticated(message: str) -> Refused:
    return Refused(401, message, "UNAUTHENTICATED")

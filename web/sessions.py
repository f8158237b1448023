"""Signing in for the web page: an API key is exchanged for a cookie that no script can read.

    POST /session {"key": "..."}    sign in
    POST /session {"link": "..."}   sign in by the link that a development start prints
    GET /session                    who is signed in
    DELETE /session                 sign out

The cookie is sent by pages of this server only (SameSite=Strict), and what it is good for needs a
header that no other site's page can add.

The printed link opens the page, with its token behind the #, where no server, log or preview sees
it: fetching the address spends nothing, the page itself sends the token.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.api_keys import Caller, in_order
from domain.credentials import Secret
from resolvers.access import OPERATOR, SESSION_LIFE
from schema.answers import Buckets
from web.access import Access, Refused, refusal, require_preflight
from web.endpoint import BadRequest, error_response, read_body, throttled_response
from web.security import is_local_request

LINK_LIFE = timedelta(minutes=10)
LONGEST_BODY = 4096  # bytes: an API key in JSON
SIGN_IN_POINTS = 10  # as a mutation
LINK_IS_OVER = (
    "This link was used already, or is older than ten minutes. Sign in with your API key, or start "
    "the server again for a new link."
)
LINK_IS_LOCAL = (
    "This link signs in a browser of the machine on which the server runs, which asks it directly, "
    "not through a proxy. Sign in with your API key. The link was not used up."
)


class StartLink:
    """A way in for the person who started the server: it works once, for ten minutes."""

    def __init__(self) -> None:
        self._hash = b""
        self._until: datetime | None = None

    def issue(self, now: datetime) -> str:
        """A new token; an earlier one works no more."""
        token = secrets.token_urlsafe(32)
        self._hash, self._until = _hashed(token), now + LINK_LIFE
        return token

    def redeem(self, token: str, now: datetime) -> bool:
        """Whether the token opens; it does so once."""
        if self._until is None or now >= self._until:
            return False
        if not hmac.compare_digest(_hashed(token), self._hash):
            return False
        self._until = None
        return True


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """The routes. `buckets`: whose points pay.

    `is_secure`: browsers reach the server by https. `path`: where they send the cookie.
    """

    access: Access
    link: StartLink
    buckets: Callable[[], Buckets]
    is_secure: bool
    path: str = "/"

    def routes(self) -> list[Route]:
        """What the application mounts."""
        return [Route("/session", self.answer, methods=["GET", "POST", "DELETE"])]

    async def answer(self, request: Request) -> Response:
        """Sign in, tell, or sign out."""
        by_method = {"POST": self._sign_in, "DELETE": self._sign_out}
        try:
            return await by_method.get(request.method, self._tell)(request)
        except BadRequest as bad:
            return error_response(request, bad.status, bad.message, bad.code)
        except Refused as refused:
            return refusal(request, refused)

    async def _sign_in(self, request: Request) -> Response:
        """The session that this browser had before ends."""
        require_preflight(request)
        caller = await self._caller(request)
        bucket = await self.buckets().take(caller.identity, SIGN_IN_POINTS)
        if bucket.wait:
            return throttled_response(request, SIGN_IN_POINTS, bucket)
        response = _caller_response(caller)
        token = await self.access.authenticator.sign_in(caller, self.access.now())
        response.set_cookie(
            self.access.cookie,
            token.reveal(),
            max_age=int(SESSION_LIFE.total_seconds()),
            path=self.path,
            secure=self.is_secure,
            httponly=True,
            samesite="strict",
        )
        await self._end(request)
        return response

    async def _caller(self, request: Request) -> Caller:
        """Whose key or link the body holds. Raises BadRequest, Refused."""
        body = await _body(request)
        if "link" not in body:
            return await self.access.by_key(request, _text(body, "key"))
        client = request.client.host if request.client else None
        if not is_local_request(request.headers, client):
            raise Refused(403, LINK_IS_LOCAL, "FORBIDDEN")
        if not self.link.redeem(_text(body, "link").reveal(), self.access.now()):
            raise Refused(401, LINK_IS_OVER, "UNAUTHENTICATED")
        return OPERATOR

    async def _tell(self, request: Request) -> Response:
        return _caller_response(await self.access.by_cookie(request))

    async def _sign_out(self, request: Request) -> Response:
        require_preflight(request)
        await self._end(request)
        response = Response(status_code=204)
        response.delete_cookie(
            self.access.cookie,
            path=self.path,
            secure=self.is_secure,
            httponly=True,
            samesite="strict",
        )
        return response

    async def _end(self, request: Request) -> None:
        """The browser's session, if it has one."""
        if token := request.cookies.get(self.access.cookie, ""):
            await self.access.authenticator.sign_out(Secret(token))


def _caller_response(caller: Caller) -> Response:
    return JSONResponse(
        {
            "name": caller.name,
            "workspace": caller.workspace,
            "scopes": [scope.name for scope in in_order(caller.scopes)],
        }
    )


async def _body(request: Request) -> dict[str, object]:
    """Raises BadRequest."""
    try:
        body = orjson.loads(await read_body(request, LONGEST_BODY))
    except orjson.JSONDecodeError:
        body = None
    return body if isinstance(body, dict) else {}


def _text(body: Mapping[str, object], name: str) -> Secret:
    """Raises BadRequest."""
    text = body.get(name)
    if not isinstance(text, str) or not text.strip():
        raise BadRequest(400, 'Send the API key as JSON: {"key": "..."}.')
    return Secret(text.strip())


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()

"""Signing in for the web page: an API key is exchanged for a cookie that no script can read.

    POST /session {"key": "..."}   sign in
    GET /session                   who is signed in
    DELETE /session                sign out
    GET /session/start?token=...   sign in by the link that a development start prints

The cookie is sent by pages of this server only (SameSite=Strict), and what it is good for needs a
header that no other site's page can add.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from db.exceptions import DatabaseUnavailable
from domain.api_keys import Caller, in_order
from domain.credentials import Secret
from resolvers.access import OPERATOR, SESSION_LIFE
from web.access import Access, Refused, refusal, require_preflight
from web.endpoint import BadRequest, error_response, read_body
from web.security import is_local_request

LINK_LIFE = timedelta(minutes=10)
LONGEST_BODY = 4096  # bytes: an API key in JSON
LINK_IS_OVER = (
    "This link was used already, or is older than ten minutes. Sign in with your API key, or start "
    "the server again for a new link.\n"
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


class Sessions:
    """The routes. `is_secure`: browsers reach the server by https."""

    def __init__(self, access: Access, link: StartLink, *, is_secure: bool) -> None:
        self._access = access
        self._link = link
        self._is_secure = is_secure

    def routes(self) -> list[Route]:
        """What the application mounts."""
        return [
            Route("/session", self.answer, methods=["GET", "POST", "DELETE"]),
            Route("/session/start", self.start, methods=["GET"]),
        ]

    async def answer(self, request: Request) -> Response:
        """Sign in, tell, or sign out."""
        by_method = {"POST": self._sign_in, "DELETE": self._sign_out}
        try:
            return await by_method.get(request.method, self._tell)(request)
        except BadRequest as bad:
            return error_response(request, bad.status, bad.message, bad.code)
        except Refused as refused:
            return refusal(request, refused)

    async def start(self, request: Request) -> Response:
        """Sign in as the operator by the printed link, and go on to the page."""
        client = request.client.host if request.client else None
        token = request.query_params.get("token", "")
        is_local = is_local_request(request.headers, client)
        if not is_local or not self._link.redeem(token, self._access.now()):
            return PlainTextResponse(LINK_IS_OVER, 403)
        try:
            response = RedirectResponse("/", 303)
            await self._set_cookie(response, OPERATOR)
        except DatabaseUnavailable as failure:
            return PlainTextResponse(f"{failure.message}\n", 503)
        return response

    async def _sign_in(self, request: Request) -> Response:
        require_preflight(request)
        caller = await self._access.by_key(request, await _key(request))
        response = _caller_response(caller)
        await self._set_cookie(response, caller)
        return response

    async def _tell(self, request: Request) -> Response:
        return _caller_response(await self._access.by_cookie(request))

    async def _sign_out(self, request: Request) -> Response:
        require_preflight(request)
        token = request.cookies.get(self._access.cookie, "")
        if token:
            await self._access.authenticator.sign_out(Secret(token))
        response = Response(status_code=204)
        response.delete_cookie(
            self._access.cookie, secure=self._is_secure, httponly=True, samesite="strict"
        )
        return response

    async def _set_cookie(self, response: Response, caller: Caller) -> None:
        token = await self._access.authenticator.sign_in(caller, self._access.now())
        response.set_cookie(
            self._access.cookie,
            token.reveal(),
            max_age=int(SESSION_LIFE.total_seconds()),
            secure=self._is_secure,
            httponly=True,
            samesite="strict",
        )


def _caller_response(caller: Caller) -> Response:
    return JSONResponse(
        {
            "name": caller.name,
            "workspace": caller.workspace,
            "scopes": [scope.name for scope in in_order(caller.scopes)],
        }
    )


async def _key(request: Request) -> Secret:
    """The key of the body. Raises BadRequest."""
    try:
        body = orjson.loads(await read_body(request, LONGEST_BODY))
    except orjson.JSONDecodeError:
        body = None
    key = body.get("key") if isinstance(body, dict) else None
    if not isinstance(key, str) or not key.strip():
        raise BadRequest(400, 'Send the API key as JSON: {"key": "..."}.')
    return Secret(key.strip())


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()

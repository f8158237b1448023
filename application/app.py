"""The ASGI application: its routes, who may pass, and what is open while it runs."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from application import exports
from application.access import Access, Refused, refusal
from application.observing import metrics_route, observers
from application.runtime import Overrides, Shutdown, open_upstream, sandbox_of
from application.sessions import Sessions
from config import Settings
from db.connection import open_database, ping
from db.exceptions import DatabaseUnavailable
from domain.api_keys import Caller
from domain.marketplaces import Workspace
from resolvers.access import Authenticator
from resolvers.context import Context
from resolvers.throttle import Buckets
from upstream.budget import Allowance, CallBudget
from upstream.coalescing import Coalescer
from upstream.contract import Upstream
from web import graphiql, logs, trusted
from web.endpoint import READING, RETRY_SECONDS, CallersBucket, Endpoint
from web.failures import UnexpectedFailures, wrong_address
from web.headers import HeaderLimit
from web.hosts import HostCheck
from web.keys import Keys
from web.page import WebPage, operations
from web.security import (
    SecurityHeaders,
    allow_reading,
    cross_origin_permission,
    is_local_request,
    is_loopback_host,
    session_cookie,
)
from web.trusted import TrustedDocuments

ROOT = Path(__file__).resolve().parent.parent


@dataclass(kw_only=True)
class AppState:
    """What the application holds while it runs; filled in by the lifespan."""

    settings: Settings
    keys: Keys
    coalescer: Coalescer
    access: Access
    upstream: Upstream | None = None

    def context(self, request: Request, budget: CallBudget | None = None) -> Context:
        """The Context of one request that was let in."""
        if self.upstream is None:
            raise RuntimeError("The application was not started: its lifespan did not run.")
        caller: Caller = request.state.caller
        return Context(
            workspace=Workspace(caller.workspace, self.upstream.modes),
            upstream=self.upstream,
            keys=self.keys.ring,
            request_id=logs.request_id.get() or "",
            budget=_paid_by(caller, budget or CallBudget()),
            caller=caller,
        )


def build_app(settings: Settings, keys: Keys, overrides: Overrides | None = None) -> Starlette:
    """The ASGI application. Its lifespan opens and closes the database and the HTTP pool."""
    overrides = overrides or Overrides()
    access = Access(
        doorkeeper=Authenticator(keys=keys.ring, admin=keys.admin),
        cookie=session_cookie(settings.public_url),
        now=overrides.now,
    )
    is_secure = settings.public_url.startswith("https://")
    sessions = Sessions(access, overrides.start_link, is_secure=is_secure)
    running = AppState(settings=settings, keys=keys, coalescer=overrides.coalescer, access=access)
    box = sandbox_of(settings, overrides)
    watching = observers(settings, (text for _, text in _examples()), overrides.spans)
    buckets = Buckets(settings.limits)
    endpoint = Endpoint(
        context=running.context,
        buckets=buckets,
        limits=settings.limits,
        has_introspection=settings.introspection,
        trusted=_trusted(settings),
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with (
            open_database(settings.database_url),
            open_upstream(settings, keys.ring, box, overrides, watching.meter) as upstream,
        ):
            running.upstream = upstream
            yield
            await overrides.coalescer.drain()
        await watching.close()

    async def graphql(request: Request) -> Response:
        return await _graphql(request, running, endpoint)

    routes: list[Route | Mount] = [
        Route("/graphql", graphql, methods=["GET", "POST", "OPTIONS"]),
        Route(
            "/export/{format}", partial(_export, running=running, buckets=buckets), methods=["GET"]
        ),
        *sessions.routes(),
        Route("/healthz", _healthz, methods=["GET"]),
        Route("/readyz", partial(_readyz, shutdown=overrides.shutdown), methods=["GET"]),
        *graphiql.routes(),
        *WebPage(settings.public_url).routes(),
    ]
    if watching.metrics is not None:
        routes.append(metrics_route(watching.metrics, access, lambda: running.upstream))
    if box is not None:
        routes.append(Mount("/sandbox", routes=box.picture_routes()))
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=_middleware(settings),
        exception_handlers={HTTPException: wrong_address},
    )


def _paid_by(caller: Caller, budget: CallBudget) -> CallBudget:
    """The budget, with who asks: callers of one account are served in rotation."""
    limit = caller.key.calls_per_day if caller.key else None
    if caller.key is not None and limit is not None:
        budget.allowance = Allowance(key=caller.key.id, calls_per_day=limit)
    budget.workspace, budget.caller = caller.workspace, caller.identity
    return budget


def _middleware(settings: Settings) -> list[Middleware]:
    """From the outermost to the innermost."""
    return [
        Middleware(logs.RequestLog),
        Middleware(SecurityHeaders),
        Middleware(UnexpectedFailures),
        Middleware(HeaderLimit),
        Middleware(HostCheck, allowed=settings.allowed_hosts),
    ]


def _trusted(settings: Settings) -> TrustedDocuments:
    """The documents of the project and of the operator. Raises CannotStart."""
    return trusted.load(
        [ROOT / "examples"],
        settings.trusted_documents,
        only=settings.trusted_documents_only,
        texts=operations().values(),  # of the page, each with its fragments
    )


async def _graphql(request: Request, running: AppState, endpoint: Endpoint) -> Response:
    has_query = "query" in request.query_params
    if request.method in READING and graphiql.wants_page(
        request.headers.get("accept", ""), has_query
    ):
        return _page(request, running)
    origin = request.headers.get("origin", "")
    is_listed = origin.lower() in running.settings.allowed_origins
    if request.method == "OPTIONS":
        is_listed = is_listed or await _is_of_a_key(origin.lower(), running)
        return cross_origin_permission(origin, is_listed=is_listed)
    try:
        caller = await running.access.caller(request)
        request.state.caller = caller
        with running.coalescer.request(caller.workspace):
            response = await endpoint.answer(request, caller=caller.identity)
        is_listed = is_listed or (caller.key is not None and origin.lower() in caller.key.origins)
    except Refused as refused:
        response = refusal(request, refused)
    response.headers["Vary"] = "Origin"
    if is_listed:
        allow_reading(response, origin)
    return response


async def _is_of_a_key(origin: str, running: AppState) -> bool:
    return bool(origin) and await running.access.lists_origin(origin)


async def _export(request: Request, running: AppState, buckets: Buckets) -> Response:
    try:
        caller = await running.access.caller(request)
        request.state.caller = caller
        bucket = CallersBucket(buckets, caller.identity)
        most = running.settings.limits.capacity
        return await exports.answer(request, running.context(request), bucket, most)
    except Refused as refused:
        return refusal(request, refused)


def _page(request: Request, running: AppState) -> Response:
    """GraphiQL. The key is filled in only at a development start, for a browser on this machine."""
    client = request.client.host if request.client else None
    is_ours = (
        running.settings.sandbox
        and is_loopback_host(urlsplit(running.settings.public_url).netloc)
        and is_local_request(request.headers, client)
    )
    return graphiql.page(
        running.keys.admin.reveal() if is_ours else "",
        _examples(),
        "SANDBOX: no real marketplace is contacted" if running.settings.sandbox else "",
    )


@cache
def _examples() -> list[tuple[str, str]]:
    """Title and text of each example, in order."""
    files = sorted((ROOT / "examples").glob("*.graphql"))
    return [(path.stem, path.read_text("utf-8")) for path in files]


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _readyz(_request: Request, shutdown: Shutdown) -> Response:
    try:
        if shutdown.is_told:
            return _not_ready("The server was told to end.")
        await ping()
    except DatabaseUnavailable as failure:
        return _not_ready(str(failure))
    return JSONResponse({"status": "ready"})


def _not_ready(reason: str) -> Response:
    return JSONResponse(
        {"status": "not ready", "reason": reason},
        503,
        headers={"Retry-After": str(RETRY_SECONDS)},
    )

"""The ASGI application: its routes, who may pass, and what is open while it runs."""

import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Mount, Route

from application.keys import Keys
from application.observing import Observers, observers
from application.runtime import Overrides, Runtime, open_runtime, sandbox_of
from application.upkeep import upkeep
from config import Settings
from db.connection import require_ready
from domain.api_keys import Caller
from domain.marketplaces import AccountKey
from engine.worker import working
from exports import formats
from resolvers.access import Authenticator
from resolvers.context import Context
from resolvers.quota import fewest_left
from schema.answers import Buckets
from schema.shaping import WebhookDocuments
from upstream.budget import CallBudget
from web import logs, trusted
from web.access import Access, CrossOrigin
from web.endpoint import Endpoint
from web.exports import Exports
from web.files import Files
from web.graphiql import GraphiQL
from web.graphql_route import GraphQLRoute
from web.health import Health
from web.metrics import MetricsRoute
from web.middleware import RequestBoundary, wrong_address
from web.page import WebPage, operations
from web.security import is_loopback_host, path_of, session_cookie
from web.sessions import Sessions
from web.streams import Streams
from web.trusted import TrustedDocuments

ROOT = Path(__file__).resolve().parent.parent


class AppState:
    """What is open while the application runs: its lifespan sets `runtime`, the routes ask."""

    runtime: Runtime

    def context(self, request: Request, budget: CallBudget | None = None) -> Context:
        """The Context of one request that was let in."""
        caller: Caller = request.state.caller
        return self.runtime.context(caller, budget, request_id=logs.request_id.get() or "")

    def buckets(self) -> Buckets:
        """The points of callers."""
        return self.runtime.buckets

    def under_way(self, workspace: str) -> contextlib.AbstractContextManager[None]:
        """Lasts as long as a request."""
        return self.runtime.upstream.coalescer.request(workspace)

    async def quotas_left(self, accounts: Collection[AccountKey]) -> Mapping[str, int]:
        """Calls left today, by marketplace."""
        return await fewest_left(accounts, self.runtime.upstream)


def build_app(settings: Settings, keys: Keys, overrides: Overrides | None = None) -> Starlette:
    """The ASGI application. Its lifespan opens and closes what it works with.

    Raises CannotStart, BadListings.
    """
    overrides = overrides or Overrides()
    overrides = replace(overrides, sandbox=sandbox_of(settings, overrides))
    watching = observers(settings, (text for _, text in _examples()), overrides.spans)
    state = AppState()

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with (
            open_runtime(
                settings,
                keys.ring,
                overrides,
                meter=watching.meter,
                documents=WebhookDocuments(settings.limits),
                formats=formats.by_name,
                is_server=True,
            ) as state.runtime,
            upkeep(settings.events.kept_for, settings.events.prices_for, overrides.now),
            _worker(settings, state.runtime),
        ):
            yield
        await watching.close()

    return Starlette(
        routes=_routes(settings, keys, overrides, state, watching),
        lifespan=lifespan,
        middleware=[
            Middleware(
                RequestBoundary,
                allowed_hosts=settings.allowed_hosts,
                path=path_of(settings.public_url),
            )
        ],
        exception_handlers={HTTPException: wrong_address},
    )


def _worker(settings: Settings, runtime: Runtime) -> contextlib.AbstractAsyncContextManager[None]:
    """The worker inside the server, unless there are processes of their own for that."""
    return working(runtime, settings.database_url) if settings.worker else contextlib.nullcontext()


def _routes(
    settings: Settings, keys: Keys, overrides: Overrides, state: AppState, watching: Observers
) -> list[Route | Mount]:
    access = Access(
        authenticator=Authenticator(keys=keys.ring, admin=keys.admin),
        cookie=session_cookie(settings.public_url),
        now=overrides.now,
    )
    cross_origin = CrossOrigin(
        access=access, origins=settings.allowed_origins, headers=settings.allowed_headers
    )
    graphql = GraphQLRoute(
        access=access,
        endpoint=Endpoint(
            context=state.context,
            limits=settings.limits,
            has_introspection=settings.introspection,
            has_plans=settings.plans,
            trusted=_trusted(settings),
            streams=Streams(limits=settings.limits, ends=lambda: overrides.shutdown.is_requested),
        ),
        editor=_editor(settings, keys, access),
        buckets=state.buckets,
        under_way=state.under_way,
        cross_origin=cross_origin,
    )
    capacity = settings.limits.capacity
    exports = Exports(
        access=access,
        cross_origin=cross_origin,
        context=state.context,
        buckets=state.buckets,
        capacity=capacity,
    )
    files = Files(access=access, context=state.context, buckets=state.buckets, capacity=capacity)
    sessions = Sessions(
        access=access,
        link=overrides.start_link,
        buckets=state.buckets,
        is_secure=settings.public_url.startswith("https://"),
        path=path_of(settings.public_url) or "/",
    )
    routes: list[Route | Mount] = [
        *graphql.routes(),
        *exports.routes(),
        *files.routes(),
        *sessions.routes(),
        *Health(
            shutdown=overrides.shutdown, ping=partial(require_ready, settings.database_url)
        ).routes(),
        *WebPage(settings.public_url, has_key_file=settings.admin_api_key is None).routes(),
    ]
    if watching.metrics is not None:
        metrics = MetricsRoute(meter=watching.metrics, access=access, quotas_left=state.quotas_left)
        routes += metrics.routes()
    if overrides.sandbox is not None:
        routes.append(Mount("/sandbox", routes=overrides.sandbox.picture_routes()))
    return routes


def _trusted(settings: Settings) -> TrustedDocuments:
    """The documents of the project and of the operator. Raises CannotStart."""
    return trusted.load(
        [ROOT / "examples"],
        settings.trusted_documents,
        only=settings.trusted_documents_only,
        texts=operations().values(),  # of the page, each with its fragments
    )


def _editor(settings: Settings, keys: Keys, access: Access) -> GraphiQL:
    """GraphiQL. Only at a development start it may hold the key."""
    is_ours = settings.sandbox and is_loopback_host(urlsplit(settings.public_url).netloc)
    return GraphiQL(
        access=access,
        examples=_examples(),
        notice="SANDBOX: no real marketplace is contacted" if settings.sandbox else "",
        key=keys.admin if is_ours else None,
    )


@cache
def _examples() -> list[tuple[str, str]]:
    """Title and text of each example, in order."""
    files = sorted((ROOT / "examples").glob("*.graphql"))
    return [(path.stem, path.read_text("utf-8")) for path in files]

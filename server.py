"""The ASGI application and the operator's commands: assembles the real things and runs them.

python server.py            serve
python server.py schema     print the GraphQL schema
python server.py migrate    bring the database's tables up to date
"""

import asyncio
import contextlib
import errno
import hmac
import logging
import resource
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from clients.base import Marketplace, Outside
from clients.http import HTTPSender, Patience, http_client
from clients.rate_limit import RateLimit
from clients.registry import BY_CODE
from clients.sharing import SharedCalls
from config import (
    CREDENTIAL_FIELDS,
    BadSettings,
    BootstrapCredentials,
    Settings,
    from_environment,
)
from db.connection import open_database, ping
from db.encryption import check_canary
from db.exceptions import DatabaseUnavailable, EncryptionError, NotReady
from db.keys import KeyRing
from db.migrate import migrate, prepare
from domain.exceptions import InvalidInput
from domain.marketplaces import Workspace
from domain.products import Mode
from resolvers import quota
from resolvers.context import Context
from resolvers.marketplaces import bootstrap
from resolvers.throttle import Buckets
from sandbox import BadListings, Sandbox, SandboxTransport
from schema import schema
from web import banner, graphiql, logs
from web.endpoint import Endpoint, error_response
from web.keys import CannotStart, Keys, load_keys
from web.security import (
    SecurityHeaders,
    bearer_key,
    is_local_request,
    is_loopback_host,
)

VERSION = "0.1.0"
ROOT = Path(__file__).resolve().parent
SANDBOX_BASE = "http://sandbox.invalid"
WORKSPACE = "default"
ADMIN = "admin"  # whose bucket pays
log = logging.getLogger("affiliate_graph.server")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Running:
    """What the application holds while it runs; filled in by the lifespan."""

    settings: Settings
    keys: Keys
    shared: SharedCalls
    outside: Outside | None = None

    def context(self, request: Request) -> Context:
        """The Context of one request."""
        if self.outside is None:
            raise RuntimeError("The application was not started: its lifespan did not run.")
        return Context(
            workspace=Workspace(WORKSPACE, self.outside.modes),
            outside=self.outside,
            keys=self.keys.ring,
            request_id=logs.request_id.get() or "",
        )


def modes(settings: Settings) -> dict[str, Mode]:
    """SANDBOX for every marketplace that is answered by the bundled gateways alone."""

    def mode(code: str) -> Mode:
        replaced = any(name.startswith(code.upper()) for name in settings.gateway_addresses)
        return Mode.SANDBOX if settings.sandbox and not replaced else Mode.LIVE

    return {code: mode(code) for code in BY_CODE}


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What tests and benchmarks put in the place of the real thing."""

    now: Callable[[], datetime] = _now
    patience: Patience = field(default_factory=Patience)
    rate_limit: RateLimit = field(default_factory=RateLimit)
    shared: SharedCalls = field(default_factory=SharedCalls)
    sandbox: Sandbox | None = None


def addresses(settings: Settings, box: Sandbox | None) -> dict[str, str]:
    """Where the gateways are, by setting; a marketplace that is replaced in part is all live."""
    live = {code for code, mode in modes(settings).items() if mode is Mode.LIVE}
    bundled = box.addresses(SANDBOX_BASE) if box else {}
    kept = {name: url for name, url in bundled.items() if name.split("_")[0].lower() not in live}
    return kept | settings.gateway_addresses


def build_app(settings: Settings, keys: Keys, parts: Parts | None = None) -> Starlette:
    """The ASGI application. Its lifespan opens and closes the database and the HTTP pool."""
    parts = parts or Parts()
    running = Running(settings=settings, keys=keys, shared=parts.shared)
    box = (parts.sandbox or _sandbox(settings, parts)) if settings.sandbox else None
    endpoint = Endpoint(
        context=running.context,
        buckets=Buckets(settings.limits),
        limits=settings.limits,
        has_introspection=settings.introspection,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with (
            open_database(settings.database_url),
            _outside(settings, box, parts) as outside,
        ):
            running.outside = outside
            yield
            await parts.shared.land()

    async def graphql(request: Request) -> Response:
        return await _graphql(request, running, endpoint)

    routes: list[Route | Mount] = [
        Route("/graphql", graphql, methods=["GET", "POST"]),
        Route("/healthz", _healthz, methods=["GET"]),
        Route("/readyz", _readyz, methods=["GET"]),
        *graphiql.routes(),
    ]
    if box is not None:
        routes.append(Mount("/sandbox", routes=box.picture_routes()))
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(logs.RequestLog), Middleware(SecurityHeaders)],
    )


async def _graphql(request: Request, running: Running, endpoint: Endpoint) -> Response:
    has_query = "query" in request.query_params
    if request.method == "GET" and graphiql.wants_page(
        request.headers.get("accept", ""), has_query
    ):
        return _page(request, running)
    key = bearer_key(request.headers)
    if key is None:
        return _refused(request, "This needs an API key: send Authorization: Bearer or X-Api-Key.")
    if not hmac.compare_digest(key.encode(), running.keys.admin.reveal().encode()):
        return _refused(request, "This API key is not valid here.")
    with running.shared.request():
        return await endpoint.answer(request, caller=ADMIN)


def _refused(request: Request, message: str) -> Response:
    response = error_response(request, 401, message, "UNAUTHENTICATED")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _page(request: Request, running: Running) -> Response:
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


async def _readyz(_request: Request) -> Response:
    try:
        await ping()
    except DatabaseUnavailable as failure:
        return JSONResponse(
            {"status": "not ready", "reason": str(failure)}, 503, headers={"Retry-After": "5"}
        )
    return JSONResponse({"status": "ready"})


def _sandbox(settings: Settings, parts: Parts) -> Sandbox:
    return Sandbox(public_url=settings.public_url, now=parts.now, catalog=settings.sandbox_catalog)


@contextlib.asynccontextmanager
async def _outside(settings: Settings, box: Sandbox | None, parts: Parts) -> AsyncIterator[Outside]:
    mounts = {SANDBOX_BASE: SandboxTransport(box)} if box else {}
    async with http_client(mounts) as client:
        yield Outside(
            sender=HTTPSender(
                client=client,
                ledger=quota.DayLedger(),
                now=parts.now,
                patience=parts.patience,
                rate_limit=parts.rate_limit,
            ),
            now=parts.now,
            shared=parts.shared,
            addresses=addresses(settings, box),
            modes=modes(settings),
        )


async def _make_ready(settings: Settings, keys: KeyRing) -> None:
    """What must hold before the first request: tables that fit, a key that opens, credentials.

    Raises NotReady, DatabaseUnavailable or CannotStart, each with what to do.
    """
    await prepare(settings.database_url)
    async with (
        open_database(settings.database_url, shared=False),
        _outside(settings, None, Parts()) as outside,
    ):
        await check_canary(keys)
        await _bootstrap(settings, outside, keys)


def check_bootstrap(settings: Settings) -> None:
    """Raises BadSettings with every credential of the environment that cannot be used."""
    problems = [problem for given in settings.bootstrap for problem in _problems(given)]
    if problems:
        raise BadSettings(problems)


def _problems(given: BootstrapCredentials) -> list[str]:
    """What is wrong with each value, else what is wrong with them together."""
    marketplace = BY_CODE[given.marketplace]
    if given.locale not in marketplace.locales:
        return [f"AMAZON_MARKETPLACE is none of: {', '.join(marketplace.locales)}."]
    settings = {name: setting for setting, name in CREDENTIAL_FIELDS[given.marketplace].items()}
    texts = {name: value.reveal() for name, value in given.values.items()}
    alone = {
        settings[name]: _problem(marketplace, given.locale, {name: text})
        for name, text in texts.items()
    }
    if not any(alone.values()):
        alone = {" and ".join(alone): _problem(marketplace, given.locale, texts)}
    return [f"{setting}: {problem}" for setting, problem in alone.items() if problem]


def _problem(marketplace: Marketplace, locale: str, values: dict[str, str]) -> str | None:
    try:
        marketplace.check_credentials(locale, values)
    except InvalidInput as error:
        return error.message
    return None


async def _bootstrap(settings: Settings, outside: Outside, keys: KeyRing) -> None:
    """Store the environment's credentials where none are stored."""
    context = Context(workspace=Workspace(WORKSPACE, outside.modes), outside=outside, keys=keys)
    for given in settings.bootstrap:
        marketplace = BY_CODE[given.marketplace]
        if not await bootstrap(context, marketplace, given.locale, given.values):
            log.warning(
                "%s: other credentials are stored than the environment has; the stored ones are "
                "used. Disconnect the marketplace to take the environment's.",
                marketplace.name,
            )


def listen(settings: Settings) -> socket.socket:
    """The listening socket. Raises CannotStart when the port is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, asyncio sends small answers at once (TCP_NODELAY).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        cure = (
            "Stop what uses it, or set PORT to another one."
            if error.errno == errno.EADDRINUSE
            else "Set HOST to an address of this machine, and PORT to one that you may use."
        )
        raise CannotStart(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}. {cure}"
        ) from None
    return listener


class Server(uvicorn.Server):
    """uvicorn, telling the operator what to do when it is ready."""

    greeting = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then greet."""
        await super().startup(sockets)
        if self.started and self.greeting:
            print(self.greeting, flush=True)


def serve(settings: Settings) -> int:
    """Run until a signal ends it. Returns the exit code."""
    logs.configure(settings.log_level)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold opened credentials
    _make_folder(settings.data_dir)
    keys = load_keys(settings)
    logs.register_secret(keys.admin.reveal())
    listener = listen(settings)
    try:
        asyncio.run(_make_ready(settings, keys.ring))
    except EncryptionError:
        keys.take_back()  # a key made just now over data that another key sealed
        raise
    settings = replace(settings, public_url=_public_url(settings, listener))
    server = Server(
        uvicorn.Config(
            build_app(settings, keys),
            log_config=None,
            log_level="warning",  # its start-up lines would stand before our own
            server_header=False,
            timeout_graceful_shutdown=25,
            lifespan="on",
        )
    )
    server.greeting = banner.text(
        banner.Started(
            version=VERSION,
            address=settings.public_url,
            sandbox=settings.sandbox,
            database=_shown_database(settings),
            key_place=keys.admin_place,
            new_key=keys.new_admin,
            made=keys.made,
        )
    )
    server.run(sockets=[listener])
    return 0 if server.started else 3


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"DATA_DIR: {folder} cannot be made: {error.strerror}.") from None


def _public_url(settings: Settings, listener: socket.socket) -> str:
    """With PORT=0 the port is known only now."""
    return settings.public_url.removesuffix(":0") + (
        f":{listener.getsockname()[1]}" if settings.public_url.endswith(":0") else ""
    )


def _shown_database(settings: Settings) -> str:
    """Where the data is, without a password."""
    parts = urlsplit(settings.database_url)
    return parts.path if parts.scheme == "sqlite" else f"{parts.hostname}{parts.path}"


def main(arguments: Sequence[str]) -> int:
    """Run a command of the operator. Returns the exit code: 2 bad settings, 3 cannot start."""
    command = arguments[0] if arguments else "serve"
    if command not in ("serve", "schema", "migrate") or len(arguments) > 1:
        print("Commands: serve (default), schema, migrate.", file=sys.stderr)
        return 2
    if command == "schema":
        print(schema.as_str())
        return 0
    try:
        settings = from_environment()
        check_bootstrap(settings)
        if command == "migrate":
            done = asyncio.run(migrate(settings.database_url))
            print(f"Migrations applied: {', '.join(done.applied) or 'none were needed'}.")
            return 0
        return serve(settings)
    except BadSettings as bad:
        print("The settings cannot be used:", *bad.problems, sep="\n  ", file=sys.stderr)
        return 2
    except BadListings as bad:
        print(f"SANDBOX_CATALOG cannot be used: {bad}", file=sys.stderr)
        return 2
    except (CannotStart, NotReady, DatabaseUnavailable) as failure:
        print(failure, file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

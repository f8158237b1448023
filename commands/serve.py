"""serve: make everything ready, listen, and run until a signal ends it."""

import argparse
import asyncio
import errno
import gc
import importlib.util
import logging
import os
import resource
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import replace
from types import FrameType, MappingProxyType
from urllib.parse import urlsplit

import uvicorn

from application.app import build_app
from application.keys import Keys, load_keys
from application.preparation import make_folder, prepare_storage
from application.runtime import Overrides, open_runtime
from commands import banner
from commands.arguments import Commands, add_command
from commands.bootstrap import store_bootstrap
from commands.connections import LateConnections
from commands.context import read_settings
from config import Settings
from domain.starting import CannotStart
from web import logs
from web.health import Shutdown
from web.security import is_loopback_host

log = logging.getLogger("affiliate_graph.server")

VERSION = "0.1.0"
YOUNG_OBJECTS = 50_000  # made since the last look of the collector; Python begins with 700


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    add_command(commands, shared, "serve", "run the server (what happens without a command)", run)


def run(_arguments: argparse.Namespace) -> int:
    """Run until a signal ends it. Returns the exit code."""
    return serve(read_settings())


def serve(settings: Settings) -> int:
    """Run until a signal ends it. Returns the exit code."""
    logs.configure(settings.log_level, settings.secrets(), form=settings.log_format)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold opened credentials
    make_folder(settings.data_dir)
    keys = load_keys(settings)
    logs.register_secret(keys.admin.reveal())
    listener = listen(settings)
    asyncio.run(_make_ready(settings, keys))
    settings = replace(settings, public_url=_public_url(settings, listener))
    overrides = Overrides()
    server = Server(
        uvicorn.Config(
            build_app(settings, keys, overrides),
            http=http_parser(),
            log_config=None,
            log_level="warning",  # its start-up lines would stand before our own
            server_header=False,
            timeout_graceful_shutdown=25,
            lifespan="on",
        ),
        overrides.shutdown,
        drain=settings.drain_seconds,
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
            sign_in=_sign_in(settings, overrides),
        )
    )
    server.tells = {
        "version": VERSION,
        "mode": "SANDBOX" if settings.sandbox else "LIVE",
        "address": settings.public_url,
        "database": _shown_database(settings),
        "settings": [f"{name}={value}" for name, value in settings.changed.items()],
    }
    server.run(sockets=[listener])
    return 0 if server.started else 3


def _sign_in(settings: Settings, overrides: Overrides) -> str | None:
    """A link that signs in the browser of whoever reads the output of a development start."""
    if not settings.sandbox or not is_loopback_host(urlsplit(settings.public_url).netloc):
        return None
    token = overrides.start_link.issue(overrides.now())
    return f"{settings.public_url}/session/start?token={token}"


def _public_url(settings: Settings, listener: socket.socket) -> str:
    """With PORT=0 the port is known only now."""
    return settings.public_url.removesuffix(":0") + (
        f":{listener.getsockname()[1]}" if settings.public_url.endswith(":0") else ""
    )


def _shown_database(settings: Settings) -> str:
    """Where the data is, without a password."""
    parts = urlsplit(settings.database_url)
    return parts.path if parts.scheme == "sqlite" else f"{parts.hostname}{parts.path}"


def spare_collector() -> None:
    """Keep the collector from walking over what stays, and from walking too often in a burst.

    The modules and the schema are most of what it would look at, each time that a crowd of requests
    has made some objects: with 5,000 requests at once that was four fifths of their time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)


def http_parser() -> str:
    """uvicorn's setting `http`: the quick parser where the platform has it, else Python's own.

    The loop, uvloop or else asyncio's, is chosen by uvicorn in the same way.
    """
    has_httptools = importlib.util.find_spec("httptools") is not None
    return "commands.quick_http:BoundedHeaders" if has_httptools else "h11"


async def _make_ready(settings: Settings, keys: Keys) -> None:
    """What must hold before the first request: tables that fit, a key that opens, credentials.

    Raises NotReady, DatabaseUnavailable or CannotStart, each with what to do.
    """
    await prepare_storage(settings, keys.ring, keys.made_ring)
    async with open_runtime(settings, keys.ring) as runtime:
        await store_bootstrap(settings, runtime.upstream, keys.ring)


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
    """uvicorn, telling the operator what to do when it is ready.

    SIGTERM: for `drain` seconds it says that it is not ready and still takes requests, so that
    whoever sends them can turn elsewhere before the door is shut. Then, and at once after a signal
    of the keyboard, it lets the requests that are under way finish; a second signal ends at once.
    """

    greeting = ""
    tells: Mapping[str, object] = MappingProxyType({})

    def __init__(self, config: uvicorn.Config, shutdown: Shutdown, *, drain: float) -> None:
        super().__init__(config)
        self._shutdown = shutdown
        self._drain = drain
        self._requested_at: float | None = None
        self._signal = ""
        self._late = LateConnections()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note a signal."""
        self._signal = signal.Signals(sig).name
        self.force_exit = self.should_exit
        if sig != signal.SIGTERM:
            self._drain = 0
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then greet."""
        await super().startup(sockets)
        spare_collector()
        if self.started and self.greeting:
            print(self.greeting, flush=True)
        log.info(
            "started",
            extra={
                "pid": os.getpid(),
                "loop": type(asyncio.get_running_loop()).__module__,
                **self.tells,
            },
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what is under way finish, then tell."""
        await super().shutdown(sockets)
        log.info("stopped", extra={"requests": self.server_state.total_requests})

    async def on_tick(self, counter: int) -> bool:
        """Whether to take no more requests, asked ten times a second."""
        if counter % 10 == 0:
            self._late.end(self.server_state.connections, time.monotonic())
        if not await super().on_tick(counter):
            return False
        now = time.monotonic()
        if not self._shutdown.is_requested:
            log.info("stopping", extra={"signal": self._signal})
        self._shutdown.is_requested = True
        self._requested_at = now if self._requested_at is None else self._requested_at
        return self.force_exit or now - self._requested_at >= self._drain

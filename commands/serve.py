"""serve: make everything ready, listen, and run until a signal ends it."""

import argparse
import asyncio
import contextlib
import errno
import gc
import importlib.util
import logging
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType, MappingProxyType
from urllib.parse import urlsplit

import uvicorn

from application.app import build_app
from application.keys import Keys, load_keys
from application.preparation import make_folder, note_admin_key, prepare_storage
from application.runtime import Overrides, open_runtime
from clients.registry import BY_CODE
from commands import banner, environment
from commands.arguments import Commands, add_command
from commands.bootstrap import store_bootstrap
from commands.connections import LateConnections
from commands.context import mode_of, read_settings, shown_database
from commands.words import in_commands
from commands.workers import Workers
from config import Settings, worker_environment
from domain.release import VERSION
from domain.starting import CannotStart
from web import logs
from web.health import Shutdown
from web.security import is_loopback_host

log = logging.getLogger("affiliate_graph.server")

BACKLOG = 2048  # connections that wait to be accepted, as uvicorn has it
YOUNG_OBJECTS = 50_000  # made since the last look of the collector; Python begins with 700


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, shared, "serve", "run the server (what happens without a command)", run
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="with the sandbox, and a marketplace of it connected, unless the settings say other",
    )
    # For the workers that the server starts itself (commands/workers.py).
    parser.add_argument("--socket", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--ready", type=int, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Run until a signal ends it. Returns the exit code."""
    if arguments.demo:
        environment.begin_demo()
    settings = read_settings()
    if arguments.socket is None:
        return serve(settings)
    return work(settings, arguments.socket, arguments.ready)


def serve(settings: Settings) -> int:
    """Run until a signal ends it. Returns the exit code."""
    keys = _begin(settings)
    with listen(settings) as listener:
        return _serve(settings, keys, listener)


def _serve(settings: Settings, keys: Keys, listener: socket.socket) -> int:
    asyncio.run(_make_ready(settings, keys))
    settings = replace(settings, public_url=_public_url(settings, listener))
    if settings.workers > 1:
        return _serve_by_workers(settings, keys, listener)
    overrides = Overrides()
    server = _server(settings, keys, overrides)
    server.greet = partial(_greet, settings, keys, _sign_in(settings, overrides))
    return _run(server, listener)


def work(settings: Settings, listener: int, ready: int) -> int:
    """Be one of several processes that serve one socket. `ready`: where that is told."""
    keys = _begin(settings)
    socket_ = socket.socket(fileno=listener)
    settings = replace(settings, public_url=_public_url(settings, socket_))
    server = _server(settings, keys, Overrides())
    server.parent = os.getppid()
    server.greet = partial(os.write, ready, b".")
    return _run(server, socket_)


def _run(server: "Server", listener: socket.socket) -> int:
    """Until a signal ends it. The exit code."""
    with contextlib.suppress(KeyboardInterrupt):  # of uvicorn, when all has ended in order
        server.run(sockets=[listener])
    return 0 if server.started else 3


def _begin(settings: Settings) -> Keys:
    """Before anything is opened: the log, no core dumps, which would hold opened credentials, and
    the keys."""
    logs.configure(settings.log_level, settings.secrets(), form=settings.log_format)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    make_folder(settings.data_dir)
    keys = load_keys(settings)
    logs.register_secret(keys.admin.reveal())
    return keys


def _serve_by_workers(settings: Settings, keys: Keys, listener: socket.socket) -> int:
    listener.listen(BACKLOG)  # who comes before the first worker is ready waits
    with TemporaryDirectory(prefix="affiliate-graph-") as folder:
        return Workers(
            count=settings.workers,
            listener=listener,
            environ=worker_environment(Path(folder) if settings.metrics else None),
            greet=partial(_greet, settings, keys, None),
        ).run()


def _server(settings: Settings, keys: Keys, overrides: Overrides) -> "Server":
    server = Server(
        uvicorn.Config(
            build_app(settings, keys, overrides),
            http=http_parser(),
            log_config=None,
            log_level="warning",  # its start-up lines would stand before our own
            server_header=False,
            timeout_graceful_shutdown=25,
            backlog=BACKLOG,
            lifespan="on",
        ),
        overrides.shutdown,
        drain=settings.drain_seconds,
    )
    server.tells = {
        "version": VERSION,
        "mode": mode_of(settings),
        "address": settings.public_url,
        "database": shown_database(settings),
        "settings": [f"{name}={value}" for name, value in settings.changed.items()],
    }
    return server


def _greet(settings: Settings, keys: Keys, sign_in: str | None) -> None:
    started = banner.Started(
        version=VERSION,
        address=settings.public_url,
        sandbox=settings.sandbox,
        marketplace=_to_try(settings),
        database=shown_database(settings),
        key_place=keys.admin_place,
        new_key=keys.new_admin,
        made=keys.made,
        sign_in=sign_in,
    )
    print(in_commands(banner.text(started)), flush=True)


def _to_try(settings: Settings) -> str:
    """Of the marketplaces that the settings connect the first, else the first of all."""
    return next((each.marketplace for each in settings.bootstrap), next(iter(BY_CODE)))


def _sign_in(settings: Settings, overrides: Overrides) -> str | None:
    """A link that signs in the browser of whoever reads the output of a development start."""
    if not settings.sandbox or not is_loopback_host(urlsplit(settings.public_url).netloc):
        return None
    token = overrides.start_link.issue(overrides.now())
    return f"{settings.public_url}/#sign-in={token}"


def _public_url(settings: Settings, listener: socket.socket) -> str:
    """With PORT=0 the port is known only now."""
    return settings.public_url.removesuffix(":0") + (
        f":{listener.getsockname()[1]}" if settings.public_url.endswith(":0") else ""
    )


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
    await note_admin_key(settings, keys)
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

    `greet` is called when it is ready. `parent`: it ends when that process is its parent no more,
    and it takes no SIGTERM for a second one, which comes from the parent and from elsewhere.
    """

    greet: Callable[[], object] | None = None
    parent: int | None = None
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
        self.force_exit = self.should_exit and (self.parent is None or sig != signal.SIGTERM)
        if sig != signal.SIGTERM:
            self._drain = 0
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then greet."""
        await super().startup(sockets)
        spare_collector()
        if self.started and self.greet:
            self.greet()
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
        if self.parent is not None and os.getppid() != self.parent:
            self.should_exit = True
        if not await super().on_tick(counter):
            return False
        now = time.monotonic()
        if not self._shutdown.is_requested:
            log.info("stopping", extra={"signal": self._signal})
        self._shutdown.is_requested = True
        self._requested_at = now if self._requested_at is None else self._requested_at
        return self.force_exit or now - self._requested_at >= self._drain

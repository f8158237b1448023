"""`python -m benchmarks.http_server MANNER`: the application as a server process of its own.

`ours`, `naive`, or `plain`: ours on Python's own loop and parser.

It prints its address. The gateway lives in the process; its calls are at /control/calls.
"""

import asyncio
import contextlib
import resource
import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn

from benchmarks.application import LATENCY, NaiveCalls, naive_cache, new_stage
from sandbox.control import control_routes
from upstream.coalescing import Coalescer

WANTED_FILES = 8192


def allow_many_connections() -> None:
    """Raise this process's limit of open files, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))


def main(manner: str) -> None:
    """Serve until a signal comes."""
    allow_many_connections()
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    with TemporaryDirectory() as folder:
        stage = asyncio.run(new_stage(Path(folder), LATENCY))
        app = stage.app(NaiveCalls() if manner == "naive" else Coalescer())
        app.router.routes.extend(control_routes(stage.box))
        sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        config = uvicorn.Config(
            app,
            loop="asyncio" if manner == "plain" else "auto",
            http="h11" if manner == "plain" else "auto",
            log_config=None,
            lifespan="on",
            backlog=2048,
        )
        with naive_cache() if manner == "naive" else contextlib.nullcontext():
            uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])

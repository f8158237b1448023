"""GET /healthz: the process lives. GET /readyz: it may be sent requests."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from db.exceptions import DatabaseUnavailable
from web.endpoint import RETRY_SECONDS


@dataclass
class Shutdown:
    """Whether the server was told to end. Then it is not ready, though it still answers."""

    is_requested: bool = False


@dataclass(frozen=True, kw_only=True)
class Health:
    """The routes. `ping` asks the storage for a sign of life; raises DatabaseUnavailable."""

    shutdown: Shutdown
    ping: Callable[[], Awaitable[None]]

    def routes(self) -> list[Route]:
        """What the application mounts."""
        return [
            Route("/healthz", self.lives, methods=["GET"]),
            Route("/readyz", self.is_ready, methods=["GET"]),
        ]

    async def lives(self, _request: Request) -> Response:
        """Always good: nothing is looked at."""
        return JSONResponse({"status": "ok"})

    async def is_ready(self, _request: Request) -> Response:
        """503 while no request should be sent here."""
        if self.shutdown.is_requested:
            return _not_ready("The server was told to end.")
        try:
            await self.ping()
        except DatabaseUnavailable as failure:
            return _not_ready(str(failure))
        return JSONResponse({"status": "ready"})


def _not_ready(reason: str) -> Response:
    return JSONResponse(
        {"status": "not ready", "reason": reason},
        503,
        headers={"Retry-After": str(RETRY_SECONDS)},
    )

"""What the server tells about itself beside its log: numbers at /metrics, and spans."""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.access import Access, Refused, refusal
from clients.base import Upstream
from clients.registry import BY_CODE
from config import Settings
from db.connection import DEFAULT_WORKSPACE
from db.exceptions import DatabaseUnavailable
from domain.api_keys import Caller, Scope
from domain.metering import Meter, Meters, NoMeter
from resolvers.quota import left_today
from web.metrics import CONTENT_TYPE, PrometheusMeter
from web.tracing import OpenTelemetryMeter, tracing

OPERATION = re.compile(r"^(?:query|mutation) (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Observers:
    """Who listens. `meter`: all of them together."""

    meter: Meter
    metrics: PrometheusMeter | None
    spans: OpenTelemetryMeter | None

    async def close(self) -> None:
        """Send what is still to be sent."""
        if self.spans is not None:
            await asyncio.to_thread(self.spans.close)


def observers(
    settings: Settings, documents: Iterable[str], spans: OpenTelemetryMeter | None = None
) -> Observers:
    """Those that the settings ask for. Operations of `documents` are counted by their names.

    Raises CannotStart where spans are wanted and OpenTelemetry is not installed.
    """
    known = [name for document in documents for name in OPERATION.findall(document)]
    metrics = PrometheusMeter(known) if settings.metrics else None
    if spans is None and settings.opentelemetry:
        spans = tracing()
    listening: list[Meter] = [one for one in (metrics, spans) if one is not None]
    meter = listening[0] if len(listening) == 1 else Meters(listening) if listening else NoMeter()
    return Observers(meter, metrics, spans)


def metrics_route(
    metrics: PrometheusMeter, access: Access, upstream: Callable[[], Upstream | None]
) -> Route:
    """GET /metrics for the operator: the numbers are those of all workspaces together."""

    async def show(request: Request) -> Response:
        try:
            _require_operator(await access.caller(request))
        except Refused as refused:
            return refusal(request, refused)
        await _read_quotas(metrics, upstream())
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    return Route("/metrics", show, methods=["GET"])


def _require_operator(caller: Caller) -> None:
    if caller.workspace != DEFAULT_WORKSPACE or not caller.may(Scope.ADMIN):
        raise Refused(
            403,
            "/metrics shows the numbers of the whole server: it needs an API key of the workspace "
            f'"{DEFAULT_WORKSPACE}" with the scope ADMIN.',
            "FORBIDDEN",
        )


async def _read_quotas(metrics: PrometheusMeter, upstream: Upstream | None) -> None:
    """Ask the storage, which every process books in. Without it the last numbers stay."""
    if upstream is None:
        return
    rules = {account: upstream.quota(BY_CODE[account.marketplace]) for account in metrics.accounts}
    try:
        left = await left_today(rules, upstream.now())
    except DatabaseUnavailable:
        return
    fewest: dict[str, int] = {}
    for account, calls in left.items():
        if calls is not None:
            fewest[account.marketplace] = min(calls, fewest.get(account.marketplace, calls))
    for marketplace, calls in fewest.items():
        metrics.quota_left(marketplace, calls)

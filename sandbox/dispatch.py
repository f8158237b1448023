"""The door that every call passes: it is recorded, meets its faults, and goes to its gateway."""

import asyncio
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox import wire
from sandbox.answers import Refused
from sandbox.calls import CallLog, GatewayCall
from sandbox.faults import ActiveFaults, Fault, FaultKind, Faults
from sandbox.gateway import Endpoint, Gateway, Incoming, World

LIMITS = (FaultKind.RATE, FaultKind.QUOTA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """The way into one sandbox. `latency`: seconds for each call; `jitter`: seconds more at most,
    at random."""

    calls: CallLog
    faults: Faults
    latency: float
    jitter: float

    def routes(self, gateway: Gateway[Any], world: World[Any, Any]) -> list[BaseRoute]:
        """The gateway's addresses."""

        def route(endpoint: Endpoint[Any]) -> Route:
            async def answer(request: Request) -> Response:
                incoming = await endpoint.read(world, request)
                if isinstance(incoming, Response):
                    return incoming
                return await self._answer(gateway, world, request, incoming)

            return Route(endpoint.path, answer, methods=list(endpoint.methods))

        return [route(endpoint) for endpoint in gateway.endpoints]

    async def _answer(
        self, gateway: Gateway[Any], world: World[Any, Any], request: Request, incoming: Incoming
    ) -> Response:
        call = GatewayCall(
            at=world.now(),
            marketplace=gateway.code,
            operation=incoming.operation,
            account=incoming.account,
            ids=incoming.ids,
            host=request.headers.get("host", ""),
        )
        handle = self.calls.open(call)
        active = self.faults.take(call.marketplace, call.operation, call.account)
        status, refusal = 0, None
        try:
            if self.latency or self.jitter:
                await asyncio.sleep(self.latency + random.uniform(0, self.jitter))
            response = await wire.before_answer(request, active)
            skew = active.get(FaultKind.CLOCK_SKEW)
            clock = world.now() + timedelta(minutes=skew.minutes if skew else 0)
            if response is None:
                try:
                    reply = gateway.refusal_on_command(world, active)
                    if reply is None and (ban := _ban(call, active, clock)):
                        reply = gateway.throttled(world, ban.seconds or 1)
                    reply = reply or incoming.answer(active, clock)
                except Refused as refused:
                    reply = refused.reply
                response, refusal = wire.response(reply, active), reply.refusal
            status = response.status_code
            return wire.stamp(response, clock)
        finally:
            self.calls.close(handle, status=status, refusal=refusal)


def _ban(call: GatewayCall, active: ActiveFaults, now: datetime) -> Fault | None:
    """The fault that throttles the call, which counts against every limit."""
    key = f"{call.marketplace} {call.account}"
    limits = [active[kind] for kind in LIMITS if kind in active]
    full = [limit for limit in limits if limit.is_exceeded(key, now)]
    return active.get(FaultKind.THROTTLE_BODY) or next(iter(full), None)

"""The door that every call passes: it is recorded, meets its faults, and goes to its gateway."""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from sandbox import (
    aliexpress_gateway,
    amazon_creators,
    amazon_paapi,
    amazon_request,
    amazon_token,
    wire,
)
from sandbox.aliexpress_envelope import banned, error
from sandbox.answers import Reply
from sandbox.calls import ALIEXPRESS, AMAZON, CallLog, GatewayCall, short_operation
from sandbox.faults import ActiveFaults, FaultKind, Faults
from sandbox.signatures import read_aws_authorization
from sandbox.world import World

Work = Callable[[ActiveFaults, datetime], Reply]
LIMITS = (FaultKind.RATE, FaultKind.QUOTA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateways:
    """The endpoints of one sandbox. `jitter`: seconds that a call takes longer, at random."""

    world: World
    calls: CallLog
    faults: Faults
    latency: float
    jitter: float = 0.0

    async def aliexpress(self, request: Request) -> Response:
        """GET and POST /aliexpress/sync: query and form are one set of parameters."""
        form = (await request.body()).decode(errors="replace")
        params = dict(parse_qsl(request.url.query, keep_blank_values=True))
        params |= dict(parse_qsl(form, keep_blank_values=True))
        call = self._arrival(
            request,
            marketplace=ALIEXPRESS,
            operation=short_operation(params.get("method", "")),
            account=params.get("app_key", ""),
            ids=_aliexpress_ids(params),
        )
        if not params:
            return Response(wire.WEB_PAGE, media_type="text/html")

        def work(active: ActiveFaults, now: datetime) -> Reply:
            return aliexpress_gateway.answer(self.world, params, active, now)

        return await self._pass(request, call, work)

    async def token(self, request: Request) -> Response:
        """POST /amazon/token and /amazon/token/<version>."""
        content_type = request.headers.get("content-type", "")
        members = amazon_token.read_form(content_type, await request.body())
        call = self._arrival(
            request,
            marketplace=AMAZON,
            operation="token",
            account=(members or {}).get("client_id", ""),
        )

        def work(active: ActiveFaults, now: datetime) -> Reply:
            return amazon_token.answer(
                self.world,
                members,
                is_json="json" in content_type,
                version=request.path_params.get("version", ""),
                active=active,
                now=now,
            )

        return await self._pass(request, call, work)

    async def creators(self, request: Request) -> Response:
        """POST /amazon/catalog/v1/<operation>."""
        operation, body = request.path_params["operation"], await request.body()
        headers = _headers(request)
        grant = self.world.grants.get(amazon_creators.bearer(headers)[0])
        call = self._arrival(
            request,
            marketplace=AMAZON,
            operation=operation,
            account=grant.credential_id if grant else "",
            ids=_amazon_ids(body),
        )

        def work(active: ActiveFaults, now: datetime) -> Reply:
            return amazon_creators.answer(
                self.world, operation, headers=headers, body=body, active=active, now=now
            )

        return await self._pass(request, call, work)

    async def paapi(self, request: Request) -> Response:
        """POST /paapi5/<operation in lower case>."""
        name, body = request.path_params["operation"], await request.body()
        if name not in amazon_paapi.PATHS:
            return Response(status_code=404)
        headers = _headers(request)
        authorization = read_aws_authorization(headers.get("authorization", ""))
        call = self._arrival(
            request,
            marketplace=AMAZON,
            operation=f"paapi5.{amazon_paapi.PATHS[name]}",
            account=authorization.access_key if authorization else "",
            ids=_amazon_ids(body),
        )

        def work(active: ActiveFaults, now: datetime) -> Reply:
            return amazon_paapi.answer(
                self.world,
                name,
                paths=(f"/paapi5/{name}", request.url.path),
                headers=headers,
                body=body,
                active=active,
                now=now,
            )

        return await self._pass(request, call, work)

    def _arrival(
        self,
        request: Request,
        *,
        marketplace: str,
        operation: str,
        account: str,
        ids: tuple[str, ...] = (),
    ) -> GatewayCall:
        return GatewayCall(
            at=self.world.now(),
            marketplace=marketplace,
            operation=operation,
            account=account,
            ids=ids,
            host=request.headers.get("host", ""),
        )

    async def _pass(self, request: Request, call: GatewayCall, work: Work) -> Response:
        handle = self.calls.open(call)
        active = self.faults.take(
            marketplace=call.marketplace, operation=call.operation, account=call.account
        )
        status, refusal = 0, None
        try:
            if self.latency or self.jitter:
                await asyncio.sleep(self.latency + random.uniform(0, self.jitter))
            answer = await wire.before_answer(request, active)
            skew = active.get(FaultKind.CLOCK_SKEW)
            clock = self.world.now() + timedelta(minutes=skew.minutes if skew else 0)
            if answer is None:
                reply = self._ordered_refusal(call, active, clock) or work(active, clock)
                answer, refusal = wire.response(reply, active), reply.refusal
            status = answer.status_code
            return wire.stamp(answer, clock)
        finally:
            self.calls.close(handle, status=status, refusal=refusal)

    def _ordered_refusal(
        self, call: GatewayCall, active: ActiveFaults, now: datetime
    ) -> Reply | None:
        fault = active.get(FaultKind.AE_ERROR)
        if fault and call.marketplace == ALIEXPRESS:
            return error(
                self.world,
                str(fault.code or "ServiceUnavailable"),
                "An error on command",
                error_type=fault.error_type,
                sub_code=fault.sub_code,
            )
        throttle = active.get(FaultKind.THROTTLE_BODY)
        limits = [active.get(kind) for kind in LIMITS]
        key = f"{call.marketplace} {call.account}"
        full = [limit for limit in limits if limit and limit.is_exceeded(key, now)]
        met = throttle or (full[0] if full else None)
        if met is None:
            return None
        seconds = met.seconds or 1
        if call.marketplace == ALIEXPRESS:
            return banned(self.world, seconds)
        return amazon_request.throttled(round(seconds))


def _headers(request: Request) -> Mapping[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _aliexpress_ids(params: Mapping[str, str]) -> tuple[str, ...]:
    for name in ("product_ids", "source_values", "order_ids", "product_id"):
        if params.get(name):
            return tuple(params[name].split(","))
    return ()


def _amazon_ids(body: bytes) -> tuple[str, ...]:
    try:
        members = json.loads(body)
    except ValueError:
        return ()
    if not isinstance(members, dict):
        return ()
    for name in ("itemIds", "ItemIds", "browseNodeIds", "BrowseNodeIds", "asin", "ASIN"):
        value = members.get(name)
        if value:
            return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
    return ()

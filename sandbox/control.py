"""Levers of the standalone sandbox, under /control: faults, calls, catalog, reset.

For the same machine only: calls from elsewhere, and pages in a browser, are refused.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from ipaddress import ip_address
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.app import Sandbox
from sandbox.faults import Fault

Endpoint = Callable[[Request], Awaitable[Response]]


def control_routes(sandbox: Sandbox) -> list[BaseRoute]:
    """The routes, bound to one sandbox."""

    async def faults(request: Request) -> Response:
        if request.method == "POST":
            options = json.loads(await request.body())
            return JSONResponse(_fields(sandbox.faults.inject(options.pop("kind"), **options)))
        if request.method == "DELETE":
            sandbox.faults.clear(request.query_params.get("kind"))
            return JSONResponse([])
        return JSONResponse([_fields(fault) for fault in sandbox.faults])

    async def calls(request: Request) -> Response:
        return JSONResponse([asdict(one) | {"at": one.at.isoformat()} for one in sandbox.calls])

    async def catalog(request: Request) -> Response:
        options = json.loads(await request.body())
        action = options.pop("action")
        if action not in ("set_price", "remove", "restore"):
            raise ValueError("action must be set_price, remove or restore")
        getattr(sandbox.catalog, action)(**options)
        return JSONResponse({})

    async def reset(request: Request) -> Response:
        sandbox.faults.clear()
        sandbox.clear_calls()
        sandbox.catalog.reset()
        return JSONResponse({})

    return [
        Route("/control/faults", _local(faults), methods=["GET", "POST", "DELETE"]),
        Route("/control/calls", _local(calls), methods=["GET"]),
        Route("/control/catalog", _local(catalog), methods=["POST"]),
        Route("/control/reset", _local(reset), methods=["POST"]),
    ]


def _local(endpoint: Endpoint) -> Endpoint:
    async def guarded(request: Request) -> Response:
        if "origin" in request.headers or not _is_loopback(request):
            return JSONResponse({"error": "only for tools on this machine"}, status_code=403)
        try:
            return await endpoint(request)
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, status_code=400)

    return guarded


def _is_loopback(request: Request) -> bool:
    return request.client is not None and ip_address(request.client.host).is_loopback


def _fields(fault: Fault) -> dict[str, Any]:
    fields = asdict(fault) | {"_taken": None}
    return {name: value for name, value in fields.items() if value is not None}

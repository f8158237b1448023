"""Gateways that answer with the words of a test, whatever they are asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import Sandbox

GATEWAYS = {
    "ALIEXPRESS": "ALIEXPRESS_GATEWAY_URL",
    "AMAZON": "AMAZON_CREATORS_URL",
    "AMAZON_PAAPI": "AMAZON_PAAPI_URL",
}


@contextmanager
def answering(sandbox: Sandbox, gateway: str, body: object, status: int = 200) -> Iterator[None]:
    """Within it the gateway says only this: JSON, or the text given. Tokens are given as ever."""
    path = sandbox.addresses("")[GATEWAYS[gateway]]

    async def answer(request: Request) -> Response:
        if isinstance(body, str):
            return Response(body, status, media_type="text/html")
        return Response(json.dumps(body), status, media_type="application/json")

    below = ("", "/catalog/{rest:path}", "/paapi5/{rest:path}")
    routes = [Route(path + rest, answer, methods=["POST"]) for rest in below if path + rest]
    sandbox.app.routes[:0] = routes
    try:
        yield
    finally:
        del sandbox.app.routes[: len(routes)]

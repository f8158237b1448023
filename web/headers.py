"""How large the headers of a request may be.

The HTTP parser bounds headers that come in pieces, not those that come at once.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from web.endpoint import error_response

MOST_BYTES = 64 * 1024


class HeaderLimit:
    """ASGI middleware: answers 431 to requests whose headers and address are over MOST_BYTES."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _size(scope) <= MOST_BYTES:
            await self.app(scope, receive, send)
            return
        response = error_response(
            Request(scope),
            431,
            f"The headers and the address of a request hold at most {MOST_BYTES:,} bytes.",
            "PAYLOAD_TOO_LARGE",
        )
        await response(scope, receive, send)


def _size(scope: Scope) -> int:
    headers = sum(len(name) + len(value) for name, value in scope["headers"])
    return headers + len(scope.get("raw_path") or b"") + len(scope["query_string"])

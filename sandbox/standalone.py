"""The sandbox as a server of its own: real connections, so that they can really break."""

import socket
import struct
from typing import Any

from starlette.routing import Mount, Router
from starlette.types import Receive, Scope, Send

from sandbox.app import Sandbox
from sandbox.control import control_routes
from sandbox.wire import ConnectionBroken

LINGER_NONE = struct.pack("ii", 1, 0)  # closing such a socket sends a reset


class Standalone:
    """The ASGI application: gateways, pictures and control, under uvicorn."""

    def __init__(self, sandbox: Sandbox) -> None:
        pictures = Mount("/sandbox", routes=sandbox.picture_routes())
        self._app = Router(routes=[pictures, *control_routes(sandbox), Mount("", app=sandbox.app)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ConnectionBroken as broken:
            _break(send, is_reset=broken.is_reset)
            while (await receive())["type"] != "http.disconnect":
                pass


def _break(send: Any, *, is_reset: bool) -> None:
    # ASGI knows no way to drop a connection; uvicorn's `send` belongs to the object that has it.
    connection = send.__self__.transport
    if is_reset:
        connection.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE
        )
        connection.abort()
    else:
        connection.close()

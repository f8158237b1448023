"""httpx's way into a sandbox of the same process, with the faults of a real connection.

Unlike `httpx.ASGITransport` it streams the body, keeps to the read time-out and turns a broken
connection into the exception that httpx has for it.
"""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
from starlette.types import ASGIApp

from sandbox.app import Sandbox
from sandbox.wire import ConnectionBroken

Message = MutableMapping[str, Any]


class SandboxTransport(httpx.AsyncBaseTransport):
    """Answers every request, whatever its host, from the given sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._app: ASGIApp = sandbox.app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.ReadTimeout, ReadError (reset) and RemoteProtocolError (closed early)."""
        exchange = _Exchange(self._app, request, await request.aread())
        is_answered = False
        try:
            start = await exchange.next()
            is_answered = True
        finally:
            if not is_answered:
                await exchange.aclose()
        return httpx.Response(
            start["status"], headers=start.get("headers", []), stream=exchange, request=request
        )


class _Exchange(httpx.AsyncByteStream):
    """One request and its answer; the application runs in a task that ends with it."""

    def __init__(self, app: ASGIApp, request: httpx.Request, body: bytes) -> None:
        self._request = request
        self._body: bytes | None = body
        self._read_timeout: float | None = request.extensions.get("timeout", {}).get("read")
        self._messages: asyncio.Queue[Message] = asyncio.Queue(maxsize=1)
        self._task = asyncio.ensure_future(self._run(app))

    async def _run(self, app: ASGIApp) -> None:
        await app(_scope(self._request), self._receive, self._messages.put)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await asyncio.Event().wait()  # the caller stays until this task is cancelled
        return {"type": "http.disconnect"}

    async def next(self) -> Message:
        """The application's next message."""
        if self._messages.empty():
            getter = asyncio.ensure_future(self._messages.get())
            try:
                await asyncio.wait(
                    {getter, self._task},
                    timeout=self._read_timeout,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if getter.done():
                    return getter.result()
            finally:
                getter.cancel()
        if not self._messages.empty():
            return self._messages.get_nowait()
        if self._task.done():
            self._raise_end()
        raise httpx.ReadTimeout("The sandbox took too long.", request=self._request)

    def _raise_end(self) -> None:
        try:
            self._task.result()
        except ConnectionBroken as broken:
            if broken.is_reset:
                raise httpx.ReadError("Connection reset.", request=self._request) from None
        text = "The connection was closed before the answer was complete."
        raise httpx.RemoteProtocolError(text, request=self._request)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self.next()
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]

    async def aclose(self) -> None:
        """End the application's task, wherever it is."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
    }

"""A network for tests: names, addresses and hosts that answer, all in this process."""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpcore
import orjson

from clients.public_network import PublicNetwork
from clients.short_links import ShortLinks
from clients.webhooks import WebhookSender

PUBLIC = "93.184.215.14"
# A status, further header lines, and the body.
Answer = tuple[int, str, str]


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request as it came."""

    method: str
    address: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What it says."""
        return orjson.loads(self.body)


def taken(_request: Received) -> Answer:
    """What a receiver of webhooks says that is well."""
    return 200, "", "ok"


@dataclass
class FakeNetwork(httpcore.AsyncNetworkBackend):
    """What stands below the guard. `answer` says what a request is answered; without one,
    `redirects` maps "METHOD https://host/path" or the address alone to a status and a Location (""
    for none), and whatever is not there answers 404.

    `names` maps a host to the answers of the resolver, one look-up after the other; the last stays.
    `silent` hosts do not answer before `released`, `closed` addresses refuse the connection.
    """

    answer: Callable[[Received], Answer] | None = None
    redirects: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    names: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    looked_up: list[str] = field(default_factory=list)
    dialled: list[tuple[str, int]] = field(default_factory=list)
    tls_names: list[str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most_at_once: int = 0

    @property
    def requests(self) -> list[str]:
        """What was asked, as "METHOD address"."""
        return [f"{request.method} {request.address}" for request in self.received]

    def reader(self, *, patience: float = 5.0) -> ShortLinks:
        """A reader of short links whose guard stands on this network."""
        return ShortLinks(
            network=self._guarded(), tls=ssl.create_default_context(), patience=patience
        )

    def sender(self, **options: Any) -> WebhookSender:
        """A sender of webhooks whose guard stands on this network."""
        return WebhookSender(network=self._guarded(), tls=ssl.create_default_context(), **options)

    def _guarded(self) -> PublicNetwork:
        return PublicNetwork(resolve=self.resolve, dial=self)

    async def resolve(self, host: str) -> Sequence[str]:
        """The next answer for a host."""
        answers = self.names.get(host, [[PUBLIC]])
        before = self.looked_up.count(host)
        self.looked_up.append(host)
        return answers[min(before, len(answers) - 1)]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name for it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to an address."""
        self.dialled.append((host, port))
        if host in self.closed:
            raise httpcore.ConnectError("refused")
        return _Stream(self)

    async def take(self, written: bytes) -> bytes:
        """What the host of a request says to it."""
        request = _read(written)
        self.received.append(request)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            for _ in range(5):
                await asyncio.sleep(0)  # the others' turn
            if request.headers["host"] in self.silent:
                await self.released.wait()
        finally:
            self.at_once -= 1
        status, more, answer = (self.answer or self._redirect)(request)
        length = len(answer.encode())
        return f"HTTP/1.1 {status} -\r\n{more}Content-Length: {length}\r\n\r\n{answer}".encode()

    def _redirect(self, request: Received) -> Answer:
        named = f"{request.method} {request.address}", request.address
        status, location = next(filter(None, map(self.redirects.get, named)), (404, ""))
        return status, f"Location: {location}\r\n" if location else "", ""


def _read(written: bytes) -> Received:
    head, _, body = written.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in lines)}
    address = f"https://{headers['host']}{target}"
    return Received(method=method, address=address, headers=headers, body=body)


class _Stream(httpcore.AsyncNetworkStream):
    """One connection: what is written is a request, what is read its answer."""

    def __init__(self, network: FakeNetwork) -> None:
        self._network = network
        self._written = b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._written += buffer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if not self._written:
            return b""
        request, self._written = self._written, b""
        return await self._network.take(request)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        self._network.tls_names.append(server_hostname or "")
        return self

    async def aclose(self) -> None:
        self._written = b""

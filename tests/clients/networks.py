"""A network for tests: names, addresses and hosts that answer, all in this process."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import httpcore

from clients.public_network import PublicNetwork
from clients.short_links import ShortLinks

PUBLIC = "93.184.215.14"


@dataclass
class FakeNetwork(httpcore.AsyncNetworkBackend):
    """What stands below the guard: `redirects` maps "METHOD https://host/path" or the address alone
    to a status and a Location ("" for none); whatever is not there answers 404.

    `names` maps a host to the answers of the resolver, one look-up after the other; the last stays.
    `silent` hosts never answer, `closed` addresses refuse the connection.
    """

    redirects: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    names: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    looked_up: list[str] = field(default_factory=list)
    dialled: list[tuple[str, int]] = field(default_factory=list)
    tls_names: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    def reader(self, *, patience: float = 5.0) -> ShortLinks:
        """A reader of short links whose guard stands on this network."""
        return ShortLinks(
            network=PublicNetwork(resolve=self.resolve, dial=self),
            tls=ssl.create_default_context(),
            patience=patience,
        )

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

    async def answer(self, request: bytes) -> bytes:
        """What the host of a request says to it."""
        head = request.decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
        }
        address = f"https://{headers['host']}{target}"
        self.requests.append(f"{method} {address}")
        self.headers.append(headers)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            for _ in range(5):
                await asyncio.sleep(0)  # the others' turn
            if headers["host"] in self.silent:
                await asyncio.Event().wait()
        finally:
            self.at_once -= 1
        status, location = self.redirects.get(
            f"{method} {address}", self.redirects.get(address, (404, ""))
        )
        told = f"Location: {location}\r\n" if location else ""
        return f"HTTP/1.1 {status} -\r\n{told}Content-Length: 0\r\n\r\n".encode()


class _Stream(httpcore.AsyncNetworkStream):
    """One connection: what is written is a request without a body, what is read its answer."""

    def __init__(self, network: FakeNetwork) -> None:
        self._network = network
        self._written = b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._written += buffer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if not self._written:
            return b""
        request, self._written = self._written, b""
        return await self._network.answer(request)

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

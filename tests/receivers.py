"""Receivers of webhooks, in this process: a network on which every host takes what is sent."""

import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpcore
import orjson

from clients.public_network import PublicNetwork
from clients.webhooks import WebhookSender

PUBLIC = "93.184.215.14"


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request as it came."""

    address: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What it says."""
        return orjson.loads(self.body)


@dataclass
class Receivers(httpcore.AsyncNetworkBackend):
    """What stands below the guard. `answer`: status, further header lines, and body of the answer
    to a request. `names`: the addresses of a host, one look-up after the other; the last stays."""

    answer: Callable[[Received], tuple[int, str, str]] = lambda _: (200, "", "ok")
    names: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)

    def sender(self, **options: Any) -> WebhookSender:
        """A sender whose guard stands on this network."""
        network = PublicNetwork(resolve=self.resolve, dial=self)
        return WebhookSender(network=network, tls=ssl.create_default_context(), **options)

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
        self.dialled.append(host)
        return _Stream(self)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, receivers: Receivers) -> None:
        self._receivers = receivers
        self._written = b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._written += buffer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if not self._written:
            return b""
        head, _, body = self._written.partition(b"\r\n\r\n")
        self._written = b""
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in lines)}
        address = f"https://{headers['host']}{first.split(' ')[1]}"
        request = Received(address=address, headers=headers, body=body)
        self._receivers.received.append(request)
        status, more, answer = self._receivers.answer(request)
        length = len(answer.encode())
        return f"HTTP/1.1 {status} -\r\n{more}Content-Length: {length}\r\n\r\n{answer}".encode()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return self

    async def aclose(self) -> None:
        self._written = b""

"""Connections to public addresses only: the name is looked up once, judged, and that is dialled.

Protects against server-side request forgery by a host name: one that leads to this machine, to its
network or to a cloud's metadata service, also by an address inside an address, by one bad address
among good ones, or by an answer that changes after the check (DNS rebinding), since the connection
goes to the very address that was judged. TLS still names and verifies the host. Which hosts may be
asked at all is the caller's to decide.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpcore

Resolve = Callable[[str], Awaitable[Sequence[str]]]  # host name -> every address of it
Address = IPv4Address | IPv6Address

NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")
# What the standard library takes for global in some of its versions.
CLOSED = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("2001:20::/28"),
    IPv6Network("3fff::/20"),
)


class NotPublic(Exception):
    """A host name that leads to an address which is not public."""


def is_public(text: str) -> bool:
    """Whether an address is one of the public internet, and so is every address inside it."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    wrapped = _wrapped(address)
    if wrapped:
        return all(map(_is_public, wrapped))
    return _is_public(address)


def _wrapped(address: Address) -> tuple[IPv4Address, ...]:
    """The addresses to which a gateway or the kernel would pass on what is sent to this one."""
    if isinstance(address, IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    return (IPv4Address(int(address) & 0xFFFFFFFF),) if address in NAT64 else ()


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (
        address.scope_id is not None or address not in GLOBAL_UNICAST
    ):
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not any(address.version == net.version and address in net for net in CLOSED)
    )


async def resolve(host: str) -> list[str]:
    """Every address of a host, by the system's resolver. Raises OSError, UnicodeError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """httpcore's way to the network, narrowed. `dial` is given addresses, never names."""

    def __init__(
        self, *, resolve: Resolve = resolve, dial: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._resolve = resolve
        self._dial = dial or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name for it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the host. Raises NotPublic, with nothing dialled, or ConnectError."""
        try:
            addresses = await self._resolve(host)
        except (OSError, UnicodeError) as unknown:  # a label that is empty, or too long
            raise httpcore.ConnectError("The host has no address.") from unknown
        if not all(map(is_public, addresses)):
            raise NotPublic(host)
        failure: Exception = httpcore.ConnectError("The host has no address.")
        for address in addresses:
            try:
                return await self._dial.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as refused:
                failure = refused
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait between httpcore's own tries, of which there are none here."""
        await asyncio.sleep(seconds)


def connections(
    network: httpcore.AsyncNetworkBackend, tls: ssl.SSLContext
) -> httpcore.AsyncConnectionPool:
    """A pool over the network, to be entered: HTTP/1.1, no proxy, no cookies, no tries."""
    return httpcore.AsyncConnectionPool(
        ssl_context=tls, network_backend=network, http2=False, retries=0, max_connections=2
    )

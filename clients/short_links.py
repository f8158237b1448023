"""Where a shortened link leads, for operators who switch this on: redirects are followed, warily.

Only the marketplaces' own shorteners are asked, and only for the `Location` of their redirects:
HEAD, else GET without its body, no cookies, at most five hosts in five seconds. Every hop is https
on port 443, without user information, on a host of the marketplaces' lists, at a public address
(clients/public_network.py). The walk ends as soon as an address reads as a product; that page is
never opened. Protects against a link that leads this server somewhere else. Does not protect
against a shortener that names another product than its author meant.
"""

import asyncio
import contextlib
import logging
import math
import re
import ssl
import string
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import httpcore
import httpx

from clients.public_network import NotPublic, PublicNetwork, connections
from clients.registry import BY_CODE, MARKETPLACE_NAMES, SANDBOX_LINK, product_ref, read_address
from domain.exceptions import (
    AffiliateGraphError,
    MarketplaceUnavailable,
    NotAProduct,
    ShortLink,
    ShortLinkDead,
    ShortLinkRefused,
    ShortLinkTimeout,
    ShortLinkTooLong,
)
from domain.products import ProductRef
from upstream.budget import Budget

MOST_HOPS = 5
PATIENCE = 5.0  # seconds for one link, all its hops together
AT_ONCE = 8  # links that are followed at the same time, in the whole process
LONGEST = 8_192  # characters of an address
REDIRECTS = (301, 302, 303, 307, 308)
HEADERS = ((b"User-Agent", b"affiliate-graph"), (b"Accept", b"*/*"))
INSTEAD = "Paste the address of the product page instead."

UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\\]")  # browsers drop some of these, and turn the last one
PLAIN_HOST = re.compile(r"((?:[a-z0-9-]+\.)+[a-z]+)(?::443)?", re.IGNORECASE | re.ASCII)

log = logging.getLogger("affiliate_graph.clients")


@dataclass(frozen=True, slots=True)
class Hop:
    """An address that may be asked: a host of our lists, and what to ask it for."""

    host: str
    target: str

    @property
    def address(self) -> str:
        """The whole address."""
        return f"https://{self.host}{self.target}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a shortener answered: its status, and where it redirects to."""

    status: int
    location: str | None


def first_hop(pasted: str) -> Hop:
    """Where to begin with a short link as it was pasted; one without https is asked by https.

    Raises ShortLinkRefused for an address that is not plain, ShortLink for a shortener that is not
    asked.
    """
    bare = re.sub(r"\A(https?:)?//", "", pasted.strip(" \r\n\t<>\"'“”‘’«»"), flags=re.IGNORECASE)
    hop = next_hop(f"https://{bare}")
    if not any(hop.host in market.shortener_hosts for market in BY_CODE.values()):
        raise ShortLink.of(
            pasted,
            f"Short links of {hop.host} are not opened here. Open it in your browser and paste the "
            "address of the product page that it leads to.",
        )
    return hop


def next_hop(address: str) -> Hop:
    """The address, if it may be asked. Raises ShortLinkRefused with the reason."""
    if len(address) > LONGEST or UNWRITABLE.search(address):
        raise _refused("it is no plain web address")
    scheme, _, rest = address.partition("://")
    if scheme.lower() != "https":
        raise _refused("it leads to a page without https")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    host = PLAIN_HOST.fullmatch(authority)
    if host is None or not _is_listed(host[1].lower()):
        raise _refused(f"it is no plain address of {MARKETPLACE_NAMES}")
    parts = urlsplit(address)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Hop(host[1].lower(), quote(target, safe=string.punctuation))


def _is_listed(host: str) -> bool:
    domains = (domain for market in BY_CODE.values() for domain in market.domains)
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _refused(reason: str) -> ShortLinkRefused:
    return ShortLinkRefused(f"This short link is not followed: {reason}. {INSTEAD}")


class ShortLinks:
    """Implements `upstream.contract.ShortLinkReader` over the network. One for the process."""

    def __init__(
        self,
        *,
        network: PublicNetwork | None = None,
        tls: ssl.SSLContext | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._network = network or PublicNetwork()
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._patience = patience
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def product(self, address: str, budget: Budget) -> ProductRef:
        """See `upstream.contract.ShortLinkReader.product`."""
        hop = first_hop(address)
        left = budget.seconds_left()
        try:
            async with asyncio.timeout(None if math.isinf(left) else left), self._turns:
                with _logged(hop.host):
                    return await self._follow(hop)
        except TimeoutError:
            raise ShortLinkTimeout(
                "The short link did not lead to a product within the time that a request may "
                "take. Try again later, or paste the address of the product page."
            ) from None

    async def _follow(self, hop: Hop) -> ProductRef:
        try:
            async with (
                asyncio.timeout(self._patience),
                connections(self._network, self._tls) as pool,
            ):
                return await _product(pool, hop)
        except TimeoutError:
            raise ShortLinkTimeout(
                f"The short link did not lead to a product within {self._patience:g} seconds. Try "
                "again later, or paste the address of the product page."
            ) from None
        except NotPublic:
            raise _refused("its host has an address that is not public") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise MarketplaceUnavailable(
                f"The short link's host could not be reached ({type(error).__name__}). Try again "
                "later, or paste the address of the product page."
            ) from None


async def _product(pool: httpcore.AsyncConnectionPool, hop: Hop) -> ProductRef:
    """The first address on the way of a short link that reads as a product."""
    seen: set[Hop] = set()
    while hop not in seen and len(seen) < MOST_HOPS:
        seen.add(hop)
        target = await _redirect(pool, hop)
        found = read_address(target)  # it is read, not opened, so it need not be https
        if found is not None:
            return found
        hop = next_hop(target)
    how = "in a circle" if hop in seen else f"more than {MOST_HOPS - 1} times"
    raise ShortLinkTooLong(f"This short link redirects {how}. {INSTEAD}")


async def _redirect(pool: httpcore.AsyncConnectionPool, hop: Hop) -> str:
    """Where the hop leads, as a whole address."""
    reply = await _ask(pool, "HEAD", hop)
    if reply.location is None:  # some answer HEAD with a refusal
        reply = await _ask(pool, "GET", hop)
    if reply.location is not None:
        return _joined(hop, reply.location)
    if reply.status in (404, 410):
        raise ShortLinkDead(f"This short link leads nowhere, or no longer. {INSTEAD}")
    if reply.status < 300:
        raise NotAProduct(f"This short link leads to a page that is not of a product. {INSTEAD}")
    raise MarketplaceUnavailable(
        f"The short link's host did not tell where it leads (HTTP {reply.status}). Try again "
        "later, or paste the address of the product page."
    )


async def _ask(pool: httpcore.AsyncConnectionPool, method: str, hop: Hop) -> Reply:
    async with pool.stream(method, hop.address, headers=list(HEADERS)) as answer:
        if method == "HEAD":
            await answer.aread()  # there is no body: the connection stays good for GET
        return Reply(answer.status, _location(answer) if answer.status in REDIRECTS else None)


def _location(answer: httpcore.Response) -> str | None:
    """The first Location of an answer; a byte that is no UTF-8 stands for itself."""
    for name, value in answer.headers:
        if name.lower() == b"location":
            return value.decode("utf-8", errors="replace").strip(" ")
    return None


def _joined(hop: Hop, location: str) -> str:
    # Asked before joining, which would drop a tab from inside a host's name.
    if len(location) > LONGEST or UNWRITABLE.search(location):
        raise _refused("it is no plain web address")
    try:
        return urljoin(hop.address, location)
    except ValueError:
        raise _refused("it is no plain web address") from None


@contextlib.contextmanager
def _logged(host: str) -> Iterator[None]:
    """One line for each link: the host where it began, the outcome, the time."""
    started, outcome = time.monotonic(), "product"
    try:
        yield
    except AffiliateGraphError as error:
        outcome = error.code
        raise
    finally:
        took = (time.monotonic() - started) * 1000
        log.info("short link of %s: %s in %d ms", host, outcome, took)


class SandboxLinks:
    """Implements `upstream.contract.ShortLinkReader` without a network: links of the sandbox alone.

    `target`: a link -> what the sandbox made it for, None for a link that it did not make.
    """

    def __init__(self, target: Callable[[str], str | None]) -> None:
        self._target = target

    async def product(self, address: str, budget: Budget) -> ProductRef:
        """See `upstream.contract.ShortLinkReader.product`."""
        if not SANDBOX_LINK.fullmatch(address):
            raise ShortLink.of(
                address,
                "The sandbox contacts no marketplace, so it reads only the links that it made "
                f"itself. {INSTEAD}",
            )
        target = self._target(address.strip())
        if target is None:
            raise ShortLinkDead(f"The sandbox did not make this link, or forgot it. {INSTEAD}")
        return product_ref(target)

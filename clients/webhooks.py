"""Sends to the addresses of webhooks, which callers name: warily.

https only, to public addresses only, which is judged when the connection is made
(clients/public_network.py); no redirect is followed, no cookie kept, and of an answer only its
beginning is read. Where the operator allows it, for development, an address may be any, and http.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import urlsplit

import httpcore
import httpx

from clients.public_network import NotPublic, PublicNetwork, connections
from domain import moments
from domain.credentials import Secret
from domain.exceptions import InvalidInput
from domain.parsers import split_address
from domain.webhooks import SHOWN, Attempt

PATIENCE = 20.0  # seconds for one try
LONGEST = 2_048  # characters of an address
PATH = ("input", "url")
NOT_HTTPS = "The address must begin with https://."
log = logging.getLogger("affiliate_graph.webhooks")


class WebhookSender:
    """Implements `upstream.contract.WebhookSender` over the network. One for the process.

    `allows_local`: addresses that are not public may be named, and http.
    """

    def __init__(
        self,
        *,
        network: PublicNetwork | None = None,
        tls: ssl.SSLContext | None = None,
        patience: float = PATIENCE,
        allows_local: bool = False,
    ) -> None:
        self._guarded = network or PublicNetwork()
        self._given_tls = tls
        self._patience = patience
        self._allows_local = allows_local

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._given_tls or httpx.create_ssl_context(trust_env=False)

    @property
    def _schemes(self) -> tuple[str, ...]:
        return ("https", "http") if self._allows_local else ("https",)

    def check(self, url: str) -> None:
        """See `upstream.contract.WebhookSender.check`."""
        parts = split_address(url)
        if parts is None or not parts.hostname or not url.isascii() or len(url) > LONGEST:
            raise InvalidInput(
                "This is no web address. It begins with https://, and a host's name that is not "
                "written in Latin letters stands in its xn-- form.",
                path=PATH,
            )
        if parts.scheme not in self._schemes:
            raise InvalidInput(NOT_HTTPS, path=PATH)
        if "@" in parts.netloc or parts.fragment:
            raise InvalidInput(
                "The address must hold no user name, no password and no #.", path=PATH
            )

    async def send(
        self, url: Secret, headers: Mapping[str, str], body: bytes, at: datetime
    ) -> Attempt:
        """See `upstream.contract.WebhookSender.send`."""
        started = time.monotonic()
        attempt = replace(
            await self._attempt(url, headers, body, at),
            milliseconds=round((time.monotonic() - started) * 1000),
        )
        log.info(
            "webhook",
            extra={
                "host": urlsplit(url.reveal()).hostname,
                "status": attempt.status,
                "milliseconds": attempt.milliseconds,
            },
        )
        return attempt

    async def _attempt(
        self, url: Secret, headers: Mapping[str, str], body: bytes, at: datetime
    ) -> Attempt:
        # It was checked when it was named, when the operator may have allowed more.
        if urlsplit(url.reveal()).scheme not in self._schemes:
            return Attempt(at=at, error=NOT_HTTPS)
        try:
            async with asyncio.timeout(self._patience):
                return await self._answer(url, headers, body, at)
        except TimeoutError:
            error = f"There was no answer within {self._patience:g} seconds."
        except NotPublic:
            error = "The host has an address that is not public: nothing was sent."
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as broken:
            error = f"The host could not be reached ({type(broken).__name__})."
        return Attempt(at=at, error=error)

    async def _answer(
        self, url: Secret, headers: Mapping[str, str], body: bytes, at: datetime
    ) -> Attempt:
        network = httpcore.AnyIOBackend() if self._allows_local else self._guarded
        sent = {"User-Agent": "affiliate-graph", "Content-Type": "application/json", **headers}
        async with (
            connections(network, self._tls) as pool,
            pool.stream("POST", url.reveal(), headers=list(sent.items()), content=body) as answer,
        ):
            named = {name.lower(): value for name, value in answer.headers}
            wait = moments.wait_of_http(named.get(b"retry-after", b"").decode("latin-1"), at)
            return Attempt(
                at=at,
                status=answer.status,
                answer=await _beginning(answer),
                retry_after=None if wait is None else timedelta(seconds=wait),
            )


async def _beginning(answer: httpcore.Response) -> str:
    """What is kept of an answer."""
    read = b""
    async for chunk in answer.aiter_stream():
        read += chunk
        if len(read) >= SHOWN:
            break
    return read[:SHOWN].decode("utf-8", errors="replace")

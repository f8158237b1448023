"""The outside world of a start: the real gateways, the bundled ones, or some of each."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from application.sessions import StartLink
from clients.base import Outside
from clients.http import HTTPSender, Patience, http_client
from clients.rate_limit import RateLimit
from clients.registry import BY_CODE
from clients.sharing import SharedCalls
from config import Settings
from domain.products import Mode
from resolvers import quota
from sandbox import Sandbox, SandboxTransport

SANDBOX_BASE = "http://sandbox.invalid"


def _now() -> datetime:
    return datetime.now(UTC)


def modes(settings: Settings) -> dict[str, Mode]:
    """SANDBOX for every marketplace that is answered by the bundled gateways alone."""

    def mode(code: str) -> Mode:
        replaced = any(name.startswith(code.upper()) for name in settings.gateway_addresses)
        return Mode.SANDBOX if settings.sandbox and not replaced else Mode.LIVE

    return {code: mode(code) for code in BY_CODE}


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What tests and benchmarks put in the place of the real thing."""

    now: Callable[[], datetime] = _now
    patience: Patience = field(default_factory=Patience)
    rate_limit: RateLimit = field(default_factory=RateLimit)
    shared: SharedCalls = field(default_factory=SharedCalls)
    sandbox: Sandbox | None = None
    start_link: StartLink = field(default_factory=StartLink)


def addresses(settings: Settings, box: Sandbox | None) -> dict[str, str]:
    """Where the gateways are, by setting; a marketplace that is replaced in part is all live."""
    live = {code for code, mode in modes(settings).items() if mode is Mode.LIVE}
    bundled = box.addresses(SANDBOX_BASE) if box else {}
    kept = {name: url for name, url in bundled.items() if name.split("_")[0].lower() not in live}
    return kept | settings.gateway_addresses


def sandbox_of(settings: Settings, parts: Parts) -> Sandbox | None:
    """The bundled gateways; None where only real ones are asked. Raises BadListings."""
    if not settings.sandbox:
        return None
    return parts.sandbox or Sandbox(
        public_url=settings.public_url, now=parts.now, catalog=settings.sandbox_catalog
    )


@contextlib.asynccontextmanager
async def open_outside(
    settings: Settings, box: Sandbox | None, parts: Parts
) -> AsyncIterator[Outside]:
    """The way to the marketplaces, with a pool of connections that is closed at the end."""
    mounts = {SANDBOX_BASE: SandboxTransport(box)} if box else {}
    async with http_client(mounts) as client:
        yield Outside(
            sender=HTTPSender(
                client=client,
                ledger=quota.DayLedger(),
                now=parts.now,
                patience=parts.patience,
                rate_limit=parts.rate_limit,
            ),
            now=parts.now,
            shared=parts.shared,
            addresses=addresses(settings, box),
            modes=modes(settings),
        )

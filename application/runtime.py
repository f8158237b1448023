"""The outside world of a start: the real gateways, the bundled ones, or some of each."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from application.sessions import StartLink
from clients.base import ShortLinkReader, Upstream
from clients.registry import BY_CODE
from clients.short_links import SandboxLinks, ShortLinks
from config import Settings
from db import hashing
from db.keys import KeyProvider
from domain.marketplaces import QuotaRule
from domain.metering import Meter, NoMeter
from domain.products import Mode
from resolvers import quota
from sandbox import GATEWAYS, Sandbox, SandboxTransport
from upstream.budget import Monotonic
from upstream.cache import AnswerCache
from upstream.circuit import Breakers
from upstream.clock_skew import ClockSkew
from upstream.coalescing import Coalescer
from upstream.http import HTTPSender, http_client
from upstream.negative_cache import NegativeCache
from upstream.rate_limit import RateLimit
from upstream.redis_rate_limit import RedisRateLimit
from upstream.redis_server import redis_client
from upstream.retries import Timeouts
from web.keys import CannotStart
from web.tracing import OpenTelemetryMeter

SANDBOX_BASE = "http://sandbox.invalid"


def _now() -> datetime:
    return datetime.now(UTC)


def modes(settings: Settings) -> dict[str, Mode]:
    """SANDBOX for every marketplace that is answered by the bundled gateways alone."""

    def mode(code: str) -> Mode:
        if not settings.sandbox or code not in GATEWAYS:
            return Mode.LIVE
        is_replaced = GATEWAYS[code].addresses.keys() & settings.gateway_addresses.keys()
        return Mode.LIVE if is_replaced else Mode.SANDBOX

    return {code: mode(code) for code in BY_CODE}


@dataclass
class Shutdown:
    """Whether the server was told to end. Then it is not ready, though it still answers."""

    is_told: bool = False


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What tests and benchmarks put in the place of the real thing."""

    now: Callable[[], datetime] = _now
    monotonic: Monotonic = time.monotonic
    patience: Timeouts = field(default_factory=Timeouts)
    rate_limit: RateLimit | None = None
    shared: Coalescer = field(default_factory=Coalescer)
    sandbox: Sandbox | None = None
    spans: OpenTelemetryMeter | None = None
    start_link: StartLink = field(default_factory=StartLink)
    shutdown: Shutdown = field(default_factory=Shutdown)


def addresses(settings: Settings, box: Sandbox | None) -> dict[str, str]:
    """Where the gateways are, by setting; a marketplace that is replaced in part is all live."""
    bundled = {code for code, mode in modes(settings).items() if mode is Mode.SANDBOX}
    addresses = box.addresses(SANDBOX_BASE, bundled) if box else {}
    return addresses | settings.gateway_addresses


def sandbox_of(settings: Settings, overrides: Overrides) -> Sandbox | None:
    """The bundled gateways; None where only real ones are asked.

    Raises CannotStart for a marketplace that has none, and BadListings.
    """
    if not settings.sandbox:
        return None
    for code, market in BY_CODE.items():
        if code not in GATEWAYS:
            raise CannotStart(
                f"SANDBOX=on, but {market.name} has no gateway in the sandbox, and its real host "
                "must not be called: add one (docs/adding-a-marketplace.md) or set SANDBOX=off."
            )
    return overrides.sandbox or Sandbox(
        public_url=settings.public_url, now=overrides.now, catalog=settings.sandbox_catalog
    )


@contextlib.asynccontextmanager
async def open_upstream(
    settings: Settings,
    keys: KeyProvider,
    box: Sandbox | None,
    overrides: Overrides,
    meter: Meter | None = None,
) -> AsyncIterator[Upstream]:
    """The way to the marketplaces, with pools of connections that are closed at the end.

    `keys` sign what is cached. `meter` None: nobody counts.
    """
    meter = meter or NoMeter()
    mounts = {SANDBOX_BASE: SandboxTransport(box)} if box else {}
    async with (
        http_client(mounts) as client,
        _rate_limit(settings, overrides) as rate_limit,
        _cache(settings, keys, overrides) as cache,
    ):
        clocks = ClockSkew()
        yield Upstream(
            sender=HTTPSender(
                client=client,
                ledger=quota.DayLedger(),
                now=overrides.now,
                patience=overrides.patience,
                rate_limit=rate_limit,
                breakers=Breakers(overrides.monotonic),
                refusals=NegativeCache(overrides.monotonic),
                meter=meter,
                clocks=clocks,
            ),
            clocks=clocks,
            now=overrides.now,
            shared=overrides.shared,
            cache=cache,
            addresses=addresses(settings, box),
            modes=modes(settings),
            quotas=quotas(settings),
            search_fresh_for=settings.search_cache,
            short_links=_short_links(settings, box),
            meter=meter,
        )


def quotas(settings: Settings) -> dict[str, QuotaRule]:
    """The limits to keep to, by marketplace: what the settings say, else what is usual there."""
    return {
        code: replace(
            market.quota,
            reserve_percent=settings.quota_reserve_percent,
            **settings.paces.get(code, {}),
        )
        for code, market in BY_CODE.items()
    }


@contextlib.asynccontextmanager
async def _rate_limit(settings: Settings, overrides: Overrides) -> AsyncIterator[RateLimit]:
    if overrides.rate_limit is not None:
        yield overrides.rate_limit
    elif settings.redis_url is None:
        yield RateLimit(overrides.monotonic)
    else:
        redis = redis_client(settings.redis_url.reveal())
        try:
            yield RedisRateLimit(redis, overrides.monotonic)
        finally:
            await redis.aclose()


@contextlib.asynccontextmanager
async def _cache(
    settings: Settings, keys: KeyProvider, overrides: Overrides
) -> AsyncIterator[AnswerCache]:
    url = settings.redis_url.reveal() if settings.redis_url else None
    secret = hashing.derived(keys, "cached answers")
    cache = AnswerCache(url, secret=secret, monotonic=overrides.monotonic)
    try:
        yield cache
    finally:
        await cache.close()


def _short_links(settings: Settings, box: Sandbox | None) -> ShortLinkReader | None:
    """Who opens short links. With a sandbox nothing of the network is touched."""
    if not settings.short_links:
        return None
    if settings.sandbox:
        return SandboxLinks(box.target_of) if box else None
    return ShortLinks()

"""What is open while a server, a command or a worker runs, and the one way to open it.

    async with open_runtime(settings, keys) as runtime:
        context = runtime.context(caller)

The tables and keys must have been made ready: see application/preparation.py.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from clients.registry import BY_CODE
from clients.short_links import SandboxLinks, ShortLinks
from clients.webhooks import WebhookSender
from config import Settings
from db import hashing
from db.connection import open_database
from db.keys import KeyProvider
from domain.api_keys import Caller
from domain.events import EventSettings
from domain.exports import Formats
from domain.marketplaces import QuotaRule, Workspace
from domain.metering import Meter, NoMeter
from domain.products import Mode
from domain.starting import CannotStart
from resolvers import quota
from resolvers.asked import LatelyAsked
from resolvers.context import Context, Documents
from sandbox import GATEWAYS, Sandbox, SandboxTransport
from schema.answers import Buckets
from upstream.accounts import AccountStates
from upstream.budget import Allowance, CallBudget, Monotonic
from upstream.cache import AnswerCache
from upstream.coalescing import Coalescer
from upstream.contract import ShortLinkReader, Upstream
from upstream.http import HTTPTransport, http_client
from upstream.pipeline import Pipeline, Timeouts
from upstream.rate_limit import RateLimit
from upstream.redis_permits import RedisPermits
from upstream.redis_server import redis_client
from web.health import Shutdown
from web.redis_throttle import RedisBuckets
from web.sessions import StartLink
from web.throttle import OwnBuckets
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


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What tests and benchmarks put in the place of the real thing."""

    now: Callable[[], datetime] = _now
    monotonic: Monotonic = time.monotonic
    timeouts: Timeouts = field(default_factory=Timeouts)
    rate_limit: RateLimit | None = None
    coalescer: Coalescer = field(default_factory=Coalescer)
    sandbox: Sandbox | None = None
    webhooks: WebhookSender | None = None
    spans: OpenTelemetryMeter | None = None
    start_link: StartLink = field(default_factory=StartLink)
    shutdown: Shutdown = field(default_factory=Shutdown)


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What is open. `buckets`: the points of callers. `events`: what is news. `documents`
    shape what webhooks tell of it, `formats` are those of exports; None in a process that tells
    nothing and writes no files. `asked`: the products
    that were lately."""

    keys: KeyProvider
    upstream: Upstream
    buckets: Buckets
    events: EventSettings = EventSettings()
    documents: Documents | None = None
    formats: Formats | None = None
    export_turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    asked: LatelyAsked = field(default_factory=LatelyAsked)

    def context(
        self, caller: Caller, budget: CallBudget | None = None, *, request_id: str = ""
    ) -> Context:
        """The Context of one request or piece of work, in the caller's workspace.

        `budget` None: marketplace calls without bounds. Who asks is written into it: the callers
        of one account are served in rotation, and a key may have an allowance of its own.
        """
        budget = budget or CallBudget()
        budget.workspace, budget.caller = caller.workspace, caller.identity
        if caller.key is not None and caller.key.calls_per_day is not None:
            budget.allowance = Allowance(key=caller.key.id, calls_per_day=caller.key.calls_per_day)
        return Context(
            workspace=Workspace(caller.workspace, self.upstream.modes),
            upstream=self.upstream,
            keys=self.keys,
            request_id=request_id,
            budget=budget,
            caller=caller,
            events=self.events,
            documents=self.documents,
            formats=self.formats,
            export_turn=self.export_turn,
            asked=self.asked,
        )

    def now(self) -> datetime:
        """The present moment in UTC."""
        return self.upstream.now()

    def under_way(self, workspace: str) -> contextlib.AbstractContextManager[None]:
        """Lasts as long as a request or a piece of work, whose calls others may share."""
        return self.upstream.coalescer.request(workspace)


@contextlib.asynccontextmanager
async def open_runtime(
    settings: Settings,
    keys: KeyProvider,
    overrides: Overrides | None = None,
    *,
    meter: Meter | None = None,
    documents: Documents | None = None,
    formats: Formats | None = None,
    is_server: bool = False,
) -> AsyncIterator[Runtime]:
    """The database, the marketplaces and the buckets, until the end; then all calls have ended.

    `meter` None: nobody counts. `documents`, `formats`: see `Runtime`. `is_server`:
    seen by tasks that are not begun inside, as requests are not. Raises InvalidDatabaseURL,
    DatabaseUnavailable, MigrationsPending, BadListings.
    """
    overrides = overrides or Overrides()
    box = sandbox_of(settings, overrides)
    async with (
        open_database(settings.database_url, shared=is_server),
        open_upstream(settings, keys, box, overrides, meter) as upstream,
        _buckets(settings) as buckets,
    ):
        yield Runtime(
            keys=keys,
            upstream=upstream,
            buckets=buckets,
            events=settings.events,
            documents=documents,
            formats=formats,
        )
        await upstream.coalescer.drain()


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
        accounts = AccountStates(overrides.monotonic, connections=settings.account_connections)
        yield Upstream(
            sender=Pipeline(
                transport=HTTPTransport(client, overrides.now),
                ledger=quota.DayLedger(),
                now=overrides.now,
                accounts=accounts,
                rate_limit=rate_limit,
                timeouts=overrides.timeouts,
                meter=meter,
                max_connections=settings.max_connections,
            ),
            now=overrides.now,
            accounts=accounts,
            coalescer=overrides.coalescer,
            cache=cache,
            addresses=addresses(settings, box),
            modes=modes(settings),
            sandbox_credentials=_sandbox_credentials(settings),
            quotas=quotas(settings),
            search_fresh_for=settings.search_cache,
            search_further_calls=settings.search_further_calls,
            short_links=_short_links(settings, box),
            webhooks=overrides.webhooks
            or WebhookSender(allows_local=settings.events.local_webhooks),
            meter=meter,
        )


def _sandbox_credentials(settings: Settings) -> dict[str, Callable[[str], Mapping[str, str]]]:
    """What the gateways that answer accept, by marketplace; nothing of one that tells none."""
    return {
        code: accepted
        for code, mode in modes(settings).items()
        if mode is Mode.SANDBOX and (accepted := GATEWAYS[code].demo_credentials)
    }


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
    if overrides.rate_limit is not None or settings.redis_url is None:
        yield overrides.rate_limit or RateLimit(monotonic=overrides.monotonic)
        return
    redis = redis_client(settings.redis_url.reveal())
    try:
        yield RateLimit(RedisPermits(redis, overrides.monotonic), overrides.monotonic)
    finally:
        await redis.aclose()


@contextlib.asynccontextmanager
async def _buckets(settings: Settings) -> AsyncIterator[Buckets]:
    if settings.redis_url is None:
        yield OwnBuckets(settings.limits)
        return
    redis = redis_client(settings.redis_url.reveal())
    buckets = RedisBuckets(redis, settings.limits)
    try:
        yield buckets
    finally:
        await buckets.close()
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

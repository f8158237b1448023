"""The real application over sandbox gateways, as it is and as a naive client would have it."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import httpx
from starlette.applications import Starlette

from application.keys import Keys
from clients.registry import SETTINGS
from config import Settings, read_settings
from db.keys import KeyRing, new_key
from db.migrate import migrate
from domain.credentials import Secret
from domain.exceptions import AffiliateGraphError
from domain.marketplaces import QuotaRule
from sandbox import Sandbox
from server import Overrides, build_app
from tests.graph import API_KEY, Clock, Graph
from upstream.budget import BatchCall, Budget, CallBudget, K, V
from upstream.cache import AnswerCache
from upstream.coalescing import Coalescer
from upstream.oauth2 import Token, TokenCache
from upstream.rate_limit import Permit, PermitAccount, RateLimit

ADDRESS = "http://127.0.0.1:8000"
# One caller asks for what thousands would, and waits for it on a busy machine.
PATIENT = {
    "BUCKET_CAPACITY": "1000000000",
    "BUCKET_RESTORE": "1000000",
    "LIMIT_QUERY_SECONDS": "240",
    "LIMIT_MUTATION_SECONDS": "240",
    "LIMIT_MARKETPLACE_QUERY_SECONDS": "200",
    "LIMIT_MARKETPLACE_MUTATION_SECONDS": "200",
}
LATENCY = 0.1  # seconds that the gateway takes for each call
MADE_PRODUCTS = 1000


class NaiveCalls(Coalescer):
    """Shares nothing: every request makes calls of its own for its own keys."""

    async def get(
        self,
        group: Hashable,
        keys: Sequence[K],
        budget: CallBudget,
        *,
        size: int,
        call: "BatchCall[K, V]",
    ) -> dict[K, V | AffiliateGraphError]:
        """See `Coalescer.get`."""
        found: dict[K, V | AffiliateGraphError] = {}
        for start in range(0, len(keys), size):
            batch = keys[start : start + size]
            try:
                found |= await call(batch, budget)
            except AffiliateGraphError as error:
                found |= dict.fromkeys(batch, error)
        return found


class SwitchedCalls(NaiveCalls):
    """Shared calls that can be switched to direct ones between two requests."""

    is_direct = False

    async def get(
        self,
        group: Hashable,
        keys: Sequence[K],
        budget: CallBudget,
        *,
        size: int,
        call: "BatchCall[K, V]",
    ) -> dict[K, V | AffiliateGraphError]:
        """See `Coalescer.get`."""
        get = NaiveCalls.get if self.is_direct else Coalescer.get
        return await get(self, group, keys, budget, size=size, call=call)


class AmazonPace(RateLimit):
    """Amazon's calls wait for their permit, in real time; those of AliExpress do not."""

    async def acquire(
        self,
        account: PermitAccount,
        rule: QuotaRule,
        *,
        within: float,
        caller: str = "",
        is_background: bool = False,
    ) -> Permit | float:
        """See `RateLimit.acquire`."""
        if account.key.marketplace != "amazon":
            return Permit()
        return await super().acquire(
            account, rule, within=within, caller=caller, is_background=is_background
        )


@contextlib.contextmanager
def naive_tokens() -> Iterator[None]:
    """Meanwhile whoever finds no token that is kept fetches one, whoever else does so too."""

    async def get(
        cache: TokenCache,
        key: str,
        fetch: Callable[[], Awaitable[Token]],
        budget: Budget,
        *,
        now: datetime,
    ) -> Secret:
        kept = cache._tokens.get(key)
        if kept is not None and now < kept.use_until:
            return kept.secret
        return (await cache._fetch(key, fetch)).secret

    with patch.object(TokenCache, "get", get):
        yield


@contextlib.contextmanager
def naive_cache() -> Iterator[None]:
    """Meanwhile nothing is found in any cache."""

    async def nothing(*_: object, **__: object) -> dict[object, object]:
        return {}

    with patch.object(AnswerCache, "get", nothing):
        yield


def now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


def product_id(number: int) -> str:
    """The AliExpress id of an added product."""
    return str(1005000000100000 + number)


def gateway(latency: float) -> Sandbox:
    """A sandbox with the made catalogue and a thousand more AliExpress products."""
    box = Sandbox(public_url=ADDRESS, now=now, latency=latency)
    fields = box.catalog["aliexpress"].listings()[0].fields
    for number in range(MADE_PRODUCTS):
        box.catalog.add(dict(fields) | {"product_id": int(product_id(number))})
    return box


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A gateway, and a database where applications find both marketplaces connected."""

    settings: Settings
    keys: Keys
    box: Sandbox

    def app(self, shared: Coalescer, pace: RateLimit | None = None) -> Starlette:
        """A new application: no token, no permit taken yet."""
        parts = Overrides(
            now=now, rate_limit=pace or AmazonPace(), coalescer=shared, sandbox=self.box
        )
        return build_app(self.settings, self.keys, parts)

    @contextlib.asynccontextmanager
    async def graph(self, shared: Coalescer, pace: RateLimit | None = None) -> AsyncIterator[Graph]:
        """A caller of a new application in this process."""
        app = self.app(shared, pace)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ADDRESS) as http,
        ):
            yield Graph(http, self.box, Clock())


@contextlib.asynccontextmanager
async def stage(latency: float = LATENCY) -> AsyncIterator[Stage]:
    """A new database and gateway; both marketplaces are connected, and no call is counted yet."""
    with TemporaryDirectory() as folder:
        made = await new_stage(Path(folder), latency)
        async with made.graph(Coalescer()) as graph:
            await graph.connect_both()
        made.box.clear_calls()
        yield made


async def new_stage(folder: Path, latency: float) -> Stage:
    """A new database in the folder, with nothing stored."""
    url = f"sqlite://{folder}/bench.db"
    await migrate(url)
    return Stage(
        settings=read_settings(
            {
                "DATABASE_URL": url,
                "DATA_DIR": str(folder),
                "SANDBOX": "on",
                "BUCKET_CAPACITY": "1000000000",
            },
            SETTINGS,
        ),
        keys=Keys(
            ring=KeyRing.from_text(new_key()), admin=Secret(API_KEY), admin_place="benchmarks"
        ),
        box=gateway(latency),
    )

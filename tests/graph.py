"""The real application for tests: real schema, clients, storage and gateways, in one process."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from starlette.applications import Starlette

from application.keys import Keys
from clients.registry import SETTINGS
from config import read_settings
from db import api_keys, workspaces
from db.keys import KeyRing, new_key
from domain.api_keys import APIKey, Scope
from domain.credentials import Secret
from domain.marketplaces import QuotaRule
from sandbox import Sandbox
from server import Overrides, build_app
from tests.database import wipe
from upstream.coalescing import Coalescer
from upstream.pipeline import Timeouts
from upstream.rate_limit import Permit, PermitAccount, RateLimit
from web.tracing import OpenTelemetryMeter

API_KEY = "test-key-0123456789-0123456789"
ALIEXPRESS = {
    "appKey": "500100",
    "appSecret": "sandbox-app-secret",
    "trackingId": "sandbox_blog",
}
AMAZON = {
    "credentialId": "sandbox-credential-id",
    "credentialSecret": "sandbox-credential-secret",
    "credentialVersion": "3.1",
    "partnerTag": "sandbox-20",
}
CONNECT = """
mutation Connect($input: ConnectMarketplaceInput!) {
  connectMarketplace(input: $input) {
    marketplace { id status missingFields capabilities health { state cure } }
    errors { code message path }
  }
}
"""


CREATE_KEY = """
mutation CreateKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    key
    apiKey { id name prefix lastFour status scopes origins createdAt expiresAt lastUsedAt revokedAt
      rotatedFrom }
    errors { code message path }
  }
}
"""


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
        self.seconds = 1000.0

    def __call__(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.seconds

    def advance(self, **by: float) -> None:
        """Let time pass."""
        self.time += timedelta(**by)
        self.seconds += timedelta(**by).total_seconds()


class Unhurried(RateLimit):
    """Everybody gets a permit at once, so that tests need not wait; long pauses are kept."""

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
        wait = self.expected_wait(account, rule, caller=caller, is_background=is_background)
        return wait if wait > within else Permit()


class Graph:
    """A caller with the API key, beside the gateways' own book of calls."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        sandbox: Sandbox,
        clock: Clock,
        keyring: KeyRing | None = None,
        app: Starlette | None = None,
        shared: Coalescer | None = None,
    ) -> None:
        self.http = http
        self.sandbox = sandbox
        self.clock = clock
        self.keyring = keyring
        self.app = app
        self.shared = shared

    async def post(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        key: str = API_KEY,
        headers: Mapping[str, str] | None = None,
        **extra: object,
    ) -> dict[str, Any]:
        """The response's JSON, whatever it says."""
        response = await self.http.post(
            "/graphql",
            json={"query": query, "variables": dict(variables or {}), **extra},
            headers={"Authorization": f"Bearer {key}"} | dict(headers or {}),
        )
        body: dict[str, Any] = response.json()
        return body

    async def run(
        self, query: str, variables: Mapping[str, object] | None = None, *, key: str = API_KEY
    ) -> Any:
        """The data of an operation that must not fail."""
        body = await self.post(query, variables, key=key)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def connect(
        self,
        marketplace: str,
        values: Mapping[str, str],
        locale: str | None = None,
        *,
        key: str = API_KEY,
    ) -> dict[str, Any]:
        """The payload of connectMarketplace."""
        credentials = [{"name": name, "value": value} for name, value in values.items()]
        given = {"marketplace": marketplace, "locale": locale, "credentials": credentials}
        payload: dict[str, Any] = (await self.run(CONNECT, {"input": given}, key=key))[
            "connectMarketplace"
        ]
        return payload

    async def connect_both(self, *, key: str = API_KEY) -> None:
        """Connect the sandbox's AliExpress and www.amazon.com."""
        await self.connect("ALIEXPRESS", ALIEXPRESS, key=key)
        await self.connect("AMAZON", AMAZON, key=key)

    async def make_key(self, *scopes: str, **more: object) -> str:
        """The text of a new API key of the workspace "default"."""
        given = {"name": "a test", "scopes": scopes, **more}
        made = (await self.run(CREATE_KEY, {"input": given}))["createApiKey"]
        assert made["errors"] == []
        return str(made["key"])

    async def make_workspace(self, name: str, *scopes: Scope) -> str:
        """The text of an API key of a new workspace; ADMIN without scopes."""
        assert self.keyring is not None
        await workspaces.create(name, self.clock())
        text = api_keys.new_text("aff_test_")
        key = APIKey(
            id=str(uuid4()),
            workspace=name,
            name=f"key of {name}",
            prefix="aff_test_",
            last_four=text.reveal()[-4:],
            scopes=frozenset(scopes or {Scope.ADMIN}),
            created_at=self.clock(),
        )
        await api_keys.keep(key, text, self.keyring)
        return text.reveal()

    def calls(self, marketplace: str, operation: str | None = None) -> int:
        """How many calls the gateway counted."""
        return self.sandbox.count(marketplace=marketplace, operation=operation)


@contextlib.asynccontextmanager
async def running_graph(
    database_url: str,
    folder: Path,
    *,
    sandbox: Sandbox | None = None,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
    spans: OpenTelemetryMeter | None = None,
    overrides: Mapping[str, Any] | None = None,
    keyring: KeyRing | None = None,
    wiped: bool = True,
) -> AsyncIterator[Graph]:
    """The application on a migrated database, which is emptied at the end if `wiped`.

    `environ`: more settings. `overrides`: fields of `Overrides` that differ. `keyring`: that of an
    earlier application on the same database.
    """
    clock = clock or Clock()
    box = sandbox or Sandbox(public_url="http://127.0.0.1:8000", now=clock)
    settings = read_settings(
        {"DATABASE_URL": database_url, "DATA_DIR": str(folder), "SANDBOX": "on"}
        | {"WORKER": "off"}  # only tests of jobs have one
        | {"BUCKET_CAPACITY": "1000000000"}  # one caller makes all requests of a test
        | {"ENCRYPTION_KEYS": new_key(), "ADMIN_API_KEY": API_KEY}
        | dict(environ or {}),
        SETTINGS,
    )
    ring = keyring or KeyRing.from_text(new_key())
    keys = Keys(ring=ring, admin=Secret(API_KEY), admin_place="tests")
    usual: dict[str, Any] = {
        "now": clock,
        "monotonic": clock.monotonic,
        "timeouts": Timeouts(attempt=5, first_pause=0.001),
        "rate_limit": Unhurried(monotonic=clock.monotonic),
        "sandbox": box,
        "spans": spans,
    }
    used = Overrides(**(usual | dict(overrides or {})))
    app = build_app(settings, keys, used)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000"
        ) as http,
    ):
        try:
            yield Graph(http, box, clock, ring, app, used.coalescer)
        finally:
            if wiped:
                await wipe()

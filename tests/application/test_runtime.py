"""What is open without any request, what stands in for the marketplaces, what refuses to start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from application.runtime import (
    SANDBOX_BASE,
    Overrides,
    Runtime,
    addresses,
    modes,
    open_runtime,
    sandbox_of,
)
from clients.registry import BY_CODE, SETTINGS, product_ref
from config import read_settings
from db import workspaces
from db.exceptions import NotReady
from db.keys import KeyRing, new_key
from domain.exceptions import CallCapReached
from domain.marketplaces import HealthState
from domain.products import Mode
from domain.starting import CannotStart
from resolvers import imports, marketplaces
from resolvers.access import OPERATOR
from sandbox import GATEWAYS, Sandbox
from tests.database import empty_database, wipe
from tests.graph import ALIEXPRESS, API_KEY, Clock
from upstream.budget import CallBudget
from web.throttle import OwnBuckets

pytestmark = pytest.mark.anyio

PRODUCT = "https://www.aliexpress.com/item/1005000000001001.html"


@asynccontextmanager
async def opened(database: str, folder: Path, **environ: str) -> AsyncIterator[Runtime]:
    """The sandbox's world, as a command or a worker opens it."""
    settings = read_settings(
        {"DATABASE_URL": database, "DATA_DIR": str(folder), "SANDBOX": "on"}
        | {
            "ENCRYPTION_KEYS": new_key(),
            "ADMIN_API_KEY": API_KEY,
            "ALIEXPRESS_CALLS_PER_SECOND": "100",
        }
        | environ,
        SETTINGS,
    )
    ring = KeyRing.from_text(new_key())
    async with open_runtime(settings, ring, Overrides(now=Clock())) as runtime:
        try:
            yield runtime
        finally:
            await wipe()


async def test_work_without_a_request_asks_marketplaces(
    migrated_database: str, tmp_path: Path
) -> None:
    async with opened(migrated_database, tmp_path) as runtime:
        context = runtime.context(OPERATOR)
        with runtime.under_way(OPERATOR.workspace):
            await marketplaces.connect(
                context, BY_CODE["aliexpress"], None, list(ALIEXPRESS.items())
            )
            connected, failure = await marketplaces.verify(context, BY_CODE["aliexpress"], None)

    assert failure is None
    assert connected.health.state is HealthState.HEALTHY
    assert context.workspace.mode("aliexpress") is Mode.SANDBOX


async def test_a_context_is_of_the_workspace_of_its_caller(
    migrated_database: str, tmp_path: Path
) -> None:
    async with opened(migrated_database, tmp_path) as runtime:
        await workspaces.create("other", runtime.upstream.now())
        mine = runtime.context(OPERATOR, request_id="work-1")
        other = runtime.context(replace(OPERATOR, workspace="other"))
        await marketplaces.connect(mine, BY_CODE["aliexpress"], None, list(ALIEXPRESS.items()))

        connected = [await marketplaces.get_all(each) for each in (mine, other)]

    assert [any(each.account.credentials for each in of_one) for of_one in connected] == [
        True,
        False,
    ]
    assert (mine.request_id, other.request_id) == ("work-1", "")


async def test_a_context_spends_the_budget_that_it_was_given(
    migrated_database: str, tmp_path: Path
) -> None:
    async with opened(migrated_database, tmp_path) as runtime:
        budget = CallBudget(max_calls=0)
        context = runtime.context(OPERATOR, budget)
        await marketplaces.connect(context, BY_CODE["aliexpress"], None, list(ALIEXPRESS.items()))
        [row] = await imports.import_products(context, [product_ref(PRODUCT)])

    assert isinstance(row.error, CallCapReached)
    assert budget.calls == 0


async def test_without_redis_the_points_are_of_this_process(
    migrated_database: str, tmp_path: Path
) -> None:
    async with opened(migrated_database, tmp_path) as runtime:
        assert isinstance(runtime.buckets, OwnBuckets)


async def test_tables_that_were_not_made_ready_are_told(tmp_path: Path) -> None:
    async with empty_database(tmp_path) as url:
        with pytest.raises(NotReady):
            async with opened(url, tmp_path):
                pass


@pytest.fixture
def _unbundled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third marketplace is registered that has no gateway in the sandbox."""
    market = replace(BY_CODE["aliexpress"], code="example", name="Example Market")
    monkeypatch.setitem(BY_CODE, "example", market)


@pytest.mark.usefixtures("_unbundled")
def test_a_marketplace_without_a_gateway_refuses_to_start_with_the_sandbox() -> None:
    settings = read_settings({"SANDBOX": "on"}, SETTINGS)

    with pytest.raises(CannotStart) as refused:
        sandbox_of(settings, Overrides())

    assert str(refused.value) == (
        "SANDBOX=on, but Example Market has no gateway in the sandbox, and its real host must not "
        "be called: add one (docs/adding-a-marketplace.md) or set SANDBOX=off."
    )


@pytest.mark.usefixtures("_unbundled")
def test_it_refuses_a_sandbox_that_was_put_in_too() -> None:
    box = Sandbox(public_url="http://127.0.0.1:8000", now=lambda: datetime.now(UTC))

    with pytest.raises(CannotStart, match="Example Market"):
        sandbox_of(read_settings({"SANDBOX": "on"}, SETTINGS), Overrides(sandbox=box))


@pytest.mark.usefixtures("_unbundled")
def test_without_the_sandbox_it_starts() -> None:
    settings = read_settings({"SANDBOX": "off"}, SETTINGS)

    assert sandbox_of(settings, Overrides()) is None
    assert set(modes(settings).values()) == {Mode.LIVE}


def test_the_gateway_says_which_settings_are_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = replace(GATEWAYS["amazon"], addresses={"SHOP_URL": "/amazon"})
    monkeypatch.setitem(GATEWAYS, "amazon", gateway)
    settings = read_settings({"SANDBOX": "on"}, SETTINGS)
    replaced = replace(settings, gateway_addresses={"SHOP_URL": "https://proxy.example"})

    assert modes(settings)["amazon"] is Mode.SANDBOX
    assert addresses(settings, sandbox_of(settings, Overrides()))["SHOP_URL"] == (
        f"{SANDBOX_BASE}/amazon"
    )
    assert modes(replaced) == {"aliexpress": Mode.SANDBOX, "amazon": Mode.LIVE}
    assert addresses(replaced, None) == {"SHOP_URL": "https://proxy.example"}

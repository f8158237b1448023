"""Who calls, when, signed how and what for: everything else is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from aliexpress_affiliate import AsyncAliExpressClient
from aliexpress_affiliate.signing import build_signed_request_params

from sandbox import Sandbox, SandboxTransport
from sandbox.aliexpress.accounts import DEMO_ACCOUNT as DEMO_ALIEXPRESS
from tests.sandbox.callers import (
    BASE,
    FIRST_ID,
    Caller,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("hours", "right"), [(-3, False), (-1, True), (1, True), (3, False)])
async def test_the_timestamp_may_be_two_hours_off(caller: Caller, hours: int, right: bool) -> None:
    at = caller.clock.time + timedelta(hours=hours)

    answer = await caller.aliexpress("category.get", at=at)

    assert answer.get("code") == (None if right else "IllegalTimestamp")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"app_key": "999999"}, "InvalidAppKey"),
        ({"app_secret": "not-the-secret"}, "IncompleteSignature"),
    ],
)
async def test_wrong_keys_are_refused(caller: Caller, change: dict[str, Any], code: str) -> None:
    answer = await caller.aliexpress("category.get", account=replace(DEMO_ALIEXPRESS, **change))

    assert answer["code"] == code


async def test_methods_that_are_not_granted_or_not_there(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.accounts = (replace(DEMO_ALIEXPRESS, grants=frozenset()),)

    not_granted = await caller.aliexpress("product.sku.detail.get", product_id=FIRST_ID)
    not_there = await caller.aliexpress("product.wish", product_id=FIRST_ID)

    assert not_granted["code"] == "InsufficientPermission"
    assert not_there["code"] == "InvalidApiPath"


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"is_registered": False}, {"resp_code": 401}),
        ({"ip_allowed": False}, {"code": "AppWhiteIpLimit"}),
    ],
)
async def test_accounts_change_from_the_next_call_on(
    sandbox: Sandbox, caller: Caller, change: dict[str, Any], answer: dict[str, object]
) -> None:
    sandbox.accounts = (replace(DEMO_ALIEXPRESS, **change),)

    reply = await caller.aliexpress("product.query")

    assert reply.items() >= answer.items()


@pytest.mark.parametrize(
    ("method", "params", "name"),
    [
        ("productdetail.get", {}, "product_ids"),
        ("link.generate", {"source_values": "a"}, "promotion_link_type"),
        ("product.sku.detail.get", {"product_id": "1"}, "ship_to_country"),
    ],
)
async def test_a_missing_parameter_is_named(
    caller: Caller, method: str, params: dict[str, str], name: str
) -> None:
    answer = await caller.aliexpress(method, **params)

    assert answer["code"] == "MissingParameter"
    assert f"“{name}”" in answer["msg"]
    assert "mandatory" in answer["msg"]


@pytest.mark.parametrize("name", ["app_key", "timestamp", "method"])
async def test_a_missing_system_parameter_is_named(caller: Caller, name: str) -> None:
    params = caller.signed("category.get")
    del params[name]

    answer = await caller.send(params)

    assert answer["error_response"]["code"] == "MissingParameter"
    assert f"“{name}”" in answer["error_response"]["msg"]


async def test_query_and_form_are_one_set_of_parameters(caller: Caller) -> None:
    params = caller.signed("category.get")

    got = await caller.http.get("/aliexpress/sync", params=params)
    bare: httpx.Response = await caller.http.get("/aliexpress/sync")

    assert "aliexpress_affiliate_category_get_response" in got.json()
    assert bare.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("timestamp", "code"),
    [("2026-11-21T12:00:00Z", None), ("2026-11-21 12:00:00", "IllegalTimestamp")],
)
async def test_the_timestamp_may_be_a_moment_of_iso_8601(
    caller: Caller, timestamp: str, code: str | None
) -> None:
    system, _ = build_signed_request_params(
        app_key=DEMO_ALIEXPRESS.app_key,
        app_secret=DEMO_ALIEXPRESS.app_secret,
        method="aliexpress.affiliate.category.get",
        timestamp=timestamp,
    )

    answer = await caller.send(system)

    assert answer.get("error_response", {}).get("code") == code


async def test_another_client_works_against_the_sandbox() -> None:
    sandbox = Sandbox(public_url="http://127.0.0.1:8000", now=lambda: datetime.now(UTC))
    async with httpx.AsyncClient(transport=SandboxTransport(sandbox)) as http:
        client = AsyncAliExpressClient(
            app_key=DEMO_ALIEXPRESS.app_key,
            app_secret=DEMO_ALIEXPRESS.app_secret,
            tracking_id="sandbox_blog",
            base_url=f"{BASE}/aliexpress",
            max_retries=0,
            http_client=http,
        )
        page = f"https://www.aliexpress.com/item/{FIRST_ID}.html"

        [product] = await client.get_products_details([str(FIRST_ID)])
        [link] = await client.get_affiliate_links([page])
        categories = await client.get_categories()

    assert str(product.product_id) == str(FIRST_ID)
    assert link.promotion_link
    assert len(categories) > 10
    assert [call.refusal for call in sandbox.calls] == [None, None, None]

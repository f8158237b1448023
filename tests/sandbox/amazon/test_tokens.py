"""Token addresses of both versions, and what they refuse."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.amazon.accounts import DEMO_ACCOUNT as DEMO_AMAZON
from tests.sandbox.callers import FORM, JSON, Caller

pytestmark = pytest.mark.anyio


async def test_tokens_are_given_for_a_form_and_for_json(caller: Caller) -> None:
    form = await caller.http.post("/amazon/token", data=FORM)
    json = await caller.http.post("/amazon/token", json=JSON)

    assert form.status_code == json.status_code == 200
    assert form.json()["token_type"] == "Bearer"
    assert json.json()["token_type"] == "bearer"
    assert form.json()["expires_in"] == json.json()["expires_in"] == 3600
    assert form.json()["access_token"] != json.json()["access_token"]


@pytest.mark.parametrize(
    ("kind", "members", "status", "code"),
    [
        ("data", FORM | {"scope": "creatorsapi/other"}, 400, "invalid_scope"),
        ("json", JSON | {"scope": "creatorsapi/default"}, 400, "invalid_scope"),
        ("data", FORM | {"client_secret": "wrong"}, 400, "invalid_client"),
        ("json", JSON | {"client_secret": "wrong"}, 401, "invalid_client"),
        ("json", JSON | {"client_id": "nobody"}, 401, "invalid_client"),
        ("data", FORM | {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ("json", ["a", "list"], 400, "invalid_request"),
    ],
)
async def test_wrong_token_requests_are_refused(
    caller: Caller, kind: str, members: Any, status: int, code: str
) -> None:
    options: dict[str, Any] = {kind: members}

    response = await caller.http.post("/amazon/token", **options)

    assert (response.status_code, response.json()) == (status, {"error": code})


@pytest.mark.parametrize(
    ("version", "kind", "status"),
    [("2.1", "data", 200), ("2.1", "json", 400), ("3.2", "json", 200), ("4.1", "json", 404)],
)
async def test_each_version_has_a_token_address(
    caller: Caller, version: str, kind: str, status: int
) -> None:
    options: dict[str, Any] = {kind: FORM if version[0] == "2" else JSON}

    response = await caller.http.post(f"/amazon/token/{version}", **options)

    assert response.status_code == status


async def test_a_credential_is_good_for_its_versions_only(sandbox: Sandbox, caller: Caller) -> None:
    european = replace(DEMO_AMAZON, versions=frozenset({"3.2"}))
    sandbox.accounts = (european,)

    wrong = await caller.http.post("/amazon/token/3.1", json=JSON)
    right = await caller.http.post("/amazon/token/3.2", json=JSON)

    assert (wrong.status_code, right.status_code) == (401, 200)


async def test_a_stale_token_is_stale_for_good(sandbox: Sandbox, caller: Caller) -> None:
    stale, other = await caller.token(), await caller.token()
    sandbox.faults.inject("stale_token", operation="getItems", calls=1)

    statuses = [
        (
            await caller.amazon("getItems", authorization=f"Bearer {token}", itemIds=["B0SANDBX00"])
        ).status_code
        for token in (stale, stale, other, await caller.token())
    ]

    assert statuses == [401, 401, 401, 401]
    fresh = await caller.token()
    response = await caller.amazon(
        "getItems", authorization=f"Bearer {fresh}", itemIds=["B0SANDBX00"]
    )
    assert response.status_code == 200

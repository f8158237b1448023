"""Levers of the standalone sandbox, and who may pull them."""

import httpx
import pytest

from sandbox import Sandbox
from sandbox.standalone import Standalone
from tests.graph import Clock
from tests.sandbox.callers import FIRST_ID, Caller, now

pytestmark = pytest.mark.anyio


async def test_faults_calls_and_shelves_are_under_control(http: httpx.AsyncClient) -> None:
    caller = Caller(http, now())
    fault = {"kind": "status", "operation": "category.get", "code": 503, "calls": 1}
    item = {"product_ids": FIRST_ID}

    injected = await http.post("/control/faults", json=fault)
    listed = await http.get("/control/faults")
    params = caller.signed("category.get")
    broken = await http.post("/aliexpress/sync", data=params)
    await http.post("/control/catalog", json={"action": "remove", "product": str(FIRST_ID)})
    gone = await caller.aliexpress("productdetail.get", **item)
    calls = (await http.get("/control/calls")).json()
    await http.post("/control/reset")
    back = await caller.aliexpress("productdetail.get", **item)

    assert injected.json().items() >= fault.items()
    assert listed.json() == [injected.json()]
    assert broken.status_code == 503
    assert (gone["resp_code"], back["resp_code"]) == (405, 200)
    assert [(one["operation"], one["status"]) for one in calls] == [
        ("category.get", 503),
        ("productdetail.get", 200),
    ]
    assert (await http.get("/control/faults")).json() == []


async def test_faults_are_cleared_by_kind(http: httpx.AsyncClient) -> None:
    for kind in ("status", "html"):
        await http.post("/control/faults", json={"kind": kind, "operation": "product.query"})

    await http.delete("/control/faults?kind=status")

    left = (await http.get("/control/faults")).json()
    assert [fault["kind"] for fault in left] == ["html"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", '{"kind": "explosion"}'),
        ("faults", '{"kind": "status", "colour": "red"}'),
        ("faults", "{"),
        ("faults", "[]"),
        ("catalog", '{"action": "add"}'),
        ("catalog", '{"action": "remove", "product": "nothing"}'),
        ("catalog", '{"action": "set_price", "product": "1", "amount": "much"}'),
    ],
)
async def test_wrong_levers_are_refused(http: httpx.AsyncClient, path: str, body: str) -> None:
    response = await http.post(f"/control/{path}", content=body)

    assert response.status_code == 400
    assert response.json()["error"]


async def test_pages_in_a_browser_control_nothing(http: httpx.AsyncClient) -> None:
    response = await http.post("/control/reset", headers={"Origin": "https://example.org"})

    assert response.status_code == 403


@pytest.mark.parametrize(
    ("client", "status"), [("127.0.0.1", 200), ("192.0.2.7", 403), ("::1", 200)]
)
async def test_callers_from_elsewhere_control_nothing(client: str, status: int) -> None:
    app = Standalone(Sandbox(public_url="http://127.0.0.1:9000", now=Clock()))
    transport = httpx.ASGITransport(app=app, client=(client, 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.invalid") as http:
        response = await http.get("/control/calls")

    assert response.status_code == status

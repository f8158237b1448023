"""`python -m sandbox` as its users start it: over HTTP, on this machine only."""

import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from sandbox import Sandbox
from sandbox.__main__ import main, options
from sandbox.standalone import Standalone
from tests.graph import Clock
from tests.processes import PLAIN, ROOT
from tests.sandbox.callers import FIRST_ID, Caller

pytestmark = pytest.mark.anyio


@contextlib.contextmanager
def started(*arguments: str) -> Iterator[str]:
    """The address of a sandbox in a process of its own; terminated at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", *arguments],
        cwd=ROOT,
        env=PLAIN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            greeting = process.stdout.readline()
            assert greeting.startswith("SANDBOX at http://127.0.0.1:"), greeting
            yield greeting.split()[2]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with started("--accounts", "2") as address:
        yield address


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=5) as client:
        await client.post("/control/reset")
        yield client


def now() -> Clock:
    clock = Clock()
    clock.time = datetime.now(UTC)
    return clock


async def test_signed_requests_are_answered_over_http(http: httpx.AsyncClient) -> None:
    caller = Caller(http, now())

    products = await caller.aliexpress("productdetail.get", product_ids=FIRST_ID)
    items = await caller.amazon("getItems", itemIds=["B0SANDBX00"])
    picture = await http.get(f"/sandbox/pictures/{FIRST_ID}-1.svg")

    [row] = products["result"]["products"]["product"]
    assert row["product_id"] == FIRST_ID
    assert row["product_main_image_url"] == str(picture.url)
    assert items.status_code == picture.status_code == 200


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
        await http.post("/control/faults", json={"kind": kind, "operation": "order.get"})

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


@pytest.mark.parametrize("kind", ["reset", "close_before", "truncated"])
async def test_connections_really_break(http: httpx.AsyncClient, kind: str) -> None:
    await http.post("/control/faults", json={"kind": kind, "operation": "category.get"})
    params = Caller(http, now()).signed("category.get")

    with pytest.raises(httpx.ReadError if kind == "reset" else httpx.RemoteProtocolError):
        await http.post("/aliexpress/sync", data=params)

    assert (await http.get("/control/faults")).status_code == 200


def test_it_listens_on_this_machine_unless_told_otherwise() -> None:
    assert options([]).host == "127.0.0.1"
    assert options(["--host", "0.0.0.0"]).host == "0.0.0.0"


def test_a_taken_port_is_told(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    port = address.rpartition(":")[2]

    code = main(["--port", port])

    assert code == 3
    assert f"Cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err


def test_a_bad_catalogue_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop.jsonl").write_text("{")

    code = main(["--port", "0", "--catalog", str(tmp_path)])

    assert code == 2
    assert "shop.jsonl, line 1" in capsys.readouterr().err


def test_the_command_line_sets_the_sandbox_up() -> None:
    with started("--ae-quota", "1", "--clock-skew", "1") as address:
        faults = httpx.get(f"{address}/control/faults").json()

    assert [(fault["kind"], fault.get("limit")) for fault in faults] == [
        ("clock_skew", 1),
        ("quota", 1),
    ]
    assert faults[0]["minutes"] == 1

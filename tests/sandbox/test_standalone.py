"""`python -m sandbox` as its users start it: over HTTP, on this machine only."""

from pathlib import Path

import httpx
import pytest

from sandbox.__main__ import main, options
from tests.sandbox.callers import FIRST_ID, Caller, now
from tests.sandbox.processes import started

pytestmark = pytest.mark.anyio


async def test_signed_requests_are_answered_over_http(http: httpx.AsyncClient) -> None:
    caller = Caller(http, now())

    products = await caller.aliexpress("productdetail.get", product_ids=FIRST_ID)
    items = await caller.amazon("getItems", itemIds=["B0SANDBX00"])
    picture = await http.get(f"/sandbox/pictures/{FIRST_ID}-1.svg")

    [row] = products["result"]["products"]["product"]
    assert row["product_id"] == FIRST_ID
    assert row["product_main_image_url"] == str(picture.url)
    assert items.status_code == picture.status_code == 200


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

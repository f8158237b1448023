"""A third gateway is one description and one registration."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Self

import httpx
import pytest
from starlette.requests import Request

from sandbox import GATEWAYS, Gateway, MadeLink, Sandbox, SandboxTransport
from sandbox.__main__ import build, greeting, options
from sandbox.answers import Reply
from sandbox.faults import ActiveFaults
from sandbox.gateway import Endpoint, Incoming, Option, World
from sandbox.listings import Listing, ListingFormat, Row
from tests.graph import Clock
from tests.sandbox.callers import BASE
from tests.sandbox.folders import KITE, write

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Merchant:
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article(Listing):
    def repriced(self, price: Decimal) -> Self:
        return replace(self, fields=self.fields | {"price": str(price)})


class Market(World[Merchant, Article]):
    pass


async def read(world: Market, request: Request) -> Incoming:
    key, sku = request.query_params["key"], request.path_params["sku"]

    def answer(_active: ActiveFaults, now: datetime) -> Reply:
        article = world.catalog.listing(sku)
        if Merchant(key) not in world.accounts or article is None:
            return Reply(payload={}, status=404, refusal="NONE")
        return Reply(payload=article.fields | {"at": now.isoformat()})

    return Incoming(operation="article", account=key, ids=(sku,), answer=answer)


def article(row: Row) -> Article:
    return Article(id=row["sku"], title=row["name"], fields=row, haystack="")


GATEWAY = Gateway(
    code="example",
    addresses={"EXAMPLE_URL": "/example"},
    endpoints=(Endpoint("/example/{sku}", read, ("GET",)),),
    world=Market,
    listings=ListingFormat(
        id_field="sku",
        read=article,
        made=lambda _pictures: [article({"sku": "S1", "name": "Paper Kite", "price": "2"})],
    ),
    demo_account=Merchant("k"),
    numbered_account=lambda number: Merchant(f"k{number}"),
    greeting={"Example": "key k"},
    throttled=lambda _world, seconds: Reply(payload={"wait": seconds}, status=429, refusal="SLOW"),
    fault_kinds=frozenset({"sour"}),
    options=(Option("sour_milk", "it is sour", "sour"),),
    made_link=lambda _world, url: (
        MadeLink(account="k", tracking_id="", target="S1", leads_to="S1") if url == "x:1" else None
    ),
)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GATEWAYS, GATEWAY.code, GATEWAY)


async def test_it_is_called_counted_and_throttled_as_every_other(clock: Clock) -> None:
    sandbox = Sandbox(public_url="http://127.0.0.1:8000", now=clock)
    sandbox.faults.inject("rate", marketplace="example", limit=2, seconds=3)
    sandbox.catalog.set_price("S1", "2.50")
    async with httpx.AsyncClient(transport=SandboxTransport(sandbox), base_url=BASE) as http:
        right = await http.get("/example/S1?key=k")
        wrong = await http.get("/example/S1?key=nobody")
        again = [await http.get("/example/S1?key=k") for _ in range(2)]
        picture = await http.get("/pictures/S1-1.svg")

    assert (right.json()["price"], wrong.status_code) == ("2.50", 404)
    assert [(one.status_code, one.json().get("wait")) for one in again] == [(200, None), (429, 3)]
    assert [call.refusal for call in sandbox.calls] == [None, "NONE", None, "SLOW"]
    assert (sandbox.count("article", "example"), sandbox.count(marketplace="amazon")) == (4, 0)
    assert "<title>Paper Kite</title>" in picture.text


def test_its_addresses_links_and_options_are_the_sandboxes(clock: Clock) -> None:
    sandbox = build(options(["--sour-milk", "--accounts", "1"]), BASE)

    assert sandbox.addresses(BASE, {"example"}) == {"EXAMPLE_URL": f"{BASE}/example"}
    assert sandbox.target_of("x:1") == "S1"
    assert sandbox.target_of("x:2") is None
    assert {Merchant("k"), Merchant("k1")} <= set(sandbox.accounts)
    assert [(fault.kind, fault.marketplace) for fault in sandbox.faults] == [("sour", "example")]
    assert "\nExample     key k\n" in greeting(sandbox, BASE)


def test_a_folder_tells_its_rows_from_those_of_others(tmp_path: Path, clock: Clock) -> None:
    write(tmp_path, "all.jsonl", KITE, {"sku": "S2", "name": "Tin Mug"})

    catalog = Sandbox(public_url=BASE, now=clock, catalog=tmp_path).catalog

    assert [one.title for one in catalog["example"].listings()] == ["Tin Mug"]
    assert [one.title for one in catalog["aliexpress"].listings()] == ["Paper kite, red"]

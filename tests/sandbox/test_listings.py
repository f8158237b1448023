"""Folders of real listings: what is read, served and refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import BadListings, Sandbox, SandboxTransport
from sandbox.amazon.sites import SITES, TAG_ENDING
from sandbox.listings import read_folder, without_notes
from tests.graph import Clock
from tests.sandbox.callers import AMERICA, BASE, Caller
from tests.sandbox.folders import FORMATS, KITE, MUG, write

pytestmark = pytest.mark.anyio

RESOURCES = ["itemInfo.title", "itemInfo.features", "offersV2.listings.price"]


def notes(value: Any) -> Iterator[str]:
    """Every key at any depth that begins with an underscore."""
    if isinstance(value, dict):
        yield from (key for key in value if key.startswith("_"))
        for inner in value.values():
            yield from notes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from notes(inner)


def caller_of(http: httpx.AsyncClient) -> Caller:
    return Caller(http, Clock())


def box(folder: Path) -> Sandbox:
    return Sandbox(public_url="http://127.0.0.1:8000", now=Clock(), catalog=folder)


Items = dict[tuple[str, str], dict[str, Any]]


def listed(folder: Path) -> tuple[dict[str, dict[str, Any]], Items]:
    """The files' products by id and items by site and ASIN, the first of each."""
    products: dict[str, dict[str, Any]] = {}
    items: Items = {}
    for path in sorted(folder.glob("*.jsonl")):
        for row in map(json.loads, path.read_text("utf-8").splitlines()):
            if "asin" in row:
                items.setdefault((row["_page"]["marketplace"], row["asin"]), row)
            else:
                products.setdefault(str(row["product_id"]), row)
    return products, items


async def served_products(caller: Caller, ids: list[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for start in range(0, len(ids), 50):
        part = ",".join(ids[start : start + 50])
        answer = await caller.aliexpress("productdetail.get", product_ids=part)
        rows += answer["result"]["products"]["product"]
    return rows


async def served_items(caller: Caller, keys: list[tuple[str, str]]) -> Items:
    served: Items = {}
    for site in sorted({site for site, _ in keys}):
        token = await caller.token()
        tag = f"sandbox{TAG_ENDING[SITES[site].region]}"
        asins = [asin for place, asin in keys if place == site]
        for start in range(0, len(asins), 10):
            response = await caller.amazon(
                "getItems",
                site=site,
                authorization=f"Bearer {token}",
                partnerTag=tag,
                itemIds=asins[start : start + 10],
                resources=RESOURCES,
            )
            assert response.status_code == 200, response.text
            served |= {(site, one["asin"]): one for one in response.json()["itemsResult"]["items"]}
    return served


def amounts(item: dict[str, Any]) -> list[Any]:
    """The prices of an item's offers."""
    offers = (item.get("offersV2") or {}).get("listings") or []
    return [((offer.get("price") or {}).get("money") or {}).get("amount") for offer in offers]


async def test_listings_are_served_without_their_notes(tmp_path: Path) -> None:
    write(tmp_path, "shop.jsonl", KITE, "", MUG)
    transport = SandboxTransport(box(tmp_path))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
        caller = caller_of(http)

        by_note = await caller.aliexpress("product.query", keywords="windy")
        by_category = await caller.aliexpress("product.query", category_ids="55")
        detail = await caller.aliexpress("productdetail.get", product_ids=4000000001)
        items = await caller.amazon("getItems", itemIds=["B0MUG00001"], resources=RESOURCES)
        search = await caller.amazon("searchItems", keywords="camping mug", resources=RESOURCES)

    [row] = detail["result"]["products"]["product"]
    [item] = items.json()["itemsResult"]["items"]
    fields = {name: value for name, value in KITE.items() if not name.startswith("_")}
    answers = [by_note, by_category, detail, items.json(), search.json()]
    assert [name for answer in answers for name in notes(answer)] == []
    assert row == fields
    assert item["itemInfo"]["features"] == {"displayValues": ["Holds tea"]}
    assert item["offersV2"]["listings"][0]["price"]["money"]["amount"] == 6.5
    assert search.json()["searchResult"]["totalResultCount"] == 1
    assert by_note["result"]["total_record_count"] == 1
    assert by_category["result"]["total_record_count"] == 1


def test_the_first_of_an_id_is_kept_in_the_order_of_files(tmp_path: Path) -> None:
    write(tmp_path, "b.jsonl", KITE | {"product_title": "late"}, MUG)
    write(tmp_path, "a.jsonl", KITE, KITE | {"product_title": "later"})
    write(tmp_path, "a.json", KITE | {"product_title": "no listing"})

    catalog = box(tmp_path).catalog

    assert [one.title for one in catalog["aliexpress"].listings()] == ["Paper kite, red"]
    assert [(one.site, one.id) for one in catalog["amazon"].listings()] == [(AMERICA, "B0MUG00001")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"product_id": 1', "Expecting"),
        ("[1, 2]", "one JSON object"),
        ('{"title": "Paper kite"}', "neither product_id"),
        (json.dumps(KITE | {"product_id": "x1"}), "product_id must be a whole number"),
        (json.dumps(KITE | {"product_id": True}), "product_id must be a whole number"),
        (json.dumps(KITE | {"product_title": ""}), "product_title must be a text"),
        (json.dumps(MUG | {"itemInfo": None}), "itemInfo.title.displayValue must be a text"),
        (json.dumps(MUG | {"_page": {"marketplace": "www.example.org"}}), "no Amazon site"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    write(tmp_path, "good.jsonl", KITE)
    write(tmp_path, "shop.jsonl", MUG, "", line)

    with pytest.raises(BadListings, match=r"shop\.jsonl, line 3: ") as caught:
        read_folder(tmp_path, FORMATS)

    assert reason in str(caught.value)
    assert "good" not in str(caught.value)


def test_bad_bytes_and_many_bad_lines(tmp_path: Path) -> None:
    (tmp_path / "bytes.jsonl").write_bytes(b'{"product_id": "\xff"}')
    write(tmp_path, "lines.jsonl", *["{"] * 12)

    with pytest.raises(BadListings) as caught:
        read_folder(tmp_path, FORMATS)

    lines = str(caught.value).splitlines()
    assert lines[1] == "bytes.jsonl: not UTF-8 at byte 16"
    assert len(lines) == 12
    assert lines[-1] == "and 3 more"


def test_a_folder_without_listings_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "empty.jsonl", "")

    with pytest.raises(BadListings, match="holds no listings"):
        box(tmp_path)


@pytest.mark.shared
async def test_every_listing_of_the_reference_is_served_as_it_is(reference: Path) -> None:
    products, items = listed(reference / "catalog")
    sandbox = box(reference / "catalog")
    async with httpx.AsyncClient(transport=SandboxTransport(sandbox), base_url=BASE) as http:
        rows = await served_products(caller_of(http), list(products))
        served = await served_items(caller_of(http), list(items))

    assert [name for row in [*rows, *served.values()] for name in notes(row)] == []
    assert {str(row["product_id"]) for row in rows} == set(products)
    assert set(served) == set(items)
    names = ("product_title", "target_sale_price", "target_sale_price_currency")
    for row in rows:
        known = products[str(row["product_id"])]
        assert [row[name] for name in names] == [known[name] for name in names]
    for key, item in served.items():
        assert item["itemInfo"]["title"] == without_notes(items[key]["itemInfo"]["title"])
        assert amounts(item) == amounts(items[key])

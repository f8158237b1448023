"""The examples on real listings, and what the graph shows of them held against the files."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.keys import new_key
from tests.database import empty_database, on_postgres
from tests.examples import check, own_products, run_examples
from tests.processes import UNHURRIED, started_server
from tests.test_examples import KEY, by_gql, by_httpx

pytestmark = pytest.mark.anyio


def lines(folder: Path, pattern: str) -> Iterator[dict[str, Any]]:
    """The listings of every file that fits, the first of an id."""
    seen: set[object] = set()
    for path in sorted(folder.glob(pattern)):
        for line in path.read_text("utf-8").splitlines():
            listing = json.loads(line, parse_float=Decimal)
            key = listing.get("product_id") or listing.get("asin")
            if key not in seen:
                seen.add(key)
                yield listing


@pytest.fixture(scope="module")
def catalog(reference: Path) -> Path:
    return reference / "catalog"


@pytest.mark.parametrize("by", [by_httpx, pytest.param(by_gql, marks=pytest.mark.slow)])
async def test_the_examples_and_the_listings_agree(catalog: Path, tmp_path: Path, by: Any) -> None:
    listings = {str(one["product_id"]): one for one in lines(catalog, "aliexpress*.jsonl")}
    items = {one["asin"]: one for one in lines(catalog, "amazon.jsonl")}
    some = list(listings)[:121]
    wanted = own_products(some, next(iter(items)))
    wanted["search"] = {"aliexpress": "dog", "amazon": "shoe"}

    async with empty_database(tmp_path) as url:
        database = {"DATABASE_URL": url, "ENCRYPTION_KEYS": new_key()} if on_postgres() else {}
        settings = {
            "SANDBOX": "on",
            "SANDBOX_CATALOG": str(catalog),
            "ADMIN_API_KEY": KEY,
            **UNHURRIED,
            **database,
        }
        with started_server(tmp_path / "data", settings) as server:
            answers = run_examples(by(server.address), wanted)
            shown = shown_amazon(server.address, list(items)[:40])

    check(answers)
    exported = {node["externalId"]: node for node in answers["export"]["products"]["nodes"]}
    assert set(exported) == set(some)
    for id, node in exported.items():
        assert node["title"] == listings[id]["product_title"]
        assert node["offer"]["price"] == price_of(listings[id])
        assert list_price_of(node) == struck_price_of(listings[id])
    for asin, node in shown.items():
        offer = items[asin]["offersV2"]["listings"][0]["price"]["money"]
        assert node["title"] == items[asin]["itemInfo"]["title"]["displayValue"]
        assert Decimal(node["offer"]["price"]["amount"]) == offer["amount"]
        assert node["offer"]["price"]["currencyCode"] == offer["currency"]


def price_of(listing: dict[str, Any]) -> dict[str, str]:
    return {
        "amount": listing["target_sale_price"],
        "currencyCode": listing["target_sale_price_currency"],
    }


def struck_price_of(listing: dict[str, Any]) -> Decimal | None:
    text = listing["target_original_price"]
    return Decimal(text) if text else None


def list_price_of(node: dict[str, Any]) -> Decimal | None:
    shown = node["offer"]["listPrice"]
    return Decimal(shown["amount"]) if shown else None


def shown_amazon(address: str, asins: list[str]) -> dict[str, dict[str, Any]]:
    """Amazon products as the graph previews them, by ASIN."""
    fields = " ".join(
        f'{asin}: product(by: {{url: "https://www.amazon.com/dp/{asin}"}}) '
        "{ title offer { price { amount currencyCode } } }"
        for asin in asins
    )
    answer = httpx.post(
        f"{address}/graphql",
        json={"query": f"{{ {fields} }}"},
        headers={"X-Api-Key": KEY},
        timeout=60,
    )
    body = answer.json()
    assert "errors" not in body, body["errors"]
    data: dict[str, dict[str, Any]] = body["data"]
    return data

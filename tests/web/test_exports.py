"""GET /export/{format}: who gets it, which products, and how much memory it takes."""

import asyncio
import csv
import io
import json
import time
import tracemalloc
from collections.abc import MutableMapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import products, statements
from domain.catalog import PublisherFields
from domain.marketplaces import Workspace
from domain.money import Money
from domain.products import Image, Mode, SourceProduct
from resolvers import exports
from tests.db.records import HOUR, NOW, keep, product, ref, usd
from tests.exports.files import SHOP
from tests.graph import API_KEY, Graph, running_graph

pytestmark = pytest.mark.anyio

SANDBOX = Workspace("default", {"aliexpress": Mode.SANDBOX, "amazon": Mode.SANDBOX})
IMPORT = """
mutation Import($urls: [ProductLookup!]!) {
  importProducts(input: {products: $urls}) { results { product { id title } errors { message } } }
}
"""
LINK = """
mutation Link($url: String!) {
  generateLink(input: {product: {url: $url}, subId: "shop"}) {
    affiliateLink { url } errors { message }
  }
}
"""
PRICED = """
mutation Priced($id: ID!) {
  updateProduct(
    input: {id: $id, sellingPrice: {amount: "900", currencyCode: "USD"}, addTags: ["Gifts"]}
  ) {
    errors { message }
  }
}
"""
ALIEXPRESS = "https://www.aliexpress.com/item/1005000000001001.html"
AMAZON = "https://www.amazon.com/dp/B0SANDBX01"


async def export(graph: Graph, name: str, params: Any = None) -> httpx.Response:
    return await graph.http.get(
        f"/export/{name}", params=params, headers={"Authorization": f"Bearer {API_KEY}"}
    )


async def imported(graph: Graph) -> list[dict[str, Any]]:
    await graph.connect_both()
    data = await graph.run(IMPORT, {"urls": [{"url": ALIEXPRESS}, {"url": AMAZON}]})
    return [row["product"] for row in data["importProducts"]["results"]]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer another-key-0123456789"}])
async def test_a_file_needs_the_api_key(graph: Graph, headers: dict[str, str]) -> None:
    answer = await graph.http.get("/export/json", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_file_needs_the_right_to_read(graph: Graph) -> None:
    key = await graph.make_key("SETTINGS")

    answer = await graph.http.get("/export/json", headers={"X-Api-Key": key})

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_file_is_the_catalogue_with_its_links(graph: Graph) -> None:
    products = await imported(graph)
    link = (await graph.run(LINK, {"url": ALIEXPRESS}))["generateLink"]["affiliateLink"]["url"]

    answer = await export(graph, "json")

    assert answer.headers["content-disposition"] == 'attachment; filename="products.json"'
    rows = {row["marketplace"]: row for row in answer.json()}
    assert {row["id"] for row in rows.values()} == {one["id"] for one in products}
    assert rows["ALIEXPRESS"]["affiliate_url"] == link
    assert "tag=sandbox-20" in rows["AMAZON"]["affiliate_url"]
    assert Decimal(rows["ALIEXPRESS"]["price"]) > 0


async def test_products_are_chosen_by_their_link_their_margin_and_their_age(graph: Graph) -> None:
    [product, _] = await imported(graph)
    await graph.run(PRICED, {"id": product["id"]})
    await graph.run(LINK, {"url": ALIEXPRESS})
    later = (graph.clock.time + HOUR).isoformat()
    asked: list[dict[str, str]] = [
        {"hasLink": "true"},
        {"hasLink": "false"},
        {"hasSellingPrice": "true"},
        {"minMarginPercent": "10"},
        {"minMarginPercent": "100"},
        {"tag": "GIFTS"},
        {"tag": "none"},
        {"syncedBefore": later},
        {"syncedBefore": "2001-01-01T00:00:00Z"},
    ]

    found = [(await export(graph, "json", params)).json() for params in asked]

    assert [[row["marketplace"] for row in rows] for rows in found[:2]] == [
        ["ALIEXPRESS"],
        ["AMAZON"],
    ]
    assert [len(rows) for rows in found[2:]] == [1, 1, 0, 1, 0, 2, 0]


@pytest.mark.parametrize("name", ["json", "csv", "woocommerce", "shopify"])
async def test_amazon_pictures_are_left_out(graph: Graph, name: str) -> None:
    await imported(graph)

    text = (await export(graph, name)).text

    assert "/sandbox/pictures/1005000000001001-" in text
    assert "/sandbox/pictures/B0SANDBX01-" not in text


async def test_amazon_data_of_yesterday_is_left_out(graph: Graph) -> None:
    await imported(graph)
    graph.clock.advance(hours=25)

    rows = {row["marketplace"]: row for row in (await export(graph, "json")).json()}

    assert rows["AMAZON"]["price"] is None
    assert rows["ALIEXPRESS"]["price"] is not None


async def test_products_are_chosen_by_filter_or_by_id(graph: Graph) -> None:
    [first, second] = await imported(graph)

    by_market = (await export(graph, "json", {"marketplace": "AMAZON"})).json()
    by_text = (await export(graph, "json", {"text": first["title"], "state": "ACTIVE"})).json()
    by_id = (await export(graph, "json", [("id", second["id"]), ("id", second["id"])])).json()

    assert [row["id"] for row in by_market] == [second["id"]]
    assert [row["id"] for row in by_text] == [first["id"]]
    assert [row["id"] for row in by_id] == [second["id"]]


@pytest.mark.parametrize(
    ("_case", "name", "params", "status", "words"),
    [
        ("format", "xml", {}, 404, "json, csv, woocommerce, shopify, merchant"),
        ("parameter", "csv", {"curency": "USD"}, 400, "curency"),
        ("currency", "csv", {"currency": "dollars"}, 400, "ISO 4217"),
        ("marketplace", "csv", {"marketplace": "EBAY"}, 400, "ALIEXPRESS, AMAZON"),
        ("state", "csv", {"state": "sold"}, 400, "ACTIVE"),
        ("link", "csv", {"hasLink": "perhaps"}, 400, "true or false"),
        ("time", "csv", {"syncedBefore": "yesterday"}, 400, "an instant"),
        ("time without zone", "csv", {"syncedBefore": "2026-05-01T12:00:00"}, 400, "an instant"),
        ("time too early", "csv", {"syncedBefore": "0001-01-01T00:00:00+14:00"}, 400, "an instant"),
        ("time with NUL", "csv", {"syncedBefore": "2026-05-01T12:00:00Z\0"}, 400, "an instant"),
        ("discount", "csv", {"minDiscountPercent": "-5"}, 400, "0 to 100"),
        ("discount of many digits", "csv", {"minDiscountPercent": "9" * 5000}, 400, "0 to 100"),
        ("margin", "csv", {"minMarginPercent": "12.5"}, 400, "minMarginPercent is a whole number"),
        ("header", "shopify", {"header": "new"}, 400, "legacy"),
        ("published", "woocommerce", {"published": "no"}, 400, "draft, yes, keep"),
        ("pictures", "woocommerce", {"pictures": "2"}, 400, "all, first"),
        ("id", "json", {"id": "nothing"}, 400, "id"),
    ],
)
async def test_a_bad_request_is_told_before_the_file_begins(
    graph: Graph, _case: str, name: str, params: dict[str, str], status: int, words: str
) -> None:
    answer = await export(graph, name, params)

    assert answer.status_code == status
    assert words in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "link",
    [
        "",
        "shop.example/{handle}",
        "https://shop.example/",
        "javascript:alert(1)//{handle}",
        "https://www.aliexpress.com/item/{handle}.html",
        "https://s.click.aliexpress.com/e/{handle}",
        "https://www.amazon.de/dp/{handle}",
        "https://user@www.amazon.com/{handle}",
        "https://amzn.to/{handle}",
        "https://bit.ly/{handle}",
        "https://[::1/{handle}",
        "https://shop.example/{handle}\u200b",
    ],
)
async def test_google_merchant_takes_only_the_own_shop(graph: Graph, link: str) -> None:
    answer = await export(graph, "merchant", {"link": link})

    assert answer.status_code == 400
    assert "shop.example" in answer.json()["errors"][0]["message"]


async def test_google_merchant_names_the_refused_host(graph: Graph) -> None:
    answer = await export(graph, "merchant", {"link": "https://www.amazon.de/dp/{handle}"})

    assert "amazon.de is not your own shop" in answer.json()["errors"][0]["message"]


async def test_google_merchant_links_to_the_own_shop(graph: Graph) -> None:
    [first, _] = await imported(graph)
    await graph.run(
        'mutation($id: ID!) {updateProduct(input: {id: $id, sellingPrice: {amount: "99.5",'
        ' currencyCode: "USD"}}) {errors {message}}}',
        {"id": first["id"]},
    )

    answer = await export(graph, "merchant", {"link": "https://shop.example/p/{handle}"})

    [row] = csv.DictReader(io.StringIO(answer.text), delimiter="\t")
    assert row["link"] == "https://shop.example/p/aliexpress-1005000000001001"
    assert row["price"] == "99.50 USD"


def variety() -> list[SourceProduct]:
    """AliExpress products and one of Amazon's, of every kind that a file may leave out."""
    euros = Money(Decimal("3.5"), "EUR")
    picture = (Image(url="https://img.example/1.jpg"),)
    return [
        product(1, price=usd("5"), images=picture),
        product(2, price=euros, images=picture),
        product(3, images=picture),
        product(4, price=usd("0")),
        product(5, price=usd("5")),
        product(6, marketplace="amazon", price=usd("5"), images=picture, at=NOW - 24 * HOUR),
        product(7, marketplace="amazon", price=usd("5"), images=picture),
    ]


SELLING = {1: usd("9"), 2: Money(Decimal(9), "EUR"), 3: usd("0"), 5: usd("9"), 7: usd("9")}


async def stored_variety(graph: Graph) -> None:
    await keep(variety(), workspace=SANDBOX)
    for number, price in SELLING.items():
        named = ref(number, "amazon" if number == 7 else "aliexpress")
        await products.change(SANDBOX, [(named, PublisherFields(selling_price=price))])
    for _ in range(3):
        await products.mark_missing(SANDBOX, [ref(1)], now=NOW)
    assert graph.clock() == NOW


@pytest.mark.parametrize("size", [1, 250])
@pytest.mark.parametrize(
    ("name", "params", "left_out"),
    [
        ("json", {}, "0"),
        ("csv", {}, "0"),
        ("woocommerce", {"published": "yes"}, "0"),
        ("woocommerce", {"published": "keep"}, "1;gone=1"),
        ("shopify", {}, "4;no-price=3;other-currency=1"),
        ("shopify", {"published": "keep"}, "5;gone=1;no-price=3;other-currency=1"),
        ("shopify", {"currency": "EUR"}, "6;no-price=3;other-currency=3"),
        ("shopify", {"currency": "EUR", "marketplace": "AMAZON"}, "2;no-price=1;other-currency=1"),
        ("merchant", {"link": SHOP}, "5;no-selling-price=3;no-picture=2"),
    ],
)
async def test_what_a_file_lacks_is_told_before_it(
    graph: Graph,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    params: dict[str, str],
    left_out: str,
    size: int,
) -> None:
    await stored_variety(graph)
    monkeypatch.setattr(exports, "PAGE", size)  # of one row: counted by the database

    answer = await export(graph, name, params)

    total = 2 if "marketplace" in params else 7
    assert answer.headers["x-left-out"] == left_out
    assert rows_of(name, answer.text) == total - int(left_out.split(";")[0])


async def test_what_a_file_lacks_is_told_in_words(graph: Graph) -> None:
    await stored_variety(graph)

    whole = await export(graph, "json")
    shop = await export(graph, "shopify")

    assert "x-left-out-words" not in whole.headers
    assert shop.headers["x-left-out-words"] == (
        "4 products are left out: 3 without a price that may be told, 1 priced in another currency."
    )


async def test_of_products_that_are_named_only_those_are_counted(graph: Graph) -> None:
    await stored_variety(graph)
    [first, *_] = (await export(graph, "json", {"text": "Lamp 1"})).json()

    answer = await export(graph, "merchant", {"link": SHOP, "id": first["id"]})

    assert answer.headers["x-left-out"] == "0"


def rows_of(name: str, text: str) -> int:
    if name == "json":
        return len(json.loads(text))
    rows = csv.DictReader(io.StringIO(text), delimiter="\t" if name == "merchant" else ",")
    return len(
        [row for row in rows if {row.get("title"), row.get("Title"), row.get("Name")} - {None, ""}]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "mark"), [("json", b'"source_id"'), ("shopify", b"Default Title")]
)
async def test_a_large_catalogue_is_exported_in_little_memory(
    graph: Graph, whole: bool, name: str, mark: bytes
) -> None:
    size = 20_000 if whole else 3_000
    await keep([product(1, price=usd("5"))], workspace=SANDBOX)
    [row] = await statements.rows("SELECT * FROM products")
    columns = [name for name in row if name not in ("id", "external_id")]
    identity = "gen_random_uuid()" if statements.is_postgres() else _RANDOM_UUID
    await statements.rows(
        f"INSERT INTO products (id, external_id, {', '.join(columns)})"
        " WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n <"
        f" {size - 1}) SELECT {identity}, CAST(5000000 + n AS TEXT), {', '.join(columns)}"
        " FROM products, numbers RETURNING 1"
    )
    pages: list[tuple[int, int]] = []
    assert graph.app is not None

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # the caller stays to the end
        raise AssertionError("nobody sets it")

    async def send(message: MutableMapping[str, Any]) -> None:
        rows = message.get("body", b"").count(mark)
        pages.append((rows, tracemalloc.get_traced_memory()[0]))

    tracemalloc.start()
    try:
        await graph.app(_scope(f"/export/{name}"), receive, send)
    finally:
        tracemalloc.stop()

    assert sum(rows for rows, _ in pages) == size
    assert max(rows for rows, _ in pages) == exports.PAGE
    held = [bytes_held for rows, bytes_held in pages if rows]
    assert max(held) < 2 * held[0] + 1_000_000  # all rows at once would be far more


async def test_a_file_is_paid_for_by_its_rows(migrated_database: str, tmp_path: Path) -> None:
    small = {"LIMIT_COST": "100", "BUCKET_CAPACITY": "1000", "BUCKET_RESTORE": "1"}
    async with running_graph(migrated_database, tmp_path, environ=small) as graph:
        await keep([product(number) for number in range(50)], workspace=SANDBOX)
        refused = await export(graph, "shopify", {"header": "unknown"})
        answer = await export(graph, "json")

    assert refused.status_code == 400
    assert len(answer.json()) == 50
    assert answer.headers["ratelimit"].startswith('"points";r=899;')


async def test_an_empty_bucket_gives_no_file(migrated_database: str, tmp_path: Path) -> None:
    small = {"LIMIT_COST": "100", "BUCKET_CAPACITY": "100", "BUCKET_RESTORE": "1"}
    async with running_graph(migrated_database, tmp_path, environ=small) as graph:
        await keep([product(number) for number in range(60)], workspace=SANDBOX)
        first, second = await export(graph, "json"), await export(graph, "json")

    assert len(first.json()) == 60
    assert second.status_code == 429
    assert int(second.headers["retry-after"]) > 90
    assert second.json()["errors"][0]["extensions"]["code"] == "THROTTLED"


async def test_a_bucket_that_empties_on_the_way_slows_the_file_down(
    migrated_database: str, tmp_path: Path
) -> None:
    small = {"LIMIT_COST": "100", "BUCKET_CAPACITY": "100", "BUCKET_RESTORE": "1000"}
    async with running_graph(migrated_database, tmp_path, environ=small) as graph:
        await keep([product(number) for number in range(600)], workspace=SANDBOX)
        begun = time.monotonic()
        answer = await export(graph, "json")
        seconds = time.monotonic() - begun

    assert len(answer.json()) == 600
    assert seconds > 0.19  # two more pages, each with a whole bucket


def _scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {API_KEY}".encode())],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


_RANDOM_UUID = (
    "lower(substr(hex(randomblob(16)), 1, 8) || '-' || substr(hex(randomblob(2)), 1, 4) || '-4'"
    " || substr(hex(randomblob(2)), 2, 3) || '-8' || substr(hex(randomblob(2)), 2, 3) || '-'"
    " || hex(randomblob(6)))"
)


async def test_the_json_file_is_json(graph: Graph) -> None:
    await imported(graph)

    assert json.loads((await export(graph, "json")).text)

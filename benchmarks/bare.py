"""`python -m benchmarks.bare URL PORT`: the least that can answer a page of the catalogue.

Starlette and orjson on uvloop, with the statements written out and JSON made from their rows by
hand: no key, no limits, no graph. What GraphQL costs is measured against it.
"""

import base64
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from sqlite3 import connect
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TRACKING_ID = "bench_blog"
COLUMNS = (
    "p.marketplace, p.external_id, p.url, p.title, p.orders_last_30_days, p.state, p.imported_at,"
    " p.synced_at, p.notes, p.details, p.price_amount, p.price_currency, p.list_price_amount,"
    " p.list_price_currency, p.discount_percent, p.availability, p.observed_at"
)
OURS = (
    "p.workspace_id = 'default' AND p.mode = 'SANDBOX' AND p.marketplace = 'aliexpress'"
    " AND p.locale = ''"
)
# It knows that all products are alike, and so reads them in the order of an index.
ALIKE = f"{OURS} AND p.state = 'ACTIVE' AND p.price_currency_key = 'USD'"
NEWEST = f"WHERE {ALIKE} ORDER BY p.imported_at DESC, p.id DESC LIMIT 51"
PAGE = f"SELECT {COLUMNS} FROM products AS p {NEWEST}"
LINKS = (
    f"SELECT {COLUMNS}, l.url FROM products AS p LEFT JOIN affiliate_links AS l"
    " ON l.workspace_id = p.workspace_id AND l.mode = p.mode AND l.marketplace = p.marketplace"
    " AND l.locale = p.locale AND l.external_id = p.external_id"
    f" AND l.tracking_id = '{TRACKING_ID}' AND l.sub_id = '' {NEWEST}"
)
DEEP = (
    f"SELECT {COLUMNS} FROM products AS p WHERE {ALIKE} AND (p.discount_percent, p.id) < ($1, $2)"
    " ORDER BY p.discount_percent DESC, p.id DESC LIMIT 51"
)
ONE = f"SELECT {COLUMNS} FROM products AS p WHERE {OURS} AND p.external_id = $1"
NAMES = {"aliexpress": ("ALIEXPRESS", "AliExpress")}
LINK = COLUMNS.count(",") + 1  # its place
Read = Callable[[str, tuple[Any, ...]], Awaitable[Sequence[Any]]]  # rows of a statement


def product(row: Any) -> dict[str, Any]:
    """The twenty fields of a product, from its row, and its link where that was read."""
    details = orjson.loads(row[9])
    images = details.get("images", ())
    code, name = NAMES[row[0]]
    id = base64.urlsafe_b64encode(orjson.dumps(["Product", row[0], row[1], ""])).decode()
    made = {
        "id": id.rstrip("="),
        "externalId": row[1],
        "url": row[2],
        "title": row[3],
        "ordersLast30Days": row[4],
        "demand": "STRONG" if row[4] >= 500 else "NORMAL" if row[4] >= 10 else "LOW",
        "state": row[5],
        "importedAt": _moment(row[6]),
        "syncedAt": _moment(row[7]),
        "notes": row[8],
        "brand": details.get("brand"),
        "marketplace": {"code": code, "name": name},
        "image": {"url": images[0]["url"]} if images else None,
        "images": [{"url": image["url"]} for image in images],
        "offer": {
            "price": _money(row[10], row[11]),
            "listPrice": _money(row[12], row[13]),
            "discountPercent": row[14],
            "availability": row[15],
            "observedAt": _moment(row[16]),
        },
    }
    if len(row) > LINK:
        made["affiliateLink"] = row[LINK] and {"url": row[LINK]}
    return made


def _money(amount: Any, currency: str | None) -> dict[str, Any] | None:
    if currency is None:
        return None
    return {"amount": f"{Decimal(amount):.2f}", "currencyCode": currency}


def _moment(stored: str | datetime) -> str:
    text = stored if isinstance(stored, str) else stored.isoformat()
    return text.replace(" ", "T").replace("+00:00", "Z")


def route(
    path: str, statement: str, wanted: Callable[[Request], tuple[Any, ...]], read: Read
) -> Route:
    """Answers the products of a statement, fifty at most."""

    async def answer(request: Request) -> Response:
        nodes = [product(row) for row in (await read(statement, wanted(request)))[:50]]
        return Response(orjson.dumps(nodes), media_type="application/json")

    return Route(path, answer)


def routes(read: Read, id: Callable[[str], object]) -> list[Route]:
    """A page, one with links, a deep page and one product. `id`: as the driver takes one."""

    def behind(request: Request) -> tuple[Any, ...]:
        return int(request.query_params["n"]), id(request.query_params["id"])

    return [
        route("/page", PAGE, lambda _: (), read),
        route("/links", LINKS, lambda _: (), read),
        route("/deep", DEEP, behind, read),
        route("/one", ONE, lambda r: (r.query_params["id"],), read),
    ]


def of_sqlite(path: str) -> Starlette:
    """Reads on the loop itself, since nobody else is there."""
    database = connect(path, check_same_thread=False)

    async def read(statement: str, values: tuple[Any, ...]) -> Sequence[Any]:
        return database.execute(re.sub(r"\$(\d)", r"?\1", statement), values).fetchall()

    return Starlette(routes=routes(read, str))


def of_postgres(url: str) -> Starlette:
    """Reads by a pool, as every server must that has more than one request at once."""
    pools: list[Any] = []

    async def read(statement: str, values: tuple[Any, ...]) -> Sequence[Any]:
        rows: Sequence[Any] = await pools[0].fetch(statement, *values)
        return rows

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with asyncpg.create_pool(url, min_size=1, max_size=10) as pool:
            pools.append(pool)
            yield

    return Starlette(routes=routes(read, UUID), lifespan=lifespan)


def main(url: str, port: int) -> None:
    """Serve until a signal comes."""
    path = url.removeprefix("sqlite://")
    app = of_postgres(url) if path == url else of_sqlite(path)
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

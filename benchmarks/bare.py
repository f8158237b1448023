"""`python -m benchmarks.bare DATABASE PORT`: the least that can answer a page of the catalogue.

Starlette and orjson on uvloop, with the statements written out and JSON made from their rows by
hand: no key, no limits, no graph. What GraphQL costs is measured against it.
"""

import base64
import sys
from collections.abc import Callable
from decimal import Decimal
from sqlite3 import Connection, connect
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

COLUMNS = (
    "marketplace, external_id, url, title, orders_last_30_days, state, imported_at, synced_at,"
    " notes, details, price_amount, price_currency, list_price_amount, list_price_currency,"
    " discount_percent, availability, observed_at, id"
)
OURS = (
    "workspace_id = 'default' AND mode = 'SANDBOX' AND marketplace = 'aliexpress' AND locale = ''"
)
# It knows that all products are alike, and so reads them in the order of an index.
ALIKE = f"{OURS} AND state = 'ACTIVE' AND price_currency_key = 'USD'"
PAGE = f"SELECT {COLUMNS} FROM products WHERE {ALIKE} ORDER BY imported_at DESC, id DESC LIMIT 51"
DEEP = (
    f"SELECT {COLUMNS} FROM products WHERE {ALIKE}"
    " AND (discount_percent, id) < (?, ?) ORDER BY discount_percent DESC, id DESC LIMIT 51"
)
ONE = f"SELECT {COLUMNS} FROM products WHERE {OURS} AND external_id = ?"
NAMES = {"aliexpress": ("ALIEXPRESS", "AliExpress")}


def product(row: tuple[Any, ...]) -> dict[str, Any]:
    """The twenty fields of a product, from its row."""
    details = orjson.loads(row[9])
    images = details.get("images", ())
    code, name = NAMES[row[0]]
    id = base64.urlsafe_b64encode(orjson.dumps(["Product", row[0], row[1], ""])).decode()
    return {
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


def _money(amount: Any, currency: str | None) -> dict[str, Any] | None:
    if currency is None:
        return None
    return {"amount": f"{Decimal(amount):.2f}", "currencyCode": currency}


def _moment(stored: str) -> str:
    return stored.replace(" ", "T").replace("+00:00", "Z")


def route(
    path: str, statement: str, wanted: Callable[[Request], tuple[Any, ...]], database: Connection
) -> Route:
    """Answers the products of a statement, fifty at most."""

    async def answer(request: Request) -> Response:
        rows = database.execute(statement, wanted(request)).fetchall()
        nodes = [product(row) for row in rows[:50]]
        return Response(orjson.dumps(nodes), media_type="application/json")

    return Route(path, answer)


def routes(database: Connection) -> list[Route]:
    """A page, a deep page and one product."""
    return [
        route("/page", PAGE, lambda _: (), database),
        route("/deep", DEEP, lambda r: (int(r.query_params["n"]), r.query_params["id"]), database),
        route("/one", ONE, lambda r: (r.query_params["id"],), database),
    ]


def main(path: str, port: int) -> None:
    """Serve until a signal comes."""
    app = Starlette(routes=routes(connect(path, check_same_thread=False)))
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

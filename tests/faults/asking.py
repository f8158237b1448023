"""What the tests of faults ask, and what they read from the answers."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.graph import Clock, Graph
from tests.schema.test_products import IMPORT

PRODUCT = """query P($lookup: ProductLookup!) {
  product(by: $lookup) { externalId title state offer { isExpired price { amount currencyCode } } }
}"""
BACKGROUND = {"X-Priority": "background"}


class RunningClock(Clock):
    """A clock that goes on by itself, and jumps when it is told."""

    def __init__(self) -> None:
        super().__init__()
        self._started = time.monotonic()

    def __call__(self) -> datetime:
        return self.time + timedelta(seconds=time.monotonic() - self._started)

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.seconds + time.monotonic() - self._started


def aliexpress(graph: Graph, count: int) -> list[str]:
    """Ids of products that the gateway tells of; nothing is asked."""
    listings = graph.sandbox.catalog["aliexpress"].listings()
    found = [one.id for one in listings if one.is_offered("US")][:count]
    assert len(found) == count
    return found


def amazon(graph: Graph, count: int) -> list[str]:
    """Addresses of items that www.amazon.com has."""
    listings = graph.sandbox.catalog["amazon"].listings()[:count]
    assert len(listings) == count
    return [f"https://www.amazon.com/dp/{one.id}" for one in listings]


async def imported(
    graph: Graph, urls: Sequence[str], headers: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Import; the rows, each with product and errors."""
    given = {"products": [{"url": url} for url in urls]}
    body = await graph.post(IMPORT, given, headers=headers)
    rows: list[dict[str, Any]] = body["data"]["importProducts"]["results"]
    return rows


async def outcome(
    graph: Graph, urls: Sequence[str], headers: Mapping[str, str] | None = None
) -> list[str | None]:
    """Import; the error code of each row, None where it worked."""
    rows = await imported(graph, urls, headers)
    return [row["errors"][0]["code"] if row["errors"] else None for row in rows]


async def product(graph: Graph, url: str) -> dict[str, Any]:
    """The whole answer to a query of one product."""
    return await graph.post(PRODUCT, {"lookup": {"url": url}})


def code_of(body: Mapping[str, Any]) -> str | None:
    """The code of an answer's first error."""
    errors = body.get("errors")
    return str(errors[0]["extensions"]["code"]) if errors else None

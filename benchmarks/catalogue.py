"""`python -m benchmarks.catalogue [DATABASE_URL ROWS]`: pages, each filter with each order.

The catalogue is made where the database is empty, and kept. Without arguments a small one, to see
that all of it works. Times are of `db.catalog.page`, one at a time, in milliseconds.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from db import catalog, links, migrate, products
from db.connection import open_database
from domain.catalog import CatalogFilter, CatalogSort, PageArgs, PublisherFields
from domain.links import Link, LinkKey
from domain.marketplaces import Workspace
from domain.money import Money
from domain.products import (
    Availability,
    Category,
    Mode,
    Offer,
    ProductRef,
    ProductState,
    SourceProduct,
)

OURS = Workspace("default", {})
START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = "phone case lamp desk cable charger mouse stand ring watch strap shoes dress toy bed pillow"
SITES = (
    ("aliexpress", "", "USD"),
    ("amazon", "www.amazon.com", "USD"),
    ("amazon", "www.amazon.de", "EUR"),
)
BATCH, RUNS, PAGE = 250, 5, 50
FILTERS: dict[str, dict[str, Any]] = {
    "none": {},
    "marketplace": {"marketplace": "amazon"},
    "marketplace and state": {"marketplace": "amazon", "state": ProductState.ACTIVE},
    "locale": {"marketplace": "amazon", "locale": "www.amazon.de"},
    "currency": {"currency": "EUR"},
    "price": {"currency": "USD", "min_price": Decimal(20), "max_price": Decimal(21)},
    "discount": {"min_discount_percent": 50},
    "rare discount": {"min_discount_percent": 84},
    "category": {"category_id": "7"},
    "imported after": {"imported_after": START + timedelta(days=300)},
    "synced before": {"synced_before": START + timedelta(days=30)},
    "has link": {"has_link": True},
    "has no link": {"has_link": False},
    "has a selling price": {"has_selling_price": True},
    "margin": {"min_margin_percent": Decimal(20)},
    "text": {"text": "lamp"},
    "rare text": {"text": "lamp desk cable 77"},
    "text without a hit": {"text": "xylophone"},
    "short text": {"text": "mp"},
    "notes": {"notes": "mine"},
    "tag": {"tag": "mine"},
    "rare tag": {"tag": "few"},
    "several": {"marketplace": "amazon", "text": "lamp", "min_discount_percent": 60},
}


def made(numbers: range) -> Iterator[SourceProduct]:
    """Products, the same ones for the same numbers."""
    for number in numbers:
        dice = random.Random(number)
        marketplace, locale, currency = dice.choices(SITES, (70, 20, 10))[0]
        price = Decimal(dice.randint(100, 20_000)) / 100
        before = price / (1 - Decimal(min(85, max(0, int(dice.gauss(25, 20))))) / 100)
        yield SourceProduct(
            ref=ProductRef(marketplace, str(10**12 + number), locale),
            title=f"{' '.join(dice.choices(WORDS.split(), k=9))} {number % 1000}",
            url=f"https://shop.example/{number}",
            offer=Offer(
                observed_at=START,
                price=Money(price, currency),
                list_price=Money(before.quantize(Decimal("0.01")), currency),
                availability=Availability.IN_STOCK,
            ),
            features=("a feature of some length " * 4,) * 5,
            categories=(Category(external_id=str(dice.randint(1, 400)), name="category"),),
            orders_last_30_days=dice.randint(0, 5000) if marketplace == "aliexpress" else None,
        )


async def fill(rows: int) -> float:
    """Import until there are so many; the median of the time for 250, in milliseconds."""
    times = []
    for start in range(0, rows, BATCH):
        some = list(made(range(start, start + BATCH)))
        now = START + timedelta(days=330 * start / rows)
        began = time.perf_counter()
        await products.keep(OURS, some, now=now, history_for=())
        times.append(1000 * (time.perf_counter() - began))
        later = random.Random(start).sample(some, 25)
        await products.keep(OURS, later, now=START + timedelta(days=340), history_for=())
        mine = [one.ref for one in some if int(one.ref.external_id) % 50 == 0]
        names = ("mine", "few") if start < 5 * BATCH else ("mine",)
        fields = PublisherFields(
            selling_price=Money(Decimal(90), "USD"), notes="mine", add_tags=names
        )
        await products.change(OURS, [(ref, fields) for ref in mine])
        await products.mark_missing(OURS, mine[:2], now=START + timedelta(days=341))
        key = LinkKey(mine[0], "tag", "")
        link = Link(key=key, url="https://a.example", source_url="", mode=Mode.LIVE, created_at=now)
        await links.keep("default", [replace(link, key=LinkKey(ref, "tag", "")) for ref in mine])
    return statistics.median(times)


async def measure(asked: dict[str, Any], sort: CatalogSort) -> list[float]:
    """Milliseconds of the first page, some times."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        await catalog.page(OURS, CatalogFilter(**asked), sort, PageArgs(PAGE))
        times.append(1000 * (time.perf_counter() - began))
    return times


async def report(rows: int) -> None:
    """Every filter with every order, and its count."""
    out = sys.stdout.write
    out(f"{rows:,} products; {RUNS} first pages by each of {len(CatalogSort)} orders, in ms\n")
    for name, asked in FILTERS.items():
        found = {sort: await measure(asked, sort) for sort in CatalogSort}
        worst = max(found, key=lambda sort: statistics.median(found[sort]))
        every = [each for times in found.values() for each in times]
        began = time.perf_counter()
        counted = await catalog.count(OURS, CatalogFilter(**asked))
        seconds = 1000 * (time.perf_counter() - began)
        out(
            f"{name:24} median {statistics.median(every):7.1f}  worst order"
            f" {statistics.median(found[worst]):7.1f} ({worst.value})  slowest {max(every):7.1f}"
            f"  count {counted.total:,} {counted.precision.value} in {seconds:.1f}\n"
        )


async def run(url: str, rows: int) -> None:
    """Make the catalogue if it is not there, and measure."""
    await migrate.migrate(url)
    async with open_database(url):
        if not (await catalog.count(OURS, CatalogFilter())).total:
            sys.stdout.write(f"import of {BATCH}: median {await fill(rows):.1f} ms\n")
        await report(rows)


def main() -> None:
    """See above."""
    with tempfile.TemporaryDirectory() as folder:
        url, rows = sys.argv[1:] or (f"sqlite://{folder}/catalogue.db", "5000")
        asyncio.run(run(url, int(rows)))


if __name__ == "__main__":
    main()

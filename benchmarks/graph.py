"""`python -m benchmarks.graph`: what the graph costs beside a server without one; GRAPH.md.

With plans, without, and bare: all answer the same rows of one SQLite file, by turns in each round.
Compared is the CPU time of the server's process for a request: it is what a core can carry, and
depends less than time by the clock on how busy the machine is, and not on how fast the client is.
"""

import asyncio
import contextlib
import hashlib
import http.client
import itertools
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from config import DATABASE_FILE
from db import products
from db.connection import open_database
from domain.marketplaces import Workspace
from domain.money import Money
from domain.products import Availability, Image, Mode, Offer, ProductRef, SourceProduct
from resolvers.access import OPERATOR
from tests.database import sqlite_template
from tests.processes import started_server
from tests.run import free_port

RESULTS = Path(__file__).resolve().parent / "GRAPH.md"
ROOT = RESULTS.parent.parent
KEY = "a-key-of-the-graph-benchmark-0123456789"
STOCK = 10_000
ROUNDS = 5
REQUESTS = 100  # of each server in a round
FIELDS = """{ id externalId url title ordersLast30Days demand state importedAt syncedAt notes brand
  marketplace { code name } image { url } images { url } offer { price { amount currencyCode }
  listPrice { amount currencyCode } discountPercent availability observedAt } }"""
PAGE = f"{{ products(first: 50) {{ nodes {FIELDS} }} }}"
ONE = f"query One($by: ProductLookup!) {{ product(by: $by) {FIELDS} }}"
DEEP = f"""query Deep($after: String) {{
  products(first: 50, after: $after, filter: {{state: ACTIVE}}, sort: DISCOUNT_DESC) {{
    nodes {FIELDS} pageInfo {{ endCursor }} }} }}"""
DEPTH = 40  # pages


@dataclass(frozen=True, kw_only=True)
class Work:
    """One kind of request. `must`: the share to reach.

    `asks`: sent one after another, each with its variables and the address at the bare server.
    `is_unchanged`: by GET as a trusted document, of which the caller has the answer already.
    `is_anew`: never asked before just so.
    """

    name: str
    must: float
    document: str
    asks: Sequence[tuple[dict[str, object], str]]
    nodes: Callable[[dict[str, object]], object]
    is_unchanged: bool = False
    is_anew: bool = False


class Client:
    """Sends requests over one connection and knows the server's process."""

    def __init__(self, port: int, pid: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port)
        self._pid = pid

    def get(self, path: str) -> bytes:
        """The body of the answer."""
        return self._sent("GET", path)

    def post(self, document: str, variables: dict[str, object]) -> bytes:
        """The body of the answer of /graphql."""
        return self._sent(
            "POST", "/graphql", json.dumps({"query": document, "variables": variables})
        )

    def tag(self, document: str) -> str:
        """That of the answer of a trusted document."""
        self._http.request("GET", _named(document), headers={"X-Api-Key": KEY})
        response = self._http.getresponse()
        response.read()
        return response.headers["ETag"]

    def unchanged(self, document: str, tag: str) -> bytes:
        """Asks for a trusted document whose answer is there already."""
        return self._sent("GET", _named(document), tag=tag)

    def _sent(self, method: str, path: str, body: str | None = None, tag: str = "") -> bytes:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
        headers |= {"If-None-Match": tag} if tag else {}
        try:
            self._http.request(method, path, body, headers)
            return self._http.getresponse().read()
        except (
            ConnectionResetError,
            BrokenPipeError,
        ):  # it was idle for long, while the other one worked
            self._http.close()
            return self._sent(method, path, body, tag)

    def cost(self, send: Callable[[], bytes]) -> float:
        """Milliseconds of the server's CPU for one request."""
        before = cpu(self._pid)
        for _ in range(REQUESTS):
            send()
        return (cpu(self._pid) - before) / REQUESTS * 1000


def _named(document: str) -> str:
    return f"/graphql?documentId={hashlib.sha256(document.encode()).hexdigest()}"


def cpu(pid: int) -> float:
    """Seconds of CPU that the threads of the process have used, in and outside the kernel."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 10**9


def stock(number: int) -> SourceProduct:
    """A made product."""
    seen = datetime.now(UTC).replace(microsecond=number)
    price = Decimal(number % 90 + 10) + Decimal("0.49")
    return SourceProduct(
        ref=ProductRef("aliexpress", str(1005000000000000 + number), ""),
        title=f"Made product {number}: a thing for the desk, with a cable and a cover",
        url=f"https://shop.example/{number}",
        brand=f"Brand {number % 50}",
        images=tuple(Image(url=f"https://img.example/{number}-{n}.jpg") for n in range(5)),
        orders_last_30_days=number % 900,
        offer=Offer(
            observed_at=seen,
            price=Money(price, "USD"),
            list_price=Money(price * (1 + number % 4), "USD"),
            availability=Availability.IN_STOCK,
        ),
    )


async def fill(database: Path) -> None:
    """Import the made products."""
    workspace = Workspace(OPERATOR.workspace, {"aliexpress": Mode.SANDBOX})
    start = datetime.now(UTC) - timedelta(days=1)
    async with open_database(f"sqlite://{database}"):
        for first in range(0, STOCK, 250):
            batch = [stock(number) for number in range(first, first + 250)]
            now = start + timedelta(seconds=first)
            await products.keep(workspace, batch, now=now, history_for=())


@contextlib.contextmanager
def bare_server(database: Path) -> Iterator[Client]:
    """The server without a graph."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bare", str(database), str(port)], cwd=ROOT
    )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                client = Client(port, process.pid)
                client.get("/page")
                break
            time.sleep(0.05)
        yield client
    finally:
        process.terminate()
        process.wait(30)


def works(ours: Client, database: Path) -> list[Work]:
    """What is asked of both. The deep page begins where ours ends the one before."""
    pages: list[tuple[dict[str, object], str]] = []
    after, last = None, ""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        while len(pages) < STOCK // 50 - 1:
            page = json.loads(ours.post(DEEP, {"after": after}))["data"]["products"]
            after, last = page["pageInfo"]["endCursor"], page["nodes"][-1]["externalId"]
            n, id = connection.execute(
                "SELECT discount_percent, id FROM products WHERE external_id = ?", (last,)
            ).fetchone()
            pages.append(({"after": after}, f"/deep?{urlencode({'n': n, 'id': id})}"))
    lookup = {"ref": {"marketplace": "ALIEXPRESS", "externalId": last}}

    def listed(data: dict[str, object]) -> object:
        found = data["products"]
        return found["nodes"] if isinstance(found, dict) else None

    return [
        Work(
            name="page of 50 x 20 fields, asked again",
            must=1.0,
            document=PAGE,
            asks=[({}, "/page")],
            nodes=listed,
        ),
        Work(
            name="such pages, nothing of them kept",
            must=0.5,
            document=DEEP,
            asks=pages,
            nodes=listed,
            is_anew=True,
        ),
        Work(
            name="deep page, filter and sort, asked again",
            must=0.8,
            document=DEEP,
            asks=[pages[DEPTH]],
            nodes=listed,
        ),
        Work(
            name="one product",
            must=0.25,
            document=ONE,
            asks=[({"by": lookup}, f"/one?id={last}")],
            nodes=lambda data: [data["product"]],
        ),
        Work(
            name="the page by GET, unchanged (304), beside the whole page",
            must=1.0,
            document=PAGE,
            asks=[({}, "/page")],
            nodes=listed,
            is_unchanged=True,
        ),
    ]


def measure(work: Work, ours: Mapping[str, Client], bare: Client) -> list[float]:
    """Milliseconds of CPU a request, of each of ours and of bare: medians of rounds in turns.

    Raises AssertionError where they do not answer the same.
    """
    for variables, path in [*work.asks[:3]] * 3:
        expected = json.loads(bare.get(path))
        for client in ours.values():
            data = json.loads(client.post(work.document, variables))["data"]
            assert work.nodes(data) == expected, work.name
    sends = [(client, sending(work, client)) for client in ours.values()]
    addresses = itertools.cycle([path for _, path in work.asks])
    sends.append((bare, lambda: bare.get(next(addresses))))
    rounds = [[client.cost(send) for client, send in sends] for _ in range(ROUNDS)]
    return [statistics.median(each) for each in zip(*rounds, strict=True)]


def sending(work: Work, client: Client) -> Callable[[], bytes]:
    """Sends the next request of the work to a server of ours."""
    if work.is_unchanged:
        return partial(client.unchanged, work.document, client.tag(work.document))
    asks = itertools.cycle([variables for variables, _ in work.asks])
    if not work.is_anew:
        return lambda: client.post(work.document, next(asks))
    # A variable that nobody knows: of such a request no answer is kept.
    numbers = itertools.count()
    return lambda: client.post(work.document, {**next(asks), "number": next(numbers)})


@contextlib.contextmanager
def our_server(database: Path, folder: Path, plan: str) -> Iterator[Client]:
    """The server with a graph, on a copy of the database."""
    folder.mkdir()
    shutil.copy(database, folder / DATABASE_FILE)
    (trusted := folder / "trusted").mkdir()
    (trusted / "page.graphql").write_text(PAGE)
    environ = {"SANDBOX": "on", "ADMIN_API_KEY": KEY, "BUCKET_CAPACITY": "1000000000"}
    environ["TRUSTED_DOCUMENTS"] = str(trusted)
    with started_server(folder, environ | {"PLAN": plan}) as server:
        yield Client(int(server.address.rpartition(":")[2]), server.process.pid)


def main() -> None:
    """Measure with and without plans, and write GRAPH.md."""
    rows: dict[str, list[str]] = {}
    load = os.getloadavg()[0]
    with TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        database = Path(name) / DATABASE_FILE
        shutil.copy(sqlite_template(), database)
        asyncio.run(fill(database))
        ours = {
            plan: stack.enter_context(our_server(database, Path(name) / plan, plan))
            for plan in ("on", "off")
        }
        bare = stack.enter_context(bare_server(database))
        for work in works(ours["on"], database):
            planned, plain, least = measure(work, ours, bare)
            cells = [least, planned, least / planned, plain, least / plain]
            rows[work.name] = [f"{work.must}", *(f"{cell:.2f}" for cell in cells)]
            sys.stderr.write(f"{work.name}: {' '.join(rows[work.name])}\n")
    RESULTS.write_text(document(rows, load), "utf-8")
    sys.stdout.write(f"Written to benchmarks/{RESULTS.name}.\n")


NOTES = f"""\
- CPU time of the server's process for a request, in milliseconds; medians of {ROUNDS} rounds of
  {REQUESTS} requests, the three servers in turns. The share is bare by ours: how much of a bare
  server's load ours carries on a core.
- Bare: Starlette and orjson on uvloop, the statement and the JSON written by hand, no key, no
  limits, no log (benchmarks/bare.py). It knows that all products are alike, and so reads them by
  the index that ours finds by itself. All read one SQLite file of {STOCK:,} products, ours a copy
  each, and answer the same before anything is timed.
- Ours: `server.py` with an API key, limits, costs and a log line each, as in production.
- Asked again: what was made of the rows before is kept, and found by the rows as they are read now.
  Nothing kept: so many other pages come between that the rows were let go; one after another.
- Not measured here: PostgreSQL, servers of other languages, links in the page.
"""


def document(rows: dict[str, list[str]], load: float) -> str:
    """GRAPH.md."""
    head = ("work", "share to reach", "bare ms", "ours ms", "share", "without plans ms", "share")
    lines = [head, ("---",) * len(head), *((name, *cells) for name, cells in rows.items())]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    busy = f"Others kept {load:.0f} processes running or waiting for a core beside it."
    return (
        "# The graph beside a server without one\n\n"
        f"Written by `make bench-graph` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC;"
        f" Python {platform.python_version()}, {machine}. {busy}\n\n{table}\n{NOTES}"
    )


if __name__ == "__main__":
    main()

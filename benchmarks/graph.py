"""`python -m benchmarks.graph`: what the graph costs beside a server without one; GRAPH.md.

With plans, without, and bare: all answer the same rows, by turns in each round; on SQLite, and on
PostgreSQL where TEST_DATABASE_URL names a server, in a process of its own.
Compared is the CPU time of the server's process for a request: it is what a core can carry, and
depends less than time by the clock on how busy the machine is, and not on how fast the client is.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from benchmarks.bare import TRACKING_ID
from benchmarks.graph_client import REQUESTS, Client, bare_server, peer_server, writer
from db import links, products
from db.connection import open_database
from domain.links import Link, LinkKey
from domain.marketplaces import Workspace
from domain.money import Money
from domain.products import Availability, Image, Mode, Offer, ProductRef, SourceProduct
from resolvers.access import OPERATOR
from tests.database import database_like, migrated_database, on_postgres
from tests.processes import started_server

RESULTS = Path(__file__).resolve().parent / "GRAPH.md"
ROOT = RESULTS.parent.parent
ADMIN = "a-key-of-the-graph-benchmark-0123456789"
CONNECT = f"""mutation {{ connectMarketplace(input: {{marketplace: ALIEXPRESS, credentials: [
  {{name: "appKey", value: "500100"}}, {{name: "appSecret", value: "sandbox-app-secret"}},
  {{name: "trackingId", value: "{TRACKING_ID}"}}] }}) {{ errors {{ message }} }}
  createApiKey(input: {{name: "bench", scopes: [READ]}}) {{ key errors {{ message }} }} }}"""
STOCK = 10_000
ROUNDS = 5
OTHERS = ("mercurius with jit", "graphql-yoga")
FIELDS = """{ id externalId url title ordersLast30Days demand state importedAt syncedAt notes brand
  marketplace { code name } image { url } images { url } offer { price { amount currencyCode }
  listPrice { amount currencyCode } discountPercent availability observedAt } }"""
PAGE = f"{{ products(first: 50) {{ nodes {FIELDS} }} }}"
LINKS = PAGE.replace("brand", "brand affiliateLink { url }")
ONE = f"query One($by: ProductLookup!) {{ product(by: $by) {FIELDS} }}"
DEEP = f"""query Deep($after: String) {{
  products(first: 50, after: $after, filter: {{state: ACTIVE}}, sort: DISCOUNT_DESC) {{
    nodes {FIELDS} pageInfo {{ endCursor }} }} }}"""
DEPTH = 40  # pages
WRITTEN = "the page, after a write to another product"
OWN = "the page, after a write to one of its products"
UNKNOWN = "pages without links, nothing of them kept"
AGAIN = "page of 50 x 20 fields, asked again"


@dataclass(frozen=True)
class Work:
    """One kind of request. `must`: the share to reach.

    `asks`: sent one after another, each with its variables and the address at the bare server.
    `is_unchanged`: by GET as a trusted document, of which the caller has the answer already.
    `written`: the product of which something is stored before each request.
    `is_anew`: never asked before just so.
    """

    name: str
    must: float
    document: str
    asks: Sequence[tuple[dict[str, object], str]]
    nodes: Callable[[dict[str, Any]], object]
    is_unchanged: bool = False
    written: str = ""
    is_anew: bool = False


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


async def fill(url: str) -> None:
    """Import the made products, each with a link."""
    workspace = Workspace(OPERATOR.workspace, {"aliexpress": Mode.SANDBOX})
    start = datetime.now(UTC) - timedelta(days=1)
    async with open_database(url):
        for first in range(0, STOCK, 250):
            batch = [stock(number) for number in range(first, first + 250)]
            now = start + timedelta(seconds=first)
            await products.keep(workspace, batch, now=now, history_for=())
            await links.keep(workspace.id, [link(each.ref, now) for each in batch])


def link(ref: ProductRef, now: datetime) -> Link:
    """The product's own."""
    return Link(
        key=LinkKey(ref, TRACKING_ID),
        url=f"https://s.click.example/{ref.external_id}",
        source_url=f"https://shop.example/{ref.external_id}",
        mode=Mode.SANDBOX,
        created_at=now,
    )


@contextlib.asynccontextmanager
async def copies(folder: Path, count: int) -> AsyncIterator[list[str]]:
    """The URLs of so many equal, filled databases."""
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(migrated_database(folder))
        await fill(first)
        urls = [first]
        for number in range(1, count):
            if on_postgres():
                like = database_like(first.rpartition("/")[2])
                urls.append(await stack.enter_async_context(like))
            else:
                urls.append(f"sqlite://{folder}/copy-{number}.db")
                shutil.copy(first.removeprefix("sqlite://"), urls[-1].removeprefix("sqlite://"))
        yield urls


def _listed(data: dict[str, Any]) -> object:
    return data["products"]["nodes"]


def _product(data: dict[str, Any]) -> object:
    return [data["product"]]


def works(ours: Client) -> list[Work]:
    """What is asked of both. The deep page begins where ours ends the one before."""
    pages: list[tuple[dict[str, object], str]] = []
    after, last = None, ""
    while len(pages) < STOCK // 50 - 1:
        page = json.loads(ours.post(DEEP, {"after": after}))["data"]["products"]
        after, last = page["pageInfo"]["endCursor"], page["nodes"][-1]["externalId"]
        _, n, id = json.loads(base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_"))
        pages.append(({"after": after}, f"/deep?{urlencode({'n': n, 'id': id})}"))
    lookup = {"ref": {"marketplace": "ALIEXPRESS", "externalId": last}}

    first: list[tuple[dict[str, object], str]] = [({}, "/page")]
    newest, *_ = json.loads(ours.post(PAGE, {}))["data"]["products"]["nodes"]
    return [
        Work(AGAIN, 1.0, PAGE, first, _listed),
        Work("the same with a link each, asked again", 0.7, LINKS, [({}, "/links")], _listed),
        Work(WRITTEN, 0.5, PAGE, first, _listed, written=stock(0).ref.external_id),
        Work(OWN, 0.5, PAGE, first, _listed, written=newest["externalId"]),
        Work(UNKNOWN, 0.5, DEEP, pages, _listed, is_anew=True),
        Work("deep page, filter and sort, asked again", 0.8, DEEP, [pages[DEPTH]], _listed),
        Work("one product", 0.25, ONE, [({"by": lookup}, f"/one?id={last}")], _product),
        Work(
            "the page by GET, unchanged (304), beside the whole page",
            1.0,
            PAGE,
            first,
            _listed,
            is_unchanged=True,
        ),
    ]


def measure(
    work: Work,
    graphs: Mapping[str, Client],
    bare: Client,
    writes: Mapping[Client, Callable[[str], None]],
) -> dict[str, float]:
    """Milliseconds of CPU a request, of each graph and of "bare": medians of rounds in turns.

    `writes`: to the database of each. Raises AssertionError where they do not answer the same.
    """
    for variables, path in [*work.asks[:3]] * 3:
        expected = json.loads(bare.get(path))
        for client in graphs.values():
            data = json.loads(client.post(work.document, variables))["data"]
            assert work.nodes(data) == expected, work.name
    sends = [(client, sending(work, client)) for client in graphs.values()]
    addresses = itertools.cycle([path for _, path in work.asks])
    sends.append((bare, lambda: bare.get(next(addresses))))
    if name := work.written:
        sends = [(client, after(partial(writes[client], name), send)) for client, send in sends]
    rounds = [[client.cost(send) for client, send in sends] for _ in range(ROUNDS)]
    medians = map(statistics.median, zip(*rounds, strict=True))
    return dict(zip((*graphs, "bare"), medians, strict=True))


def after(write: Callable[[], None], send: Callable[[], bytes]) -> Callable[[], bytes]:
    """Writes, and sends then."""

    def sends() -> bytes:
        write()
        return send()

    return sends


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
def our_server(url: str, folder: Path, plan: str) -> Iterator[Client]:
    """The server with a graph, and an API key that may read."""
    folder.mkdir()
    (trusted := folder / "trusted").mkdir()
    (trusted / "page.graphql").write_text(PAGE)
    environ = {"SANDBOX": "on", "ADMIN_API_KEY": ADMIN, "BUCKET_CAPACITY": "1000000000"}
    environ["ENCRYPTION_KEYS"] = base64.urlsafe_b64encode(b"k" * 32).decode()
    environ |= {"TRUSTED_DOCUMENTS": str(trusted), "DATABASE_URL": url, "WORKER": "off"}
    with started_server(folder, environ | {"PLAN": plan}) as server:
        client = Client(int(server.address.rpartition(":")[2]), server.process.pid, ADMIN)
        made = json.loads(client.post(CONNECT, {}))["data"]
        assert not made["connectMarketplace"]["errors"], made
        client.key = made["createApiKey"]["key"]
        yield client


async def measured() -> dict[str, dict[str, float]]:
    """By work, of the engine that the environment names: of bare, with plans ("on") and without.

    On PostgreSQL a page is asked of the servers of others too.
    """
    figures: dict[str, dict[str, float]] = {}
    with TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        async with copies(Path(name), 3) as (for_bare, *for_ours):
            ours = {
                plan: stack.enter_context(our_server(url, Path(name) / plan, plan))
                for plan, url in zip(("on", "off"), for_ours, strict=True)
            }
            bare = stack.enter_context(bare_server(for_bare))
            names = OTHERS if on_postgres() else ()
            others = {each: stack.enter_context(peer_server(each, for_bare)) for each in names}
            writes = {
                client: stack.enter_context(writer(url))
                for client, url in zip((bare, *ours.values()), (for_bare, *for_ours), strict=True)
            }
            for work in works(ours["on"]):
                graphs = ours | (others if work.name == AGAIN else {})
                figures[work.name] = {"must": work.must, **measure(work, graphs, bare, writes)}
                sys.stderr.write(f"{work.name}: {figures[work.name]}\n")
            stack.close()
    return figures


def main(arguments: Sequence[str]) -> None:
    """Measure with and without plans, and write GRAPH.md."""
    if arguments == ["--figures"]:
        sys.stdout.write(json.dumps(asyncio.run(measured())))
        return
    load = os.getloadavg()[0]
    tables = []
    for engine in ("SQLite", "PostgreSQL"):
        environ = dict(os.environ)
        server = environ.pop("TEST_DATABASE_URL", "")
        if engine == "PostgreSQL":
            if not server:
                continue
            environ["TEST_DATABASE_URL"] = server
        command = [sys.executable, "-m", "benchmarks.graph", "--figures"]
        told = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, check=True)
        tables.append(table(engine, json.loads(told.stdout)))
    RESULTS.write_text(document(tables, load), "utf-8")
    sys.stdout.write(f"Written to benchmarks/{RESULTS.name}.\n")


NOTES = f"""\
- CPU time of the server's process for a request, in milliseconds; medians of {ROUNDS} rounds of
  {REQUESTS} requests, the three servers in turns. The share is bare by ours: how much of a bare
  server's load ours carries on a core.
- Bare: Starlette and orjson on uvloop, the statement and the JSON written by hand, no key, no
  limits, no log (benchmarks/bare.py). It knows that all products are alike, and so reads them by
  the index that ours finds by itself. On PostgreSQL it has a pool of asyncpg's. Each server reads a
  copy of one database of {STOCK:,} products, and all answer the same before anything is timed.
- Ours: `server.py` with an API key that may read, limits, costs and a log line each, as in
  production, but without a worker beside it.
- Asked again: nothing was written since, so that the answer of before is sent (schema/recalled.py).
- After a write: another process commits something of a product before each request, to the bare
  server's database too. Of another product, the answer's rows are read again and found the same.
  Of one of its own, it is made anew.
- Nothing kept: each request is another one.
- On PostgreSQL the version of the database costs a round trip, and an API key one more.
- Servers of others: Node.js with the packages that benchmarks/peers pins, one process, a page
  by the resolvers that anybody would write, from the bare server's rows by its statement. They
  read each time; their threads and their collector are counted as ours are.
"""


def table(engine: str, figures: Mapping[str, Mapping[str, float]]) -> str:
    """A table of GRAPH.md."""
    head = (engine, "share to reach", "bare ms", "ours ms", "share", "without plans ms", "share")
    lines = [head, ("---",) * len(head)]
    for name, of in figures.items():
        bare, planned, plain = of["bare"], of["on"], of["off"]
        cells = [bare, planned, bare / planned, plain, bare / plain]
        lines.append((name, f"{of['must']}", *(f"{cell:.2f}" for cell in cells)))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + beside(figures)


def beside(figures: Mapping[str, Mapping[str, float]]) -> str:
    """A sentence for each server of others that was asked for the page, in the same rounds."""
    page = figures[AGAIN]
    return "".join(
        f"\n{name}: {page[name]:.2f} ms, a share of {page['bare'] / page[name]:.2f}. Ours carries"
        f" {page[name] / page['on']:.2f} times as much of what is asked again,"
        f" {page[name] / figures[WRITTEN]['on']:.2f} times after a write elsewhere,"
        f" {page[name] / figures[UNKNOWN]['on']:.2f} times of what is not known.\n"
        for name in OTHERS
        if name in page
    )


def document(tables: Sequence[str], load: float) -> str:
    """GRAPH.md."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    busy = f"Others kept {load:.0f} processes running or waiting for a core beside it."
    return (
        "# The graph beside a server without one\n\n"
        f"Written by `make bench-graph` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC;"
        f" Python {platform.python_version()}, {machine}. {busy}\n\n"
        + "\n".join(tables)
        + f"\n{NOTES}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])

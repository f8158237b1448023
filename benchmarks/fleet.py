"""Three server processes before one gateway process: do they keep to one limit together?"""

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.application import PATIENT, product_id
from benchmarks.http_server import allow_many_connections
from benchmarks.posting import post_plainly
from db.keys import new_key
from sandbox.aliexpress.made import made_listings
from tests.graph import ALIEXPRESS, API_KEY
from tests.processes import ROOT, started_server
from tests.run import free_port

PROCESSES = 3
LOOKUPS = 10_000
IN_A_REQUEST = 20
LINKS = 500
LIMIT = 50  # calls a second
LATENCY = 0.1  # seconds that the gateway takes for each call
SETTINGS = PATIENT | {
    "ADMIN_API_KEY": API_KEY,
    "ALIEXPRESS_APP_KEY": ALIEXPRESS["appKey"],
    "ALIEXPRESS_APP_SECRET": ALIEXPRESS["appSecret"],
    "ALIEXPRESS_TRACKING_ID": ALIEXPRESS["trackingId"],
    "ALIEXPRESS_CALLS_PER_SECOND": str(LIMIT),
    "LOG_LEVEL": "WARNING",
}
LINK = """
mutation Link($by: ProductLookup!, $subId: String!) {
  answer: generateLink(input: {product: $by, subId: $subId}) {
    affiliateLink { url } errors { code message }
  }
}
"""


@dataclass(frozen=True, kw_only=True)
class FleetRun:
    """What was counted. `most`: calls that arrived at the gateway within any one second."""

    calls: int
    most: int
    seconds: float
    lost: int


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One request. `count_lost` tells of its data how many things that were asked are missing."""

    query: str
    variables: Mapping[str, object]
    count_lost: Callable[[Mapping[str, Any]], int]


def most_in_a_second(moments: Sequence[datetime]) -> int:
    """The most of these moments, which are in order, that lie less than a second apart."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= timedelta(seconds=1):
            first += 1
        most = max(most, last - first + 1)
    return most


def has_redis() -> bool:
    """Whether there is a Redis server to start."""
    return shutil.which("redis-server") is not None


async def fleet_run(errands: Sequence[Errand], *, with_redis: bool) -> FleetRun:
    """All requests at once, spread over the processes, which share a Redis or do not."""
    allow_many_connections()
    with contextlib.ExitStack() as stack, TemporaryDirectory() as name:
        folder = Path(name)
        gateway = stack.enter_context(_gateway(folder))
        shared = {
            "ALIEXPRESS_GATEWAY_URL": f"{gateway}/aliexpress/sync",
            "DATABASE_URL": f"sqlite://{folder}/fleet.sqlite3",
            "ENCRYPTION_KEYS": new_key(),
        }
        if with_redis:
            shared["REDIS_URL"] = stack.enter_context(_redis(folder))
        # The first one makes the database and stores the credentials.
        servers = [
            stack.enter_context(started_server(folder / f"data-{number}", SETTINGS | shared))
            for number in range(PROCESSES)
        ]
        started = time.perf_counter()
        lost = await asyncio.gather(
            *(
                _lost(servers[turn % PROCESSES].address, errand)
                for turn, errand in enumerate(errands)
            )
        )
        seconds = time.perf_counter() - started
        return await _counted(gateway, seconds=seconds, lost=sum(lost))


def lookups_of_many(count: int = LOOKUPS) -> list[Errand]:
    """Requests for distinct products, 20 in each."""
    starts = range(0, count, IN_A_REQUEST)
    return [_lookup(range(start, start + IN_A_REQUEST)) for start in starts]


def links_that_share_nothing(count: int = LINKS) -> list[Errand]:
    """Requests for a link each, with a sub id of its own, so that none can share a call."""
    return [
        Errand(
            query=LINK,
            variables={"by": {"url": product_id(n)}, "subId": f"s{n}"},
            count_lost=lambda data: int(not (data.get("answer") or {}).get("affiliateLink")),
        )
        for n in range(count)
    ]


def _lookup(numbers: Sequence[int]) -> Errand:
    fields = [f'p{n}: product(by: {{url: "{product_id(n)}"}}) {{ externalId }}' for n in numbers]

    def count_lost(data: Mapping[str, Any]) -> int:
        return sum((data.get(f"p{n}") or {}).get("externalId") != product_id(n) for n in numbers)

    return Errand(query=f"{{ {' '.join(fields)} }}", variables={}, count_lost=count_lost)


async def _lost(address: str, errand: Errand) -> int:
    body = await post_plainly(address, errand.query, errand.variables)
    return errand.count_lost(body.get("data") or {})


async def _counted(gateway: str, *, seconds: float, lost: int) -> FleetRun:
    async with httpx.AsyncClient(base_url=gateway, timeout=60) as http:
        calls = (await http.get("/control/calls")).json()
    moments = sorted(datetime.fromisoformat(call["at"]) for call in calls)
    return FleetRun(calls=len(calls), most=most_in_a_second(moments), seconds=seconds, lost=lost)


@contextlib.contextmanager
def _gateway(folder: Path) -> Iterator[str]:
    """The address of a sandbox process that knows every product that is looked up."""
    shelf = folder / "listings"
    shelf.mkdir()
    fields = made_listings("https://pictures.invalid")[0].fields
    lines = (json.dumps(fields | {"product_id": int(product_id(n))}) for n in range(LOOKUPS))
    (shelf / "many.jsonl").write_text("\n".join(lines), "utf-8")
    port = free_port()
    options = ["--port", str(port), "--latency", str(LATENCY), "--catalog", str(shelf)]
    command = [sys.executable, "-m", "sandbox", *options]
    with _process(command, folder / "gateway.txt"):
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/control/calls")
        yield address


@contextlib.contextmanager
def _redis(folder: Path) -> Iterator[str]:
    """The address of a Redis server of this run's own, which keeps nothing."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with _process(["redis-server", *options, "--dir", str(folder)], folder / "redis.txt"):
        yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def _process(command: Sequence[str], output: Path) -> Iterator[None]:
    with output.open("w") as sink:
        process = subprocess.Popen(command, cwd=ROOT, stdout=sink, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(address, timeout=5).raise_for_status()
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers at {address}")

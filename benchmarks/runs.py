"""One run of many GraphQL requests at once, counted at the gateway."""

import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from benchmarks.application import (
    LATENCY,
    NaiveCalls,
    SwitchedCalls,
    naive_cache,
    naive_tokens,
    product_id,
    stage,
)
from benchmarks.http_server import allow_many_connections
from benchmarks.posting import post_plainly
from sandbox import Sandbox
from sandbox.amazon.made import asin_of
from tests.graph import Clock, Graph
from upstream.coalescing import Coalescer

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = "query Product($by: ProductLookup!) { answer: product(by: $by) { externalId } }"
LINK = """
mutation Link($by: ProductLookup!) {
  answer: generateLink(input: {product: $by}) { affiliateLink { url } errors { code } }
}
"""

Post = Callable[[str, Mapping[str, object]], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One GraphQL request. `is_answered` judges the answer; `after`: seconds to wait before it."""

    query: str
    by: Mapping[str, Any]
    is_answered: Callable[[Any], bool]
    after: float = 0


@dataclass(frozen=True, kw_only=True)
class Run:
    """What was counted. `calls`: the moments at which catalogue and link calls arrived."""

    requests: int
    calls: tuple[datetime, ...]
    tokens: int
    seconds: float
    unanswered: int

    @property
    def gaps(self) -> list[float]:
        """Seconds between one call and the next."""
        return [
            (after - before).total_seconds()
            for before, after in zip(self.calls, self.calls[1:], strict=False)
        ]


@dataclass(frozen=True, kw_only=True)
class Lone:
    """Medians of one request alone, in milliseconds. `whole`: all but the gateway's latency."""

    runs: int
    shared: float
    direct: float

    @property
    def added(self) -> float:
        return self.shared - self.direct

    @property
    def whole(self) -> float:
        return self.shared - LATENCY * 1000


def aliexpress_product(number: int) -> Ask:
    """Asks for an added AliExpress product."""
    wanted = product_id(number)
    return Ask(query=PRODUCT, by={"url": wanted}, is_answered=lambda got: _is(got, wanted))


def amazon_product(number: int) -> Ask:
    """Asks for a made Amazon product."""
    wanted = asin_of(number)
    ref = {"marketplace": "AMAZON", "externalId": wanted}
    return Ask(query=PRODUCT, by={"ref": ref}, is_answered=lambda got: _is(got, wanted))


def link(number: int) -> Ask:
    """Makes the link of an added AliExpress product."""
    by = {"url": product_id(number)}
    return Ask(query=LINK, by=by, is_answered=lambda got: bool(got and got["affiliateLink"]))


def search(marketplace: str, keywords: str) -> Ask:
    """Searches one marketplace."""
    given = f'marketplace: {marketplace}, search: {{keywords: "{keywords}"}}'
    query = f"{{ answer: searchProducts({given}, first: 10) {{ nodes {{ externalId }} }} }}"
    return Ask(query=query, by={}, is_answered=lambda got: bool(got and got["nodes"]))


async def together(asks: Sequence[Ask], *, naive: bool, latency: float = LATENCY) -> Run:
    """All requests at once, to a new application in this process."""
    async with stage(latency) as made:
        with _manners(naive=naive):
            async with made.graph(NaiveCalls() if naive else Coalescer()) as graph:
                seconds, unanswered = await _ask_all(graph.post, asks)
        calls = [(call.operation, call.at) for call in made.box.calls]
    return _run(calls, len(asks), seconds, unanswered)


async def again(asks: Sequence[Ask], *, naive: bool, latency: float = LATENCY) -> Run:
    """All requests at once, and then a second time, which alone counts."""
    async with stage(latency) as made:
        with _manners(naive=naive):
            async with made.graph(NaiveCalls() if naive else Coalescer()) as graph:
                await _ask_all(graph.post, asks)
                made.box.clear_calls()
                seconds, unanswered = await _ask_all(graph.post, asks)
        calls = [(call.operation, call.at) for call in made.box.calls]
    return _run(calls, len(asks), seconds, unanswered)


@contextlib.contextmanager
def _manners(*, naive: bool) -> Iterator[None]:
    """Meanwhile a naive client has no cache, and fetches a token whoever else does so too."""
    with contextlib.ExitStack() as stack:
        if naive:
            stack.enter_context(naive_tokens())
            stack.enter_context(naive_cache())
        yield


async def over_http(asks: Sequence[Ask], *, naive: bool) -> Run:
    """All requests at once, each over a new connection of its own, to a server process."""
    allow_many_connections()
    async with (
        server("naive" if naive else "ours") as address,
        httpx.AsyncClient(base_url=address, timeout=60) as http,
    ):
        await Graph(http, _no_sandbox(), Clock()).connect_both()
        before = len((await http.get("/control/calls")).json())
        seconds, unanswered = await _ask_all(partial(post_plainly, address), asks)
        made = (await http.get("/control/calls")).json()[before:]
    calls = [(call["operation"], datetime.fromisoformat(call["at"])) for call in made]
    return _run(calls, len(asks), seconds, unanswered)


async def alone(runs: int) -> Lone:
    """One request at a time: through shared calls and directly, in turns, in one application."""
    calls = SwitchedCalls()
    times: dict[bool, list[float]] = {False: [], True: []}
    async with stage() as made, made.graph(calls) as graph:
        for number in range(2 * runs + 2):
            calls.is_direct = number % 4 in (1, 2)  # the one and the other goes first
            started = time.perf_counter()
            unanswered = await _unanswered(graph.post, aliexpress_product(number))
            if unanswered:
                raise RuntimeError("a lone request was not answered")
            if number >= 2:  # the first two warm everything up
                times[calls.is_direct].append(time.perf_counter() - started)
        if made.box.count(marketplace="aliexpress") != 2 * runs + 2:
            raise RuntimeError("a lone request did not make exactly one call")
    shared, direct = (1000 * statistics.median(times[key]) for key in (False, True))
    return Lone(runs=runs, shared=shared, direct=direct)


async def _ask_all(post: Post, asks: Iterable[Ask]) -> tuple[float, int]:
    started = time.perf_counter()
    unanswered = await asyncio.gather(*(_unanswered(post, ask) for ask in asks))
    return time.perf_counter() - started, sum(unanswered)


async def _unanswered(post: Post, ask: Ask) -> bool:
    await asyncio.sleep(ask.after)
    body = await post(ask.query, {"by": ask.by})
    return not ask.is_answered((body.get("data") or {}).get("answer"))


def _is(answer: Any, wanted: str) -> bool:
    return bool(answer) and answer["externalId"] == wanted


def _run(
    calls: Sequence[tuple[str, datetime]], requests: int, seconds: float, unanswered: int
) -> Run:
    return Run(
        requests=requests,
        calls=tuple(at for operation, at in calls if operation != "token"),
        tokens=sum(operation == "token" for operation, _ in calls),
        seconds=seconds,
        unanswered=unanswered,
    )


def _no_sandbox() -> Sandbox:
    """A stand-in: the sandbox that counts lives in the server's process."""
    return Sandbox(public_url="http://127.0.0.1", now=Clock())


@contextlib.asynccontextmanager
async def server(manner: str) -> AsyncIterator[str]:
    """The address of a server process, which ends with the context."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.http_server", manner),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            address = (await process.stdout.readline()).decode().strip()
        yield address
    finally:
        process.terminate()
        await process.wait()

"""One caller floods an account that may call once a second; how long another one waits meanwhile.

A key with the scope READ keeps 25 searches of Amazon under way, each for other words, while the
owner searches eight times. Without rotation (the naive row) whoever came first is served first.
"""

import asyncio
import itertools
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.application import AmazonPace, stage
from domain.marketplaces import QuotaRule
from tests.graph import Graph
from upstream.coalescing import Coalescer
from upstream.rate_limit import Permit, PermitAccount

CONNECTIONS = 25  # of the flood
SEARCHES = 8  # of the owner
PERMIT = 1.25  # seconds at most from one permit to the next: a second, and the way of a call
CALLERS = 2
SEARCH = """
query Search($words: String!) {
  answer: searchProducts(marketplace: AMAZON, search: {keywords: $words}, first: 10) {
    nodes { externalId } errors { code }
  }
}
"""


class FirstComeFirstServed(AmazonPace):
    """All calls of an account stand in one line, whoever makes them."""

    async def acquire(
        self,
        account: PermitAccount,
        rule: QuotaRule,
        *,
        within: float,
        caller: str = "",
        is_background: bool = False,
    ) -> Permit | float:
        """See `RateLimit.acquire`."""
        return await super().acquire(account, rule, within=within, is_background=is_background)

    def expected_wait(
        self, account: PermitAccount, rule: QuotaRule, *, caller: str, is_background: bool
    ) -> float:
        """See `RateLimit.expected_wait`."""
        return super().expected_wait(account, rule, caller="", is_background=is_background)


@dataclass(frozen=True, kw_only=True)
class Fairness:
    """What the owner got. `waits`: seconds of the searches that succeeded."""

    waits: tuple[float, ...]
    calls_of_flood: int

    @property
    def permits(self) -> float:
        """The longest wait, in permits."""
        return max(self.waits, default=0.0) / PERMIT


async def fairness_run(*, is_fair: bool, searches: int = SEARCHES) -> Fairness:
    """The owner's searches during the flood."""
    pace = AmazonPace() if is_fair else FirstComeFirstServed()
    async with stage() as made, made.graph(Coalescer(), pace) as graph:
        key = await graph.make_key("READ")
        words, over = itertools.count(), asyncio.Event()
        flood = [asyncio.ensure_future(_flood(graph, key, words, over)) for _ in range(CONNECTIONS)]
        await asyncio.sleep(1)
        waits = [await _search(graph, f"lamp {number}") for number in range(searches)]
        over.set()
        await asyncio.gather(*flood)
        calls = len([call for call in made.box.calls if call.operation != "token"])
    succeeded = tuple(wait for wait in waits if wait is not None)
    return Fairness(waits=succeeded, calls_of_flood=calls - len(succeeded))


async def _flood(
    graph: Graph, key: str, words: "itertools.count[int]", over: asyncio.Event
) -> None:
    while not over.is_set():
        await graph.post(SEARCH, {"words": f"case {next(words)}"}, key=key)
        await asyncio.sleep(0.5)  # who is refused at once tries again, and again


async def _search(graph: Graph, words: str) -> float | None:
    """The seconds it took; None where it was refused."""
    started = time.perf_counter()
    body: dict[str, Any] = await graph.post(SEARCH, {"words": words})
    answer = (body.get("data") or {}).get("answer")
    if not answer or answer["errors"]:
        return None
    return time.perf_counter() - started

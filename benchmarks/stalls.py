"""How long the loop is blocked for everybody else while one request's long texts are read: 250
addresses of 3.8 kB, and texts of 100 kB that are slow to read.

The naive row reads them where it stands. Measured is what the loop's own thread works from one turn
of somebody else to the next: what other programs of the machine take away is none of our blocking.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.application import AmazonPace, stage
from resolvers import lookups
from upstream.coalescing import Coalescer

MOST_MILLISECONDS = 50
TURN = 0.002  # seconds
IMPORT = """
mutation Import($products: [ProductLookup!]!) {
  importProducts(input: {products: $products}) { results { errors { code } } }
}
"""
PASTE = "query Paste($text: String!) { productsIn(text: $text) { start } }"
ADDRESSES = [
    f"https://shop.example/{number}?" + "&".join(f"p{each}=value{each}" for each in range(290))
    for number in range(250)
]
TEXTS = ("a.b.c " * 16_000, "&amp;" * 19_000, "1005000000000000," * 5_800)


async def stall_run(*, is_naive: bool = False) -> float:
    """The longest, in milliseconds, that the loop works between two turns of a task that asks for
    its turn every millisecond."""
    before, lookups.LONG = lookups.LONG, 10**9 if is_naive else lookups.LONG
    try:
        async with stage() as made, made.graph(Coalescer(), AmazonPace()) as graph:
            await graph.post(PASTE, {"text": "to warm up"})
            async with watched() as waits:
                await graph.post(IMPORT, {"products": [{"url": each[:3800]} for each in ADDRESSES]})
                for text in TEXTS:
                    await graph.post(PASTE, {"text": text})
    finally:
        lookups.LONG = before
    return max(waits) * 1000


@asynccontextmanager
async def watched() -> AsyncIterator[list[float]]:
    """Seconds that the loop works from one turn of a task to the next, while it is open."""
    waits: list[float] = []
    watching = asyncio.create_task(_watch(waits))
    await asyncio.sleep(TURN)  # else it begins only when a block is over
    yield waits
    await asyncio.sleep(TURN)  # else it does not see that a block is over
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def _watch(waits: list[float]) -> None:
    while True:
        asked = time.thread_time()
        await asyncio.sleep(TURN / 2)
        waits.append(time.thread_time() - asked)

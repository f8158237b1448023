"""What must hold after every fault: nothing told, nothing left, nothing over, and all well again.

`unharmed` wraps the application of a test. The `graph` of this folder is wrapped, so that no test
can forget it.
"""

import asyncio
import base64
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx

from db import statements
from tests.graph import ALIEXPRESS, AMAZON, API_KEY, CONNECT, Graph
from web import logs

# Secrets of the accounts that the tests connect, and the beginning of every token that is given.
MARKERS = (ALIEXPRESS["appSecret"], AMAZON["credentialSecret"], API_KEY, "Sbx|")
# Words of the gateways' broken answers: nobody is shown what a marketplace really sent.
FOREIGN_WORDS = ("Access check", "169.254", "endless")
RECOVERY = 5.0  # seconds that the next plain request may take, on a machine that is busy too
PLAIN = """
mutation Plain($products: [ProductLookup!]!) {
  importProducts(input: {products: $products}) { results { errors { code } } } }
"""


@contextlib.asynccontextmanager
async def unharmed(graph: Graph, *, pace: float = 0.0) -> AsyncIterator[None]:
    """Around a fault, which is over when the body ends.

    `pace`: seconds between two calls of an account that keeps to its real limit.
    """
    before = asyncio.all_tasks()
    with _kept_lines() as lines, _kept_answers(graph.http) as answers:
        yield
        graph.sandbox.faults.clear()
        graph.clock.advance(hours=2)  # the longest ban is over, and no refusal holds any longer
        await _is_well(graph, RECOVERY + pace)
        await _nothing_left(graph, before)
    _nothing_told(lines, answers)
    await _nothing_unbooked(graph)


@contextlib.contextmanager
def _kept_lines() -> Iterator[list[str]]:
    """Lines as the server writes them, at the most talkative level, without its own masking."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and not record.exc_text:
                record.exc_text = logging.Formatter().formatException(record.exc_info)
            lines.append(logs.JSONFormatter().format(record))

    root, keeper = logging.getLogger(), Keeper()
    levels = {name: logging.getLogger(name).level for name in ("", *logs.NOISY)}
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    for name in logs.NOISY:  # as `logs.configure` does it
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield lines
    finally:
        root.removeHandler(keeper)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextlib.contextmanager
def _kept_answers(http: httpx.AsyncClient) -> Iterator[list[str]]:
    """What callers were answered."""
    answers: list[str] = []

    async def keep(response: httpx.Response) -> None:
        answers.append((await response.aread()).decode())

    http.event_hooks["response"].append(keep)
    try:
        yield answers
    finally:
        http.event_hooks["response"].remove(keep)


async def _is_well(graph: Graph, longest: float) -> None:
    """The next plain request is good, at once."""
    await graph.run(
        CONNECT,
        {
            "input": {
                "marketplace": "ALIEXPRESS",
                "credentials": [{"name": key, "value": text} for key, text in ALIEXPRESS.items()],
            }
        },
    )
    listings = graph.sandbox.catalog["aliexpress"].listings()
    *_, product = (one.id for one in listings if one.is_offered("US"))
    started = time.monotonic()
    data = await graph.run(PLAIN, {"products": [{"url": product}]})
    took = time.monotonic() - started

    assert data["importProducts"]["results"] == [{"errors": []}]
    assert took < longest


async def _nothing_left(graph: Graph, before: set["asyncio.Task[object]"]) -> None:
    """No task runs on, no request counts as under way, no call is held for anybody."""
    left = {task for task in asyncio.all_tasks() - before if "TestRunner" not in repr(task)}
    if left:
        _, left = await asyncio.wait(left, timeout=RECOVERY)
    assert not left, left
    await asyncio.sleep(0)
    assert graph.shared is not None
    assert (graph.shared._requests, graph.shared._pending) == ({}, {})
    assert graph.shared.queues == {}


def _nothing_told(lines: Sequence[str], answers: Sequence[str]) -> None:
    """No secret in a line or an answer, in no form; no word of a broken answer either."""
    assert lines
    assert answers
    for text in (*lines, *answers):
        for marker in MARKERS:
            for form in _forms(marker):
                assert form not in text, text[:500]
        for word in FOREIGN_WORDS:
            assert word not in text, text[:500]


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    return {
        secret,
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        raw.hex(),
        base64.b64encode(raw).decode().rstrip("=")[:-1],
    }


async def _nothing_unbooked(graph: Graph) -> None:
    """Whatever the gateways counted was booked before."""
    booked = {
        row["marketplace"]: int(row["used"])
        for row in await statements.rows(
            "SELECT marketplace, sum(used) AS used FROM quota_days GROUP BY marketplace"
        )
    }
    for marketplace in ("aliexpress", "amazon"):
        counted = graph.calls(marketplace) - graph.calls(marketplace, "token")
        assert counted <= booked.get(marketplace, 0)


def most_in(seconds: float, times: Sequence[datetime]) -> int:
    """How many of these moments fall into the fullest window of so many seconds."""
    window = timedelta(seconds=seconds)
    return max((sum(1 for t in times if start <= t < start + window) for start in times), default=0)

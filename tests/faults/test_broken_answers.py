"""Answers that are none: cut off, swollen, disguised, turned away. And odd ones that are right."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.wire import gzip_bomb
from tests.faults.asking import aliexpress, code_of, imported, outcome, product
from tests.graph import ALIEXPRESS, Graph

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("fault", "options", "code", "calls"),
    [
        ("malformed", {}, "MARKETPLACE_ANSWER_INVALID", 2),
        ("truncated", {}, "MARKETPLACE_UNAVAILABLE", 3),
        ("html", {}, "MARKETPLACE_ANSWER_INVALID", 2),
        ("gzip_bomb", {}, "MARKETPLACE_ANSWER_INVALID", 2),
        ("huge", {}, "MARKETPLACE_ANSWER_INVALID", 2),
        ("redirect", {}, "MARKETPLACE_ANSWER_INVALID", 2),
        ("reset", {}, "MARKETPLACE_UNAVAILABLE", 3),
        ("close_before", {}, "MARKETPLACE_UNAVAILABLE", 3),
        ("ae_error", {"code": "InsufficientPermission"}, "PERMISSION_MISSING", 1),
        ("ae_error", {"code": "15", "sub_code": "405"}, "NOT_FOUND", 1),
        ("ae_error", {"code": "405"}, "MARKETPLACE_ANSWER_INVALID", 1),
    ],
)
async def test_a_broken_answer_is_told_by_its_code_and_nothing_of_it_is_kept(
    graph: Graph, fault: str, options: dict[str, Any], code: str, calls: int
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    graph.sandbox.faults.inject(fault, operation="productdetail.get", **options)

    told = await outcome(graph, aliexpress(graph, 3))
    stored = await graph.run("{ products { totalCount } }")

    assert told == [code] * 3
    assert graph.calls("aliexpress") == calls
    assert stored["products"]["totalCount"] == 0


@pytest.mark.parametrize(
    "fault", ["malformed", "truncated", "html", "redirect", "reset", "close_before", "gzip_bomb"]
)
async def test_one_broken_answer_is_not_seen(graph: Graph, fault: str) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    graph.sandbox.faults.inject(fault, operation="productdetail.get", calls=1)

    told = await outcome(graph, aliexpress(graph, 3))

    assert told == [None] * 3
    assert graph.calls("aliexpress") == 2


@pytest.mark.parametrize("fault", ["wrong_type", "string_code", "shuffle_ids", "duplicate_ids"])
async def test_odd_but_right_answers_are_read(graph: Graph, fault: str) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 12)
    graph.sandbox.faults.inject(fault)

    rows = await imported(graph, ids)

    assert [row["product"]["externalId"] for row in rows] == ids
    assert graph.calls("aliexpress") == 1


async def test_an_empty_result_is_an_empty_list(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    graph.sandbox.faults.inject("ae_error", code="15", sub_code="405")

    data = await graph.run(
        """{ searchProducts(marketplace: ALIEXPRESS, search: {keywords: "lamp"}) {
               nodes { id } errors { code } } }"""
    )

    assert data["searchProducts"] == {"nodes": [], "errors": []}


@pytest.mark.parametrize("fault", ["html", "malformed", "status"])
async def test_the_circuit_opens_so_that_a_block_page_is_not_asked_for_again(
    graph: Graph, fault: str
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    graph.sandbox.faults.inject(fault, operation="productdetail.get")

    bodies = [await product(graph, id) for id in aliexpress(graph, 20)]

    assert {code_of(body) for body in bodies} <= {
        "MARKETPLACE_ANSWER_INVALID",
        "MARKETPLACE_UNAVAILABLE",
    }
    assert graph.calls("aliexpress") == 5
    assert "several times in a row" in bodies[-1]["errors"][0]["message"]
    assert bodies[-1]["errors"][0]["extensions"]["retryAt"]


async def test_a_redirect_leads_to_no_connection(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []

    async def open_connection(_self: object, request: httpx.Request) -> httpx.Response:
        opened.append(request.url)
        raise httpx.ConnectError("There is no network here.")

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", open_connection)
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    graph.sandbox.faults.inject("redirect")

    [told] = await outcome(graph, aliexpress(graph, 1))

    assert told == "MARKETPLACE_ANSWER_INVALID"
    assert opened == []


@pytest.mark.parametrize("fault", ["gzip_bomb", "huge", "poison"])
async def test_a_flood_takes_little_memory(graph: Graph, fault: str) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    ids = aliexpress(graph, 12)
    await outcome(graph, ids[:1])
    gzip_bomb()  # made once and kept: the gateway's memory, not ours
    graph.sandbox.faults.inject(fault)
    before = reset_peak()

    await outcome(graph, ids[1:2])
    peak_of_one = peak() - before
    await asyncio.gather(*(outcome(graph, [id]) for id in ids[2:]))

    assert peak_of_one < 64 * MIB  # of the whole process, which other tests have used
    assert resident() - before < 50 * MIB


def resident() -> int:
    """Bytes of this process in memory, without what nobody uses any more."""
    gc.collect()
    return _status("VmRSS")


def peak() -> int:
    """The most bytes since `reset_peak`."""
    return _status("VmHWM")


def reset_peak() -> int:
    """Forget the process's greatest size so far; its present size in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return resident()


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024

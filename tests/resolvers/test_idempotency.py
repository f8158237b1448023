"""Idempotency keys: one effect, one answer."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from strawberry import ID

from clients.registry import MarketplaceCode
from db import idempotency as stored
from db.exceptions import DatabaseUnavailable
from resolvers import idempotency
from resolvers.idempotency import LEASE, raw
from schema.inputs import (
    GenerateLinkInput,
    ImportProductInput,
    ImportProductsInput,
    MoneyInput,
    ProductLookup,
    ProductRefInput,
    ProductSearchInput,
)
from schema.publisher_fields import UpdateProductInput
from tests.graph import ALIEXPRESS, Graph
from tests.resolvers.test_imports import call_under_way
from tests.schema.test_products import IMPORT, aliexpress_ids

pytestmark = pytest.mark.anyio


def codes(answer: dict[str, Any]) -> list[str]:
    """What an import as a whole failed with."""
    return [error["code"] for error in answer["importProducts"]["errors"]]


async def test_a_repeated_import_answers_the_same_without_a_call(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    given = {"products": [{"url": id}, {"url": "https://shop.example/1"}], "key": "order 1"}

    first = await graph.run(IMPORT, given)
    second = await graph.run(IMPORT, given)

    assert first == second
    assert graph.calls("aliexpress") == 1


async def test_the_same_key_with_another_input_is_refused(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    one, two = await aliexpress_ids(graph, 2)
    await graph.run(IMPORT, {"products": [{"url": one}], "key": "k"})

    payload = (await graph.run(IMPORT, {"products": [{"url": two}], "key": "k"}))["importProducts"]

    [error] = payload["errors"]
    assert error["code"] == "IDEMPOTENCY_CONFLICT"
    assert error["path"] == ["input", "idempotencyKey"]
    assert payload["results"] == [{"product": None, "errors": [error]}]


async def test_another_input_that_is_refused_alike_is_another_input(graph: Graph) -> None:
    given = {"products": [{"url": "foo bar"}], "key": "k"}
    first = await graph.run(IMPORT, given)

    again = await graph.run(IMPORT, given)
    other = await graph.run(IMPORT, {"products": [{"url": "other thing"}], "key": "k"})

    assert again == first
    assert codes(other) == ["IDEMPOTENCY_CONFLICT"]


async def test_a_slow_run_keeps_its_key_as_long_as_it_works(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed, renew = asyncio.Event(), stored.renew

    async def watched(owner: str, *, until: datetime) -> None:
        await renew(owner, until=until)
        if until > graph.clock() + timedelta(seconds=2):  # begun since the clock went on
            renewed.set()

    monkeypatch.setattr(idempotency, "RENEWAL", timedelta(milliseconds=5))
    monkeypatch.setattr(stored, "renew", watched)
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    given = {"products": [{"url": id}], "key": "k"}
    graph.sandbox.faults.inject("latency", calls=1, seconds=2)
    late = asyncio.create_task(graph.run(IMPORT, given))
    await call_under_way(graph)

    graph.clock.advance(seconds=LEASE.total_seconds() - 1)
    renewed.clear()
    await renewed.wait()
    graph.clock.advance(seconds=2)
    early = await graph.run(IMPORT.replace("{ code", "{ retryAt code"), given)
    [told] = early["importProducts"]["errors"]
    await late
    replayed = await graph.run(IMPORT, given)

    assert told["code"] == "IDEMPOTENCY_CONFLICT"
    assert graph.clock() < datetime.fromisoformat(told["retryAt"]) <= graph.clock() + LEASE
    assert replayed["importProducts"]["results"][0]["product"]["externalId"] == id
    assert graph.calls("aliexpress") == 1


async def test_a_key_whose_work_ended_while_the_storage_was_away_is_freed(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    given = {"products": [{"url": id}], "key": "k"}

    async def away(*_: object) -> None:
        raise DatabaseUnavailable("The database is away.", retryable=True)

    with monkeypatch.context() as outage:
        outage.setattr(stored, "finish", away)
        outage.setattr(stored, "abandon", away)
        lost = codes(await graph.run(IMPORT, given))
    held = codes(await graph.run(IMPORT, given))
    graph.clock.advance(seconds=LEASE.total_seconds())
    freed = await graph.run(IMPORT, given)

    assert (lost, held) == (["DATABASE_UNAVAILABLE"], ["IDEMPOTENCY_CONFLICT"])
    assert codes(freed) == []


async def test_fifty_at_once_have_one_effect(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    given = {"products": [{"url": id}], "key": "k"}

    answers = await asyncio.gather(*(graph.run(IMPORT, given) for _ in range(50)))

    refused = [code for answer in answers for code in codes(answer)]
    assert len(refused) < 50
    assert set(refused) <= {"IDEMPOTENCY_CONFLICT"}
    assert graph.calls("aliexpress") == 1


async def test_a_failure_of_the_moment_frees_the_key(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    given = {"products": [{"url": id}], "key": "k"}
    graph.sandbox.faults.inject("status", code=503)

    failed = await graph.run(IMPORT, given)
    graph.sandbox.faults.clear()
    worked = await graph.run(IMPORT, given)

    assert failed["importProducts"]["results"][0]["errors"][0]["code"] == "MARKETPLACE_UNAVAILABLE"
    assert worked["importProducts"]["results"][0]["product"]["externalId"] == id


async def test_a_key_works_once_a_day(graph: Graph) -> None:
    await graph.connect("ALIEXPRESS", ALIEXPRESS)
    [id] = await aliexpress_ids(graph, 1)
    given = {"products": [{"url": id}], "key": "k"}
    await graph.run(IMPORT, given)

    graph.clock.advance(hours=25)
    await graph.run(IMPORT, given)

    assert graph.calls("aliexpress") == 2


URL = ProductLookup(url="foo bar")
REF = ProductRefInput(marketplace=MarketplaceCode.AMAZON, external_id=ID("B000000001"))


@pytest.mark.parametrize(
    ("_case", "given", "text"),
    [
        (
            "the key is no part of it",
            ImportProductInput(product=URL, idempotency_key="k"),
            '{"product":{"url":"foo bar"}}',
        ),
        (
            "a list, an enum by its name",
            ImportProductsInput(products=[URL, ProductLookup(ref=REF)]),
            '{"products":[{"url":"foo bar"},'
            '{"ref":{"external_id":"B000000001","marketplace":"AMAZON"}}]}',
        ),
        (
            "null is another thing than nothing",
            UpdateProductInput(id=ID("1"), notes=None),
            '{"id":"1","notes":null}',
        ),
        (
            "an amount by its digits",
            MoneyInput(amount=Decimal("1.50"), currency_code="USD"),
            '{"amount":"1.50","currency_code":"USD"}',
        ),
        ("a default is not told", ProductSearchInput(currency_code="USD", min_orders=10), "{}"),
        ("half a character", ProductLookup(url="\ud83d"), '{"url":"\\ud83d"}'),
    ],
)
def test_an_input_is_told_in_one_way(_case: str, given: object, text: str) -> None:
    assert raw(given) == text


@pytest.mark.parametrize(
    "other",
    [
        GenerateLinkInput(product=ProductLookup(url="foo  bar")),
        GenerateLinkInput(product=ProductLookup(id=ID("foo bar"))),
        GenerateLinkInput(product=URL, sub_id=""),
        GenerateLinkInput(product=URL, tracking_id="None"),
    ],
)
def test_inputs_that_differ_are_told_apart(other: object) -> None:
    assert raw(other) != raw(GenerateLinkInput(product=URL))


def test_what_no_input_holds_is_refused() -> None:
    with pytest.raises(TypeError, match="ValueError"):
        raw([ValueError("no")])

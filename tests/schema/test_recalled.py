"""Answers that are given again, and what ends them."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db import statements
from db.keys import KeyRing, new_key
from db.reads import Reads, note
from domain.marketplaces import AccountKey, Workspace
from domain.products import Mode
from resolvers import products
from resolvers.context import Context
from schema import execution
from schema.recalled import LARGEST, Answers, Recalled, Told
from tests.clients.aliexpress.fakes import FakeSender
from tests.database import on_postgres
from tests.fakes import NOW
from tests.graph import ALIEXPRESS, Graph, running_graph
from upstream.contract import Upstream

pytestmark = pytest.mark.anyio

URL = "https://www.aliexpress.com/item/1005000000001016.html"
OTHER = "https://www.aliexpress.com/item/1005000000001023.html"
IMPORT = """mutation M($url: String!) { importProduct(input: {product: {url: $url}})
  { errors { code } } generateLink(input: {product: {url: $url}}) { errors { code } } }"""
PAGE = """query Page { products { nodes { title offer { isExpired } affiliateLink { url } }
  pageInfo { endCursor } totalCount } }"""
ONE = "query One($url: String!) { product(by: {url: $url}) { title offer { isExpired } } }"


@pytest.fixture
async def filled(migrated_database: str, tmp_path: Path) -> AsyncIterator[Graph]:
    """A product with a link."""
    async with running_graph(migrated_database, tmp_path) as graph:
        await graph.connect("ALIEXPRESS", ALIEXPRESS)
        await graph.run(IMPORT, {"url": URL})
        yield graph


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with each page or product that is not recalled; planned from the first use on."""
    runs: list[str] = []

    def counted(name: str) -> None:
        resolver = getattr(products, name)

        async def run(*args: Any) -> object:
            runs.append(name)
            return await resolver(*args)

        monkeypatch.setattr(products, name, run)

    counted("page")
    counted("get")
    if on_postgres():  # whose other databases count as well
        monkeypatch.setattr(statements, "version", rows_there_are)
    monkeypatch.setattr(execution, "PLANNED_FROM_USE", 1)
    return runs


async def rows_there_are() -> object:
    [row] = await statements.rows(
        "SELECT (SELECT count(*) FROM products) AS products, (SELECT count(*) FROM api_keys) AS k"
    )
    return tuple(row.values())


async def test_an_answer_is_given_again_until_anything_is_written(
    filled: Graph, runs: list[str]
) -> None:
    first = [await filled.post(PAGE) for _ in range(3)]
    after_three = len(runs)
    await filled.make_key("READ")
    again = await filled.post(PAGE)

    assert after_three == 1
    assert len(runs) == 2
    assert [body["data"] for body in first] == [again["data"]] * 3
    assert first[0]["extensions"]["cost"]["actualQueryCost"] > 1
    costs = [body["extensions"]["cost"]["actualQueryCost"] for body in (*first, again)]
    assert costs == costs[:1] * 4


async def test_an_answer_is_given_again_after_a_write_that_changed_none_of_its_rows(
    filled: Graph, runs: list[str]
) -> None:
    bodies = [await filled.post(PAGE)]
    for _ in range(3):
        await filled.make_key("READ")
        bodies.append(await filled.post(PAGE))
    twice = list(runs)
    await filled.run(IMPORT, {"url": OTHER})
    changed = await filled.run(PAGE)

    assert [body["data"] for body in bodies] == [bodies[0]["data"]] * 4
    assert twice == ["page", "page"]  # from the second one on is known of what it was made
    assert runs == ["page"] * 3
    assert changed["products"]["totalCount"] == 2


async def test_variables_and_operations_are_kept_apart(filled: Graph, runs: list[str]) -> None:
    await filled.run(IMPORT, {"url": OTHER})

    bodies = [await filled.run(ONE, {"url": url}) for url in (URL, OTHER, URL, OTHER)]

    assert bodies[0] != bodies[1]
    assert bodies[2:] == bodies[:2]
    assert runs == ["get", "get"]


async def test_an_answer_ends_when_the_time_makes_another_one(
    filled: Graph, runs: list[str]
) -> None:
    fresh = await filled.run(PAGE)
    filled.clock.advance(hours=2)
    expired = await filled.run(PAGE)
    filled.clock.advance(hours=-2)
    set_back = await filled.run(PAGE)

    assert set_back == fresh != expired
    assert runs == ["page"] * 3


async def test_a_product_is_asked_for_when_its_offer_is_expired(
    filled: Graph, runs: list[str]
) -> None:
    document = "query Named($url: String!) { product(by: {url: $url}) { __typename } }"
    for _ in range(2):
        await filled.run(document, {"url": URL})
    filled.sandbox.clear_calls()
    filled.clock.advance(hours=2)
    await filled.run(document, {"url": URL})

    assert runs == ["get", "get"]
    assert filled.calls("aliexpress") == 1


async def test_what_a_marketplace_said_is_not_kept(filled: Graph, runs: list[str]) -> None:
    for _ in range(2):
        await filled.run(ONE, {"url": OTHER})
    made_now = 'query Made { products { nodes { affiliateLink(subId: "new") { createdAt } } } }'
    for _ in range(2):
        await filled.run(made_now)

    assert runs == ["get", "get", "page", "page"]


async def test_who_may_not_ask_is_not_given_what_another_was(
    filled: Graph, runs: list[str]
) -> None:
    document = "query Mine { products { nodes { notes } } }"
    public = await filled.make_key("PUBLIC", origins=["https://shop.example"])
    stranger = await filled.make_workspace("stranger")
    await filled.run(document)

    refused = await filled.post(document, key=public, headers={"Origin": "https://shop.example"})
    empty = await filled.run(document, key=stranger)

    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert empty == {"products": {"nodes": []}}
    assert runs == ["page", "page"]


@pytest.mark.parametrize(
    ("minutes", "until", "holds"),
    [(-1, None, False), (0, None, True), (9, 10, True), (10, 10, False), (5, None, True)],
)
def test_when_an_answer_holds(minutes: int, until: int | None, holds: bool) -> None:
    end = None if until is None else NOW + timedelta(minutes=until)

    assert recalled(until=end).holds(NOW + timedelta(minutes=minutes)) is holds


async def test_an_answer_of_much_is_kept_without_what_it_was_made_from() -> None:
    answers, key = Answers(), ("key",)
    much = Reads()
    with much.noting():
        note("SELECT", [], [("x" * LARGEST,)])
    few = Reads()
    with few.noting():
        note("SELECT", [], [("x",)])

    kept = [recalled(until=None) for _ in range(3)]
    for answer, reads in zip(kept, (few, few, much), strict=True):
        answers.keep(key, answer, reads)

    assert [answer.reads for answer in kept] == [None, few, None]
    assert answers._kept.get(key) is kept[2]


def test_what_is_noted_of_a_request_is_noted_again() -> None:
    context = Context(
        workspace=Workspace("default", {}),
        upstream=Upstream(sender=FakeSender([]), now=lambda: NOW),
        keys=KeyRing.from_text(new_key()),
    )
    account = AccountKey("default", "aliexpress", "", Mode.SANDBOX)

    context.note_again(((account, ("1", "2")),))

    assert set(context.asked.latest(account, 9, NOW)) == {"1", "2"}


def recalled(*, until: datetime | None) -> Recalled:
    """An answer of NOW."""
    return Recalled(
        data=b"{}",
        told=Told("query", "", 1),
        points=1,
        version=1,
        since=NOW,
        until=until,
        valid_until=None,
        asked=(),
    )

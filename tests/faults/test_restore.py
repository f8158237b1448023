"""A backup of a week ago is restored: nothing old looks new, and a sync makes up for the week."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from db import migrate, statements
from db.keys import KeyRing, key_file
from sandbox import Sandbox
from tests.database import on_postgres
from tests.faults.asking import aliexpress, amazon, imported
from tests.graph import API_KEY, Clock, Graph, running_graph
from tests.processes import run_server, started_server
from tests.schema.test_products import SYNC

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(on_postgres(), reason="about SQLite's file"),
]

CATALOGUE = """
{ products { totalCount nodes {
  id externalId isStale offer { price { amount } isExpired } priceHistory { nodes { observedAt } }
} } }
"""
IMPORT_ONE = """
mutation Import($url: String!) {
  importProduct(input: {product: {url: $url}, idempotencyKey: "of last week"}) {
    product { externalId } errors { code }
  }
}
"""


@asynccontextmanager
async def restored(folder: Path) -> AsyncIterator[tuple[Graph, str]]:
    """A server on last week's backup, and the id of the AliExpress product whose price changed.

    Since the backup the product was seen at another price, and one more was imported.
    """
    clock = Clock()
    box = Sandbox(public_url="http://127.0.0.1:8000", now=clock)
    live, backup = folder / "live.sqlite3", folder / "backup.sqlite3"
    await migrate.migrate(f"sqlite://{live}")
    running: dict[str, Any] = {"sandbox": box, "clock": clock, "wiped": False}
    async with running_graph(f"sqlite://{live}", folder, **running) as graph:
        await graph.connect_both()
        [id, other, third] = aliexpress(graph, 3)
        first = await imported(graph, [id, *amazon(graph, 1)])
        await graph.run(IMPORT_ONE, {"url": third})
        await statements.rows(f"VACUUM INTO '{backup}'")
        clock.advance(days=7)
        graph.sandbox.catalog.set_price(id, "3.21")
        await graph.run(SYNC, {"id": first[0]["product"]["id"]})
        await imported(graph, [other])
    async with running_graph(
        f"sqlite://{backup}", folder, keyring=graph.keyring, **running
    ) as again:
        yield again, str(first[0]["product"]["id"])


async def test_no_price_of_last_week_looks_fresh(tmp_path: Path) -> None:
    async with restored(tmp_path) as (graph, _):
        found = (await graph.run(CATALOGUE))["products"]

    assert found["totalCount"] == 3
    for row in found["nodes"]:
        assert row["isStale"] or row["offer"]["isExpired"]
        assert row["offer"] is None or row["offer"]["price"]["amount"] != "3.21"
    assert {row["isStale"] for row in found["nodes"]} == {True, False}  # Amazon's and AliExpress's


async def test_a_sync_makes_up_for_the_week(tmp_path: Path) -> None:
    async with restored(tmp_path) as (graph, id):
        synced = (await graph.run(SYNC, {"id": id}))["syncProduct"]
        found = (await graph.run(CATALOGUE))["products"]["nodes"]

    [row] = [row for row in found if row["id"] == id]
    assert synced["errors"] == []
    assert row["offer"] == {"price": {"amount": "3.21"}, "isExpired": False}
    assert len(row["priceHistory"]["nodes"]) == 2


async def test_an_idempotency_key_of_last_week_is_not_replayed(tmp_path: Path) -> None:
    async with restored(tmp_path) as (graph, _):
        url = aliexpress(graph, 3)[1]  # another input than last week
        made = (await graph.run(IMPORT_ONE, {"url": url}))["importProduct"]

    assert made["errors"] == []
    assert made["product"]["externalId"] == url


def test_a_backup_without_its_key_is_refused_with_both_ids(tmp_path: Path) -> None:
    with started_server(tmp_path, {"ADMIN_API_KEY": API_KEY}):
        pass
    (tmp_path / "encryption.key").rename(tmp_path / "of-then")
    key_file(tmp_path / "encryption.key")

    done = run_server(environ={"DATA_DIR": str(tmp_path), "PORT": "0"})

    assert done.returncode == 3
    for name in ("of-then", "encryption.key"):
        assert key_id((tmp_path / name).read_text("utf-8")) in done.stderr
    assert "Traceback" not in done.stderr


def key_id(text: str) -> str:
    """The id of an encryption key."""
    return KeyRing.from_text(text.strip()).current_id

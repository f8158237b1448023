"""sync: the whole catalogue or the old part of it, in batches, and what is told of it."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest

from db import statements
from db.connection import open_database
from domain.exceptions import QuotaExhausted
from resolvers import imports
from resolvers.context import Context
from resolvers.lookups import RefOrError
from resolvers.rows import Row
from sandbox import Sandbox
from tests.commands.conftest import Command


@pytest.fixture
def five(connected: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """As `connected`, with five products in the catalogue, and batches of two."""
    box = Sandbox(public_url="http://127.0.0.1:8000", now=lambda: datetime.now(UTC))
    ids = [str(row.fields["product_id"]) for row in box.catalog["aliexpress"].listings()[:5]]
    assert connected("import", "-", typed="\n".join(ids)).code == 0
    monkeypatch.setattr("resolvers.jobs.BATCH_ROWS", 2)
    monkeypatch.setattr("engine.alone.AT_ONCE", 1)
    return connected


def test_everything_is_synced_batch_by_batch(five: Command) -> None:
    done = five("sync")

    assert (done.code, done.out) == (0, "")
    assert "2 of 5, 0 failed\n4 of 5, 0 failed\n5 of 5, 0 failed\n5 synced: " in done.err


def test_what_is_fresh_is_left_alone(five: Command) -> None:
    done = five("sync", "--older-than", "12h")

    assert (done.code, done.out) == (0, "")
    assert "0 synced: 0 changed, 0 unchanged, 0 gone, 0 failed." in done.err


def test_what_is_older_alone_is_synced(five: Command) -> None:
    asyncio.run(_age(datetime.now(UTC) - timedelta(hours=13), products=2))

    done = five("sync", "--older-than", "12h")
    again = five("sync", "--older-than", "12h")

    assert "2 of 2, 0 failed\n2 synced: " in done.err
    assert "0 synced: " in again.err


async def _age(synced_at: datetime, *, products: int) -> None:
    """As if so many products had been synced then."""
    chosen = f"SELECT id FROM products ORDER BY id LIMIT {products}"
    async with open_database(os.environ["DATABASE_URL"], shared=False):
        await statements.rows(
            f"UPDATE products SET synced_at = $1 WHERE id IN ({chosen}) RETURNING id",
            [statements.adapted(synced_at)],
        )


def test_a_stopped_run_keeps_what_it_had(five: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = imports.sync_products, []

    async def interrupted(context: Context, refs: list[RefOrError]) -> list[Row]:
        calls.append(refs)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return await real(context, refs)

    monkeypatch.setattr(imports, "sync_products", interrupted)

    done = five("sync")

    assert done.code == 130
    assert done.err.endswith("2 of 5, 0 failed\n\nStopped.\n")


def test_after_a_run_that_was_killed_what_came_due_since_is_synced_too(
    five: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object) -> None:
        raise KeyboardInterrupt

    long_ago = datetime.now(UTC) - timedelta(hours=13)
    asyncio.run(_age(long_ago, products=2))
    with monkeypatch.context() as killing:
        killing.setattr("commands.sync.finish", killed)
        assert five("sync", "--older-than", "12h").code == 130
    asyncio.run(_age(long_ago, products=5))

    done = five("sync", "--older-than", "12h")
    again = five("sync", "--older-than", "12h")

    assert done.code == 0
    assert done.err.count("2 of 2, 0 failed\n") == 1
    assert "3 of 3, 0 failed\n5 synced: " in done.err
    assert "0 synced: " in again.err


def test_a_day_without_calls_left_ends_it(five: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    async def refused(_context: Context, refs: list[RefOrError]) -> list[Row]:
        return [Row(error=QuotaExhausted("No more.", retry_at=tomorrow)) for _ in refs]

    monkeypatch.setattr(imports, "sync_products", refused)

    done = five("sync")

    assert done.code == 1
    assert done.out == ""
    assert f"Stopped, 5 left: the marketplace takes no more calls before {tomorrow:%F %R} UTC" in (
        done.err
    )
    assert "0 synced: " in done.err


@pytest.mark.parametrize("age", ["12", "0h", "h", "-1h", "12 h", "1w"])
def test_an_age_that_is_none_is_refused(command: Command, age: str) -> None:
    done = command("sync", f"--older-than={age}")

    assert done.code == 2
    assert "is not an age" in done.err

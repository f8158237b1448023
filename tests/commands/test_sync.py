"""sync: the whole catalogue or the old part of it, in batches, and what is told of it."""

from datetime import UTC, datetime

import pytest

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
    monkeypatch.setattr("commands.sync.BATCH", 2)
    return connected


def test_everything_is_synced_batch_by_batch(five: Command) -> None:
    done = five("sync")

    assert (done.code, done.out) == (0, "")
    assert "2 of 5, 0 failed\n4 of 5, 0 failed\n5 of 5, 0 failed\n5 synced: " in done.err


def test_what_is_fresh_is_left_alone(five: Command) -> None:
    done = five("sync", "--older-than", "12h")

    assert (done.code, done.out) == (0, "")
    assert "0 synced: 0 changed, 0 unchanged, 0 gone, 0 failed." in done.err


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


def test_what_fails_is_told_and_a_failure_of_the_account_ends_it(
    five: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(_context: Context, refs: list[RefOrError]) -> list[Row]:
        return [Row(error=QuotaExhausted("Wait for tomorrow.")) for _ in refs]

    monkeypatch.setattr(imports, "sync_products", refused)

    done = five("sync")

    assert done.code == 1
    assert [line.split(": ", 1)[1] for line in done.out.splitlines()] == [
        "QUOTA_EXHAUSTED: Wait for tomorrow."
    ] * 2
    assert "Stopped, 3 left: Wait for tomorrow. Then run the same command again." in done.err


@pytest.mark.parametrize("age", ["12", "0h", "h", "-1h", "12 h", "1w"])
def test_an_age_that_is_none_is_refused(command: Command, age: str) -> None:
    done = command("sync", f"--older-than={age}")

    assert done.code == 2
    assert "is not an age" in done.err

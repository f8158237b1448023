"""What becomes of a batch whose rows fail for the moment, or for good."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from domain.exceptions import (
    AffiliateGraphError,
    MarketplaceUnavailable,
    ProductNotFound,
    QuotaExhausted,
)
from domain.jobs import MAX_TRIES, Batch, BatchState
from resolvers import job_batches
from resolvers.context import Context
from resolvers.lookups import RefOrError
from resolvers.rows import Row
from tests.db.records import HOUR, NOW, ref
from tests.db.test_job_batches import new_job

pytestmark = pytest.mark.anyio


def batch(*, tries: int = 1, outcomes: Sequence[Any] = (None, None)) -> Batch:
    job = new_job(2).job
    items = [{"ref": ["aliexpress", str(1000 + number), ""]} for number in range(2)]
    return Batch(
        id="1", job=job, number=0, tries=tries, items=items, rows=[1, 1], outcomes=outcomes
    )


@pytest.fixture
def context() -> Context:
    empty: Any = type("Empty", (), {"now": NOW})()
    return empty  # type: ignore[no-any-return]


def answers(monkeypatch: pytest.MonkeyPatch, *rows: Row) -> list[RefOrError]:
    """Importing answers so; fills with what is asked."""
    asked: list[RefOrError] = []

    async def imported(
        _context: Context, named: Sequence[RefOrError], *, only_new: bool
    ) -> list[Row]:
        assert only_new is False
        asked.extend(named)
        return list(rows)

    monkeypatch.setattr("resolvers.imports.import_products", imported)
    return asked


async def test_rows_that_failed_for_good_are_done(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, Row(ref=ref(0)), Row(error=ProductNotFound("Gone.")))

    result = await job_batches.work(context, batch())

    assert result.state is BatchState.DONE
    assert all(result.outcomes)


async def test_only_what_failed_for_the_moment_is_asked_again(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = MarketplaceUnavailable("Away.")
    answers(monkeypatch, Row(ref=ref(0)), Row(error=away))
    first = await job_batches.work(context, batch())
    asked = answers(monkeypatch, Row(ref=ref(1)))

    second = await job_batches.work(context, batch(outcomes=first.outcomes, tries=2))

    assert first.state is BatchState.OPEN
    assert first.counts
    assert first.due_at == NOW + timedelta(seconds=30)
    assert asked == [ref(1)]
    assert second.state is BatchState.DONE


@pytest.mark.parametrize(
    ("_case", "error", "tries", "state", "counts"),
    [
        ("quota waits however often", QuotaExhausted("No.", retry_at=NOW + HOUR), MAX_TRIES + 5,
         BatchState.OPEN, False),
        ("away is tried so often", MarketplaceUnavailable("Away."), MAX_TRIES - 1,
         BatchState.OPEN, True),
        ("and then has failed", MarketplaceUnavailable("Away."), MAX_TRIES, BatchState.DONE, True),
    ],
)  # fmt: skip
async def test_how_often_it_is_tried(
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    _case: str,
    error: AffiliateGraphError,
    tries: int,
    state: BatchState,
    counts: bool,
) -> None:
    answers(monkeypatch, Row(ref=ref(0)), Row(error=error))

    result = await job_batches.work(context, batch(tries=tries))

    assert (result.state, result.counts) == (state, counts)


async def test_a_time_that_the_marketplace_names_is_waited_for(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, Row(ref=ref(0)), Row(error=QuotaExhausted("No.", retry_at=NOW + 9 * HOUR)))

    assert (await job_batches.work(context, batch())).due_at == NOW + 9 * HOUR

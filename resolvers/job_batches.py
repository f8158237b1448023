"""One batch of a job: what is left of it is asked, and what came of it becomes its result."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from clients.registry import product_ref
from domain.exceptions import AffiliateGraphError, InvalidInput, JobGivenUp, QuotaExhausted
from domain.jobs import MAX_TRIES, Batch, BatchResult, BatchState, Document, JobKind, pause_after
from domain.products import ProductRef
from resolvers import export_jobs, imports, links
from resolvers.context import Context
from resolvers.lookups import RefOrError
from resolvers.rows import Row, to_json


async def work(context: Context, batch: Batch) -> BatchResult:
    """Go through the rows that have no outcome yet, under the Context's lease.

    What fails for the moment is left for another try: at a time that the marketplace named, or
    after a pause. Raises LeaseLost, DatabaseUnavailable.
    """
    places = batch.rest
    rows = await _done(context, batch, [_named(batch.items[place]) for place in places])
    outcomes = list(batch.outcomes)
    passing: list[AffiliateGraphError] = []
    for place, row in zip(places, rows, strict=True):
        if row.error is None or row.is_final:
            outcomes[place] = to_json(row)
        else:
            passing.append(row.error)
    if not passing:
        return BatchResult(outcomes=outcomes, state=BatchState.DONE, due_at=context.now)
    waits_for_quota = any(isinstance(error, QuotaExhausted) for error in passing)
    if batch.tries >= MAX_TRIES and not waits_for_quota:
        for place, row in zip(places, rows, strict=True):
            outcomes[place] = to_json(row)
        return BatchResult(outcomes=outcomes, state=BatchState.DONE, due_at=context.now)
    return BatchResult(
        outcomes=outcomes,
        state=BatchState.OPEN,
        due_at=_next_try(passing, batch.tries, context.now),
        counts=not waits_for_quota,
    )


def broken(batch: Batch, now: datetime) -> BatchResult:
    """The result of a batch that broke what worked on it: it is tried again, then given up."""
    if batch.tries < MAX_TRIES:
        return BatchResult(
            outcomes=batch.outcomes, state=BatchState.OPEN, due_at=now + pause_after(batch.tries)
        )
    failure = to_json(
        Row(
            error=JobGivenUp(
                f"This was given up after {MAX_TRIES} tries, which "
                "broke off for a reason that the server's log tells. retryJob tries it again."
            )
        )
    )
    outcomes = [failure if outcome is None else outcome for outcome in batch.outcomes]
    return BatchResult(outcomes=outcomes, state=BatchState.DEAD, due_at=now)


def given_back(batch: Batch, now: datetime) -> BatchResult:
    """The result of a batch that was broken off in order: somebody else begins with it anew."""
    return BatchResult(outcomes=batch.outcomes, state=BatchState.OPEN, due_at=now, counts=False)


async def _done(context: Context, batch: Batch, named: Sequence[RefOrError]) -> list[Row]:
    options = batch.job.options
    match batch.job.kind:
        case JobKind.IMPORT:
            only_new = options.get("onlyNew") is True
            return await imports.import_products(context, named, only_new=only_new)
        case JobKind.SYNC:
            return await imports.sync_products(context, named)
        case JobKind.LINKS:
            tracking_id, sub_id = (_text(options.get(key)) for key in ("trackingId", "subId"))
            return await links.generate(context, named, tracking_id=tracking_id, sub_id=sub_id)
        case JobKind.EXPORT:
            refs = [ref for ref in named if isinstance(ref, ProductRef)]
            return await export_jobs.write(context, batch.job, refs)
        case other:
            assert_never(other)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _named(item: Document) -> RefOrError:
    ref = item.get("ref")
    if isinstance(ref, list):
        return ProductRef(*ref)
    try:
        return product_ref(str(item["address"]))
    except InvalidInput as error:  # a short link, which is opened beside its batch
        return error


def _next_try(passing: Sequence[AffiliateGraphError], tries: int, now: datetime) -> datetime:
    named = [error.retry_at for error in passing if error.retry_at is not None]
    return max([now + pause_after(tries), *named])

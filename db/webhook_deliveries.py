"""What webhooks are told: which of it is due, claimed, and what became of it.

A claim holds a delivery until its lease ends, and is known by a token of its own: who was stopped
for longer, and whose delivery another one has claimed since, stores nothing. Of several webhooks
each gives some, so that one that is away does not stand before the others; and of each workspace
only its share are on their way, whatever number of its webhooks is away.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from tortoise.expressions import Q

from db import models, paging, rows, statements, webhooks
from db.api_keys import is_id
from db.availability import resilient
from db.leases import LeaseLost
from db.statements import Row
from db.turns import Due
from domain.catalog import Page, PageArgs
from domain.events import EventType
from domain.packing import pack
from domain.webhooks import (
    Attempt,
    Delivery,
    DeliveryFilter,
    DeliveryState,
    DisabledReason,
    Webhook,
    end_of,
)

ORDER = paging.NEWEST_FIRST["created_at"]
LEASE = timedelta(seconds=90)  # longer than any try takes
KEPT_ATTEMPTS = 20  # of a delivery that is repeated by hand again and again
MOST_AT_ONCE = 10_000  # made due again in one go
DUE = "d.state = 'PENDING' AND d.due_at <= $1"
OF_WEBHOOKS = Due(
    owners="webhooks",
    rows="webhook_deliveries",
    owner="webhook_id",
    open_owners="o.disabled_at IS NULL",
    due=DUE,
    first="d.due_at, d.id",
    # One that waits for its next try has no token, and few are within a lease.
    held="h.state = 'PENDING' AND h.token IS NOT NULL AND h.due_at > $1 AND h.due_at <= $2",
    last="o.failing_since IS NOT NULL",
)
CLAIM = (
    "UPDATE webhook_deliveries AS d SET token = $2, due_at = $3, tries = d.tries + 1"
    f" WHERE d.id = $4 AND (({DUE}) OR d.token = $2) RETURNING *"
)
FREE = (
    "UPDATE webhook_deliveries SET due_at = $1, token = NULL WHERE state = 'PENDING'"
    " AND token IS NOT NULL AND due_at > $2 RETURNING id"
)
STORE = (
    "UPDATE webhook_deliveries SET state = $3, due_at = $4, attempts = $5, tries = tries - $6,"
    " token = NULL WHERE id = $1 AND token = $2 RETURNING id"
)
WELL = "UPDATE webhooks SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL"
FAILING = "UPDATE webhooks SET failing_since = $2 WHERE id = $1 AND failing_since IS NULL"
AGAIN = "UPDATE webhook_deliveries SET state = 'PENDING', due_at = $2, tries = 0 WHERE {0}"
AGAIN_ONE = AGAIN.format("id = $1 AND state <> 'PENDING'") + " RETURNING id"
AGAIN_SOME = (
    AGAIN.format(
        "id IN (SELECT id FROM webhook_deliveries WHERE webhook_id = $1 AND created_at >= $3"
        " AND created_at < $4 AND state {0}"
        f" ORDER BY created_at LIMIT {MOST_AT_ONCE})"
    )
    + " RETURNING id"
)
PRUNE = (
    "DELETE FROM webhook_deliveries WHERE id IN"
    f" (SELECT id FROM webhook_deliveries WHERE created_at < $1 LIMIT {MOST_AT_ONCE}) RETURNING 1"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is held, of a webhook that is to be told. `token`: of the claim."""

    delivery: Delivery
    webhook: Webhook
    token: str


@resilient
async def due(now: datetime, *, of_each: int, of_workspace: int) -> list[tuple[str, int]]:
    """Ids of deliveries that may be claimed, with their tries: some of each webhook, by turns.

    `of_each`, `of_workspace`: so many of a webhook and of all webhooks of a workspace may be on
    their way, those that are held included.
    """
    values = [now, now + LEASE]
    found = await OF_WEBHOOKS.shared(values, of_each=of_each, of_workspace=of_workspace)
    return [(str(row["id"]), row["tries"]) for row in found]


@resilient
async def free_stranded(now: datetime) -> int:
    """Free what is held until long after any lease, since the clock was turned back; how many.

    Looks at all that is pending, so it is for when that may be.
    """
    return len(await statements.rows(FREE, [now, now + 2 * LEASE]))


async def claim(delivery_id: str, now: datetime) -> Claim | None:
    """Hold the delivery for the time of a lease. None where it is not due, or not any more."""
    return await _claim(delivery_id, str(uuid4()), now)


@resilient
async def _claim(delivery_id: str, token: str, now: datetime) -> Claim | None:
    async with statements.transaction():
        found = await statements.rows(CLAIM, [now, token, now + LEASE, delivery_id])
        webhook = await _enabled(found[0]["webhook_id"]) if found else None
    return Claim(record(found[0]), webhook, token) if webhook else None


async def _enabled(webhook_id: str) -> Webhook | None:
    found = await models.Webhook.filter(id=webhook_id, disabled_at__isnull=True).values()
    return webhooks.record(found[0]) if found else None


@resilient
async def store(claim: Claim, attempt: Attempt, next_at: datetime | None) -> DisabledReason | None:
    """Give the delivery back with what became of it. `next_at` None: it is not tried again.

    Why the webhook was switched off by it, where it was. Raises LeaseLost; nothing is written then.
    """
    delivery, webhook = claim.delivery, claim.webhook
    state = DeliveryState.PENDING if next_at else DeliveryState.FAILED
    state = DeliveryState.DELIVERED if attempt.is_success else state
    attempts = [*delivery.attempts, attempt][-KEPT_ATTEMPTS:]
    async with statements.transaction():
        values = [state, next_at or attempt.at, [_packed(each) for each in attempts], 0]
        if not await statements.rows(STORE, [delivery.id, claim.token, *values]):
            raise LeaseLost
        if attempt.is_success:
            await statements.rows(f"{WELL} RETURNING id", [webhook.id])
            return None
        await statements.rows(f"{FAILING} RETURNING id", [webhook.id, attempt.at])
        reason = end_of(webhook, attempt)
        is_new = reason and await webhooks.disable_within(webhook.id, reason, attempt.at)
    return reason if is_new else None


@resilient
async def give_back(claim: Claim, now: datetime) -> None:
    """Let somebody else begin with it anew: this was no try."""
    kept = [_packed(each) for each in claim.delivery.attempts]
    values = [claim.delivery.id, claim.token, DeliveryState.PENDING, now, kept, 1]
    await statements.rows(STORE, values)


@resilient
async def page(
    webhook: Webhook, filter: DeliveryFilter, args: PageArgs, *, count: bool = False
) -> Page[Delivery]:
    """One page of what the webhook was told, newest first; `count`: count the whole list too."""
    condition = Q(workspace_id=webhook.workspace, webhook_id=webhook.id)
    if filter.states is not None:
        condition &= Q(state__in=[state.value for state in filter.states])
    return await paging.read(models.WebhookDelivery, condition, ORDER, record, args, count=count)


@resilient
async def by_id(workspace_id: str, delivery_id: str) -> Delivery | None:
    """The workspace's delivery of that id."""
    if not is_id(delivery_id):
        return None
    found = await models.WebhookDelivery.filter(id=delivery_id, workspace_id=workspace_id).values()
    return record(found[0]) if found else None


@resilient
async def again(delivery: Delivery, now: datetime) -> None:
    """Have it sent once more, with all its tries; one that is still pending is left so."""
    await statements.rows(AGAIN_ONE, [delivery.id, now])


@resilient
async def again_between(
    webhook: Webhook, since: datetime, until: datetime, now: datetime, *, only_failed: bool
) -> int:
    """Have sent once more what was made in that time, 10,000 at most; how many."""
    ended = "= 'FAILED'" if only_failed else "<> 'PENDING'"
    times = [now, statements.utc(since), statements.utc(until)]
    return len(await statements.rows(AGAIN_SOME.format(ended), [webhook.id, *times]))


@resilient
async def prune(before: datetime) -> int:
    """Forget what was made before that moment; how many."""
    pruned = 0
    while found := len(await statements.rows(PRUNE, [statements.utc(before)])):
        pruned += found
    return pruned


def record(row: Row) -> Delivery:
    """The delivery that the row holds."""
    state = DeliveryState(row["state"])
    return Delivery(
        id=str(row["id"]),
        webhook_id=str(row["webhook_id"]),
        event_id=str(row["event_id"]),
        type=EventType(row["type"]),
        state=state,
        tries=row["tries"],
        created_at=rows.moment(row["created_at"]),
        next_at=rows.moment(row["due_at"]) if state is DeliveryState.PENDING else None,
        attempts=[_attempt(each) for each in rows.document(row["attempts"])],
    )


def _packed(attempt: Attempt) -> Row:
    return {
        "at": pack(attempt.at),
        "status": attempt.status,
        "milliseconds": attempt.milliseconds,
        "answer": pack(attempt.answer),
        "error": pack(attempt.error),
    }


def _attempt(stored: Row) -> Attempt:
    return Attempt(**{**stored, "at": rows.moment(stored["at"])})

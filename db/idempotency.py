"""Idempotency keys: a mutation that the caller named has one effect, however often it is sent.

A run holds its key for the time of its lease and renews it while it works, so a crash frees it; at
once where the process that died ran on this machine. A final outcome is kept a day.
The id of the row is the run's own: a run whose key was taken over after its lease changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import uuid4

from db import holders, statements
from db.availability import resilient
from db.models import IdempotencyKey

KEPT_FOR = timedelta(hours=24)

BEGIN = (
    "INSERT INTO idempotency_keys"
    " (id, workspace_id, key, fingerprint, state, outcome, lease_until, created_at, holder)"
    " VALUES ($1, $2, $3, $4, 'running', NULL, $5, $6, $8)"
    " ON CONFLICT (workspace_id, key) DO UPDATE SET id = excluded.id,"
    " fingerprint = excluded.fingerprint, state = 'running', outcome = NULL,"
    " lease_until = excluded.lease_until, created_at = excluded.created_at,"
    " holder = excluded.holder"
    " WHERE idempotency_keys.created_at <= $7"
    " OR (idempotency_keys.state = 'running' AND idempotency_keys.lease_until <= $6"
    " AND idempotency_keys.fingerprint = excluded.fingerprint)"
    " RETURNING id"
)


class BegunState(Enum):
    """What the caller of `begin` does next."""

    FRESH = "FRESH"  # run, then finish or abandon
    REPLAY = "REPLAY"  # answer with the outcome
    RUNNING = "RUNNING"  # conflict: another call still runs
    OTHER_INPUT = "OTHER_INPUT"  # conflict: the key was used for something else


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """`owner`: with FRESH, names this run to `finish` and `abandon`. `outcome`: with REPLAY, what
    was finished. `retry_at`: with RUNNING, when the lease ends."""

    state: BegunState
    owner: str = ""
    outcome: Mapping[str, object] | None = None
    retry_at: datetime | None = None


async def begin(
    workspace_id: str, key: str, fingerprint: str, *, now: datetime, lease: timedelta
) -> Begun:
    """Take the key until the `lease` ends. `fingerprint`: a hash of operation and input."""
    owner = str(uuid4())
    return await _begin(owner, workspace_id, key, fingerprint, now=now, lease=lease)


@resilient
async def _begin(
    owner: str, workspace_id: str, key: str, fingerprint: str, *, now: datetime, lease: timedelta
) -> Begun:
    async with statements.transaction():
        await IdempotencyKey.filter(
            workspace_id=workspace_id, created_at__lte=now - KEPT_FOR
        ).delete()
        until, holder = now + lease, holders.this_process()
        wanted = (owner, workspace_id, key, fingerprint, until, now, now - KEPT_FOR, holder)
        if await statements.rows(BEGIN, wanted):
            return Begun(state=BegunState.FRESH, owner=owner)
        row = await IdempotencyKey.get_or_none(workspace_id=workspace_id, key=key).values()
        if row is not None and _is_left_behind(row, fingerprint):
            await IdempotencyKey.filter(id=row["id"], holder=row["holder"]).delete()
            if await statements.rows(BEGIN, wanted):
                return Begun(state=BegunState.FRESH, owner=owner)
    if row is None:  # abandoned in this moment
        return Begun(state=BegunState.RUNNING, retry_at=now)
    if str(row["id"]) == owner:  # taken before, by an attempt whose commit was not heard of
        return Begun(state=BegunState.FRESH, owner=owner)
    if row["fingerprint"] != fingerprint:
        return Begun(state=BegunState.OTHER_INPUT)
    if row["state"] == "done":
        return Begun(state=BegunState.REPLAY, outcome=row["outcome"])
    return Begun(state=BegunState.RUNNING, retry_at=row["lease_until"])


def _is_left_behind(row: Mapping[str, Any], fingerprint: str) -> bool:
    """Whether a process that is no more ran the same."""
    is_same = row["state"] == "running" and row["fingerprint"] == fingerprint
    return is_same and holders.has_died(row["holder"] or "")


@resilient
async def renew(owner: str, *, until: datetime) -> None:
    """Hold the run's key until then. Nothing happens when it is no longer this run's."""
    await IdempotencyKey.filter(id=owner, state="running").update(lease_until=until)


@resilient
async def finish(owner: str, outcome: Mapping[str, object]) -> None:
    """Store the run's final outcome, of JSON values (amounts as text).

    Nothing happens when the key is no longer this run's.
    """
    await IdempotencyKey.filter(id=owner, state="running").update(
        state="done", outcome=dict(outcome)
    )


@resilient
async def abandon(owner: str) -> None:
    """Free the key of a run that had no final outcome, so that it can be sent again.

    Nothing happens when the key is no longer this run's.
    """
    await IdempotencyKey.filter(id=owner, state="running").delete()

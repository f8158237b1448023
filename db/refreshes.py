"""Refreshes: which accounts may make a call, the products that it may be for, and who makes it.

What a claim writes was decided by `domain.refresh`; it holds where the row still is as it was read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import uuid4

from db import rows, statements
from db.availability import resilient
from db.leases import Lease
from db.statements import Row
from db.workspaces import columns_of
from domain.history import PACES, RARELY, History
from domain.marketplaces import AccountKey
from domain.products import Mode
from domain.refresh import FARTHEST, Candidate, Plan, RefreshState

LEASE = timedelta(seconds=60)
MOST_ACCOUNTS = 100  # in one look
HELD = (
    "UPDATE marketplace_accounts SET refresh_token = refresh_token"
    " WHERE id = $1 AND refresh_token = $2 RETURNING id"
)
WAITING = (
    "SELECT * FROM marketplace_accounts WHERE (refresh_at <= $1 OR refresh_at > $2)"
    " AND refresh_calls > 0 AND mode ="
    " CASE WHEN marketplace {sandboxed} THEN 'SANDBOX' ELSE 'LIVE' END"
    f" ORDER BY refresh_at LIMIT {MOST_ACCOUNTS}"
)
WRITE = (
    "UPDATE marketplace_accounts SET refresh_calls = $2, refresh_state = $3, refresh_at = $4,"
    " refresh_day = $5, refresh_used = $6, refresh_failures = $7, refresh_token = $8 WHERE id = $1"
)
AS_READ = (
    " AND refresh_at = $9 AND refresh_used = $10 AND refresh_calls = $11"
    " OR refresh_token = $12 RETURNING id"  # by an attempt whose commit was not heard of
)
PLACE = "workspace_id = $1 AND marketplace = $2 AND locale = $3 AND mode = $4"  # see `columns_of`
BY_KEY = f"SELECT * FROM marketplace_accounts WHERE {PLACE}"
LOCK = f"UPDATE marketplace_accounts SET refresh_at = refresh_at WHERE {PLACE} RETURNING *"
BY_ID = "SELECT * FROM marketplace_accounts WHERE id = $1"
COLUMNS = (
    "external_id, observed_at, synced_at, COALESCE(refresh_at, synced_at) AS due_at, has_link,"
    " selling_price_amount, changes_seen, hours_watched, times_missing"
)
WORTH_IT = "(has_link OR selling_price_amount IS NOT NULL)"
POOLS = (  # as the indexes of migration 0016 have them
    "has_link AND selling_price_amount IS NULL",
    "NOT has_link AND selling_price_amount IS NOT NULL",
    "has_link AND selling_price_amount IS NOT NULL",
)
FIRST = " UNION ALL ".join(
    f"SELECT * FROM (SELECT {COLUMNS} FROM products WHERE {PLACE} AND pace = {pace}"
    f" AND {pool} ORDER BY COALESCE(refresh_at, synced_at) LIMIT $5) AS pool_{number}_{pace + 1}"
    for number, pool in enumerate(POOLS)
    for pace in range(RARELY, len(PACES) + 1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshAccount:
    """An account with its plan. `id`: of its row."""

    id: str
    key: AccountKey
    plan: Plan


@resilient
async def waiting(modes: Mapping[str, Mode], now: datetime) -> list[RefreshAccount]:
    """Accounts that may make a call, in the modes of their marketplaces; those first that have
    waited longest."""
    codes = sorted(code for code, mode in modes.items() if mode is Mode.SANDBOX) or [""]
    sql = WAITING.replace("{sandboxed}", statements.in_list(codes, behind=2))
    return [_account(row) for row in await statements.rows(sql, [now, now + FARTHEST, *codes])]


@resilient
async def by_id(account_id: str) -> RefreshAccount | None:
    """One account, by the id of its row."""
    found = await statements.rows(BY_ID, [account_id])
    return _account(found[0]) if found else None


@resilient
async def plan_of(key: AccountKey) -> Plan | None:
    """What is refreshed of that account; None where nothing is connected."""
    found = await statements.rows(BY_KEY, list(columns_of(key).values()))
    return _plan(found[0]) if found else None


@resilient
async def set_calls(key: AccountKey, calls_per_day: int, now: datetime) -> bool:
    """Let it make so many calls a day; 0: none. False where nothing is connected.

    A call that is under way is stored still, and ends by the new number.
    """
    async with statements.transaction():
        found = await statements.rows(LOCK, list(columns_of(key).values()))
        if not found:
            return False
        [row] = found
        plan = _plan(row).set(calls_per_day, now)
        token = row["refresh_token"] if calls_per_day else None
        await statements.rows(f"{WRITE} RETURNING id", _values(str(row["id"]), plan, token))
        return True


@resilient
async def candidates(key: AccountKey, size: int, asked: Mapping[str, float]) -> list[Candidate]:
    """Products with a link or a selling price: those due first of each pace, and those asked for.

    `size`: at most so many of each. `asked`: how often products are asked for a day, by id.
    """
    place = list(columns_of(key).values())
    found = await statements.rows(FIRST, [*place, size])
    if asked:
        some = statements.in_list(list(asked), behind=4)
        found += await statements.rows(
            f"SELECT {COLUMNS} FROM products WHERE {PLACE} AND {WORTH_IT} AND external_id {some}",
            [*place, *asked],
        )
    products = {row["external_id"]: row for row in found}
    return [_candidate(row, asked.get(name, 0.0)) for name, row in products.items()]


async def claim(account: RefreshAccount, begun: Plan, now: datetime) -> Lease | None:
    """Make the call that `begun` counts; None where somebody else makes it, or it was set anew."""
    lease = Lease(account.id, str(uuid4()), HELD)
    is_held = await _write_as_read(account, replace(begun, next_at=now + LEASE), lease.token)
    return lease if is_held else None


async def postpone(account: RefreshAccount, plan: Plan) -> None:
    """Nothing is called for: the next look is at the plan's time."""
    await _write_as_read(account, plan, None)


@resilient
async def release(lease: Lease, ended: Callable[[Plan], Plan]) -> Plan | None:
    """The call has ended: how it goes on, by the plan as it is set now. None: held no more."""
    async with statements.transaction():
        if not await statements.rows(HELD, [lease.id, lease.token]):
            return None
        [row] = await statements.rows(BY_ID, [lease.id])
        plan = ended(_plan(row))
        await statements.rows(f"{WRITE} RETURNING id", _values(lease.id, plan, None))
        return plan


@resilient
async def _write_as_read(account: RefreshAccount, plan: Plan, token: str | None) -> bool:
    read = account.plan
    known = [read.next_at, read.used, read.calls_per_day, token]
    return bool(await statements.rows(WRITE + AS_READ, [*_values(account.id, plan, token), *known]))


def _values(account_id: str, plan: Plan, token: str | None) -> list[object]:
    return [account_id, *columns(plan).values(), token]


def columns(plan: Plan) -> dict[str, object]:
    """The plan as columns of the account."""
    return {
        "refresh_calls": plan.calls_per_day,
        "refresh_state": plan.state,
        "refresh_at": plan.next_at,
        "refresh_day": plan.day,
        "refresh_used": plan.used,
        "refresh_failures": plan.failures,
    }


def _account(row: Row) -> RefreshAccount:
    key = AccountKey(row["workspace_id"], row["marketplace"], row["locale"], Mode(row["mode"]))
    return RefreshAccount(id=str(row["id"]), key=key, plan=_plan(row))


def _plan(row: Row) -> Plan:
    day = row["refresh_day"]
    return Plan(
        calls_per_day=row["refresh_calls"],
        state=RefreshState(row["refresh_state"] or RefreshState.OFF),
        next_at=rows.moment_or_none(row["refresh_at"]),
        day=date.fromisoformat(day) if isinstance(day, str) else day,
        used=row["refresh_used"],
        failures=row["refresh_failures"],
    )


def _candidate(row: Row, asked: float) -> Candidate:
    is_missing = row["times_missing"] > 0
    return Candidate(
        id=row["external_id"],
        seen_at=rows.moment(row["synced_at" if is_missing else "observed_at"]),
        due_at=rows.moment(row["due_at"]),
        history=History(row["changes_seen"], row["hours_watched"]),
        has_link=bool(row["has_link"]),
        has_selling_price=row["selling_price_amount"] is not None,
        asked=asked,
        is_missing=is_missing,
    )

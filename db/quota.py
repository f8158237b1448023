"""Calls of a day, booked before they are made: exact over any number of processes.

A booked call that was never made stays booked, so a crash leaves calls unused, never over.
"""

from datetime import date
from uuid import uuid4

from db import statements
from db.availability import resilient
from db.statements import Values
from db.workspaces import one_of
from domain.marketplaces import AccountKey

BOOK = (
    "INSERT INTO quota_days (id, workspace_id, marketplace, locale, mode, day, used)"
    " VALUES ($1, $2, $3, $4, $5, $6, 1)"
    " ON CONFLICT (workspace_id, marketplace, locale, mode, day)"
    " DO UPDATE SET used = quota_days.used + 1 WHERE quota_days.used < $7 RETURNING used"
)
GIVE_BACK = (
    "UPDATE quota_days SET used = used - 1 WHERE workspace_id = $1 AND marketplace = $2"
    " AND locale = $3 AND mode = $4 AND day = $5 AND used > 0 RETURNING used"
)
ASSUME = (
    "INSERT INTO quota_days (id, workspace_id, marketplace, locale, mode, day, used)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"
    " ON CONFLICT (workspace_id, marketplace, locale, mode, day)"
    " DO UPDATE SET used = CASE WHEN quota_days.used < $7 THEN $7 ELSE quota_days.used END"
)
UNLIMITED = 2**62


@resilient
async def book(key: AccountKey, *, day: date, limit: int | None) -> bool:
    """Book one call of the marketplace's day; False when the limit is reached.

    `limit` None: count only.
    """
    if limit is not None and limit <= 0:
        return False
    place = (key.workspace, key.marketplace, key.locale, key.mode, day)
    most = UNLIMITED if limit is None else limit
    return bool(await statements.rows(BOOK, (str(uuid4()), *place, most)))


@resilient
async def give_back(key: AccountKey, *, day: date) -> None:
    """A call that was booked for that day will not be made."""
    place = (key.workspace, key.marketplace, key.locale, key.mode, day)
    await statements.rows(GIVE_BACK, place)


@resilient
async def assume(key: AccountKey, *, day: date, used: int) -> None:
    """At least so many calls were made on that day, though nobody booked them here."""
    place = (key.workspace, key.marketplace, key.locale, key.mode, day)
    await statements.rows(ASSUME, (str(uuid4()), *place, used))


@resilient
async def used(*keys: AccountKey, day: date) -> int:
    """How many calls of these accounts, taken together, are booked for the day."""
    if not keys:
        return 0
    values = Values()
    on_day = f"day = {values.add(day)}"
    groups: dict[tuple[object, ...], list[str]] = {}
    for key in keys:
        groups.setdefault((key.workspace, key.marketplace, key.mode), []).append(key.locale)
    asked = one_of("workspace_id, marketplace, mode", "locale", groups, values)
    found = await statements.rows(
        f"SELECT used FROM quota_days WHERE {on_day} AND {asked}", values.all
    )
    return sum(int(row["used"]) for row in found)

"""Calls of a day, booked before they are made: exact over any number of processes.

Counted for accounts, on the day of their marketplace, and for API keys with an allowance, on a day
that the caller of these functions chooses: always the same one for a key.

A booked call that was never made stays booked, so a crash leaves calls unused, never over.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from uuid import uuid4

from tortoise.expressions import Q

from db import events, statements
from db.availability import resilient
from db.models import QuotaDay
from db.workspaces import columns_of
from domain.events import EventType, News
from domain.marketplaces import EVERY_WORKSPACE, AccountKey
from domain.products import Mode

BOOK = (
    "INSERT INTO quota_days (id, workspace_id, marketplace, locale, mode, day, used)"
    " VALUES ($1, $2, $3, $4, $5, $6, 1)"
    " ON CONFLICT (workspace_id, marketplace, locale, mode, day)"
    " DO UPDATE SET used = quota_days.used + 1 WHERE quota_days.used < $7"
    " RETURNING used, is_low_told"
)
GIVE_BACK = (
    "UPDATE quota_days SET used = used - 1 WHERE workspace_id = $1 AND marketplace = $2"
    " AND locale = $3 AND mode = $4 AND day = $5 AND used > 0 RETURNING used"
)
TELL_LOW = (
    "UPDATE quota_days SET is_low_told = TRUE WHERE workspace_id = $1 AND marketplace = $2"
    " AND locale = $3 AND mode = $4 AND day = $5 AND NOT is_low_told RETURNING 1"
)
LOW_FROM = 80  # percent of the day's calls that are used
UNLIMITED = 2**62
GROUPS = 200  # in one statement: the builder walks down them, within Python's recursion limit


@resilient
async def book(
    key: AccountKey,
    *,
    day: date,
    limit: int | None,
    calls_per_day: int | None = None,
    now: datetime | None = None,
) -> bool:
    """Book one call of the marketplace's day; False when the limit is reached.

    `limit` None: count only. `calls_per_day`, `now`: an event tells, once a day, that few of these
    calls are left. Not of an application that several workspaces share: it is nobody's.
    """
    if limit is not None and limit <= 0:
        return False
    most = UNLIMITED if limit is None else limit
    place = columns_of(key).values()
    found = await statements.rows(BOOK, (str(uuid4()), *place, day, most))
    if found and calls_per_day and now and key.workspace != EVERY_WORKSPACE:
        [counted] = found
        if counted["used"] * 100 >= calls_per_day * LOW_FROM and not counted["is_low_told"]:
            await _tell_low(key, day, calls_per_day, now)
    return bool(found)


async def _tell_low(key: AccountKey, day: date, calls_per_day: int, now: datetime) -> None:
    """What is not told since the process ends here, the next booking tells."""
    news = News(
        type=EventType.QUOTA_LOW,
        occurred_at=now,
        marketplace=key.marketplace,
        locale=key.locale,
        calls_per_day=calls_per_day,
    )
    async with statements.transaction():
        if await statements.rows(TELL_LOW, (*columns_of(key).values(), day)):
            await events.record(key.workspace, key.mode, [news])


@resilient
async def give_back(key: AccountKey, *, day: date) -> None:
    """A call that was booked for that day will not be made."""
    await statements.rows(GIVE_BACK, (*columns_of(key).values(), day))


async def book_key(key_id: str, *, day: date, limit: int | None) -> bool:
    """As `book`, for an API key and its allowance."""
    return await book(_line(key_id), day=day, limit=limit)


async def give_back_key(key_id: str, *, day: date) -> None:
    """As `give_back`, for an API key."""
    await give_back(_line(key_id), day=day)


async def used_by_keys(key_ids: Collection[str], *, day: date) -> dict[str, int]:
    """As `used_by`, for API keys."""
    used = await used_by({_line(key_id): day for key_id in key_ids})
    return {key_id: used[_line(key_id)] for key_id in key_ids}


async def forget_keys(key_ids: Collection[str]) -> None:
    """Forget what these API keys have used, on any day. Inside a transaction."""
    ids = sorted(key_ids)
    for start in range(0, len(ids), GROUPS):
        lines = [_line(key_id) for key_id in ids[start : start + GROUPS]]
        await QuotaDay.filter(
            workspace_id=EVERY_WORKSPACE, locale__in=[line.locale for line in lines]
        ).delete()


@resilient
async def assume(key: AccountKey, *, day: date, used: int) -> None:
    """At least so many calls were made on that day, though nobody booked them here."""
    counted, _ = await QuotaDay.get_or_create(**columns_of(key), day=day, defaults={"used": used})
    await QuotaDay.filter(id=counted.id, used__lt=used).update(used=used)


async def used(*keys: AccountKey, day: date) -> int:
    """How many calls of these accounts, taken together, are booked for the day."""
    return sum((await used_by(dict.fromkeys(keys, day))).values())


@resilient
async def used_by(days: Mapping[AccountKey, date]) -> dict[AccountKey, int]:
    """How many calls of each of these accounts are booked for its day. One statement for all, as
    long as they make at most 200 groups of workspace, marketplace, mode and day."""
    calls = dict.fromkeys(days, 0)
    groups: dict[tuple[str, str, Mode, date], list[str]] = {}
    for key, day in days.items():
        groups.setdefault((key.workspace, key.marketplace, key.mode, day), []).append(key.locale)
    together = list(groups.items())
    for start in range(0, len(together), GROUPS):
        conditions = [
            Q(workspace_id=place[0], marketplace=place[1], mode=place[2], day=place[3])
            & Q(locale__in=locales)
            for place, locales in together[start : start + GROUPS]
        ]
        counted = QuotaDay.filter(Q(*conditions, join_type="OR"))
        for workspace, marketplace, locale, mode, used in await counted.values_list(
            "workspace_id", "marketplace", "locale", "mode", "used"
        ):
            calls[AccountKey(workspace, marketplace, locale, Mode(mode))] = used
    return calls


def _line(key_id: str) -> AccountKey:
    """Where an API key is counted, among the accounts: no marketplace has an empty code."""
    return AccountKey(EVERY_WORKSPACE, "", f"api key {key_id}", Mode.LIVE)

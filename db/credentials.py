"""The only reader and writer of sealed credentials.

Every value is sealed, public ones too. Protects against whoever reads the database, a backup of it
or the logs. Does not protect against whoever has the key as well. Values are open only in Secrets
and for the moment of a check.

Each value is opened on its own: one that was damaged, or sealed with a key that is not loaded, is
named in `Account.unreadable` and spoils no other.

Each account has a fingerprint of its values, for whoever needs to know that they are still the
same without opening them: a hash of all names and values, keyed by a secret that is derived from an
encryption key (db/hashing.py). Sets that differ never share one; equal sets have equal ones, in any
account, for as long as the key that made it is loaded, which is all that a reader of the database
learns. It is written with every change of a value, in the same transaction. A row without one, or
with one that its values do not have (an older release wrote them, the key is gone), gets one when
its values are next read, which is the only time at which the keys and the values are at hand.
"""

import contextlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from uuid import uuid4

from tortoise.queryset import QuerySet

from db import events, hashing, refreshes, rows, statements
from db.availability import resilient
from db.encryption import KeyProvider, Place, of_account, seal, unseal
from db.exceptions import DatabaseUnavailable, EncryptionError
from db.models import MarketplaceAccount, MarketplaceCredential
from db.statements import Row
from db.workspaces import columns_of
from domain.credentials import Secret
from domain.events import of_health
from domain.exceptions import InvalidInput
from domain.marketplaces import (
    Account,
    AccountKey,
    Health,
    HealthState,
    StoredCredential,
    Workspace,
)
from domain.products import Mode
from domain.refresh import Plan, RefreshState

Check = Callable[[Mapping[str, str]], Mapping[str, str]]
Stored = tuple[Account, bool]  # and whether its row has its fingerprint

log = logging.getLogger(__name__)

PURPOSE = "fingerprint of credentials"
READ = (
    "SELECT a.*, c.id AS credential_id, c.name, c.sealed, c.updated_at AS saved_at"
    " FROM marketplace_accounts AS a"
    " LEFT JOIN marketplace_credentials AS c ON c.account_id = a.id"
    " WHERE a.workspace_id = $1 {more} ORDER BY a.marketplace, a.locale, a.mode, c.name"
)
READ_ALL = READ.format(more="")
READ_ONE = READ.format(more="AND a.marketplace = $2 AND a.locale = $3 AND a.mode = $4")

_TOLD: set[Place] = set()  # values that do not open and were logged by this process


async def accounts(
    workspace: Workspace, keyring: KeyProvider, marketplace: str | None = None
) -> list[Account]:
    """The stored accounts of the workspace, each marketplace's in its present mode."""
    stored = await _accounts(workspace, keyring, marketplace)
    await _keep_fingerprints(stored, keyring)
    return [account for account, _ in stored]


async def account(key: AccountKey, keyring: KeyProvider) -> Account:
    """One account; empty when nothing is stored."""
    stored = await resilient(_stored)(key, keyring)
    await _keep_fingerprints([stored], keyring)
    return stored[0]


@resilient
async def fingerprints(workspace: Workspace) -> dict[AccountKey, str]:
    """What `accounts` would tell as their `fingerprint`, in one statement and without any key.

    An account without values has "", one that is not stored is absent. One whose fingerprint is not
    known has another one at each call, which equals none: read the account then.
    """
    found = await statements.rows(
        "SELECT workspace_id, marketplace, locale, mode, fingerprint FROM marketplace_accounts"
        " WHERE workspace_id = $1",
        [workspace.id],
    )
    return {
        _key(row): (f"unknown {uuid4()}" if row["fingerprint"] is None else row["fingerprint"])
        for row in found
        if workspace.mode(row["marketplace"]).value == row["mode"]
    }


@resilient
async def save(
    key: AccountKey,
    changes: Mapping[str, str | Secret],
    *,
    check: Check = dict,
    keyring: KeyProvider,
    now: datetime,
    refresh_calls: int = 0,
) -> Account:
    """Change some of the account's values, in one step; concurrent changes follow each other.

    What `changes` lacks stays, an empty value clears. `check` is given the whole set that results
    and returns what to store; what it raises is passed on, and nothing is stored. It only computes,
    since the account is locked meanwhile. A change makes the account's health UNVERIFIED; what did
    not change keeps its time; a stored value that does not open stays until it is named.
    `refresh_calls`: a day, of an account that is new (db/refreshes.py).
    Hand over Secrets where you can: a plain text shows in tracebacks that capture locals.
    Raises InvalidInput for a value that is no text.
    """
    given = {name: _secret(name, value) for name, value in changes.items()}
    async with statements.transaction():
        account_id = await _ensure_account(key, now, refresh_calls)
        found = await statements.rows(READ_ONE, tuple(columns_of(key).values()))
        stored = {row["name"]: row for row in found if row["credential_id"]}
        known = {name: _opened(key, row, keyring) for name, row in stored.items()}
        present = {name: value for name, value in known.items() if value is not None}
        wanted = _checked(present | given, check)
        changed = {name: value for name, value in wanted.items() if known.get(name) != value}
        absent = [
            str(row["credential_id"])
            for name, row in stored.items()
            if name not in wanted and (name in present or name in given)
        ]
        ids = {name: str(row["credential_id"]) for name, row in stored.items()}
        await statements.insert(
            MarketplaceCredential,
            [
                _sealed(of_account(key, ids.get(name) or str(uuid4()), name), value, keyring)
                | {"account_id": account_id, "workspace_id": key.workspace, "updated_at": now}
                for name, value in changed.items()
            ],
            on_conflict=("account_id", "name"),
            update=("sealed", "key_id", "updated_at"),
        )
        await MarketplaceCredential.filter(id__in=absent).delete()
        if changed or absent:
            await _reset(account_id, now)
        return await _with_fingerprint(key, keyring)


@resilient
async def forget(key: AccountKey) -> bool:
    """Delete the account with its values; whether there was one.

    SQLite overwrites the place in its file (secure_delete) and empties its journal, unless another
    process is reading; then its next checkpoint does.
    """
    was_stored = bool(await _row_of(key).delete())
    if was_stored and not statements.is_postgres():
        await statements.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    return was_stored


async def record_health(tested: Account, health: Health, *, keyring: KeyProvider) -> Account:
    """As `note_health`; returns what is stored of the account now."""
    if await note_health(tested, health):
        return replace(tested, health=health)
    return await account(tested.key, keyring)


@resilient
async def note_health(tested: Account, health: Health) -> bool:
    """Note the last evidence about an account; whether it was.

    Nothing is noted when other credentials are stored by now than those that were tested.
    """
    if not tested.id:
        return False
    async with statements.transaction():
        stored = await _lock(tested.key)
        if stored is None or (str(stored.id), stored.fingerprint) != (
            tested.id,
            tested.fingerprint,
        ):
            return False
        trouble, news = of_health(tested.key, stored.announced_state, health)
        await _row_of(tested.key).update(**asdict(health), announced_state=trouble)
        if news:
            await events.record(tested.key.workspace, tested.key.mode, news)
        return True


def _secret(name: str, value: str | Secret) -> Secret:
    secret = value if isinstance(value, Secret) else Secret(value)
    try:
        secret.reveal().encode()
    except UnicodeError:
        # Without the cause, which holds the value.
        raise InvalidInput(
            f"The value of {name} holds half a character. Copy it again from its source.",
            path=("credentials", name),
        ) from None
    return secret


def _checked(values: Mapping[str, Secret], check: Check) -> dict[str, Secret]:
    """What the check lets through, without empty values. The only place where texts are open."""
    kept = check({name: value.reveal() for name, value in values.items()})
    return {name: _secret(name, text) for name, text in kept.items() if text}


@resilient
async def _accounts(
    workspace: Workspace, keyring: KeyProvider, marketplace: str | None
) -> list[Stored]:
    accounts: dict[AccountKey, list[Row]] = {}
    for row in await statements.rows(READ_ALL, [workspace.id]):
        accounts.setdefault(_key(row), []).append(row)
    return [
        _account(key, found, keyring)
        for key, found in accounts.items()
        if marketplace in (None, key.marketplace) and workspace.mode(key.marketplace) is key.mode
    ]


async def _stored(key: AccountKey, keys: KeyProvider) -> Stored:
    found = await statements.rows(READ_ONE, tuple(columns_of(key).values()))
    return _account(key, found, keys) if found else (Account(key=key), True)


async def _keep_fingerprints(stored: Sequence[Stored], keys: KeyProvider) -> None:
    """Write those that the storage lacks. Where nothing can be written, reading goes on."""
    for account, is_kept in stored:
        if not is_kept:
            with contextlib.suppress(DatabaseUnavailable):
                await _keep_fingerprint(account.key, keys)


@resilient
async def _keep_fingerprint(key: AccountKey, keys: KeyProvider) -> None:
    async with statements.transaction():
        await _lock(key)
        await _with_fingerprint(key, keys)


async def _with_fingerprint(key: AccountKey, keys: KeyProvider) -> Account:
    """The account, which is locked, after writing its fingerprint where it is another by now."""
    account, is_kept = await _stored(key, keys)
    if not is_kept:
        await _row_of(key).update(fingerprint=account.fingerprint)
    return account


def _fingerprint(
    credentials: Mapping[str, StoredCredential], stored: str | None, keys: KeyProvider
) -> str:
    """That of the values: the stored one if it is theirs under any key, else under the newest."""
    if not credentials:
        return ""
    # In one expression: a name for the open texts would show in tracebacks that capture locals.
    values = Secret(
        json.dumps(sorted((name, kept.value.reveal()) for name, kept in credentials.items()))
    )
    if stored and hashing.is_of(stored, keys, PURPOSE, values):
        return stored
    return hashing.current(keys, PURPOSE, values)


def _row_of(key: AccountKey) -> QuerySet[MarketplaceAccount]:
    return MarketplaceAccount.filter(**columns_of(key))


async def _lock(key: AccountKey) -> MarketplaceAccount | None:
    """Hold the account's row, if there is one, until the transaction ends."""
    return await _row_of(key).select_for_update().first()


async def _ensure_account(key: AccountKey, now: datetime, refresh_calls: int) -> str:
    """The id of the account's row, which stays locked until the transaction ends."""
    row = {"id": str(uuid4()), "created_at": now, "updated_at": now}
    row |= refreshes.columns(Plan().set(refresh_calls, now))
    await statements.insert(MarketplaceAccount, [row | columns_of(key) | asdict(Health())])
    account = await _row_of(key).select_for_update().get()
    return str(account.id)


async def _reset(account_id: str, now: datetime) -> None:
    """Other values: what is known of the account was about those before."""
    await MarketplaceAccount.filter(id=account_id).update(
        fingerprint=None, updated_at=now, **asdict(Health())
    )
    await MarketplaceAccount.filter(id=account_id, refresh_calls__gt=0).update(
        refresh_state=RefreshState.ACTIVE, refresh_at=now, refresh_failures=0
    )


def _sealed(place: Place, value: Secret, keys: KeyProvider) -> dict[str, object]:
    sealed = seal(keys, value, place)
    return {"id": place.row_id, "name": place.field, "sealed": sealed, "key_id": keys.current_id}


def _opened(key: AccountKey, row: Row, keys: KeyProvider) -> Secret | None:
    """The value; None when it cannot be opened, which is logged once by its place."""
    place = of_account(key, str(row["credential_id"]), row["name"])
    try:
        return unseal(keys, row["sealed"], place)
    except EncryptionError as problem:
        if place not in _TOLD:
            _TOLD.add(place)
            log.warning("%s", problem)
        return None


def _key(row: Row) -> AccountKey:
    return AccountKey(row["workspace_id"], row["marketplace"], row["locale"], Mode(row["mode"]))


def _account(key: AccountKey, found: Sequence[Row], keys: KeyProvider) -> Stored:
    """The account of these rows: one for each of its values, or one without any."""
    row = found[0]
    opened = [(stored, _opened(key, stored, keys)) for stored in found if stored["credential_id"]]
    credentials = {
        stored["name"]: StoredCredential(
            name=stored["name"], value=value, updated_at=rows.moment(stored["saved_at"])
        )
        for stored, value in opened
        if value is not None
    }
    unreadable = tuple(stored["name"] for stored, value in opened if value is None)
    # Of a part of the values no fingerprint is kept: whoever has all keys makes another.
    kept = None if unreadable else row["fingerprint"]
    account = Account(
        key=key,
        id=str(row["id"]),
        credentials=credentials,
        unreadable=unreadable,
        stored_fingerprint=_fingerprint(credentials, kept, keys),
        health=Health(
            state=HealthState(row["state"]),
            upstream_code=row["upstream_code"],
            checked_at=rows.moment_or_none(row["checked_at"]),
            last_success_at=rows.moment_or_none(row["last_success_at"]),
            next_try_at=rows.moment_or_none(row["next_try_at"]),
        ),
    )
    return account, bool(unreadable) or account.fingerprint == row["fingerprint"]

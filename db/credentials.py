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
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from db import hashing, rows, statements
from db.availability import resilient
from db.encryption import KeyProvider, Place, seal, unseal
from db.exceptions import DatabaseUnavailable, EncryptionError
from db.statements import Row
from db.workspaces import mode_of
from domain.credentials import Secret
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

Check = Callable[[Mapping[str, str]], Mapping[str, str]]
Stored = tuple[Account, bool]  # and whether its row has its fingerprint

log = logging.getLogger(__name__)

TABLE = "marketplace_credentials"
PURPOSE = "fingerprint of credentials"
THIS_ACCOUNT = "workspace_id = $1 AND marketplace = $2 AND locale = $3 AND mode = $4"

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
        "SELECT marketplace, locale, mode, fingerprint FROM marketplace_accounts"
        " WHERE workspace_id = $1",
        [workspace.id],
    )
    return {
        AccountKey(workspace.id, row["marketplace"], row["locale"], Mode(row["mode"])): (
            f"unknown {uuid4()}" if row["fingerprint"] is None else row["fingerprint"]
        )
        for row in found
        if mode_of(workspace, row["marketplace"]).value == row["mode"]
    }


@resilient
async def save(
    key: AccountKey,
    changes: Mapping[str, str | Secret],
    *,
    check: Check = dict,
    keyring: KeyProvider,
    now: datetime,
) -> Account:
    """Change some of the account's values, in one step; concurrent changes follow each other.

    What `changes` lacks stays, an empty value clears. `check` is given the whole set that results
    and returns what to store; what it raises is passed on, and nothing is stored. It only computes,
    since the account is locked meanwhile. A change makes the account's health UNVERIFIED; what did
    not change keeps its time; a stored value that does not open stays until it is named.
    Hand over Secrets where you can: a plain text shows in tracebacks that capture locals.
    Raises InvalidInput for a value that is no text.
    """
    given = {name: _secret(name, value) for name, value in changes.items()}
    async with statements.transaction():
        account_id = await _ensure_account(key, now)
        stored = {row["name"]: row for row in (await _sealed_of([account_id]))[account_id]}
        known = {name: _opened(row, keyring) for name, row in stored.items()}
        present = {name: value for name, value in known.items() if value is not None}
        wanted = _checked(present | given, check)
        changed = {name: value for name, value in wanted.items() if known.get(name) != value}
        for name, value in changed.items():
            row_id = str(stored[name]["id"]) if name in stored else str(uuid4())
            sealed = seal(keyring, value, Place(TABLE, row_id, name))
            await _put(row_id, account_id, key.workspace, name, sealed, keyring.current_id, now)
        absent = [
            row["id"]
            for name, row in stored.items()
            if name not in wanted and (name in present or name in given)
        ]
        for row_id in absent:
            await statements.rows(f"DELETE FROM {TABLE} WHERE id = $1 RETURNING id", [row_id])
        if changed or absent:
            await _reset(account_id, now)
        return await _with_fingerprint(key, keyring)


@resilient
async def forget(key: AccountKey) -> bool:
    """Delete the account with its values; whether there was one.

    SQLite overwrites the place in its file (secure_delete) and empties its journal, unless another
    process is reading; then its next checkpoint does.
    """
    found = await statements.rows(
        f"DELETE FROM marketplace_accounts WHERE {THIS_ACCOUNT} RETURNING id", _values(key)
    )
    if found and not statements.is_postgres():
        await statements.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    return bool(found)


@resilient
async def record_health(tested: Account, health: Health, *, keyring: KeyProvider) -> Account:
    """Note the last evidence about an account; returns what is stored of it now.

    Nothing is noted when other credentials are stored by now than those that were tested.
    """
    async with statements.transaction():
        await _lock(tested.key)
        present, _ = await _stored(tested.key, keyring)
        if not present.id or present.reveal() != tested.reveal():
            return present
        await statements.rows(
            "UPDATE marketplace_accounts SET state = $1, upstream_code = $2, checked_at = $3,"
            " last_success_at = $4, next_try_at = $5 WHERE id = $6 RETURNING id",
            (
                health.state,
                health.upstream_code,
                health.checked_at,
                health.last_success_at,
                health.next_try_at,
                present.id,
            ),
        )
    return replace(present, health=health)


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
    found = await statements.rows(
        "SELECT * FROM marketplace_accounts WHERE workspace_id = $1"
        " ORDER BY marketplace, locale, mode",
        [workspace.id],
    )
    present = [
        row
        for row in found
        if marketplace in (None, row["marketplace"])
        and mode_of(workspace, row["marketplace"]).value == row["mode"]
    ]
    sealed = await _sealed_of([str(row["id"]) for row in present])
    return [_account(row, sealed[str(row["id"])], keyring) for row in present]


async def _stored(key: AccountKey, keys: KeyProvider) -> Stored:
    found = await statements.rows(
        f"SELECT * FROM marketplace_accounts WHERE {THIS_ACCOUNT}", _values(key)
    )
    if not found:
        return Account(key=key), True
    account_id = str(found[0]["id"])
    return _account(found[0], (await _sealed_of([account_id]))[account_id], keys)


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
        await statements.rows(
            "UPDATE marketplace_accounts SET fingerprint = $1 WHERE id = $2 RETURNING id",
            (account.fingerprint, account.id),
        )
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
    if stored and hashing.is_same(stored, hashing.each(keys, PURPOSE, values)):
        return stored
    return hashing.current(keys, PURPOSE, values)


async def _lock(key: AccountKey) -> None:
    """Hold the account's row, if there is one, until the transaction ends."""
    await statements.rows(
        f"SELECT id FROM marketplace_accounts WHERE {THIS_ACCOUNT}{statements.for_update()}",
        _values(key),
    )


async def _ensure_account(key: AccountKey, now: datetime) -> str:
    """The id of the account's row, which stays locked until the transaction ends."""
    [row] = await statements.rows(
        "INSERT INTO marketplace_accounts"
        " (workspace_id, marketplace, locale, mode, id, state, created_at, updated_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
        " ON CONFLICT (workspace_id, marketplace, locale, mode)"
        " DO UPDATE SET mode = excluded.mode RETURNING id",
        (*_values(key), str(uuid4()), HealthState.UNVERIFIED, now),
    )
    return str(row["id"])


async def _reset(account_id: str, now: datetime) -> None:
    """Other values: what is known of the account was about those before."""
    await statements.rows(
        "UPDATE marketplace_accounts SET fingerprint = NULL,"
        " state = $1, upstream_code = NULL, checked_at = NULL,"
        " last_success_at = NULL, next_try_at = NULL, updated_at = $2 WHERE id = $3 RETURNING id",
        (HealthState.UNVERIFIED, now, account_id),
    )


async def _sealed_of(account_ids: Sequence[str]) -> dict[str, list[Row]]:
    """Account id -> rows of its credentials, for each id asked."""
    sealed: dict[str, list[Row]] = {account_id: [] for account_id in account_ids}
    if account_ids:
        values = statements.Values()
        for row in await statements.rows(
            f"SELECT * FROM {TABLE} WHERE account_id IN {values.row(account_ids)} ORDER BY name",
            values.all,
        ):
            sealed[str(row["account_id"])].append(row)
    return sealed


async def _put(*values: object) -> None:
    """Store one sealed value: id, account, workspace, name, sealed, key id, time."""
    await statements.rows(
        f"INSERT INTO {TABLE} (id, account_id, workspace_id, name, sealed, key_id, updated_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, name)"
        " DO UPDATE SET sealed = excluded.sealed, key_id = excluded.key_id,"
        " updated_at = excluded.updated_at RETURNING id",
        values,
    )


def _opened(row: Row, keys: KeyProvider) -> Secret | None:
    """The value; None when it cannot be opened, which is logged once by its place."""
    place = Place(TABLE, str(row["id"]), row["name"])
    try:
        return unseal(keys, row["sealed"], place)
    except EncryptionError as problem:
        if place not in _TOLD:
            _TOLD.add(place)
            log.warning("%s", problem)
        return None


def _values(key: AccountKey) -> tuple[object, ...]:
    return key.workspace, key.marketplace, key.locale, key.mode


def _account(row: Row, sealed: Sequence[Row], keys: KeyProvider) -> Stored:
    opened = [(stored, _opened(stored, keys)) for stored in sealed]
    credentials = {
        stored["name"]: StoredCredential(
            name=stored["name"], value=value, updated_at=rows.moment(stored["updated_at"])
        )
        for stored, value in opened
        if value is not None
    }
    unreadable = tuple(stored["name"] for stored, value in opened if value is None)
    # Of a part of the values no fingerprint is kept: whoever has all keys makes another.
    kept = None if unreadable else row["fingerprint"]
    account = Account(
        key=AccountKey(row["workspace_id"], row["marketplace"], row["locale"], Mode(row["mode"])),
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

"""API keys. Their texts are made here, handed out once, and stored only as keyed hashes."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from db import hashing, rows, statements
from db.availability import resilient
from db.keys import KeyProvider
from db.paging import NEWEST_FIRST, behind, order_by
from db.paging import page as page_of
from db.statements import Row, Values
from domain.api_keys import ALPHABET, RANDOM_LENGTH, APIKey, Scope, checksum
from domain.catalog import Page, Position
from domain.credentials import Secret

PURPOSE = "API key"
ORDER = NEWEST_FIRST["created_at"]
OFTEN_ENOUGH = timedelta(minutes=1)  # how exact last_used_at is
INSERT = (
    "INSERT INTO api_keys (id, workspace_id, name, hash, pepper_id, prefix, last_four, scopes,"
    " origins, calls_per_day, expires_at, rotated_from, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING"
    " RETURNING id"
)


def new_text(prefix: str) -> Secret:
    """A fresh key as its caller will send it."""
    body = prefix + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return Secret(body + checksum(body))


@resilient
async def keep(key: APIKey, text: Secret, keyring: KeyProvider) -> None:
    """Store a new key."""
    await _insert(key, text, keyring)


@resilient
async def replace(
    old: APIKey, new: APIKey, text: Secret, keyring: KeyProvider, *, until: datetime
) -> bool:
    """Store the successor of a key, which itself works until then at most.

    False, and nothing is changed: the key has another successor already.
    """
    async with statements.transaction():
        await _insert(new, text, keyring)
        if not await statements.rows("SELECT id FROM api_keys WHERE id = $1", [new.id]):
            return False
        await statements.rows(
            "UPDATE api_keys SET expires_at = $1 WHERE id = $2"
            " AND (expires_at IS NULL OR expires_at > $1) RETURNING id",
            (until, old.id),
        )
    return True


@resilient
async def by_text(text: Secret, keyring: KeyProvider) -> APIKey | None:
    """The stored key of that text, of whichever workspace, also when it is accepted no more.

    A hash under an older encryption key is made anew.
    """
    values, candidates = Values(), hashing.each(keyring, PURPOSE, text)
    found = await statements.rows(
        f"SELECT * FROM api_keys WHERE hash IN {values.row(candidates)}", values.all
    )
    for row in found:
        if hashing.is_same(row["hash"], candidates):
            if row["pepper_id"] != keyring.current_id:
                await _rehash(row, text, keyring)
            return _key(row)
    return None


@resilient
async def by_id(workspace_id: str, key_id: str) -> APIKey | None:
    """The workspace's key of that id."""
    if not is_id(key_id):
        return None
    found = await statements.rows(
        "SELECT * FROM api_keys WHERE id = $1 AND workspace_id = $2", (key_id, workspace_id)
    )
    return _key(found[0]) if found else None


@resilient
async def page(
    workspace_id: str, *, first: int, after: Position | None, count: bool
) -> Page[APIKey]:
    """One page of the workspace's keys, newest first, also those that are accepted no more.

    `count`: count the whole list as well. Raises InvalidInput for an `after` of another list.
    """
    values = Values()
    where = f"workspace_id = {values.add(workspace_id)}"
    total = None
    if count:
        [counted] = await statements.rows(
            f"SELECT count(*) AS total FROM api_keys WHERE {where}", values.all
        )
        total = counted["total"]
    if after is not None:
        where += f" AND {behind(ORDER, after, values)}"
    found = await statements.rows(
        f"SELECT * FROM api_keys WHERE {where} ORDER BY {order_by(ORDER)}"
        f" LIMIT {values.add(first + 1)}",
        values.all,
    )
    return page_of(ORDER, found, _key, first=first, total=total)


@resilient
async def revoke(workspace_id: str, key_id: str, now: datetime) -> APIKey | None:
    """The key as it stands now, accepted no more; None when the workspace has no such key."""
    if not is_id(key_id):
        return None
    found = await statements.rows(
        "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $1)"
        " WHERE id = $2 AND workspace_id = $3 RETURNING *",
        (now, key_id, workspace_id),
    )
    return _key(found[0]) if found else None


@resilient
async def note_use(key: APIKey, now: datetime) -> None:
    """Remember that the key was used, at most once a minute."""
    if key.last_used_at is not None and now < key.last_used_at + OFTEN_ENOUGH:
        return
    await statements.rows(
        "UPDATE api_keys SET last_used_at = $1 WHERE id = $2"
        " AND (last_used_at IS NULL OR last_used_at <= $3) RETURNING id",
        (now, key.id, now - OFTEN_ENOUGH),
    )


@resilient
async def lists_origin(origin: str, now: datetime) -> bool:
    """Whether a key that is still accepted, of whichever workspace, lists that origin."""
    found = await statements.rows(
        "SELECT origins FROM api_keys WHERE revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > $1) AND CAST(origins AS TEXT) <> '[]'",
        [now],
    )
    return any(origin in rows.document(row["origins"]) for row in found)


@resilient
async def pepper_usage(now: datetime) -> dict[str, int]:
    """Id of an encryption key -> how many API keys that are still accepted were hashed under it."""
    found = await statements.rows(
        "SELECT pepper_id, count(*) AS total FROM api_keys WHERE revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > $1) GROUP BY pepper_id ORDER BY pepper_id",
        [now],
    )
    return {row["pepper_id"]: row["total"] for row in found}


def is_id(text: str) -> bool:
    """Whether the text can be the id of a row."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


async def _insert(key: APIKey, text: Secret, keyring: KeyProvider) -> None:
    await statements.rows(
        INSERT,
        (
            key.id,
            key.workspace,
            key.name,
            hashing.current(keyring, PURPOSE, text),
            keyring.current_id,
            key.prefix,
            key.last_four,
            _json([scope.value for scope in Scope if scope in key.scopes]),
            _json(key.origins),
            key.calls_per_day,
            key.expires_at,
            key.rotated_from,
            key.created_at,
        ),
    )


async def _rehash(row: Row, text: Secret, keyring: KeyProvider) -> None:
    await statements.rows(
        "UPDATE api_keys SET hash = $1, pepper_id = $2 WHERE id = $3 AND hash = $4 RETURNING id",
        (
            hashing.current(keyring, PURPOSE, text),
            keyring.current_id,
            str(row["id"]),
            row["hash"],
        ),
    )


def _json(texts: Sequence[str]) -> str:
    return orjson.dumps(texts).decode()


def _key(row: Row) -> APIKey:
    return APIKey(
        id=str(row["id"]),
        workspace=row["workspace_id"],
        name=row["name"],
        prefix=row["prefix"],
        last_four=row["last_four"],
        scopes=frozenset(Scope(value) for value in rows.document(row["scopes"])),
        origins=tuple(rows.document(row["origins"])),
        calls_per_day=row["calls_per_day"],
        expires_at=rows.moment_or_none(row["expires_at"]),
        last_used_at=rows.moment_or_none(row["last_used_at"]),
        revoked_at=rows.moment_or_none(row["revoked_at"]),
        rotated_from=str(row["rotated_from"]) if row["rotated_from"] else None,
        created_at=rows.moment(row["created_at"]),
    )

"""Browsers that signed in with an API key. A session's token is stored only as a keyed hash."""

import secrets
from datetime import datetime
from uuid import uuid4

from db import api_keys, hashing, statements
from db.availability import resilient
from db.keys import KeyProvider
from db.statements import Values
from domain.api_keys import APIKey
from domain.credentials import Secret

PURPOSE = "session"
ADMIN_PURPOSE = "admin key of a session"


async def begin(
    workspace_id: str,
    key: APIKey | None,
    admin: Secret,
    keyring: KeyProvider,
    *,
    now: datetime,
    until: datetime,
) -> Secret:
    """The token of a new session of that key; without one, of the operator's own `admin` key."""
    token = Secret(secrets.token_urlsafe(32))
    await _begin(
        str(uuid4()),
        workspace_id,
        hashing.current(keyring, PURPOSE, token),
        key.id if key else None,
        None if key else hashing.current(keyring, ADMIN_PURPOSE, admin),
        now,
        until,
    )
    return token


@resilient
async def _begin(*values: object) -> None:
    """Store id, workspace, hash, key, hash of the admin key, time and end. Old ones are removed."""
    await statements.rows("DELETE FROM sessions WHERE expires_at <= $1 RETURNING id", [values[5]])
    await statements.rows(
        "INSERT INTO sessions"
        " (id, workspace_id, hash, api_key_id, admin_hash, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id",
        values,
    )


@resilient
async def by_token(
    token: Secret, admin: Secret, keyring: KeyProvider, now: datetime
) -> tuple[str, APIKey | None] | None:
    """Workspace and key of a session that has not ended; the key is None for the operator's own.

    None when there is no such session, or the operator's key is another by now. Whether the stored
    key is still accepted is for the caller to see.
    """
    values, candidates = Values(), hashing.each(keyring, PURPOSE, token)
    found = await statements.rows(
        f"SELECT * FROM sessions WHERE hash IN {values.row(candidates)}"
        f" AND expires_at > {values.add(now)}",
        values.all,
    )
    for row in found:
        if not hashing.is_same(row["hash"], candidates):
            continue
        workspace = str(row["workspace_id"])
        if row["api_key_id"] is not None:
            key = await api_keys.by_id(workspace, str(row["api_key_id"]))
            return (workspace, key) if key else None
        admins = hashing.each(keyring, ADMIN_PURPOSE, admin)
        return (workspace, None) if hashing.is_same(row["admin_hash"], admins) else None
    return None


@resilient
async def end(token: Secret, keyring: KeyProvider) -> None:
    """Sign out; nothing happens when there is no such session."""
    values = Values()
    hashes = values.row(hashing.each(keyring, PURPOSE, token))
    await statements.rows(f"DELETE FROM sessions WHERE hash IN {hashes} RETURNING id", values.all)

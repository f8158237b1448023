"""Browsers that signed in with an API key. A session's token is stored only as a keyed hash."""

import secrets
from datetime import datetime
from uuid import uuid4

from db import api_keys, hashing, models, statements
from db.availability import resilient
from db.keys import KeyProvider
from domain.api_keys import APIKey
from domain.credentials import Secret

MOST = 20  # browsers that are signed in with one key
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
    """The token of a new session of that key; without one, of the operator's own `admin` key.

    Of each key's sessions the newest MOST go on.
    """
    token = Secret(secrets.token_urlsafe(32))
    await _store(
        models.Session(
            id=str(uuid4()),
            workspace_id=workspace_id,
            hash=hashing.current(keyring, PURPOSE, token),
            api_key_id=key.id if key else None,
            admin_hash=None if key else hashing.current(keyring, ADMIN_PURPOSE, admin),
            created_at=now,
            expires_at=until,
        ),
        key.id if key else None,
    )
    return token


@resilient
async def _store(session: models.Session, key_id: str | None) -> None:
    """Store it, once. Those that ended are removed, and the oldest where a key has too many."""
    await models.Session.filter(expires_at__lte=session.created_at).delete()
    await models.Session.bulk_create([session], ignore_conflicts=True)
    same_key = models.Session.filter(workspace_id=session.workspace_id, api_key_id=key_id)
    newest_first = same_key.order_by("-created_at", "-id").offset(MOST).limit(MOST)
    if older := await newest_first.values_list("id", flat=True):
        await models.Session.filter(id__in=older).exclude(id=session.id).delete()


@resilient
async def by_token(
    token: Secret, admin: Secret, keyring: KeyProvider, now: datetime
) -> tuple[str, APIKey | None] | None:
    """Workspace and key of a session that has not ended; the key is None for the operator's own.

    None when there is no such session, or the operator's key is another by now. Whether the stored
    key is still accepted is for the caller to see.
    """
    candidates = hashing.each(keyring, PURPOSE, token)
    found = await statements.rows(
        "SELECT k.*, s.hash AS session_hash, s.workspace_id AS session_workspace,"
        " s.admin_hash, s.api_key_id FROM sessions AS s"
        " LEFT JOIN api_keys AS k ON k.id = s.api_key_id AND k.workspace_id = s.workspace_id"
        f" WHERE s.expires_at > $1 AND s.hash {statements.in_list(candidates, behind=1)}",
        [now, *candidates],
    )
    for row in found:
        if not hashing.is_same(row["session_hash"], candidates):
            continue
        workspace = str(row["session_workspace"])
        if row["api_key_id"] is not None:
            return (workspace, api_keys.record(row)) if row["id"] else None
        admins = hashing.each(keyring, ADMIN_PURPOSE, admin)
        return (workspace, None) if hashing.is_same(row["admin_hash"], admins) else None
    return None


@resilient
async def end(token: Secret, keyring: KeyProvider) -> None:
    """Sign out; nothing happens when there is no such session."""
    await models.Session.filter(hash__in=hashing.each(keyring, PURPOSE, token)).delete()

"""API keys. Their texts are made here, handed out once, and stored only as keyed hashes."""

import secrets
from collections.abc import Collection, Hashable
from dataclasses import replace as replaced
from datetime import datetime, timedelta
from uuid import UUID

from pypika_tortoise.enums import SqlTypes
from pypika_tortoise.functions import Cast
from tortoise.expressions import Q
from tortoise.functions import Count

from db import hashing, paging, rows, statements
from db.availability import resilient
from db.conditions import Where
from db.keys import KeyProvider
from db.models import APIKey as Stored
from db.statements import Row
from domain.api_keys import ALPHABET, RANDOM_LENGTH, APIKey, Scope, checksum, in_order
from domain.catalog import Page, PageArgs
from domain.credentials import Secret
from domain.kept import Kept

PURPOSE = "API key"
ORDER = paging.NEWEST_FIRST["created_at"]
TEXT = SqlTypes.VARCHAR
_IN_PAGES = Where(lambda keys: Cast(keys.origins, TEXT) != "[]")
OFTEN_ENOUGH = timedelta(minutes=1)  # how exact last_used_at is
KEPT_BYTES, KEY_BYTES = 256 * 1024, 2_048  # about
_known: Kept[Hashable, APIKey] = Kept(KEPT_BYTES)


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
        if not await Stored.exists(id=new.id):
            return False
        await Stored.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=until), id=old.id).update(
            expires_at=until
        )
    return True


@resilient
async def by_text(text: Secret, keyring: KeyProvider) -> APIKey | None:
    """The stored key of that text, of whichever workspace, also when it is accepted no more.

    A hash under an older encryption key is made anew. On SQLite it is read once for as long as
    nothing is written: that can be told without a statement.
    """
    candidates = hashing.each(keyring, PURPOSE, text)
    version = statements.version_at_once()
    if version is not None and (known := _known.get((version, *candidates))):
        return known
    key = await _by_hash(candidates, text, keyring)
    if version is not None and key is not None:
        _known.keep((version, *candidates), key, KEY_BYTES)
    return key


async def _by_hash(candidates: list[str], text: Secret, keyring: KeyProvider) -> APIKey | None:
    found = await statements.rows(
        f"SELECT * FROM api_keys WHERE hash {statements.in_list(candidates)}", candidates
    )
    for row in found:
        if hashing.is_same(row["hash"], candidates):
            if row["pepper_id"] != keyring.current_id:
                await _rehash(row, text, keyring)
            return record(row)
    return None


@resilient
async def by_id(workspace_id: str, key_id: str) -> APIKey | None:
    """The workspace's key of that id."""
    if not is_id(key_id):
        return None
    row = await Stored.get_or_none(id=key_id, workspace_id=workspace_id).values()
    return None if row is None else record(row)


@resilient
async def page(workspace_id: str, args: PageArgs, *, count: bool = False) -> Page[APIKey]:
    """One page of the workspace's keys, newest first, also those that are accepted no more.

    `count`: count the whole list as well. Raises InvalidInput for a cursor of another list.
    """
    ours = Q(workspace_id=workspace_id)
    return await paging.read(Stored, ours, ORDER, record, args, count=count)


@resilient
async def revoke(workspace_id: str, key_id: str, now: datetime) -> APIKey | None:
    """The key as it stands now, accepted no more; None when the workspace has no such key."""
    if not is_id(key_id):
        return None
    stored = Stored.filter(id=key_id, workspace_id=workspace_id)
    await stored.filter(revoked_at__isnull=True).update(revoked_at=now)
    row = await stored.get_or_none().values()
    return None if row is None else record(row)


@resilient
async def narrow(
    old: APIKey, scopes: Collection[Scope], calls_per_day: int | None
) -> APIKey | None:
    """The key with these scopes and this allowance from now on; None when it has others by now than
    `old` tells."""
    async with statements.transaction():
        row = await Stored.filter(id=old.id).select_for_update().get_or_none()
        if row is None or frozenset(map(Scope, row.scopes)) != old.scopes:
            return None
        row.scopes = [scope.value for scope in in_order(frozenset(scopes))]
        row.calls_per_day = calls_per_day
        await row.save(update_fields=["scopes", "calls_per_day"])
    return replaced(old, scopes=frozenset(scopes), calls_per_day=calls_per_day)


@resilient
async def note_use(key: APIKey, now: datetime) -> None:
    """Remember that the key was used, at most once a minute."""
    if key.last_used_at is not None and now < key.last_used_at + OFTEN_ENOUGH:
        return
    await Stored.filter(
        Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - OFTEN_ENOUGH), id=key.id
    ).update(last_used_at=now)


@resilient
async def lists_origin(origin: str, now: datetime) -> bool:
    """Whether a key that is still accepted, of whichever workspace, lists that origin."""
    listing = Stored.filter(_accepted(now), _IN_PAGES)
    return any(origin in origins for origins in await listing.values_list("origins", flat=True))


@resilient
async def telling_everybody(now: datetime) -> list[APIKey]:
    """The keys that are still accepted, of all workspaces, that open too much in web pages."""
    found = await Stored.filter(_accepted(now), _IN_PAGES).order_by("created_at", "id").values()
    return [key for key in map(record, found) if key.tells_everybody]


@resilient
async def pepper_usage(now: datetime) -> dict[str, int]:
    """Id of an encryption key -> how many API keys that are still accepted were hashed under it."""
    counted = Stored.filter(_accepted(now)).annotate(total=Count("id")).group_by("pepper_id")
    return dict(await counted.order_by("pepper_id").values_list("pepper_id", "total"))


def is_id(text: str) -> bool:
    """Whether the text can be the id of a row."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _accepted(now: datetime) -> Q:
    """The condition that a key is neither revoked nor at its end."""
    return Q(Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True)


async def _insert(key: APIKey, text: Secret, keyring: KeyProvider) -> None:
    row = {
        "id": key.id,
        "workspace_id": key.workspace,
        "name": key.name,
        "hash": hashing.current(keyring, PURPOSE, text),
        "pepper_id": keyring.current_id,
        "prefix": key.prefix,
        "last_four": key.last_four,
        "scopes": [scope.value for scope in in_order(key.scopes)],
        "origins": list(key.origins),
        "calls_per_day": key.calls_per_day,
        "expires_at": key.expires_at,
        "rotated_from": key.rotated_from,
        "created_at": key.created_at,
    }
    await statements.insert(Stored, [row])


async def _rehash(row: Row, text: Secret, keyring: KeyProvider) -> None:
    await Stored.filter(id=str(row["id"]), hash=row["hash"]).update(
        hash=hashing.current(keyring, PURPOSE, text), pepper_id=keyring.current_id
    )


def record(row: Row) -> APIKey:
    """The row as a key."""
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

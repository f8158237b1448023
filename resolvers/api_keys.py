"""API keys of a workspace: made, replaced, taken back, listed. A key's text is shown once.

Each change is a line in the log, with who made it.
"""

import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

from db import api_keys as stored_keys
from domain.api_keys import HOLDERS, PREFIXES, APIKey, APIKeyStatus, Scope, in_order
from domain.catalog import Page, PageArgs
from domain.credentials import Secret
from domain.exceptions import InvalidInput, NotFound
from domain.products import Mode
from resolvers import cursors
from resolvers.context import Context
from resolvers.cursors import ConnectionArgs

log = logging.getLogger("affiliate_graph.api_keys")
MAX_NAME_LENGTH = 100
MAX_ORIGINS = 20
DEFAULT_OVERLAP = 24  # hours
MAX_OVERLAP = 30 * 24  # hours
MAX_CALLS_PER_DAY = 2**31 - 1  # what an Int of the graph, and the column, can hold
SAFE_SCHEMES = ("https", "chrome-extension", "moz-extension")
TELLS_EVERYBODY = (
    "Everybody can read this key in its web pages, and ask for your notes, selling prices, quota "
    "and hints of credentials with it. Narrow it to PUBLIC: narrowApiKey, or python server.py key "
    "narrow"
)
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A new key, and its text for the one time that it is shown."""

    key: APIKey
    text: Secret = field(repr=False)


async def create(
    context: Context,
    *,
    name: str,
    scopes: Collection[Scope],
    expires_at: datetime | None = None,
    origins: Sequence[str] = (),
    calls_per_day: int | None = None,
) -> Made:
    """Make a key of the context's workspace. Raises InvalidInput with the path of the field.

    `calls_per_day`: marketplace calls that requests with the key may make, None without a limit of
    its own; with 0 they get what is stored or cached. A key for everybody has 0 unless told.
    """
    allowed = _scopes(scopes, origins)
    prefix = PREFIXES[_mode(context)]
    text = stored_keys.new_text(prefix)
    key = APIKey(
        id=str(uuid4()),
        workspace=context.workspace.id,
        name=_name(name),
        prefix=prefix,
        last_four=text.reveal()[-4:],
        scopes=allowed,
        origins=_origins(origins),
        calls_per_day=_calls_of(allowed, _calls_per_day(calls_per_day)),
        expires_at=_expiry(expires_at, context.now),
        created_at=context.now,
    )
    await stored_keys.keep(key, text, context.keys)
    _note(context, "made", key)
    return Made(key=key, text=text)


async def revoke(context: Context, key_id: str) -> APIKey:
    """Take a key back, at once and for ever; doing it twice changes nothing. Raises NotFound."""
    revoked = await stored_keys.revoke(context.workspace.id, key_id, context.now)
    if revoked is None:
        raise _unknown()
    _note(context, "revoked", revoked)
    return revoked


async def narrow(
    context: Context,
    key_id: str,
    *,
    scopes: Collection[Scope] = (Scope.PUBLIC,),
    calls_per_day: int | None = None,
) -> APIKey:
    """Take scopes away from a key, at once; its text stays. `calls_per_day` None: as it is, and 0
    for a key that becomes one for everybody.

    Raises NotFound, and InvalidInput for a scope that the key does not have.
    """
    old = await by_id(context, key_id)
    if old is None:
        raise _unknown()
    allowed = _scopes(scopes, old.origins)
    if wider := [each for each in in_order(allowed) if old.scopes.isdisjoint(HOLDERS[each])]:
        raise InvalidInput(
            f"This key does not have {', '.join(scope.name for scope in wider)}. A key is only "
            "narrowed: make another one with createApiKey.",
            path=("input", "scopes"),
        )
    calls = _calls_of(allowed, _calls_per_day(calls_per_day, else_=old.calls_per_day))
    narrowed = await stored_keys.narrow(old, allowed, calls)
    if narrowed is None:
        raise InvalidInput("This key was just changed by somebody else. Look at it, and try again.")
    _note(context, "narrowed", narrowed)
    return narrowed


async def rotate(context: Context, key_id: str, *, overlap_hours: int | None = None) -> Made:
    """Make the successor of a key, which itself works until the overlap ends.

    The successor may do the same and lives as long as the key was made for. Raises NotFound, and
    InvalidInput for a key that is at its end or was rotated already.
    """
    hours = DEFAULT_OVERLAP if overlap_hours is None else overlap_hours
    if not 0 <= hours <= MAX_OVERLAP:
        raise InvalidInput(
            f"The old key can go on for 0 to {MAX_OVERLAP} hours.", path=("input", "overlapHours")
        )
    now, old = context.now, await by_id(context, key_id)
    if old is None:
        raise _unknown()
    if old.status(now) is not APIKeyStatus.ACTIVE:
        raise InvalidInput(
            f"This key is {old.status(now).name.lower()}. Make a new one with createApiKey.",
            path=("input", "id"),
        )
    text = stored_keys.new_text(old.prefix)
    new = APIKey(
        id=str(uuid4()),
        workspace=old.workspace,
        name=old.name,
        prefix=old.prefix,
        last_four=text.reveal()[-4:],
        scopes=old.scopes,
        origins=old.origins,
        calls_per_day=old.calls_per_day,
        expires_at=_same_life(old, now),
        rotated_from=old.id,
        created_at=now,
    )
    until = now + timedelta(hours=hours)
    if not await stored_keys.replace(old, new, text, context.keys, until=until):
        raise InvalidInput(
            "This key was rotated already. Rotate the key that replaced it, or make a new one with "
            "createApiKey.",
            path=("input", "id"),
        )
    _note(context, "rotated", new)
    return Made(key=new, text=text)


def warning(key: APIKey, now: datetime) -> str | None:
    """What is wrong with a key that is still accepted, and what to do; None when it is well."""
    if not key.tells_everybody or key.status(now) is not APIKeyStatus.ACTIVE:
        return None
    return f"{TELLS_EVERYBODY} {key.id}"


async def by_id(context: Context, key_id: str) -> APIKey | None:
    """The key of the context's workspace with that id."""
    return await stored_keys.by_id(context.workspace.id, key_id)


async def calls_today(context: Context, key: APIKey) -> int | None:
    """Marketplace calls of the key on this day of UTC; None for a key without a limit."""
    if key.calls_per_day is None:
        return None
    return await context.dataloaders.calls_today_of_api_key.load(key.id)


async def page(context: Context, args: ConnectionArgs) -> tuple[str, Page[APIKey]]:
    """One page of the workspace's keys, newest first, with the fingerprint of its cursors."""
    of_list = cursors.fingerprint("api keys")
    return of_list, await stored_keys.page(context.workspace.id, args.page(of_list))


def cursor(of_list: str, page: Page[APIKey]) -> str:
    """The cursor of a page's last row, to read on behind it."""
    return cursors.encode(of_list, page.positions[-1])


async def count(context: Context) -> int | None:
    """How many keys the workspace has, those at their end included."""
    counted = await stored_keys.page(context.workspace.id, PageArgs(1), count=True)
    return counted.total


def _note(context: Context, what: str, key: APIKey) -> None:
    caller = context.caller
    log.info(
        "API key %s",
        what,
        extra={
            "workspace": key.workspace,
            "apiKey": key.id,
            "by": caller.key.id if caller.key else caller.name,
        },
    )


def _mode(context: Context) -> Mode:
    """SANDBOX when no marketplace is real."""
    is_sandbox = set(context.workspace.modes.values()) == {Mode.SANDBOX}
    return Mode.SANDBOX if is_sandbox else Mode.LIVE


def _unknown() -> NotFound:
    return NotFound("This workspace has no such API key.", path=("input", "id"))


def _name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise InvalidInput(
            f"A name is 1 to {MAX_NAME_LENGTH} printable characters.", path=("input", "name")
        )
    return name


def _scopes(listed: Collection[Scope], origins: Sequence[str]) -> frozenset[Scope]:
    scopes = frozenset(listed)
    if not scopes:
        raise InvalidInput("A key needs at least one scope.", path=("input", "scopes"))
    if origins and scopes not in ({Scope.PUBLIC}, {Scope.READ}):
        raise InvalidInput(
            "A key with origins stands in a web page, where everybody can read it: give it the "
            "scope PUBLIC alone.",
            path=("input", "scopes"),
        )
    return scopes


def _expiry(moment: datetime | None, now: datetime) -> datetime | None:
    if moment is not None and moment <= now:
        raise InvalidInput("This moment is over already.", path=("input", "expiresAt"))
    return moment


def _calls_of(scopes: frozenset[Scope], calls: int | None) -> int | None:
    """Everybody who reads a page could use up the day's calls: none, unless some were given."""
    return 0 if calls is None and scopes == {Scope.PUBLIC} else calls


def _calls_per_day(calls: int | None, *, else_: int | None = None) -> int | None:
    if calls is None:
        return else_
    if not 0 <= calls <= MAX_CALLS_PER_DAY:
        raise InvalidInput(
            f"A number of marketplace calls a day is 0 to {MAX_CALLS_PER_DAY:,}.",
            path=("input", "marketplaceCallsPerDay"),
        )
    return calls


def _same_life(old: APIKey, now: datetime) -> datetime | None:
    """When the successor of a key ends: it lives as long as the key was made for."""
    if old.expires_at is None:
        return None
    try:
        return now + (old.expires_at - old.created_at)
    except OverflowError:  # made for thousands of years: no later moment can be written
        return old.expires_at


def _origins(addresses: Sequence[str]) -> tuple[str, ...]:
    path = ("input", "origins")
    if len(addresses) > MAX_ORIGINS:
        raise InvalidInput(f"At most {MAX_ORIGINS} origins; {len(addresses)} were sent.", path=path)
    origins = [_origin(text, (*path, str(row))) for row, text in enumerate(addresses)]
    return tuple(dict.fromkeys(origins))


def _origin(text: str, path: tuple[str, ...]) -> str:
    """The origin as browsers send it: lower case, without a path, without the usual port."""
    try:
        parts = urlsplit(text.strip().lower())
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        parts, port, host = urlsplit(""), None, ""
    is_plain = re.fullmatch(
        r"[a-z-]+://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d+)?/?", text.strip().lower()
    )
    is_safe = parts.scheme in SAFE_SCHEMES or (parts.scheme == "http" and host in LOCAL_HOSTS)
    if not is_plain or not is_safe or not host:
        raise InvalidInput(
            "An origin is the beginning of a web address: https://shop.example.com, with a port "
            "where there is one, without a path. Plain http only for this machine. Browser "
            "extensions are chrome-extension://ID or moz-extension://ID.",
            path=path,
        )
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port in (None, usual) else f":{port}")

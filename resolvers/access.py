"""Who asks: by an API key, by the operator's own key, or by a browser's session."""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from db import api_keys as stored_keys
from db import sessions as stored_sessions
from db.connection import DEFAULT_WORKSPACE
from db.exceptions import DatabaseUnavailable
from db.keys import KeyProvider
from domain.api_keys import APIKey, APIKeyStatus, Caller, Scope
from domain.credentials import Secret

SESSION_LIFE = timedelta(hours=12)
NOTED_WITHIN = 0.25  # seconds that a request waits for the use of its key to be noted

log = logging.getLogger("affiliate_graph.access")

OPERATOR = Caller(
    workspace=DEFAULT_WORKSPACE, name="the operator's key", scopes=frozenset({Scope.ADMIN})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticator:
    """Knows keys and sessions. `admin`: the operator's own key, which needs no database."""

    keys: KeyProvider
    admin: Secret = field(repr=False)

    async def by_key(self, text: Secret, now: datetime) -> Caller | None:
        """Whose key this is; None when it is unknown, expired or revoked.

        Raises DatabaseUnavailable.
        """
        if text == self.admin:
            return OPERATOR
        key = await stored_keys.by_text(text, self.keys)
        return await self._caller(key, now)

    async def by_session(self, token: Secret, now: datetime) -> Caller | None:
        """Who signed in; None when the session or its key is at its end.

        Raises DatabaseUnavailable.
        """
        found = await stored_sessions.by_token(token, self.admin, self.keys, now)
        if found is None:
            return None
        _, key = found
        return OPERATOR if key is None else await self._caller(key, now)

    async def lists_origin(self, origin: str, now: datetime) -> bool:
        """Whether any key that is accepted lists that origin. Raises DatabaseUnavailable."""
        return await stored_keys.lists_origin(origin, now)

    async def sign_in(self, caller: Caller, now: datetime) -> Secret:
        """The token of a new session, good for SESSION_LIFE or until its key is at its end."""
        return await stored_sessions.begin(
            caller.workspace,
            caller.key,
            self.admin,
            self.keys,
            now=now,
            until=now + SESSION_LIFE,
        )

    async def sign_out(self, token: Secret) -> None:
        """End the session, if there is one."""
        await stored_sessions.end(token, self.keys)

    async def _caller(self, key: APIKey | None, now: datetime) -> Caller | None:
        if key is None or key.status(now) is not APIKeyStatus.ACTIVE:
            return None
        try:
            async with asyncio.timeout(NOTED_WITHIN):
                await stored_keys.note_use(key, now)
        except (DatabaseUnavailable, TimeoutError) as failure:
            # A full, read-only or locked database can still be read: the caller is not to blame.
            log.warning("The use of an API key cannot be noted: %s", failure)
        return Caller(workspace=key.workspace, name=key.name, scopes=key.scopes, key=key)


async def caller_of(workspace: str, key_id: str | None, now: datetime) -> Caller | None:
    """Who asks, in work that the key of that id began; None where it is accepted no more.

    `key_id` None: the operator's own key. Raises DatabaseUnavailable.
    """
    if key_id is None:
        return replace(OPERATOR, workspace=workspace)
    key = await stored_keys.by_id(workspace, key_id)
    if key is None or key.status(now) is not APIKeyStatus.ACTIVE:
        return None
    return Caller(workspace=key.workspace, name=key.name, scopes=key.scopes, key=key)

"""Access tokens by client credentials: fetched once for everybody who waits, kept until they age.

Keys must tell apart everything that changes the token (version, credential id, secret fingerprint),
so that a rotated secret never meets an old token.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from domain.credentials import Secret


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the moment (UTC) from which it is no longer used."""

    secret: Secret
    use_until: datetime


class TokenCache:
    """Tokens by key, in memory only. At most one fetch a key is under way."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._fetches: dict[str, asyncio.Task[Token]] = {}

    async def get(
        self, key: str, fetch: Callable[[], Awaitable[Token]], *, now: datetime
    ) -> Secret:
        """The token of `key`, fetched if none is fresh. Raises what `fetch` raises.

        The fetch runs in a task of its own: a waiting caller that is cancelled harms nobody.
        """
        kept = self._tokens.get(key)
        if kept is not None and now < kept.use_until:
            return kept.secret
        self._tokens = {name: one for name, one in self._tokens.items() if now < one.use_until}
        task = self._fetches.get(key)
        if task is None:
            task = asyncio.ensure_future(self._fetch(key, fetch))
            self._fetches[key] = task
            task.add_done_callback(lambda done: self._settle(key, done))
        return (await asyncio.shield(task)).secret

    def drop(self, key: str, secret: Secret) -> None:
        """Forget the token of `key`, unless it is a newer one than `secret`."""
        kept = self._tokens.get(key)
        if kept is not None and kept.secret == secret:
            del self._tokens[key]

    async def _fetch(self, key: str, fetch: Callable[[], Awaitable[Token]]) -> Token:
        token = await fetch()
        self._tokens[key] = token
        return token

    def _settle(self, key: str, done: "asyncio.Task[Token]") -> None:
        self._fetches.pop(key, None)
        if not done.cancelled():
            done.exception()  # seen here, so that an abandoned failure is not reported as lost

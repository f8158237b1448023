"""Access tokens by client credentials: fetched once for everybody who waits, kept until they age.

Keys must tell apart everything that changes the token (version, credential id, secret fingerprint),
so that a rotated secret never meets an old token.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from domain.credentials import Secret
from domain.exceptions import MarketplaceUnavailable
from upstream.budget import Budget


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the moment (UTC) from which it is no longer used."""

    secret: Secret
    use_until: datetime


class TokenCache:
    """Tokens by key, in memory only. At most one fetch a key is under way."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._fetches: dict[str, _Fetching] = {}

    async def get(
        self, key: str, fetch: Callable[[], Awaitable[Token]], budget: Budget, *, now: datetime
    ) -> Secret:
        """The token of `key`, fetched if none is fresh. Raises what `fetch` raises.

        The fetch runs in a task of its own, as long as somebody waits for it: one who has no time
        left in the `budget`, or goes away, harms nobody. It must not be bound to the time of the
        one who happens to come first.
        """
        kept = self._tokens.get(key)
        if kept is not None and now < kept.use_until:
            return kept.secret
        self._tokens = {name: one for name, one in self._tokens.items() if now < one.use_until}
        fetching = self._fetches.get(key) or self._begin(key, fetch)
        left = budget.seconds_left()
        fetching.waiting += 1
        try:
            async with asyncio.timeout(None if math.isinf(left) else left):
                return (await asyncio.shield(fetching.task)).secret
        except TimeoutError:
            raise MarketplaceUnavailable(
                "The marketplace did not give an access token in time. Try again later."
            ) from None
        finally:
            fetching.waiting -= 1
            if not fetching.waiting and not fetching.task.done():
                del self._fetches[key]
                fetching.task.cancel()

    def drop(self, key: str, secret: Secret) -> None:
        """Forget the token of `key`, unless it is a newer one than `secret`."""
        kept = self._tokens.get(key)
        if kept is not None and kept.secret == secret:
            del self._tokens[key]

    def _begin(self, key: str, fetch: Callable[[], Awaitable[Token]]) -> "_Fetching":
        task = asyncio.ensure_future(self._fetch(key, fetch))
        fetching = self._fetches[key] = _Fetching(task)
        task.add_done_callback(lambda _: self._settle(key, fetching))
        return fetching

    async def _fetch(self, key: str, fetch: Callable[[], Awaitable[Token]]) -> Token:
        token = await fetch()
        self._tokens[key] = token
        return token

    def _settle(self, key: str, fetching: "_Fetching") -> None:
        if self._fetches.get(key) is fetching:
            del self._fetches[key]
        if not fetching.task.cancelled():
            fetching.task.exception()  # seen here, should nobody have waited to the end


@dataclass(slots=True, eq=False)
class _Fetching:
    """A fetch under way, and how many wait for it."""

    task: "asyncio.Task[Token]"
    waiting: int = 0

"""What a marketplace refused to credentials: asking again at once would only cost calls.

A refusal of a key, an account or an operation holds for the same credentials for a while, so that
25 batches of one import, or a hundred requests, do not each collect the same answer. Saving other
credentials, or testing the connection, asks anew. Who waits for a permit when the refusal comes is
told at once: there is nothing left to wait for.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from domain.exceptions import (
    APIRetired,
    CredentialsRejected,
    MarketplaceError,
    NotEligible,
    PermissionMissing,
)
from upstream.budget import Monotonic

HOLDS = 60.0  # seconds
_OF_ACCOUNT = (CredentialsRejected, NotEligible, APIRetired)


@dataclass(slots=True, eq=False)
class _Wait:
    """Somebody who waits to make a call, and the refusal that ended the wait."""

    credentials: str
    operation: str
    limit: asyncio.Timeout
    refusal: MarketplaceError | None = None

    def end(self, refusal: MarketplaceError) -> None:
        """Wake whoever waits."""
        self.refusal = refusal
        self.limit.reschedule(asyncio.get_running_loop().time())


@dataclass(slots=True)
class NegativeCache:
    """The refusals of an account, by credentials and, for permissions, operation."""

    monotonic: Monotonic = time.monotonic
    _refusals: dict[tuple[str, str], tuple[float, MarketplaceError]] = field(default_factory=dict)
    _waits: set[_Wait] = field(default_factory=set)

    def check(self, credentials: str, operation: str) -> None:
        """Raises the refusal that still holds, as a failure that no new call was made for."""
        for name in ((credentials, ""), (credentials, operation)):
            until, failure = self._refusals.get(name, (0.0, None))
            if failure is None:
                continue
            if self.monotonic() < until:
                raise failure.at(failure.path)
            del self._refusals[name]

    def note(self, credentials: str, operation: str, failure: MarketplaceError) -> None:
        """Remember a refusal; other failures are none."""
        if isinstance(failure, _OF_ACCOUNT):
            self._remember(credentials, "", failure)
        elif isinstance(failure, PermissionMissing):
            self._remember(credentials, operation, failure)

    @asynccontextmanager
    async def guard(self, credentials: str, operation: str) -> AsyncIterator[None]:
        """Around a wait before a call: a refusal that holds, or comes meanwhile, is raised."""
        self.check(credentials, operation)
        wait = _Wait(credentials, operation, asyncio.timeout(None))
        self._waits.add(wait)
        try:
            async with wait.limit:
                yield
        except TimeoutError:
            if wait.refusal is None:
                raise
            raise wait.refusal.at(wait.refusal.path) from None
        finally:
            self._waits.discard(wait)

    def reset(self, credentials: str) -> None:
        """The next call with these credentials is really made."""
        for name in [name for name in self._refusals if name[0] == credentials]:
            del self._refusals[name]

    def _remember(self, credentials: str, operation: str, failure: MarketplaceError) -> None:
        until = self.monotonic() + HOLDS
        self._refusals.setdefault((credentials, operation), (until, failure))
        for wait in self._waits:
            is_meant = wait.credentials == credentials and operation in ("", wait.operation)
            if is_meant and wait.refusal is None:
                wait.end(failure)

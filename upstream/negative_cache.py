"""What the marketplaces refused to credentials: asking again at once would only cost calls.

A refusal of a key, an account or an operation holds for the same credentials for a while, so that
25 batches of one import, or a hundred requests, do not each collect the same answer. Saving other
credentials, or testing the connection, asks anew. Who waits for a turn when the refusal comes is
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
from domain.marketplaces import AccountKey
from upstream.budget import Monotonic

HOLDS = 60.0  # seconds
_OF_ACCOUNT = (CredentialsRejected, NotEligible, APIRetired)


@dataclass(slots=True, eq=False)
class _Wait:
    """Somebody who waits to make a call, and the refusal that ended the wait."""

    operation: str
    limit: asyncio.Timeout
    refusal: MarketplaceError | None = None

    def end(self, refusal: MarketplaceError) -> None:
        """Wake whoever waits."""
        self.refusal = refusal
        self.limit.reschedule(asyncio.get_running_loop().time())


@dataclass(slots=True)
class NegativeCache:
    """All refusals of a process, by account, credentials and, for permissions, operation."""

    monotonic: Monotonic = time.monotonic
    _until: dict[tuple[AccountKey, str, str], tuple[float, MarketplaceError]] = field(
        default_factory=dict
    )
    _waits: dict[tuple[AccountKey, str], set[_Wait]] = field(default_factory=dict)

    def check(self, account: AccountKey, credentials: str, operation: str) -> None:
        """Raises the refusal that still holds, as a failure that no new call was made for."""
        for name in ((account, credentials, ""), (account, credentials, operation)):
            until, failure = self._until.get(name, (0.0, None))
            if failure is None:
                continue
            if self.monotonic() < until:
                raise failure.at(failure.path)
            del self._until[name]

    def note(
        self, account: AccountKey, credentials: str, operation: str, failure: MarketplaceError
    ) -> None:
        """Remember a refusal; other failures are none."""
        if isinstance(failure, _OF_ACCOUNT):
            self._remember(account, credentials, "", failure)
        elif isinstance(failure, PermissionMissing):
            self._remember(account, credentials, operation, failure)

    @asynccontextmanager
    async def heeded(
        self, account: AccountKey, credentials: str, operation: str
    ) -> AsyncIterator[None]:
        """Around a wait before a call: a refusal that holds, or comes meanwhile, is raised."""
        self.check(account, credentials, operation)
        wait = _Wait(operation, asyncio.timeout(None))
        waits = self._waits.setdefault((account, credentials), set())
        waits.add(wait)
        try:
            async with wait.limit:
                yield
        except TimeoutError:
            if wait.refusal is None:
                raise
            raise wait.refusal.at(wait.refusal.path) from None
        finally:
            waits.discard(wait)
            if not waits:
                self._waits.pop((account, credentials), None)

    def _remember(
        self, account: AccountKey, credentials: str, operation: str, failure: MarketplaceError
    ) -> None:
        until = self.monotonic() + HOLDS
        self._until.setdefault((account, credentials, operation), (until, failure))
        for wait in self._waits.get((account, credentials), ()):
            if wait.refusal is None and operation in ("", wait.operation):
                wait.end(failure)

    def forget(self, account: AccountKey, credentials: str) -> None:
        """The next call is made again."""
        names = [name for name in self._until if name[:2] == (account, credentials)]
        for name in names:
            del self._until[name]

"""What the marketplaces refused to credentials: asking again at once would only cost calls.

A refusal of a key, an account or an operation holds for the same credentials for a while, so that
25 batches of one import, or a hundred requests, do not each collect the same answer. Saving other
credentials, or testing the connection, asks anew.
"""

import time
from dataclasses import dataclass, field

from clients.spending import Monotonic
from domain.exceptions import (
    APIRetired,
    CredentialsRejected,
    MarketplaceError,
    NotEligible,
    PermissionMissing,
)
from domain.marketplaces import AccountKey

HOLDS = 60.0  # seconds
_OF_ACCOUNT = (CredentialsRejected, NotEligible, APIRetired)


@dataclass(slots=True)
class Refusals:
    """All refusals of a process, by account, credentials and, for permissions, operation."""

    monotonic: Monotonic = time.monotonic
    _until: dict[tuple[AccountKey, str, str], tuple[float, MarketplaceError]] = field(
        default_factory=dict
    )

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
        until = self.monotonic() + HOLDS
        if isinstance(failure, _OF_ACCOUNT):
            self._until.setdefault((account, credentials, ""), (until, failure))
        elif isinstance(failure, PermissionMissing):
            self._until.setdefault((account, credentials, operation), (until, failure))

    def forget(self, account: AccountKey, credentials: str) -> None:
        """The next call is made again."""
        names = [name for name in self._until if name[:2] == (account, credentials)]
        for name in names:
            del self._until[name]

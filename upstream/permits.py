"""Calls a second, per account. Exact in any window of the marketplace's.

What a marketplace counts is when calls arrive, and the way there is not always as long: this
process may be busy, and the network slow. So a permit counts from when its call has arrived at the
latest: when its answer is here, or `ARRIVAL_GRACE` after it was sent, whichever comes first.

`WindowPermits` keeps the windows of one process. `upstream/redis_permits.py` keeps them for
several. `upstream/rate_limit.py` decides who gets the next one.
"""

import time
from decimal import Decimal
from typing import Protocol

from domain.marketplaces import AccountKey, QuotaRule
from upstream.budget import Monotonic

SECOND = 1.005  # a second, and a little for clocks that do not go alike
ARRIVAL_GRACE = 0.25  # seconds after which a call that was sent has arrived
PERMIT_TIMEOUT = 10.0  # seconds for which a permit counts whose call was not sent yet


class Permit:
    """Leave to send one call. This one counts for nothing; see `PermitSource` for others."""

    async def sent(self) -> None:
        """The call is on its way."""

    async def over(self) -> None:
        """The call was answered, or failed."""

    async def release(self) -> None:
        """The call was not made after all: somebody else may have the permit."""


class PermitAccount(Protocol):
    """What a source of permits needs to know of an account (upstream/accounts.py)."""

    key: AccountKey
    permits: "list[WindowPermit]"


class PermitSource(Protocol):
    """Where the permits of accounts come from. Asked by one caller of an account at a time."""

    async def take(self, account: PermitAccount, rule: QuotaRule) -> Permit | float:
        """A permit, or the seconds after which it is worth asking again."""
        ...

    async def pause(self, account: PermitAccount, seconds: float) -> None:
        """Tell others than this process that nobody may call for so long."""
        ...


class Unlimited:
    """Implements `PermitSource` without any limit."""

    async def take(self, account: PermitAccount, rule: QuotaRule) -> Permit | float:
        """See `PermitSource`."""
        return Permit()

    async def pause(self, account: PermitAccount, seconds: float) -> None:
        """See `PermitSource`."""


class WindowPermit(Permit):
    """A permit of this process. `arrives_by`: when its call has arrived at the latest."""

    def __init__(self, monotonic: Monotonic, counted: "list[WindowPermit]") -> None:
        self._monotonic = monotonic
        self._counted = counted
        self.arrives_by = monotonic() + PERMIT_TIMEOUT
        counted.append(self)

    async def sent(self) -> None:
        """See `Permit`."""
        self.arrives_by = self._monotonic() + ARRIVAL_GRACE

    async def over(self) -> None:
        """See `Permit`."""
        self.arrives_by = min(self.arrives_by, self._monotonic())

    async def release(self) -> None:
        """See `Permit`."""
        if self in self._counted:
            self._counted.remove(self)


class WindowPermits:
    """Implements `PermitSource` for one process."""

    def __init__(self, monotonic: Monotonic = time.monotonic) -> None:
        self._monotonic = monotonic

    async def take(self, account: PermitAccount, rule: QuotaRule) -> Permit | float:
        """See `PermitSource`."""
        limit, second = window(rule.calls_per_second)
        now = self._monotonic()
        counted = account.permits
        counted[:] = [permit for permit in counted if now < permit.arrives_by + second]
        if len(counted) < limit:
            return WindowPermit(self._monotonic, counted)
        ends = sorted(permit.arrives_by + second - now for permit in counted)
        # One that is under way may end sooner than it says, yet no sooner than after a second.
        return min(second, ends[len(ends) - limit])

    async def pause(self, account: PermitAccount, seconds: float) -> None:
        """See `PermitSource`: there are no others."""


def window(calls_per_second: Decimal) -> tuple[int, float]:
    """Permits in a window, and its length in seconds."""
    if calls_per_second >= 1:
        return int(calls_per_second), SECOND
    return 1, SECOND / float(calls_per_second)

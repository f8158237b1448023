"""Whether a failed call is made again, and after which pause.

By class of failure: what cannot get better is not tried again. Within the request's deadline, its
cap, and a budget of repetitions for the account, so that a marketplace in trouble is not asked even
more than usual.
"""

import random
from dataclasses import dataclass, field

from domain.exceptions import MarketplaceError
from domain.marketplaces import AccountKey
from upstream.budget import Budget

SHARE = 0.1  # repetitions for each call
RESERVE = 10.0  # repetitions that a quiet account may make at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long we wait, in seconds: for one attempt, for our turn, and between attempts."""

    attempt: float = 15.0
    turn: float = 30.0
    longest_pause: float = 30.0
    first_pause: float = 1.0
    attempts: int = 3


@dataclass(slots=True)
class RetryBudget:
    """Repetitions that each account may still make: a tenth of its calls, and a few to begin."""

    _left: dict[AccountKey, float] = field(default_factory=dict)

    def earn(self, account: AccountKey) -> None:
        """A call was begun."""
        self._left[account] = min(RESERVE, self._left.get(account, RESERVE) + SHARE)

    def take(self, account: AccountKey) -> bool:
        """Use one repetition; False when none is left."""
        left = self._left.get(account, RESERVE)
        if left < 1:
            return False
        self._left[account] = left - 1
        return True


class RetryPolicy:
    """Decides after each failure of one call."""

    def __init__(
        self, patience: Timeouts, purse: Budget, budget: RetryBudget, account: AccountKey
    ) -> None:
        self._patience = patience
        self._purse = purse
        self._budget = budget
        self._account = account
        self._tries = 0
        budget.earn(account)

    def pause(self, error: Exception) -> bool | float:
        """The seconds to wait before the next try; False: there is none. For stamina's `on`."""
        self._tries += 1
        if not isinstance(error, MarketplaceError) or not self._can_help(error):
            return False
        wait = self._wait(error)
        if wait > self._patience.longest_pause + self._patience.first_pause:
            return False
        if wait >= self._purse.seconds_left() or not self._purse.may_pay():
            return False
        return wait if self._budget.take(self._account) else False

    def _can_help(self, error: MarketplaceError) -> bool:
        most = min(error.most_tries, self._patience.attempts)
        return error.retryable and self._tries < most and error.retry_at is None

    def _wait(self, error: MarketplaceError) -> float:
        """A little later than asked, each caller at its own moment: not all at once again."""
        first = self._patience.first_pause
        if error.retry_after is not None:
            return error.retry_after + random.uniform(0.25, 1) * first
        return first * float(2 ** (self._tries - 1)) + random.uniform(0, first / 4)

"""Whether a failed call is made again, and after which pause.

By class of failure: what cannot get better is not tried again. Within the request's deadline, its
cap, and a budget of repetitions for the account, so that a marketplace in trouble is not asked even
more than usual.
"""

import random
from dataclasses import dataclass

from domain.exceptions import MarketplaceError
from upstream.budget import Budget

SHARE = 0.1  # repetitions for each call
RESERVE = 10.0  # repetitions that a quiet account may make at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long we wait, in seconds: for one attempt, for a permit, and between attempts."""

    attempt: float = 15.0
    permit: float = 30.0
    longest_pause: float = 30.0
    first_pause: float = 1.0
    attempts: int = 3


@dataclass(slots=True)
class RetryBudget:
    """Repetitions that an account may still make: a tenth of its calls, and a few to begin."""

    left: float = RESERVE

    def earn(self) -> None:
        """A call was begun."""
        self.left = min(RESERVE, self.left + SHARE)

    def take(self) -> bool:
        """Use one repetition; False when none is left."""
        if self.left < 1:
            return False
        self.left -= 1
        return True


class RetryPolicy:
    """Decides after each failure of one call."""

    def __init__(self, timeouts: Timeouts, budget: Budget, retries: RetryBudget) -> None:
        self._timeouts = timeouts
        self._budget = budget
        self._retries = retries
        self._tries = 0
        retries.earn()

    def pause(self, error: Exception) -> bool | float:
        """The seconds to wait before the next try; False: there is none. For stamina's `on`."""
        self._tries += 1
        if not isinstance(error, MarketplaceError) or not self._can_help(error):
            return False
        wait = self._wait(error)
        if wait > self._timeouts.longest_pause + self._timeouts.first_pause:
            return False
        if wait >= self._budget.seconds_left() or not self._budget.may_spend():
            return False
        return wait if self._retries.take() else False

    def _can_help(self, error: MarketplaceError) -> bool:
        most = min(error.most_tries, self._timeouts.attempts)
        return error.retryable and self._tries < most and error.retry_at is None

    def _wait(self, error: MarketplaceError) -> float:
        """A little later than asked, each caller at its own moment: not all at once again."""
        first = self._timeouts.first_pause
        if error.retry_after is not None:
            return error.retry_after + random.uniform(0.25, 1) * first
        return first * float(2 ** (self._tries - 1)) + random.uniform(0, first / 4)

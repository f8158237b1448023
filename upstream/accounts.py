"""What this process knows of each account at a marketplace: one object per account, one table.

An account is whatever the marketplace counts together (`Marketplace.quota_account`), so several
workspaces may share one. States of accounts that nobody has used for a while are forgotten; what
they knew is either over by then or told anew by the next answer.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from domain.marketplaces import AccountKey
from upstream.budget import Monotonic
from upstream.circuit import CircuitBreaker
from upstream.clock_skew import ClockSkew
from upstream.fair_line import FairLine
from upstream.negative_cache import NegativeCache
from upstream.permits import WindowPermit
from upstream.retries import RetryBudget

FORGET_AFTER = 900.0  # seconds without a call; more than any pause, refusal or open circuit lasts
CONNECTIONS = 10  # that one account may have open at once, unless the settings say otherwise


class AccountState:
    """An account's circuits, refusals, retries, pause, clock, permits, connections and line."""

    def __init__(
        self,
        key: AccountKey,
        monotonic: Monotonic = time.monotonic,
        *,
        connections: int = CONNECTIONS,
    ) -> None:
        self.key = key
        self.circuit = CircuitBreaker(monotonic)
        self.refusals = NegativeCache(monotonic)
        self.retries = RetryBudget()
        self.clock = ClockSkew()
        self.line = FairLine()
        self.permits: list[WindowPermit] = []  # that count, of this process
        self.connections = asyncio.Semaphore(connections)
        self.paused_until = 0.0  # on the monotonic clock
        self.used_at = monotonic()
        self.users = 0  # calls under way
        self._monotonic = monotonic

    def pause_left(self) -> float:
        """Seconds of the pause that the marketplace asked for."""
        return max(0.0, self.paused_until - self._monotonic())


class AccountStates:
    """All accounts of a process."""

    def __init__(
        self, monotonic: Monotonic = time.monotonic, *, connections: int = CONNECTIONS
    ) -> None:
        self._monotonic = monotonic
        self._connections = connections
        self._states: dict[AccountKey, AccountState] = {}  # the one used longest ago first

    def __len__(self) -> int:
        return len(self._states)

    @contextmanager
    def use(self, key: AccountKey) -> Iterator[AccountState]:
        """The account's state, which is not forgotten meanwhile."""
        state = self._states.pop(key, None)
        if state is None:
            state = AccountState(key, self._monotonic, connections=self._connections)
        self._states[key] = state
        state.users += 1
        try:
            yield state
        finally:
            state.users -= 1
            state.used_at = self._monotonic()
            self._forget_idle()

    def find(self, key: AccountKey) -> AccountState | None:
        """The account's state, if there is one."""
        return self._states.get(key)

    def _forget_idle(self) -> None:
        """Look at the longest unused ones only: each look forgets at least one or ends."""
        now = self._monotonic()
        while self._states:
            key, state = next(iter(self._states.items()))
            if now - state.used_at < FORGET_AFTER:
                return
            del self._states[key]
            if state.users or state.pause_left():
                self._states[key] = state  # to the end; it is looked at again later
                state.used_at = now

"""Who gets an account's next permit to call, and who is told at once that it takes too long."""

import asyncio
import time

from domain.marketplaces import QuotaRule
from upstream.accounts import AccountState
from upstream.budget import Monotonic
from upstream.permits import Permit, PermitSource, WindowPermits


class RateLimit:
    """Hands out permits, to the callers of each account in rotation. One for the process."""

    def __init__(
        self, source: PermitSource | None = None, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._source = source or WindowPermits(monotonic)
        self._monotonic = monotonic

    async def acquire(
        self,
        account: AccountState,
        rule: QuotaRule,
        *,
        within: float,
        caller: str = "",
        is_background: bool = False,
    ) -> Permit | float:
        """Wait for a permit of the account, at most `within` so many seconds.

        The permit is to be told when its call is sent and when it is over. A number: the seconds
        after which it may come; known at once where the account is paused, or where the line is
        longer than that.
        """
        wait = self.expected_wait(account, rule, caller=caller, is_background=is_background)
        if wait > within:
            return wait
        try:
            async with (
                asyncio.timeout(within),
                account.line.head(caller, is_background=is_background),
            ):
                while True:
                    taken = account.pause_left() or await self._source.take(account, rule)
                    if isinstance(taken, Permit):
                        return taken
                    await asyncio.sleep(taken)
        except TimeoutError:
            wait = self.expected_wait(account, rule, caller=caller, is_background=is_background)
            return max(wait, 1.0)

    async def pause(self, account: AccountState, seconds: float) -> None:
        """Nobody may call for so long: the marketplace has asked for a pause."""
        account.paused_until = max(account.paused_until, self._monotonic() + seconds)
        await self._source.pause(account, seconds)

    def expected_wait(
        self, account: AccountState, rule: QuotaRule, *, caller: str, is_background: bool
    ) -> float:
        """Seconds of pause that are left, and of those who go first (less a second's permits)."""
        pace = float(rule.calls_per_second)
        ahead = account.line.ahead_of(caller, is_background=is_background)
        return account.pause_left() + max(0.0, (ahead - pace) / pace)

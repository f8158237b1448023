"""Refreshes: each turn is one call of an account, for the products that a look is worth most at.

The call is counted before it is made, and made once: whatever fails waits for the plan's next one.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from db.exceptions import DatabaseUnavailable
from db.leases import LeaseLost
from db.refreshes import LEASE
from domain.api_keys import NOBODY, Caller
from domain.exceptions import AffiliateGraphError
from engine.work import AT_ONCE, Opened, Turn
from resolvers import refresh
from resolvers.refresh import Call
from upstream.budget import CallBudget, Priority

log = logging.getLogger("affiliate_graph.engine")

GRACE = 10.0  # seconds for a call that is under way, at the end
WAITS = LEASE.total_seconds() * 0.75  # for its permit and its answer


@dataclass(eq=False)
class Refreshes:
    """Makes the calls of all accounts that refresh, together with other workers."""

    opened: Opened
    grace: float = GRACE
    kind: str = "refresh"
    at_once: int = AT_ONCE

    async def due(self) -> Sequence[Turn]:
        """Accounts that have a call to make."""
        found = await refresh.due(self.opened.context(NOBODY))
        return [Turn(account.id, account.plan.used) for account in found]

    async def handle(self, turn_id: str, ending: asyncio.Event) -> None:
        """One call. Nothing where none is due, or somebody else makes it."""
        context = self.opened.context(NOBODY)
        call = await refresh.claimed(context, turn_id)
        if call is None:
            return
        working = asyncio.create_task(self._made(call))
        try:
            await _done(working, ending, self.grace)
            if working.done():
                await refresh.ended(context, call, _failure(working))
            else:
                await refresh.give_back(context, call)
        except LeaseLost:
            log.info("A refresh was taken over, or turned off", extra={"account": turn_id})
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _made(self, call: Call) -> AffiliateGraphError | None:
        """The failure that the call ended with. Raises LeaseLost, DatabaseUnavailable."""
        budget = CallBudget(priority=Priority.BACKGROUND, max_calls=1)
        budget.wait_at_most(WAITS)
        workspace = call.account.key.workspace
        caller = Caller(workspace=workspace, name="the refresh", scopes=frozenset())
        context = self.opened.context(caller, budget)
        context.lease = call.lease
        with self.opened.under_way(workspace):
            return await refresh.work(context, call)


def _failure(working: asyncio.Task[AffiliateGraphError | None]) -> BaseException | None:
    """What kept the answer back; a bug does, too. Raises LeaseLost, DatabaseUnavailable."""
    broken = working.exception()
    if broken is None:
        return working.result()
    if isinstance(broken, LeaseLost | DatabaseUnavailable):
        raise broken
    log.error("A refresh broke off", exc_info=broken)
    return broken


async def _done(
    working: asyncio.Task[AffiliateGraphError | None], ending: asyncio.Event, grace: float
) -> None:
    """Until it is done, or it was not soon after `ending`."""
    waiting = asyncio.create_task(ending.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await asyncio.wait({working}, timeout=grace)
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

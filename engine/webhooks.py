"""What webhooks are told: each delivery is claimed, tried, and stored with what came of it.

A try takes less time than its claim lasts, so a claim is not renewed. At the end a try gets a
moment to finish, and is given back otherwise: the receiver may then be told twice, by the same id.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from db import webhook_deliveries as stored
from db import webhooks as stored_webhooks
from db.exceptions import DatabaseUnavailable
from db.leases import LeaseLost
from db.webhook_deliveries import Claim
from domain.api_keys import Caller, Scope
from domain.webhooks import Attempt, DisabledReason, next_try
from engine.work import Opened, Turn
from resolvers import deliveries
from resolvers.access import caller_of
from upstream.budget import CallBudget, Priority

log = logging.getLogger("affiliate_graph.engine")

OF_EACH = 2  # deliveries of one webhook that are on their way at once
PLACES = 64  # deliveries in one process: each mostly waits for its receiver
# Of all the webhooks of a workspace, and not more where it is alone: what it took while nobody else
# had anything to tell would be held, for as long as receivers hang, when somebody has.
OF_WORKSPACE = PLACES // 4
GRACE = 10.0  # seconds for what is under way to finish, at the end
LONGEST = stored.LEASE.total_seconds() - 30  # of one try, what it reads included


@dataclass(eq=False)
class WebhookDeliveries:
    """Tells webhooks of events, together with other workers on the same database."""

    opened: Opened
    grace: float = GRACE
    kind: str = "webhook delivery"
    at_once: int = PLACES

    _seen: datetime | None = field(default=None, init=False)

    async def due(self) -> Sequence[Turn]:
        """Some deliveries of each webhook."""
        before, self._seen = self._seen, self.opened.now()
        if before is None or self._seen < before:  # the clock may have been turned back
            await stored.free_stranded(self._seen)
        found = await stored.due(self._seen, of_each=OF_EACH, of_workspace=OF_WORKSPACE)
        return [Turn(id, tries) for id, tries in found]

    async def handle(self, turn_id: str, ending: asyncio.Event) -> None:
        """One try. Does nothing where it is not due, or somebody else has it."""
        claim = await stored.claim(turn_id, self.opened.now())
        if claim is None:
            return
        webhook, now = claim.webhook, self.opened.now()
        caller = await caller_of(webhook.workspace, webhook.key_id, now)
        if caller is None or not caller.may(Scope.READ):
            log.warning("A webhook's API key is at its end", extra={"webhook": webhook.id})
            await stored_webhooks.disable(webhook.id, DisabledReason.KEY_ENDED, now)
            return
        try:
            await self._try(claim, caller, ending)
        except LeaseLost:
            log.info("A delivery was taken over by another worker", extra={"delivery": turn_id})

    async def _try(self, claim: Claim, caller: Caller, ending: asyncio.Event) -> None:
        trying = asyncio.create_task(self._attempt(claim, caller))
        waiting = asyncio.create_task(ending.wait())
        try:
            await asyncio.wait(
                {trying, waiting}, timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED
            )
            if ending.is_set():
                await asyncio.wait({trying}, timeout=self.grace)
            if not trying.done():
                await stored.give_back(claim, self.opened.now())
                return
        finally:
            for task in (trying, waiting):
                task.cancel()
            await asyncio.gather(trying, waiting, return_exceptions=True)
        await self._store(claim, self._outcome(claim, trying))

    async def _attempt(self, claim: Claim, caller: Caller) -> Attempt:
        context = self.opened.context(caller, CallBudget(priority=Priority.BACKGROUND))
        with self.opened.under_way(caller.workspace):
            return await deliveries.attempt(context, claim.webhook, claim.delivery)

    def _outcome(self, claim: Claim, trying: asyncio.Task[Attempt]) -> Attempt:
        """What came of the try. Raises DatabaseUnavailable."""
        failure = trying.exception()
        if failure is None:
            return trying.result()
        if isinstance(failure, DatabaseUnavailable):
            raise failure
        log.error("A delivery broke off", exc_info=failure, extra={"delivery": claim.delivery.id})
        return Attempt(at=self.opened.now(), error="Nothing was sent: something unexpected failed.")

    async def _store(self, claim: Claim, attempt: Attempt) -> None:
        chance = random.random()
        is_over = attempt.is_success or attempt.error == deliveries.GONE
        next_at = None if is_over else next_try(claim.delivery.tries, attempt, chance)
        reason = await stored.store(claim, attempt, next_at)
        if reason is not None:
            extra = {"webhook": claim.webhook.id, "reason": reason.value}
            log.warning("A webhook was switched off", extra=extra)

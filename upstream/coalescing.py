"""Calls shared by requests: what is asked at the same time, for the same account, goes together.

A dataloader joins what one request asks; this joins what different requests ask. Each group (one
account with one set of credentials, one operation, one set of circumstances) has a queue. A key
that somebody already waits for is not asked twice. A call leaves

- at once when its batch is full, or when its workspace has no other request under way;
- else after one window, or when all requests of its workspace wait;
- while a call of its queue runs, when that one ends, or after a longer window;
- and while a call of its queue still waits for its permit, when that one is sent: it would stand
  behind that one, and who comes meanwhile goes along.

The work for a key does not depend on how many others are queued: nothing here walks over queues,
and what one workspace does sets no other's windows. One caller that fails, or goes away, harms
nobody: calls run in tasks of their own. A call for which nobody waits any longer is not sent.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Generic, TypeVar

from domain.exceptions import AffiliateGraphError, MarketplaceUnavailable, Throttled
from upstream.budget import BatchCall, CallBudget, Pending, Priority, SharedCall, cap_reached

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
C = TypeVar("C", str, CallBudget)

QUIET = 0.004  # seconds after which a call leaves when everybody of its workspace waits
WINDOW = 0.02  # seconds that requests which do not wait yet can hold a call up
WINDOW_BEHIND_CALL = 0.25  # seconds to wait for a call of the same queue that runs
LONGEST_HOLD = 3.0  # seconds to wait for a call that has no permit: part of a query's ten


class Coalescer:
    """All queues of a process."""

    def __init__(self) -> None:
        self.queues: dict[Hashable, CallQueue[Any, Any]] = {}
        self._requests: Counter[str] = Counter()  # under way, by workspace
        self._pending: Counter[str] = Counter()  # of those, the ones that wait for an answer

    @contextmanager
    def request(self, workspace: str = "") -> Iterator[None]:
        """Counts a request while it is under way: a lone one need not wait for company."""
        _count(self._requests, workspace, 1)
        try:
            yield
        finally:
            _count(self._requests, workspace, -1)

    def is_alone(self, workspace: str) -> bool:
        """Whether at most one request of the workspace is under way."""
        return self._requests[workspace] <= 1

    def all_wait(self, workspace: str) -> bool:
        """Whether no request of the workspace is under way that may yet ask for something."""
        return self._pending[workspace] >= self._requests[workspace]

    async def get(
        self,
        group: Hashable,
        keys: Sequence[K],
        budget: CallBudget,
        *,
        size: int,
        call: "BatchCall[K, V]",
    ) -> dict[K, V | AffiliateGraphError]:
        """One value or error for each key that the calls answered; others are absent.

        `call` is used for a batch of at most `size` keys, possibly of other requests' too, so it
        must depend on nothing but the group. Its failure is the error of every key of the batch.
        A key that would need a call beyond the request's cap gets CallCapReached, and one that is
        not answered by the request's deadline MarketplaceUnavailable.
        """
        if not keys:
            return {}
        queue = self.queues.get(group)
        if queue is None:
            queue = self.queues[group] = CallQueue(self, group)
        places = {key: queue.enqueue(key, budget, size, call) for key in dict.fromkeys(keys)}
        queue.schedule()
        answers: dict[K, V | AffiliateGraphError] = {}
        self._wait(budget, 1)
        try:
            for key, place in places.items():
                value = await _answer(place, budget) if place else cap_reached(budget)
                if isinstance(value, AffiliateGraphError):
                    answers[key] = value.at(value.path)  # to each caller its own
                elif value is not None:
                    answers[key] = value
        finally:
            self._wait(budget, -1)
            queue.leave(places, budget)
        return answers

    async def drain(self) -> None:
        """Wait for the calls that run: what they bring is still worth keeping."""
        runs = [call.run for queue in self.queues.values() for call in queue.running if call.run]
        await asyncio.gather(*runs, return_exceptions=True)

    def _wait(self, budget: CallBudget, by: int) -> None:
        """Counts the request once, however many answers it waits for at the same time."""
        waited = budget.pending > 0
        budget.pending += by
        if waited != (budget.pending > 0):
            _count(self._pending, budget.workspace, by)


def _count(counter: Counter[C], counted: C, by: int) -> None:
    counter[counted] += by
    if not counter[counted]:
        del counter[counted]


async def _answer(place: "Pending[Any, V]", budget: CallBudget) -> V | AffiliateGraphError | None:
    left = budget.seconds_left()
    try:
        async with asyncio.timeout(None if math.isinf(left) else left):
            return await asyncio.shield(place.answer)
    except TimeoutError:
        if place.call.run is None:
            return Throttled(
                "Too many calls wait for this account already. Try again in some seconds."
            )
        return MarketplaceUnavailable(
            "The marketplace did not answer within the time that a request may take. "
            "Try again later."
        )


class CallQueue(Generic[K, V]):
    """The calls of one group: one that gathers keys, and those that run.

    Answered with None: not in the call's answer.
    """

    def __init__(self, coalescer: Coalescer, group: Hashable) -> None:
        self._coalescer = coalescer
        self._group = group
        self._places: dict[K, Pending[K, V]] = {}  # that may be joined
        self._open: SharedCall[K, V] | None = None
        self.running: set[SharedCall[K, V]] = set()
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._since = 0.0  # when the first of those who gather came

    def enqueue(
        self, key: K, budget: CallBudget, size: int, ask: "BatchCall[K, V]"
    ) -> "Pending[K, V] | None":
        """The key's place, asked for already or not. None: the request may not open a call."""
        place = self._places.get(key)
        loop = asyncio.get_running_loop()
        if place is None:
            if self._open is not None:
                budget.saved_by_batching += 1
            elif budget.reserve():
                self._open = SharedCall(budget, ask, when_paid=self.schedule)
                self._since = loop.time()
            else:
                return None
            place = Pending(self._open, loop.create_future())
            self._places[key] = self._open.places[key] = place
        else:
            budget.saved_by_batching += 1
        place.waiters += 1
        place.call.members[budget] += 1
        if self._open is not None and len(self._open.places) == size:
            self._depart()
        return place

    def leave(self, places: Mapping[K, "Pending[K, V] | None"], budget: CallBudget) -> None:
        """A request no longer waits for these keys: what nobody waits for is not sent."""
        abandoned: set[SharedCall[K, V]] = set()
        for key, place in places.items():
            if place is None:
                continue
            place.waiters -= 1
            _count(place.call.members, budget, -1)
            if not place.waiters and not place.answer.done():
                abandoned.add(place.call)
                if place.call is self._open:
                    del self._open.places[key], self._places[key]
        for call in abandoned:
            self._abandon(call)
        if abandoned:
            self.schedule()

    def _abandon(self, call: SharedCall[K, V]) -> None:
        """Drop the call where nobody waits for any of its keys, and it is not sent."""
        if call.members or call.is_paid:
            return
        if call is self._open:
            self._open = None
            call.release()
        elif call.run is not None and not call.run.cancelling():
            call.run.cancel()  # once: what it gives back takes a moment
            self._close(call)

    def schedule(self) -> None:
        """Decide when the call that gathers leaves."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._open is None:
            if not self.running:
                self._coalescer.queues.pop(self._group, None)  # nobody is in it
            return
        loop = asyncio.get_running_loop()
        waited = loop.time() - self._since
        if self.running:
            longest = LONGEST_HOLD if self._is_held_up(self._open) else WINDOW_BEHIND_CALL
            self._timer = loop.call_later(max(0.0, longest - waited), self._depart)
        elif self._coalescer.is_alone(self._open.opener.workspace):
            self._timer = loop.call_soon(self._depart)
        else:
            self._timer = loop.call_later(max(0.0, QUIET - waited), self._after_quiet)

    def _after_quiet(self) -> None:
        loop = asyncio.get_running_loop()
        left = self._since + WINDOW - loop.time()
        if left <= 0 or (self._open and self._coalescer.all_wait(self._open.opener.workspace)):
            self._depart()
        else:
            self._timer = loop.call_later(left, self._depart)

    def _is_held_up(self, call: SharedCall[K, V]) -> bool:
        """Whether it could only stand behind a call that waits for its permit.

        People who wait do not stand behind background work.
        """
        ahead = {other.priority for other in self.running if not other.is_paid}
        return Priority.INTERACTIVE in ahead or call.priority in ahead

    def _depart(self) -> None:
        if self._timer is not None:
            self._timer.cancel()  # else it would send the next call off too early
            self._timer = None
        call, self._open = self._open, None
        if call is not None:
            self.running.add(call)
            loop = asyncio.get_running_loop()
            call.run = loop.create_task(self._run(call), context=call.context)
            call.run.add_done_callback(partial(self._done, call))

    async def _run(self, call: SharedCall[K, V]) -> None:
        answers: Mapping[K, V | AffiliateGraphError] = {}
        try:
            answers = await call.ask(list(call.places), call)
        except AffiliateGraphError as error:
            answers = dict.fromkeys(call.places, error)
        except asyncio.CancelledError:  # nobody waits for it, or the process ends
            for place in call.places.values():
                place.answer.cancel()
            raise
        except BaseException as bug:  # nobody may wait for ever
            for place in call.places.values():
                place.answer.set_exception(bug)
                place.answer.exception()  # seen, should everybody who waited be gone
            raise
        finally:
            call.release()
            self._close(call)
        for key, place in call.places.items():
            place.answer.set_result(answers.get(key))

    def _close(self, call: SharedCall[K, V]) -> None:
        """Nobody may join it any more."""
        for key, place in call.places.items():
            if self._places.get(key) is place:
                del self._places[key]

    def _done(self, call: SharedCall[K, V], run: "asyncio.Task[None]") -> None:
        self.running.discard(call)
        call.release()  # should it have been cancelled before it began
        if not run.cancelled():
            run.exception()
        if self._open is not None and not self.running:
            self._depart()
        else:
            self.schedule()

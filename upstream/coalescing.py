"""Calls shared by requests: what is asked at the same time, for the same account, goes together.

A dataloader joins what one request asks; this joins what different requests ask. Each group (one
account with one set of credentials, one operation, one set of circumstances) has a queue. A key
that somebody already waits for is not asked twice. A batch leaves

- at once when it is full, or when its workspace has no other request under way;
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
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from domain.exceptions import AffiliateGraphError, MarketplaceUnavailable, Throttled
from upstream.budget import BatchBudget, Budget, CallBudget, Priority, cap_reached

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

QUIET = 0.004  # seconds after which a batch leaves when everybody of its workspace waits
WINDOW = 0.02  # seconds that requests which do not wait yet can hold a batch up
WINDOW_BEHIND_CALL = 0.25  # seconds to wait for a call of the same queue that runs
LONGEST_HOLD = 3.0  # seconds to wait for a call that has no permit: part of a query's ten

BatchCall = Callable[[Sequence[K], Budget], Awaitable[Mapping[K, V | AffiliateGraphError]]]


class Coalescer:
    """All queues of a process."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, BatchQueue[Any, Any]] = {}
        self._requests: Counter[str] = Counter()  # under way, by workspace
        self._pending: Counter[str] = Counter()  # of those, the ones that wait for an answer

    @contextmanager
    def request(self, workspace: str = "") -> Iterator[None]:
        """Counts a request while it is under way: a lone one need not wait for company."""
        with _counted(self._requests, workspace):
            yield

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
        queue = self._queues.get(group)
        if queue is None:
            queue = self._queues[group] = BatchQueue(self, group)
        places = {key: queue.enqueue(key, budget, size) for key in dict.fromkeys(keys)}
        queue.flush(size, call)
        answers: dict[K, V | AffiliateGraphError] = {}
        try:
            with self._waiting(budget):
                for key, place in places.items():
                    value = await _answer(place, budget) if place else cap_reached(budget)
                    if isinstance(value, AffiliateGraphError):
                        answers[key] = value.at(value.path)  # to each caller its own
                    elif value is not None:
                        answers[key] = value
        finally:
            queue.leave(places)
        return answers

    async def drain(self) -> None:
        """Wait for the calls that run: what they bring is still worth keeping."""
        await asyncio.gather(
            *(run for queue in self._queues.values() for run in queue.running),
            return_exceptions=True,
        )

    def forget(self, group: Hashable) -> None:
        """A queue that nobody is in costs nothing."""
        self._queues.pop(group, None)

    @contextmanager
    def _waiting(self, budget: CallBudget) -> Iterator[None]:
        """Counts the request once, however many answers it waits for at the same time."""
        budget.pending += 1
        try:
            if budget.pending > 1:
                yield
            else:
                with _counted(self._pending, budget.workspace):
                    yield
        finally:
            budget.pending -= 1


@contextmanager
def _counted(counter: Counter[str], name: str) -> Iterator[None]:
    counter[name] += 1
    try:
        yield
    finally:
        counter[name] -= 1
        if not counter[name]:
            del counter[name]


async def _answer(place: "Pending[V]", budget: CallBudget) -> V | AffiliateGraphError | None:
    left = budget.seconds_left()
    try:
        async with asyncio.timeout(None if math.isinf(left) else left):
            return await asyncio.shield(place.answer)
    except TimeoutError:
        if place.batch is None:
            return Throttled(
                "Too many calls wait for this account already. Try again in some seconds."
            )
        return MarketplaceUnavailable(
            "The marketplace did not answer within the time that a request may take. "
            "Try again later."
        )


class Pending(Generic[V]):
    """A key's place in a batch: the answer that will come, and who waits for it."""

    __slots__ = ("answer", "batch", "budgets", "context", "waiters")

    def __init__(self) -> None:
        self.answer: asyncio.Future[V | AffiliateGraphError | None] = (
            asyncio.get_running_loop().create_future()
        )
        self.budgets: list[CallBudget] = []
        self.context = copy_context()  # whose request id the log lines of its call show
        self.batch: BatchBudget | None = None  # once its call runs
        self.waiters = 0

    def join(self, budget: CallBudget) -> None:
        """One more request waits for this key."""
        self.waiters += 1
        if self.batch is not None:
            self.batch.join(budget)
        elif budget not in self.budgets:
            self.budgets.append(budget)


def _is_waited_for(places: "Mapping[K, Pending[V]]") -> bool:
    return any(place.waiters for place in places.values())


class BatchQueue(Generic[K, V]):
    """The keys of one group that wait or run. Answered with None: not in the call's answer."""

    def __init__(self, coalescer: Coalescer, group: Hashable) -> None:
        self._coalescer = coalescer
        self._group = group
        self._waiting: dict[K, Pending[V]] = {}
        self._openers: list[CallBudget] = []  # of the batches that wait, one call reserved by each
        self._asked: dict[K, Pending[V]] = {}
        self.running: dict[asyncio.Task[None], tuple[BatchBudget, dict[K, Pending[V]]]] = {}
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._since = 0.0  # when the first of those who wait came
        self._size = 1
        self._call: BatchCall[K, V] | None = None

    def enqueue(self, key: K, budget: CallBudget, size: int) -> "Pending[V] | None":
        """The key's place, asked for already or not. None: the request may not open a batch."""
        place = self._asked.get(key) or self._waiting.get(key)
        if place is None:
            if len(self._waiting) < len(self._openers) * size:
                budget.saved_by_batching += 1
            elif budget.reserve():
                self._openers.append(budget)
            else:
                return None
            if not self._waiting:
                self._since = asyncio.get_running_loop().time()
            place = self._waiting[key] = Pending()
        else:
            budget.saved_by_batching += 1
        place.join(budget)
        return place

    def flush(self, size: int, call: "BatchCall[K, V]") -> None:
        """Send full batches now, and see to it that the rest leaves in time."""
        self._size, self._call = size, call
        while len(self._waiting) >= size:
            self._depart()
        self._schedule()

    def leave(self, places: Mapping[K, "Pending[V] | None"]) -> None:
        """A request no longer waits for these keys: what nobody waits for is not sent."""
        is_abandoned = False
        for key, place in places.items():
            if place is None:
                continue
            place.waiters -= 1
            if not place.waiters and self._waiting.get(key) is place:
                del self._waiting[key]
                if len(self._waiting) <= (len(self._openers) - 1) * self._size:
                    self._openers.pop().release()
            is_abandoned |= not place.waiters and not place.answer.done()
        if is_abandoned:
            self._cancel_unsent()
            self._schedule()

    def _cancel_unsent(self) -> None:
        for run, (batch, places) in self.running.items():
            if batch.is_sent or run.cancelling():  # once: what it gives back takes a moment
                continue
            if not _is_waited_for(places):
                run.cancel()
                for key in places:  # nobody may join it any more
                    self._asked.pop(key, None)

    def _schedule(self) -> None:
        """Decide when those who wait leave."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            if not self.running:
                self._coalescer.forget(self._group)
            return
        loop = asyncio.get_running_loop()
        waited = loop.time() - self._since
        if self.running:
            longest = LONGEST_HOLD if self._is_held_up() else WINDOW_BEHIND_CALL
            self._timer = loop.call_later(max(0.0, longest - waited), self._depart_all)
        elif self._coalescer.is_alone(self._openers[0].workspace):
            self._timer = loop.call_soon(self._depart_all)
        else:
            self._timer = loop.call_later(max(0.0, QUIET - waited), self._after_quiet)

    def _after_quiet(self) -> None:
        loop = asyncio.get_running_loop()
        left = self._since + WINDOW - loop.time()
        if left <= 0 or self._coalescer.all_wait(self._openers[0].workspace):
            self._depart_all()
        else:
            self._timer = loop.call_later(left, self._depart_all)

    def _is_held_up(self) -> bool:
        """Whether those who wait could only stand behind a call that waits for its permit.

        People who wait do not stand behind background work.
        """
        unsent = [batch for batch, _ in self.running.values() if not batch.is_sent]
        if any(batch.priority is Priority.INTERACTIVE for batch in unsent):
            return True
        return bool(unsent) and not any(
            budget.priority is Priority.INTERACTIVE
            for place in self._waiting.values()
            for budget in place.budgets
        )

    def _depart_all(self) -> None:
        if self._timer is not None:
            self._timer.cancel()  # else it would send the next batch off too early
            self._timer = None
        while self._waiting:
            self._depart()

    def _depart(self) -> None:
        places = {key: self._waiting.pop(key) for key in list(self._waiting)[: self._size]}
        members = (budget for place in places.values() for budget in place.budgets)
        batch = BatchBudget(
            self._openers.pop(0),
            members,
            when_sent=self._schedule,
            is_waited_for=lambda: _is_waited_for(places),
        )
        for place in places.values():
            place.batch = batch
        self._asked |= places
        context = next(iter(places.values())).context
        run = asyncio.get_running_loop().create_task(self._run(places, batch), context=context)
        self.running[run] = batch, places
        run.add_done_callback(self._done)

    async def _run(self, places: "dict[K, Pending[V]]", batch: BatchBudget) -> None:
        answers: Mapping[K, V | AffiliateGraphError] = {}
        assert self._call is not None
        try:
            answers = await self._call(list(places), batch)
        except AffiliateGraphError as error:
            answers = dict.fromkeys(places, error)
        except asyncio.CancelledError:  # nobody waits for it, or the process ends
            for place in places.values():
                place.answer.cancel()
            raise
        except BaseException as bug:  # nobody may wait for ever
            for place in places.values():
                place.answer.set_exception(bug)
                place.answer.exception()  # seen, should everybody who waited be gone
            raise
        finally:
            batch.close()
            for key, place in places.items():
                if self._asked.get(key) is place:
                    del self._asked[key]
        for key, place in places.items():
            place.answer.set_result(answers.get(key))

    def _done(self, run: "asyncio.Task[None]") -> None:
        del self.running[run]
        if not run.cancelled():
            run.exception()
        if self._waiting and not self.running:
            self._depart_all()
        else:
            self._schedule()

"""Calls shared by requests: what is asked at the same time, for the same account, flies together.

A dataloader joins what one request asks; this joins what different requests ask. Each group (one
account with one set of credentials, one operation, one set of circumstances) has a line. A key that
somebody already waits for is not asked twice. A full batch leaves at once. A batch that is not full

- leaves at once when this is the only request under way;
- else waits a few milliseconds for company, a little longer while requests under way have not yet
  come to wait for something;
- while another call of its line is in the air, until that one lands, at most a quarter second;
- and while another call of its line still waits for its turn, until that one is sent, at most three
  seconds: it would stand behind that one, and who comes meanwhile rides along.

One caller that fails, or goes away, harms nobody: calls run in tasks of their own. Nobody waits
longer than its request's deadline, and the request that opens a batch pays for its call
(`upstream.budget`).
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from domain.exceptions import AffiliateGraphError, MarketplaceUnavailable, Throttled
from upstream import budget
from upstream.budget import BatchBudget, CallBudget, Priority

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

QUIET = 0.004  # seconds without a newcomer after which a batch leaves when everybody waits
LONGEST_WINDOW = 0.02  # seconds that those who do not wait yet can hold a batch up
LONGEST_GATHERING = 0.25  # seconds to wait for a call in the air
LONGEST_HOLD = 3.0  # seconds to wait for a call that has not had its turn: part of a query's ten

Call = Callable[[Sequence[K]], Awaitable[Mapping[K, V | AffiliateGraphError]]]


class Coalescer:
    """All lines of a process."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, _Line[Any, Any]] = {}
        self._requests = 0
        self._waiting = 0  # requests that wait for an answer

    @contextmanager
    def request(self) -> Iterator[None]:
        """Counts a request while it is under way: a lone one need not wait for company."""
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1
            self._look_again()

    def is_lonely(self) -> bool:
        """Whether at most one request is under way."""
        return self._requests <= 1

    def everybody_waits(self) -> bool:
        """Whether no request is under way that may yet ask for something."""
        return self._waiting >= self._requests

    async def get(
        self, group: Hashable, keys: Sequence[K], *, size: int, call: "Call[K, V]"
    ) -> dict[K, V | AffiliateGraphError]:
        """One value or error for each key that the calls answered; others are absent.

        `call` is used for a batch of at most `size` keys, possibly of other requests' too, so it
        must depend on nothing but the group. Its failure is the error of every key of the batch.
        A key that would need a call beyond the request's cap gets CallCapReached, and one that is
        not answered by the request's deadline MarketplaceUnavailable.
        """
        if not keys:
            return {}
        line = self._lines.get(group)
        if line is None:
            line = self._lines[group] = _Line(self, group)
        asked = budget.spending()
        tickets = {key: line.ask(key, asked, size) for key in dict.fromkeys(keys)}
        line.board(size, call)
        found: dict[K, V | AffiliateGraphError] = {}
        with self._wait_of(asked):
            for key, ticket in tickets.items():
                value = await _waited(ticket, asked) if ticket else _beyond(asked)
                if isinstance(value, AffiliateGraphError):
                    found[key] = value.at(value.path)  # to each caller its own
                elif value is not None:
                    found[key] = value
        return found

    async def land(self) -> None:
        """Wait for the calls in the air: before the storage and the way out are closed."""
        flights = [flight for line in self._lines.values() for flight in line.flights]
        await asyncio.gather(*flights, return_exceptions=True)

    @contextmanager
    def _wait_of(self, asked: CallBudget) -> Iterator[None]:
        """Counts a request as waiting, once however much it waits for."""
        asked.waits += 1
        self._waiting += asked.waits == 1
        self._look_again()
        try:
            yield
        finally:
            self._waiting -= asked.waits == 1
            asked.waits -= 1

    def _look_again(self) -> None:
        """Nobody else will come soon: batches need not wait as long."""
        if self.everybody_waits():
            for line in self._lines.values():
                line.set_timer()

    def forget(self, group: Hashable) -> None:
        """Drop a line that nobody uses now, so that idle accounts take no memory."""
        self._lines.pop(group, None)


async def _waited(ticket: "_Ticket[V]", asked: CallBudget) -> V | AffiliateGraphError | None:
    """The answer, if it comes before the request's deadline. The call goes on for others."""
    if not ticket.answer.done():
        left = asked.seconds_left()
        await asyncio.wait((ticket.answer,), timeout=None if math.isinf(left) else left)
    if ticket.answer.done():
        return ticket.answer.result()
    if ticket.party is None:
        return Throttled("Too many calls wait for this account already. Try again in some seconds.")
    return MarketplaceUnavailable(
        "The marketplace did not answer within the time that a request may take. Try again later."
    )


def _beyond(asked: CallBudget) -> AffiliateGraphError:
    return budget.cap_reached(asked.most_calls)


class _Ticket(Generic[V]):
    """A key's place in a batch: the answer that will come, and who waits for it."""

    __slots__ = ("answer", "asked", "circumstances", "party")

    def __init__(self, asked: CallBudget) -> None:
        self.answer: asyncio.Future[V | AffiliateGraphError | None] = (
            asyncio.get_running_loop().create_future()
        )
        self.asked = [asked]
        self.circumstances = copy_context()  # whose request id the log lines of its call show
        self.party: BatchBudget | None = None  # once it flies

    def join(self, asked: CallBudget) -> None:
        """One more request waits for this key."""
        if self.party is not None:
            self.party.join(asked)
        elif asked not in self.asked:
            self.asked.append(asked)


class _Line(Generic[K, V]):
    """The keys of one group that wait or fly. Answered with None: not in the call's answer."""

    def __init__(self, shared: Coalescer, group: Hashable) -> None:
        self._shared = shared
        self._group = group
        self._waiting: dict[K, _Ticket[V]] = {}
        self._flying: dict[K, _Ticket[V]] = {}
        self._flights: dict[asyncio.Task[None], BatchBudget] = {}
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._since = 0.0  # when the first of those who wait came
        self._size = 1
        self._call: Call[K, V] | None = None

    @property
    def flights(self) -> "Collection[asyncio.Task[None]]":
        """The calls in the air."""
        return self._flights

    def ask(self, key: K, asked: CallBudget, size: int) -> "_Ticket[V] | None":
        """The key's place, asked for already or not. None: the request may not open a batch."""
        ticket = self._flying.get(key) or self._waiting.get(key)
        if ticket is not None:
            ticket.join(asked)
            asked.saved_by_batching += 1
            return ticket
        if len(self._waiting) % size:
            asked.saved_by_batching += 1
        elif not asked.promise():
            return None
        if not self._waiting:
            self._since = asyncio.get_running_loop().time()
        ticket = self._waiting[key] = _Ticket(asked)
        return ticket

    def board(self, size: int, call: "Call[K, V]") -> None:
        """Send full batches now, and see to it that the rest leaves in time."""
        self._size, self._call = size, call
        while len(self._waiting) >= size:
            self._depart()
        self.set_timer()
        self._forget_if_idle()

    def set_timer(self) -> None:
        """Decide anew when those who wait leave."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            return
        loop = asyncio.get_running_loop()
        waited = loop.time() - self._since
        if self._flights:
            longest = LONGEST_HOLD if self._is_held_up() else LONGEST_GATHERING
            self._timer = loop.call_later(max(0.0, longest - waited), self._leave)
        elif self._shared.is_lonely():
            self._timer = loop.call_soon(self._leave)
        else:
            pause = max(0.0, LONGEST_WINDOW - waited)
            if self._shared.everybody_waits():
                pause = min(QUIET, pause)
            self._timer = loop.call_later(pause, self._leave)

    def _is_held_up(self) -> bool:
        """Whether those who wait could only stand behind a call that waits for its turn.

        People who wait do not stand behind background work.
        """
        unsent = [party for party in self._flights.values() if not party.is_sent]
        if any(party.priority is Priority.INTERACTIVE for party in unsent):
            return True
        return bool(unsent) and not any(
            asked.priority is Priority.INTERACTIVE
            for ticket in self._waiting.values()
            for asked in ticket.asked
        )

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()  # else it would send the next batch off too early
            self._timer = None
        if self._waiting:
            self._depart()

    def _depart(self) -> None:
        keys = list(self._waiting)[: self._size]
        tickets = [self._waiting.pop(key) for key in keys]
        # The first to have asked opened the batch, and has promised to pay for it.
        asked = (asked for ticket in tickets for asked in ticket.asked)
        party = BatchBudget(asked, when_sent=self.set_timer)
        for key, ticket in zip(keys, tickets, strict=True):
            ticket.party = party
            self._flying[key] = ticket
        flight = asyncio.get_running_loop().create_task(
            self._fly(keys, party), context=tickets[0].circumstances
        )
        self._flights[flight] = party
        flight.add_done_callback(self._land)

    async def _fly(self, keys: list[K], party: BatchBudget) -> None:
        found: Mapping[K, V | AffiliateGraphError] = {}
        failure: BaseException | None = None
        assert self._call is not None
        try:
            with party.active():
                found = await self._call(keys)
        except AffiliateGraphError as error:
            found = dict.fromkeys(keys, error)
        except BaseException as error:  # a bug or the end of the process: nobody may wait for ever
            failure = error
            raise
        finally:
            for key in keys:
                self._answer(self._flying.pop(key).answer, found.get(key), failure)

    def _answer(
        self,
        answer: "asyncio.Future[V | AffiliateGraphError | None]",
        value: V | AffiliateGraphError | None,
        failure: BaseException | None,
    ) -> None:
        if failure is None:
            answer.set_result(value)
        elif isinstance(failure, asyncio.CancelledError):
            answer.cancel()
        else:
            answer.set_exception(failure)
            answer.exception()  # seen, should everybody who waited be gone

    def _land(self, flight: "asyncio.Task[None]") -> None:
        self._flights.pop(flight, None)
        if not flight.cancelled():
            flight.exception()
        if self._waiting:
            self._leave() if not self._flights else self.set_timer()
        self._forget_if_idle()

    def _forget_if_idle(self) -> None:
        if not self._waiting and not self._flights:
            self._shared.forget(self._group)

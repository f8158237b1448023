"""Who gets the next permit: the callers of an account in rotation, one permit each.

However many calls one caller has waiting, another one's next call stands behind one of each other
caller only. Background work stands behind people; every tenth permit is its own, so that it never
starves. Whoever is at the head waits for the permit itself; the others wait to be the head.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BACKGROUND_EVERY = 10  # permits, while background work and people both wait

Lines = dict[str, "deque[asyncio.Future[None]]"]  # by caller, the next one first


class FairLine:
    """Who waits for the permits of an account."""

    def __init__(self) -> None:
        self._people: Lines = {}
        self._background: Lines = {}
        self._has_head = False
        self._since_background = 0

    @asynccontextmanager
    async def head(self, caller: str, *, is_background: bool) -> AsyncIterator[None]:
        """Wait to be at the head, and stay there as long as the context lasts."""
        if self._has_head:
            await self._wait(self._background if is_background else self._people, caller)
        self._has_head = True
        try:
            yield
        finally:
            self._next()

    def ahead_of(self, caller: str, *, is_background: bool) -> int:
        """How many permits are given out before the next one who comes gets one."""
        lines = self._background if is_background else self._people
        own = len(lines.get(caller, ()))
        ahead = own + sum(min(len(line), own + 1) for name, line in lines.items() if name != caller)
        if is_background:
            people = sum(len(line) for line in self._people.values())
            ahead += min(people, (ahead + 1) * (BACKGROUND_EVERY - 1))
        return ahead + self._has_head

    async def _wait(self, lines: Lines, caller: str) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lines.setdefault(caller, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it had just become the head
                self._next()
            elif place in lines.get(caller, ()):
                lines[caller].remove(place)
                if not lines[caller]:
                    del lines[caller]
            raise

    def _next(self) -> None:
        """Make the next one the head who still waits."""
        place = self._pop()
        while place is not None and place.done():  # given up, and not yet out of the line
            place = self._pop()
        self._has_head = place is not None
        if place is not None:
            place.set_result(None)

    def _pop(self) -> "asyncio.Future[None] | None":
        is_for_background = bool(self._background) and (
            not self._people or self._since_background >= BACKGROUND_EVERY - 1
        )
        self._since_background = 0 if is_for_background else self._since_background + 1
        lines = self._background if is_for_background else self._people
        if not lines:
            return None
        caller = next(iter(lines))
        line = lines.pop(caller)
        place = line.popleft()
        if line:
            lines[caller] = line  # behind the others
        return place

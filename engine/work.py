"""What a worker does: kinds of work, each of which finds its own due turns and does them.

A kind keeps what is due in the rows of its own noun, claims there, and writes only under its claim.
So a turn may be lost, or come twice, or when it is due no more: `handle` then finds nothing to do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.api_keys import Caller
from resolvers.context import Context
from upstream.budget import CallBudget

AT_ONCE = 4  # turns of a kind in one process


@dataclass(frozen=True, slots=True)
class Handler:
    """Does the turns of one kind, by their ids: `at_once` of them in one process."""

    do: Callable[[str], Awaitable[None]]
    at_once: int = AT_ONCE


@dataclass(frozen=True, slots=True)
class Turn:
    """One piece of due work. `tries` that it had: with its id, names this turn of it."""

    id: str
    tries: int = 0


class Opened(Protocol):
    """What is open while the process runs: see `application.runtime.Runtime`."""

    def now(self) -> datetime:
        """The present moment in UTC."""

    def context(self, caller: Caller, budget: CallBudget | None = None) -> Context:
        """The Context of one piece of work."""

    def under_way(self, workspace: str) -> AbstractContextManager[None]:
        """Lasts as long as a piece of work."""


class Work(Protocol):
    """One kind of work. `kind` names it to the carrier; other processes know it by that, too.
    `at_once`: turns of it in one process."""

    kind: str
    at_once: int

    async def due(self) -> Sequence[Turn]:
        """Turns that may be taken now; asked about once a second, so it must be cheap."""

    async def handle(self, turn_id: str, ending: asyncio.Event) -> None:
        """Claim what that turn is of and do it, or nothing where it is not due any more.

        Soon after `ending` it must be done, or given back. Raises DatabaseUnavailable.
        """

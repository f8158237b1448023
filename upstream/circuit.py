"""Circuit breakers: an operation that keeps failing is left alone, but for one probe at a time.

One circuit for each operation of an account. It opens after five failures in a row of the kind that
says that nobody is there: no answer, a server error, an answer that is none. While it is open,
calls fail at once and cost nothing. When its time is over one caller probes, and the others go on
failing until that one knows more. A refusal is an answer, so it closes the circuit; throttling says
nothing about it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from domain.exceptions import (
    AnswerInvalid,
    CallCapReached,
    CircuitOpen,
    ClockSkewed,
    MarketplaceError,
    MarketplaceUnavailable,
    QuotaExhausted,
    Throttled,
)
from upstream.budget import Monotonic

FAILURES_TO_OPEN = 5
# Short at first, so that a hiccup is over soon; doubled with every probe that fails.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class _Circuit:
    """`pause` 0: closed, with some failures in a row."""

    failures: int = 0
    pause: float = 0.0
    open_until: float = 0.0
    is_probed: bool = False


class CircuitBreaker:
    """The circuits of an account, by operation."""

    def __init__(self, monotonic: Monotonic = time.monotonic) -> None:
        self._monotonic = monotonic
        self._circuits: dict[str, _Circuit] = {}

    @contextmanager
    def guard(self, operation: str) -> Iterator[None]:
        """Around one call, whose outcome is noted. Raises CircuitOpen when it must not be made."""
        is_probe = self._let_pass(operation)
        try:
            yield
        except BaseException as failure:
            self._note(operation, failure, is_probe=is_probe)
            raise
        self._circuits.pop(operation, None)

    def _let_pass(self, operation: str) -> bool:
        """Whether the call is a probe."""
        circuit = self._circuits.get(operation)
        if circuit is None or circuit.pause == 0:
            return False
        wait = circuit.open_until - self._monotonic()
        if wait > 0 or circuit.is_probed:
            raise CircuitOpen(
                "The marketplace failed to answer several times in a row, so it is not asked at "
                "the moment. Try again at retryAt.",
                retry_after=max(wait, FIRST_PAUSE),
            )
        circuit.is_probed = True
        return True

    def _note(self, operation: str, failure: BaseException, *, is_probe: bool) -> None:
        if _says_nobody_is_there(failure):
            self._fail(operation, is_probe=is_probe)
        elif isinstance(failure, MarketplaceError) and not _says_nothing(failure):
            self._circuits.pop(operation, None)
        elif is_probe and (circuit := self._circuits.get(operation)):
            circuit.is_probed = False  # the next caller probes

    def _fail(self, operation: str, *, is_probe: bool) -> None:
        circuit = self._circuits.setdefault(operation, _Circuit())
        circuit.failures += 1
        if is_probe:
            circuit.is_probed = False
        if is_probe or (circuit.pause == 0 and circuit.failures >= FAILURES_TO_OPEN):
            circuit.pause = min(LONGEST_PAUSE, circuit.pause * 2 or FIRST_PAUSE)
            circuit.open_until = self._monotonic() + circuit.pause


def _says_nobody_is_there(failure: BaseException) -> bool:
    is_outage = isinstance(failure, (MarketplaceUnavailable, AnswerInvalid))
    return is_outage and not isinstance(failure, ClockSkewed)


def _says_nothing(failure: MarketplaceError) -> bool:
    return isinstance(failure, (Throttled, QuotaExhausted, CallCapReached))

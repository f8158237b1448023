"""Circuit breakers: when they open, who probes, and what closes them."""

import asyncio

import pytest

from domain.exceptions import (
    AffiliateGraphError,
    AnswerInvalid,
    CallCapReached,
    CircuitOpen,
    ClockSkewed,
    CredentialsRejected,
    MarketplaceUnavailable,
    ProductNotFound,
    QuotaExhausted,
    Throttled,
)
from upstream.accounts import FAILURES_TO_OPEN, FIRST_PAUSE, LONGEST_PAUSE, CircuitBreaker

pytestmark = pytest.mark.anyio


class Operation:
    """One operation behind its circuit; `seconds` is the clock."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.breakers = CircuitBreaker(lambda: self.seconds)
        self.made = 0

    def call(self, failure: BaseException | None = None, name: str = "search") -> None:
        """One call with this outcome. Raises what it fails with, and CircuitOpen."""
        with self.breakers.guard(name):
            self.made += 1
            if failure is not None:
                raise failure

    def fail(self, times: int, failure: BaseException | None = None) -> None:
        """Calls that fail with this, else with an outage."""
        for _ in range(times):
            with pytest.raises(type(failure or MarketplaceUnavailable(""))):
                self.call(failure or MarketplaceUnavailable("down"))


@pytest.mark.parametrize("outage", [MarketplaceUnavailable("down"), AnswerInvalid("cut off")])
def test_it_opens_after_failures_in_a_row(outage: AffiliateGraphError) -> None:
    operation = Operation()

    operation.fail(FAILURES_TO_OPEN, outage)
    with pytest.raises(CircuitOpen) as refused:
        operation.call()

    assert operation.made == FAILURES_TO_OPEN
    assert refused.value.retry_after == FIRST_PAUSE


def test_a_success_between_them_begins_the_count_anew() -> None:
    operation = Operation()
    operation.fail(FAILURES_TO_OPEN - 1)

    operation.call()
    operation.fail(FAILURES_TO_OPEN - 1)
    operation.call()

    assert operation.made == 2 * FAILURES_TO_OPEN


@pytest.mark.parametrize(
    "answer", [CredentialsRejected("no"), ProductNotFound("gone"), ClockSkewed("late")]
)
def test_a_refusal_is_an_answer_and_begins_the_count_anew(answer: AffiliateGraphError) -> None:
    operation = Operation()
    operation.fail(FAILURES_TO_OPEN - 1)

    operation.fail(1, answer)
    operation.fail(FAILURES_TO_OPEN - 1)
    operation.call()

    assert operation.made == 2 * FAILURES_TO_OPEN


@pytest.mark.parametrize(
    "word", [Throttled("slow"), QuotaExhausted("no more"), CallCapReached("enough")]
)
def test_throttling_says_nothing(word: AffiliateGraphError) -> None:
    operation = Operation()
    operation.fail(FAILURES_TO_OPEN - 1)

    operation.fail(20, word)
    operation.fail(1)

    with pytest.raises(CircuitOpen):
        operation.call()


def test_other_operations_and_accounts_go_on() -> None:
    operation = Operation()
    operation.fail(FAILURES_TO_OPEN)

    operation.call(name="links")

    assert operation.made == FAILURES_TO_OPEN + 1


def test_a_probe_that_succeeds_closes_it() -> None:
    operation = Operation()
    operation.fail(FAILURES_TO_OPEN)
    operation.seconds += FIRST_PAUSE

    operation.call()
    operation.fail(FAILURES_TO_OPEN - 1)
    operation.call()

    assert operation.made == 2 * FAILURES_TO_OPEN + 1


def test_each_probe_that_fails_doubles_the_pause_up_to_the_longest() -> None:
    operation = Operation()
    operation.fail(FAILURES_TO_OPEN)
    pauses = []
    for _ in range(9):
        with pytest.raises(CircuitOpen) as refused:
            operation.call()
        pauses.append(refused.value.retry_after)
        operation.seconds += refused.value.retry_after or 0
        operation.fail(1)  # the probe

    assert pauses == [0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


async def test_one_probes_and_the_others_are_refused_meanwhile() -> None:
    operation, answered = Operation(), asyncio.Event()
    operation.fail(FAILURES_TO_OPEN)
    operation.seconds += FIRST_PAUSE

    async def probe() -> None:
        with operation.breakers.guard("search"):
            await answered.wait()

    probing = asyncio.ensure_future(probe())
    await asyncio.sleep(0)
    refused = 0
    for _ in range(5):
        with pytest.raises(CircuitOpen):
            operation.call()
        refused += 1
    answered.set()
    await probing
    operation.call()

    assert (refused, operation.made) == (5, FAILURES_TO_OPEN + 1)


@pytest.mark.parametrize("end", [Throttled("slow"), asyncio.CancelledError()])
def test_a_probe_that_tells_nothing_leaves_its_place_to_the_next(end: BaseException) -> None:
    operation = Operation()
    operation.fail(FAILURES_TO_OPEN)
    operation.seconds += FIRST_PAUSE

    operation.fail(1, end)
    operation.call()  # probes at once, and closes it
    operation.call()

    assert operation.made == FAILURES_TO_OPEN + 3


def test_refused_calls_do_not_keep_it_open() -> None:
    operation = Operation()
    operation.fail(FAILURES_TO_OPEN)
    for _ in range(50):
        with pytest.raises(CircuitOpen):
            operation.call()

    operation.seconds += FIRST_PAUSE
    operation.call()

    assert operation.made == FAILURES_TO_OPEN + 1

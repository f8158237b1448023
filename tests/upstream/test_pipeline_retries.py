"""Which failures are tried again, after which pause, and when it is enough."""

import pytest

from domain.exceptions import (
    AnswerInvalid,
    CircuitOpen,
    ClockSkewed,
    CredentialsRejected,
    MarketplaceError,
    MarketplaceUnavailable,
    ProductNotFound,
    QuotaExhausted,
    Throttled,
)
from tests.fakes import NOW
from upstream.accounts import RESERVE, SHARE, RetryBudget
from upstream.budget import CallBudget
from upstream.pipeline import RetryPolicy, Timeouts


def policy(
    *,
    budget: CallBudget | None = None,
    retries: RetryBudget | None = None,
    timeouts: Timeouts | None = None,
) -> RetryPolicy:
    """The policy of one call."""
    return RetryPolicy(timeouts or Timeouts(), budget or CallBudget(), retries or RetryBudget())


@pytest.mark.parametrize(
    "failure",
    [
        CredentialsRejected("no"),
        QuotaExhausted("no more"),
        ProductNotFound("gone"),
        ClockSkewed("late"),
        CircuitOpen("left alone"),
        KeyError("a bug"),
    ],
)
def test_what_cannot_get_better_is_not_tried_again(failure: Exception) -> None:
    assert policy().pause(failure) is False


@pytest.mark.parametrize(
    ("failure", "tries"),
    [(MarketplaceUnavailable("down"), 3), (Throttled("slow"), 3), (AnswerInvalid("cut off"), 2)],
)
def test_each_class_of_failure_has_its_tries(failure: MarketplaceError, tries: int) -> None:
    of_call = policy()

    outcomes = [of_call.pause(failure) is not False for _ in range(tries)]

    assert outcomes == [True] * (tries - 1) + [False]


def test_pauses_grow_and_scatter() -> None:
    first = [policy().pause(MarketplaceUnavailable("down")) for _ in range(50)]
    second = []
    for _ in range(50):
        of_call = policy()
        of_call.pause(MarketplaceUnavailable("down"))
        second.append(of_call.pause(MarketplaceUnavailable("down")))

    assert all(1 <= pause <= 1.25 for pause in first)
    assert all(2 <= pause <= 2.25 for pause in second)
    assert len(set(first)) > 40


def test_what_the_marketplace_asked_is_waited_for_and_a_little_more() -> None:
    pauses = [policy().pause(Throttled("slow", retry_after=7)) for _ in range(50)]

    assert all(7.25 <= pause <= 8 for pause in pauses)


@pytest.mark.parametrize(
    ("_case", "failure"),
    [
        ("a pause that nobody waits for", Throttled("slow", retry_after=31)),
        ("our own word, with its time", Throttled("a line", retry_at=NOW)),
    ],
)
def test_long_waits_are_the_callers_own(_case: str, failure: MarketplaceError) -> None:
    assert policy().pause(failure) is False


@pytest.mark.parametrize(("left", "is_tried"), [(0.9, False), (1.3, True)])
def test_no_pause_goes_beyond_the_deadline(left: float, is_tried: bool) -> None:
    purse = CallBudget(deadline=10 + left, monotonic=lambda: 10)

    assert (policy(budget=purse).pause(MarketplaceUnavailable("down")) is not False) == is_tried


def test_a_request_at_its_cap_does_not_try_again() -> None:
    budget = CallBudget(max_calls=1, calls=1)

    assert policy(budget=budget).pause(MarketplaceUnavailable("down")) is False


def test_an_account_in_trouble_repeats_a_tenth_of_its_calls() -> None:
    retries, calls = RetryBudget(), 1000

    tried = sum(
        policy(retries=retries).pause(MarketplaceUnavailable("down")) is not False
        for _ in range(calls)
    )

    assert RESERVE <= tried <= RESERVE + calls * SHARE

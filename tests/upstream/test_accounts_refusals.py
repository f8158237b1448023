"""Refusals that are remembered: for whom, for what, and for how long."""

import pytest

from domain.exceptions import (
    APIRetired,
    CredentialsRejected,
    MarketplaceError,
    MarketplaceUnavailable,
    NotEligible,
    PermissionMissing,
    ProductNotFound,
    Throttled,
)
from upstream.accounts import REFUSAL_HOLDS, NegativeCache


class Clock:
    """A monotonic clock that is told to go on."""

    seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


def is_refused(
    refusals: NegativeCache,
    credentials: str = "first",
    operation: str = "search",
) -> bool:
    """Whether a call would be refused at once."""
    try:
        refusals.check(credentials, operation)
    except MarketplaceError:
        return True
    return False


@pytest.mark.parametrize(
    "failure", [CredentialsRejected("no"), NotEligible("no"), APIRetired("no")]
)
def test_a_refusal_of_the_account_holds_for_every_operation(failure: MarketplaceError) -> None:
    refusals = NegativeCache(Clock())

    refusals.note("first", "search", failure)

    with pytest.raises(type(failure)) as told:
        refusals.check("first", "links")
    assert told.value is not failure  # a copy: paths are set on it
    assert told.value.message == failure.message


def test_a_missing_permission_holds_for_its_operation_only() -> None:
    refusals = NegativeCache(Clock())

    refusals.note("first", "hot products", PermissionMissing("no"))

    assert is_refused(refusals, operation="hot products")
    assert not is_refused(refusals, operation="search")


@pytest.mark.parametrize(
    "failure", [Throttled("slow"), MarketplaceUnavailable("down"), ProductNotFound("gone")]
)
def test_other_failures_are_no_refusals(failure: MarketplaceError) -> None:
    refusals = NegativeCache(Clock())

    refusals.note("first", "search", failure)

    assert not is_refused(refusals)


def test_other_credentials_are_asked() -> None:
    refusals = NegativeCache(Clock())

    refusals.note("first", "search", CredentialsRejected("no"))

    assert is_refused(refusals)
    assert not is_refused(refusals, credentials="second")


def test_it_ends_and_refusing_does_not_prolong_it() -> None:
    clock = Clock()
    refusals, failure = NegativeCache(clock), CredentialsRejected("no")
    refusals.note("first", "search", failure)
    clock.seconds += REFUSAL_HOLDS - 1

    is_refused_late = is_refused(refusals)
    refusals.note("first", "search", failure)  # as the way out does with what it raises
    clock.seconds += 1

    assert is_refused_late
    assert not is_refused(refusals)


def test_a_tested_connection_is_asked_anew() -> None:
    refusals = NegativeCache(Clock())
    refusals.note("first", "search", CredentialsRejected("no"))
    refusals.note("first", "hot products", PermissionMissing("no"))
    refusals.note("second", "search", CredentialsRejected("no"))

    refusals.reset("first")

    assert not is_refused(refusals)
    assert not is_refused(refusals, operation="hot products")
    assert is_refused(refusals, credentials="second")

"""Budgets: who pays, who may not, and that nothing is paid twice."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from domain.exceptions import AffiliateGraphError, CallCapReached
from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from upstream.budget import Allowance, Budget, CallBudget, Priority, SharedCall

pytestmark = pytest.mark.anyio

ACCOUNT = AccountKey("default", "aliexpress", "", Mode.LIVE)
RULE = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=0)


async def nothing(keys: Sequence[str], _: Budget) -> Mapping[str, str | AffiliateGraphError]:
    return {}


def shared(opener: CallBudget, *others: CallBudget) -> SharedCall[str, str]:
    """A call that these requests wait for; the first one has reserved it."""
    call = SharedCall[str, str](opener, nothing)
    for member in (opener, *others):
        call.members[member] += 1
    return call


def test_a_purse_without_a_cap_pays_always() -> None:
    budget = CallBudget()

    for _ in range(1000):
        budget.spend(ACCOUNT, RULE)

    assert budget.calls == 1000
    assert budget.accounts == {ACCOUNT: RULE}


def test_a_capped_purse_pays_up_to_its_cap() -> None:
    budget = CallBudget(max_calls=2)
    budget.spend(ACCOUNT, RULE)
    budget.spend(ACCOUNT, RULE)

    with pytest.raises(CallCapReached, match="may make 2 marketplace calls"):
        budget.spend(ACCOUNT, RULE)

    assert budget.calls == 2


def test_what_is_reserved_is_as_good_as_spent() -> None:
    budget = CallBudget(max_calls=1)

    is_reserved = budget.reserve()
    is_reserved_again = budget.reserve()
    may_spend = budget.may_spend()
    budget.release()

    assert (is_reserved, is_reserved_again, may_spend) == (True, False, False)
    assert budget.may_spend()


def test_a_kept_promise_is_one_call() -> None:
    budget = CallBudget(max_calls=1)
    budget.reserve()

    shared(budget).spend(ACCOUNT, RULE)

    assert (budget.calls, budget.may_spend()) == (1, False)


def test_time_runs_out() -> None:
    budget = CallBudget(deadline=12, monotonic=iter((10.0, 13.0)).__next__)

    assert (budget.seconds_left(), budget.seconds_left()) == (2, 0)
    assert CallBudget().seconds_left() == math.inf


def test_the_opener_pays_first_and_then_whoever_may() -> None:
    opener, poor, rich = (
        CallBudget(max_calls=1),
        CallBudget(max_calls=0),
        CallBudget(max_calls=2),
    )
    opener.reserve()
    batch = shared(opener, poor, rich)

    for _ in range(3):
        batch.spend(ACCOUNT, RULE)

    assert [one.calls for one in (opener, poor, rich)] == [1, 0, 2]
    assert not batch.may_spend()
    with pytest.raises(CallCapReached):
        batch.spend(ACCOUNT, RULE)


def test_who_joins_can_pay_and_is_counted_once() -> None:
    opener, late = CallBudget(max_calls=1), CallBudget(max_calls=1)
    opener.reserve()
    batch = shared(opener)
    batch.spend(ACCOUNT, RULE)

    batch.members[late] += 1
    batch.members[late] += 1
    batch.spend(ACCOUNT, RULE)

    assert (opener.calls, late.calls, batch.may_spend()) == (1, 1, False)


def test_a_batch_is_as_urgent_and_as_patient_as_its_members() -> None:
    background = CallBudget(priority=Priority.BACKGROUND, deadline=9, monotonic=lambda: 0)
    hasty = CallBudget(deadline=3, monotonic=lambda: 0)

    assert shared(background).priority is Priority.BACKGROUND
    assert shared(background, hasty).priority is Priority.INTERACTIVE
    assert shared(hasty, background).seconds_left() == 9


def test_a_promise_that_was_not_needed_is_given_back() -> None:
    opener = CallBudget(max_calls=1)
    opener.reserve()

    shared(opener).release()

    assert opener.may_spend()
    assert opener.calls == 0


def test_a_batch_counts_for_the_caller_who_opened_it() -> None:
    allowance = Allowance(key="7", calls_per_day=3)
    opener, other = CallBudget(caller="a", allowance=allowance), CallBudget(caller="b")
    opener.reserve()

    batch = shared(opener, other)

    assert (batch.caller, batch.allowance) == ("a", allowance)


def test_who_paid_gets_back_what_was_not_sent() -> None:
    opener, other = CallBudget(max_calls=1), CallBudget()
    opener.reserve()
    batch = shared(opener, other)
    first, second = batch.spend(ACCOUNT, RULE), batch.spend(ACCOUNT, RULE)

    second.refund()

    assert (first, second) == (opener, other)
    assert (opener.calls, other.calls) == (1, 0)


def test_an_allowance_that_another_call_found_used_up_is_passed_on_once() -> None:
    used_up, second = Allowance(key="1", calls_per_day=1), Allowance(key="2", calls_per_day=9)
    call = shared(CallBudget(allowance=used_up), CallBudget(allowance=second))

    assert call.pass_on(used_up)
    assert call.pass_on(used_up)

    assert call.allowance == second


def test_who_no_longer_waits_pays_no_repetition() -> None:
    opener, gone = CallBudget(max_calls=1), CallBudget()
    opener.reserve()
    call = shared(opener, gone)
    call.spend(ACCOUNT, RULE)

    del call.members[gone]

    assert not call.may_spend()

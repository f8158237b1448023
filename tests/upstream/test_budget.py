"""Purses: who pays, who may not, and that nothing is paid twice."""

import asyncio
import math
from decimal import Decimal

import pytest

from domain.exceptions import CallCapReached
from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from upstream.budget import BatchBudget, CallBudget, Priority, purse, spending

pytestmark = pytest.mark.anyio

ACCOUNT = AccountKey("default", "aliexpress", "", Mode.LIVE)
RULE = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=0)


def test_a_purse_without_a_cap_pays_always() -> None:
    purse = CallBudget()

    for _ in range(1000):
        purse.pay(ACCOUNT, RULE)

    assert purse.calls == 1000
    assert purse.accounts == {ACCOUNT: RULE}


def test_a_capped_purse_pays_up_to_its_cap() -> None:
    purse = CallBudget(most_calls=2)
    purse.pay(ACCOUNT, RULE)
    purse.pay(ACCOUNT, RULE)

    with pytest.raises(CallCapReached, match="may make 2 marketplace calls"):
        purse.pay(ACCOUNT, RULE)

    assert purse.calls == 2


def test_what_is_promised_is_as_good_as_spent() -> None:
    purse = CallBudget(most_calls=1)

    is_promised = purse.promise()
    is_promised_again = purse.promise()
    may_pay = purse.may_pay()
    purse.take_back()

    assert (is_promised, is_promised_again, may_pay) == (True, False, False)
    assert purse.may_pay()


def test_a_kept_promise_is_one_call() -> None:
    purse = CallBudget(most_calls=1)
    purse.promise()

    purse.keep_promise(ACCOUNT, RULE)

    assert (purse.calls, purse.may_pay()) == (1, False)


def test_time_runs_out() -> None:
    purse = CallBudget(deadline=12, monotonic=iter((10.0, 13.0)).__next__)

    assert (purse.seconds_left(), purse.seconds_left()) == (2, 0)
    assert CallBudget().seconds_left() == math.inf


def test_the_opener_pays_first_and_then_whoever_may() -> None:
    opener, poor, rich = (
        CallBudget(most_calls=1),
        CallBudget(most_calls=0),
        CallBudget(most_calls=2),
    )
    opener.promise()
    party = BatchBudget([opener, poor, rich])

    for _ in range(3):
        party.pay(ACCOUNT, RULE)

    assert [one.calls for one in (opener, poor, rich)] == [1, 0, 2]
    assert not party.may_pay()
    with pytest.raises(CallCapReached):
        party.pay(ACCOUNT, RULE)


def test_who_joins_can_pay_and_is_counted_once() -> None:
    opener, late = CallBudget(most_calls=1), CallBudget(most_calls=1)
    opener.promise()
    party = BatchBudget([opener])
    party.pay(ACCOUNT, RULE)

    party.join(late)
    party.join(late)
    party.pay(ACCOUNT, RULE)

    assert (opener.calls, late.calls, party.may_pay()) == (1, 1, False)


def test_a_party_is_as_urgent_and_as_patient_as_its_members() -> None:
    background = CallBudget(priority=Priority.BACKGROUND, deadline=9, monotonic=lambda: 0)
    hasty = CallBudget(deadline=3, monotonic=lambda: 0)

    assert BatchBudget([background]).priority is Priority.BACKGROUND
    assert BatchBudget([background, hasty]).priority is Priority.INTERACTIVE
    assert BatchBudget([hasty, background]).seconds_left() == 9


def test_a_promise_that_was_not_needed_is_given_back() -> None:
    opener = CallBudget(most_calls=1)
    opener.promise()

    with BatchBudget([opener]).active():
        pass

    assert opener.may_pay()
    assert opener.calls == 0


async def test_each_task_has_the_purse_of_its_request() -> None:
    one, two = CallBudget(), CallBudget()

    async def request(own: CallBudget) -> CallBudget:
        with own.active():
            await asyncio.sleep(0)
            return await asyncio.ensure_future(deep())

    async def deep() -> CallBudget:
        await asyncio.sleep(0)
        return spending()

    assert list(await asyncio.gather(request(one), request(two))) == [one, two]


async def test_outside_of_requests_calls_are_nobodys() -> None:
    opener = CallBudget(most_calls=1)
    opener.promise()

    with BatchBudget([opener]).active():
        inside_shared_call = spending()
        paid_by = purse()

    assert inside_shared_call is not opener
    assert isinstance(paid_by, BatchBudget)
    assert purse() is not paid_by
    assert purse().may_pay()

"""Who pays for a shared call, until when it is waited for, and who gives it up."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from domain.exceptions import (
    AffiliateGraphError,
    CallCapReached,
    MarketplaceUnavailable,
    Throttled,
)
from tests.upstream.test_coalescing import ACCOUNT, RULE, Gate, Turns, asked_by
from upstream.budget import Budget, CallBudget
from upstream.coalescing import Coalescer

pytestmark = pytest.mark.anyio


@dataclass
class Paid:
    """Calls that are paid as the way out pays them: each of them, and each repetition."""

    repetitions: int = 0
    delay: float = 0
    asked: list[list[str]] = field(default_factory=list)
    made: int = 0

    async def __call__(
        self, keys: Sequence[str], budget: Budget
    ) -> Mapping[str, str | AffiliateGraphError]:
        self.asked.append(list(keys))
        await asyncio.sleep(self.delay)
        for number in range(self.repetitions + 1):
            if number and not budget.may_spend():
                raise MarketplaceUnavailable("down")
            budget.spend(ACCOUNT, RULE)
            self.made += 1
            await asyncio.sleep(self.delay)
        return {key: f"{key}!" for key in keys}


async def test_a_capped_request_gets_what_fits_in() -> None:
    shared, call, capped = Coalescer(), Paid(), CallBudget(max_calls=1)

    found = await asked_by(capped, shared, call, "a", "b", "c", "d")

    assert (found["a"], found["b"]) == ("a!", "b!")
    assert isinstance(found["c"], CallCapReached)
    assert isinstance(found["d"], CallCapReached)
    assert (call.made, capped.calls) == (1, 1)


async def test_a_request_that_may_not_ask_makes_no_call_and_leaves_nothing_behind() -> None:
    shared, call, capped = Coalescer(), Paid(), CallBudget(max_calls=0)

    found = await asked_by(capped, shared, call, "a")

    assert isinstance(found["a"], CallCapReached)
    assert call.made == 0
    assert shared.queues == {}


async def test_a_request_that_may_not_ask_can_join_what_another_asked() -> None:
    shared, call, quota_account, capped = (
        Coalescer(),
        Paid(),
        CallBudget(),
        CallBudget(max_calls=0),
    )

    payers, joined = await asyncio.gather(
        asked_by(quota_account, shared, call, "a"), asked_by(capped, shared, call, "a", "b")
    )

    assert payers == {"a": "a!"}
    assert joined == {"a": "a!", "b": "b!"}
    assert (call.made, quota_account.calls, capped.calls) == (1, 1, 0)
    assert (quota_account.saved_by_batching, capped.saved_by_batching) == (0, 2)


async def test_a_repetition_is_paid_by_whoever_still_may() -> None:
    shared, call = Coalescer(), Paid(repetitions=1)
    opener, other = CallBudget(max_calls=1), CallBudget()

    await asyncio.gather(asked_by(opener, shared, call, "a"), asked_by(other, shared, call, "b"))

    assert (call.made, opener.calls, other.calls) == (2, 1, 1)


async def test_nobody_pays_for_a_call_that_was_not_made() -> None:
    shared, capped = Coalescer(), CallBudget(max_calls=1)

    async def refuse(keys: Sequence[str], _: Budget) -> Mapping[str, str | AffiliateGraphError]:
        raise MarketplaceUnavailable("left alone")

    found = await asked_by(capped, shared, refuse, "a")

    assert isinstance(found["a"], MarketplaceUnavailable)
    assert capped.calls == 0
    assert capped.may_spend()


async def test_a_request_is_told_at_its_deadline_and_the_call_goes_on() -> None:
    shared, gate = Coalescer(), Gate(is_open=False)
    hasty, patient = CallBudget(deadline=5, monotonic=lambda: 5), CallBudget()
    waiting = asyncio.ensure_future(asked_by(patient, shared, gate, "a"))
    await asyncio.sleep(0.001)  # the call is in the air

    found = await asked_by(hasty, shared, gate, "a")
    gate.opened.set()

    assert isinstance(found["a"], MarketplaceUnavailable)
    assert await waiting == {"a": "a!"}


@pytest.mark.parametrize("seed", range(40))
async def test_the_counts_of_all_requests_add_up_and_no_cap_is_exceeded(seed: int) -> None:
    chance = random.Random(seed)
    shared = Coalescer()
    calls = [
        Paid(repetitions=chance.randrange(3), delay=chance.choice((0, 0, 0.001))) for _ in range(3)
    ]
    budgets = [CallBudget(max_calls=chance.choice((None, 0, 1, 2, 5))) for _ in range(30)]
    group_sizes = [chance.randint(1, 4) for _ in calls]

    async def request(spent: CallBudget) -> dict[str, str | AffiliateGraphError]:
        await asyncio.sleep(chance.choice((0, 0, 0.001, 0.003)))
        found: dict[str, str | AffiliateGraphError] = {}
        with shared.request():
            for _ in range(chance.randint(1, 3)):
                line = chance.randrange(3)
                keys = [f"{line}-{chance.randrange(12)}" for _ in range(chance.randint(1, 6))]
                found |= await shared.get(
                    line, keys, spent, size=group_sizes[line], call=calls[line]
                )
                assert set(keys) <= set(found)
        return found

    answers = await asyncio.gather(*map(request, budgets))
    await shared.drain()

    assert sum(spent.calls for spent in budgets) == sum(call.made for call in calls)
    for spent, found in zip(budgets, answers, strict=True):
        assert spent.max_calls is None or spent.calls <= spent.max_calls
        assert spent.reserved == 0
        told = [value for value in found.values() if isinstance(value, CallCapReached)]
        assert not told or spent.max_calls is not None
        assert all(value == f"{key}!" for key, value in found.items() if isinstance(value, str))


async def test_who_runs_out_of_time_before_the_batch_leaves_is_not_told_of_an_outage() -> None:
    shared, gate, hurried = Coalescer(), Gate(is_open=False), CallBudget()
    first = asyncio.ensure_future(shared.get("line", ["a"], CallBudget(), size=50, call=gate))
    await asyncio.sleep(0.001)  # its call is in the air, so that others gather behind it
    hurried.wait_at_most(0.01)

    found = await shared.get("line", ["b"], hurried, size=50, call=gate)
    gate.opened.set()
    await first

    assert isinstance(found["b"], Throttled)


async def test_a_call_for_which_nobody_waits_any_longer_is_not_sent() -> None:
    shared, call, budget = Coalescer(), Turns(), CallBudget()
    waits = [asyncio.ensure_future(asked_by(budget, shared, call, key, size=1)) for key in "abc"]
    await asyncio.sleep(0.01)

    for each in waits:
        each.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    for _ in waits:
        call.turns.release()
    await asyncio.sleep(0.01)

    assert len(call.asked) == 3  # each waited for its permit
    assert budget.calls == 0
    assert budget.reserved == 0
    assert shared.queues == {}


async def test_a_call_that_is_given_up_may_give_back_what_it_reserved() -> None:
    """Others of its queue give up meanwhile, and somebody asks for its key again."""
    shared, asked, given_back = Coalescer(), list[str](), list[str]()

    async def hang(keys: Sequence[str], _budget: Budget) -> Mapping[str, str]:
        asked.extend(keys)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.02)  # as a statement of the storage takes
            given_back.extend(keys)
        return {}

    def get(key: str) -> asyncio.Task[object]:
        return asyncio.create_task(shared.get("line", [key], CallBudget(), size=1, call=hang))

    async with asyncio.timeout(60):
        first, second = get("a"), get("b")
        await asyncio.sleep(0.005)
        first.cancel()
        await asyncio.sleep(0)
        again = get("a")
        await asyncio.sleep(0.005)
        second.cancel()
        await asyncio.sleep(0)
        joined = get("a")
        await asyncio.sleep(0.05)

        assert sorted(given_back) == ["a", "b"]
        assert asked == ["a", "b", "a"]
        again.cancel()
        joined.cancel()
        await asyncio.wait([first, second, again, joined])
        await shared.drain()


async def test_a_call_is_sent_as_long_as_one_waits_for_any_of_its_keys() -> None:
    shared, call = Coalescer(), Turns()
    gone = asyncio.ensure_future(asked_by(CallBudget(), shared, call, "a", size=2))
    stays = asyncio.ensure_future(asked_by(CallBudget(), shared, call, "b", size=2))
    await asyncio.sleep(0.01)

    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    call.turns.release()

    assert await stays == {"b": "b!"}


async def test_a_key_that_was_given_up_before_its_batch_left_is_not_asked() -> None:
    shared, first, opener = Coalescer(), Gate(is_open=False), CallBudget()
    running = asyncio.ensure_future(shared.get("line", ["a"], CallBudget(), size=9, call=first))
    await asyncio.sleep(0.001)
    gone = asyncio.ensure_future(shared.get("line", ["b"], opener, size=9, call=first))
    await asyncio.sleep(0)

    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    first.opened.set()
    await running

    assert first.asked == [["a"]]
    assert opener.reserved == 0

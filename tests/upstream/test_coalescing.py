"""Calls shared by requests: who shares with whom, and who is harmed by whom (nobody)."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

import pytest

from domain.exceptions import (
    AffiliateGraphError,
    MarketplaceUnavailable,
    ProductNotFound,
)
from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from upstream import coalescing
from upstream.budget import BatchCall, Budget, CallBudget, Priority
from upstream.coalescing import Coalescer

pytestmark = pytest.mark.anyio

ACCOUNT = AccountKey("default", "aliexpress", "", Mode.LIVE)
RULE = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=0)


class Gate:
    """A call that answers "<key>!" when it is told to, and remembers what it was asked."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.asked: list[list[str]] = []
        self.opened = asyncio.Event()
        if is_open:
            self.opened.set()

    async def __call__(
        self, keys: Sequence[str], budget: Budget
    ) -> Mapping[str, str | AffiliateGraphError]:
        self.asked.append(list(keys))
        await self.opened.wait()
        return {key: f"{key}!" for key in keys}


async def crowd(shared: Coalescer, gate: Gate, keys: Sequence[str], size: int) -> list[object]:
    """One request for each key, all at once."""

    async def one(key: str) -> object:
        with shared.request():
            return (await shared.get("line", [key], CallBudget(), size=size, call=gate)).get(key)

    return list(await asyncio.gather(*(one(key) for key in keys)))


async def test_requests_at_the_same_time_share_full_batches() -> None:
    shared, gate = Coalescer(), Gate()

    found = await crowd(shared, gate, [str(n) for n in range(100)], size=50)

    assert found == [f"{n}!" for n in range(100)]
    assert [len(keys) for keys in gate.asked] == [50, 50]


async def test_a_key_is_asked_once_however_many_wait() -> None:
    shared, gate = Coalescer(), Gate()

    found = await crowd(shared, gate, ["a"] * 1000, size=50)

    assert found == ["a!"] * 1000
    assert gate.asked == [["a"]]


async def test_a_key_in_the_air_is_joined() -> None:
    shared, gate = Coalescer(), Gate(is_open=False)
    first = asyncio.ensure_future(shared.get("line", ["a"], CallBudget(), size=1, call=gate))
    await asyncio.sleep(0)

    second = asyncio.ensure_future(shared.get("line", ["a"], CallBudget(), size=1, call=gate))
    await asyncio.sleep(0)
    gate.opened.set()

    assert await first == await second == {"a": "a!"}
    assert gate.asked == [["a"]]


async def test_newcomers_gather_while_a_call_is_in_the_air() -> None:
    shared, gate = Coalescer(), Gate(is_open=False)
    first = asyncio.ensure_future(shared.get("line", ["a"], CallBudget(), size=50, call=gate))
    await asyncio.sleep(0.001)
    rest = [
        asyncio.ensure_future(shared.get("line", [key], CallBudget(), size=50, call=gate))
        for key in "bcd"
    ]
    await asyncio.sleep(0.001)

    gate.opened.set()
    await asyncio.gather(first, *rest)

    assert gate.asked == [["a"], ["b", "c", "d"]]


async def test_lines_never_mix() -> None:
    shared, one, two = Coalescer(), Gate(), Gate()

    await asyncio.gather(
        shared.get(("products", "account 1"), ["a"], CallBudget(), size=50, call=one),
        shared.get(("products", "account 2"), ["a"], CallBudget(), size=50, call=two),
    )

    assert (one.asked, two.asked) == ([["a"]], [["a"]])


async def test_a_failed_call_fails_its_own_batch_only() -> None:
    shared = Coalescer()

    async def call(keys: Sequence[str], _: Budget) -> Mapping[str, str | AffiliateGraphError]:
        if "3" in keys:
            raise MarketplaceUnavailable("down")
        return {key: key for key in keys}

    found = await shared.get("line", [str(n) for n in range(6)], CallBudget(), size=2, call=call)

    assert [key for key, value in found.items() if isinstance(value, str)] == ["0", "1", "4", "5"]


async def test_a_failure_of_one_key_is_its_value_and_silence_is_absence() -> None:
    shared, gone = Coalescer(), ProductNotFound("gone")

    async def call(keys: Sequence[str], _: Budget) -> Mapping[str, str | AffiliateGraphError]:
        return {"a": gone, "stranger": "x"}

    found = await shared.get("line", ["a", "b"], CallBudget(), size=2, call=call)

    assert [type(value) for value in found.values()] == [ProductNotFound]
    assert found["a"] is not gone  # each caller has its own, to tell it with its own path


async def test_a_caller_that_goes_away_harms_nobody() -> None:
    shared, gate = Coalescer(), Gate(is_open=False)
    first = asyncio.ensure_future(shared.get("line", ["a"], CallBudget(), size=1, call=gate))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(shared.get("line", ["a"], CallBudget(), size=1, call=gate))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.sleep(0)
    gate.opened.set()

    assert await second == {"a": "a!"}
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_failure_is_not_remembered() -> None:
    shared, answers = Coalescer(), iter((MarketplaceUnavailable("down"), None))

    async def call(keys: Sequence[str], _: Budget) -> Mapping[str, str | AffiliateGraphError]:
        if failure := next(answers):
            raise failure
        return {key: key for key in keys}

    first = await shared.get("line", ["a"], CallBudget(), size=1, call=call)
    second = await shared.get("line", ["a"], CallBudget(), size=1, call=call)

    assert isinstance(first["a"], MarketplaceUnavailable)
    assert second == {"a": "a"}


async def test_a_bug_in_a_call_reaches_every_caller() -> None:
    shared = Coalescer()

    async def call(keys: Sequence[str], _: Budget) -> Mapping[str, str | AffiliateGraphError]:
        raise KeyError("bug")

    results = await asyncio.gather(
        *(shared.get("line", [key], CallBudget(), size=2, call=call) for key in "ab"),
        return_exceptions=True,
    )

    assert all(isinstance(result, KeyError) for result in results)


async def test_a_lone_request_does_not_wait_for_company(monkeypatch: pytest.MonkeyPatch) -> None:
    for window in ("QUIET", "WINDOW"):
        monkeypatch.setattr(coalescing, window, 3600.0)
    shared, gate = Coalescer(), Gate()

    async with asyncio.timeout(30):
        with shared.request():
            answers = await shared.get("line", ["a"], CallBudget(), size=50, call=gate)

    assert answers == {"a": "a!"}


async def test_asking_for_nothing_leaves_nothing_behind() -> None:
    shared = Coalescer()

    assert await shared.get("line", [], CallBudget(), size=5, call=Gate()) == {}
    assert shared.queues == {}


async def test_the_end_waits_for_calls_in_the_air() -> None:
    shared, gate = Coalescer(), Gate(is_open=False)
    asked = asyncio.ensure_future(shared.get("line", ["a"], CallBudget(), size=1, call=gate))
    await asyncio.sleep(0)

    end = asyncio.ensure_future(shared.drain())
    await asyncio.sleep(0)
    is_early = end.done()
    gate.opened.set()
    await end

    assert not is_early
    assert await asked == {"a": "a!"}


async def test_idle_lines_are_forgotten() -> None:
    shared, gate = Coalescer(), Gate()
    tasks = len(asyncio.all_tasks())

    await crowd(shared, gate, ["a", "b"], size=2)
    await asyncio.sleep(0)

    assert shared.queues == {}
    assert len(asyncio.all_tasks()) == tasks


asker: ContextVar[str] = ContextVar("asker", default="nobody")


async def test_a_call_is_made_in_the_name_of_the_request_that_opened_its_batch() -> None:
    shared = Coalescer()
    seen: list[tuple[list[str], str]] = []
    flies, gate = asyncio.Event(), asyncio.Event()

    async def call(keys: Sequence[str], _: Budget) -> Mapping[str, str | AffiliateGraphError]:
        seen.append((list(keys), asker.get()))
        flies.set()
        await gate.wait()
        return {key: key for key in keys}

    async def one(name: str) -> None:
        asker.set(name)
        with shared.request():
            await shared.get("line", [name], CallBudget(), size=50, call=call)

    first = asyncio.create_task(one("a"))
    await flies.wait()
    others = [asyncio.create_task(one(name)) for name in ("b", "c", "d")]
    for _ in range(5):
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *others)

    assert seen == [(["a"], "a"), (["b", "c", "d"], "b")]


async def asked_by(
    budget: CallBudget,
    shared: Coalescer,
    call: BatchCall[str, str],
    *keys: str,
    size: int = 2,
) -> dict[str, str | AffiliateGraphError]:
    """What one request with this budget gets."""
    with shared.request():
        return await shared.get("line", keys, budget, size=size, call=call)


class Turns:
    """A call that is sent, and paid, when its turn comes."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.turns = asyncio.Semaphore(0)

    async def __call__(
        self, keys: Sequence[str], budget: Budget
    ) -> Mapping[str, str | AffiliateGraphError]:
        self.asked.append(list(keys))
        await self.turns.acquire()
        budget.spend(ACCOUNT, RULE)
        return {key: f"{key}!" for key in keys}


async def test_newcomers_ride_together_while_a_call_waits_for_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalescing, "WINDOW_BEHIND_CALL", 0.001)
    shared, call = Coalescer(), Turns()
    waiting = []

    for key in "abcdef":
        waiting.append(asyncio.ensure_future(asked_by(CallBudget(), shared, call, key, size=9)))
        await asyncio.sleep(0.01)
    for _ in waiting:
        call.turns.release()
        await asyncio.sleep(0.01)
    await asyncio.gather(*waiting)

    assert call.asked == [["a"], ["b", "c", "d", "e", "f"]]


async def test_people_do_not_wait_behind_background_work_that_waits_for_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalescing, "WINDOW_BEHIND_CALL", 0.001)
    shared, call = Coalescer(), Turns()
    background = CallBudget(priority=Priority.BACKGROUND)
    first = asyncio.ensure_future(asked_by(background, shared, call, "a", size=9))
    await asyncio.sleep(0.01)

    second = asyncio.ensure_future(asked_by(CallBudget(), shared, call, "b", size=9))
    await asyncio.sleep(0.05)
    asked = list(call.asked)
    call.turns.release()
    call.turns.release()
    await asyncio.gather(first, second)

    assert asked == [["a"], ["b"]]


async def test_nobody_is_held_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescing, "LONGEST_HOLD", 0.01)
    shared, call = Coalescer(), Turns()
    first = asyncio.ensure_future(asked_by(CallBudget(), shared, call, "a", size=9))
    await asyncio.sleep(0.001)

    second = asyncio.ensure_future(asked_by(CallBudget(), shared, call, "b", size=9))
    await asyncio.sleep(0.05)
    asked = list(call.asked)
    call.turns.release()
    call.turns.release()
    await asyncio.gather(first, second)

    assert asked == [["a"], ["b"]]


async def test_a_batch_that_left_takes_its_timer_along() -> None:
    shared, first, second = Coalescer(), Gate(is_open=False), Gate()
    one = asyncio.ensure_future(shared.get("line", ["a"], CallBudget(), size=9, call=first))
    await asyncio.sleep(0.001)
    two = asyncio.ensure_future(shared.get("line", ["b"], CallBudget(), size=9, call=second))
    await asyncio.sleep(0)
    timer = shared.queues["line"]._timer

    first.opened.set()
    await asyncio.gather(one, two)

    assert second.asked == [["b"]]
    assert timer is not None
    assert timer.cancelled()  # else it would send a later batch off before its time


async def test_one_workspace_sets_no_other_ones_window() -> None:
    shared, gate = Coalescer(), Gate()
    loop = asyncio.get_running_loop()

    with contextlib.ExitStack() as busy:
        for _ in range(50):
            busy.enter_context(shared.request("theirs"))
        started = loop.time()
        with shared.request("ours"):
            await shared.get("line", ["a"], CallBudget(workspace="ours"), size=9, call=gate)

    assert loop.time() - started < coalescing.QUIET


async def test_a_newcomer_touches_no_other_queue() -> None:
    """What a wait costs does not grow with the queues of others: none of them is looked at."""
    shared, gate = Coalescer(), Gate(is_open=False)
    others = [
        asyncio.ensure_future(shared.get(f"line {n}", ["a"], CallBudget(), size=9, call=gate))
        for n in range(500)
    ]
    await asyncio.sleep(0.01)
    looked_at: list[str] = []
    for queue in shared.queues.values():
        queue.running = Watched(queue.running, looked_at)

    ours = asyncio.ensure_future(shared.get("ours", ["b"], CallBudget(), size=9, call=gate))
    await asyncio.sleep(0.01)
    seen = list(looked_at)
    gate.opened.set()
    await asyncio.gather(ours, *others)

    assert seen == []


class Watched(set[Any]):
    """A set that notes that it was read."""

    def __init__(self, items: set[Any], notes: list[str]) -> None:
        super().__init__(items)
        self.notes = notes

    def __bool__(self) -> bool:
        self.notes.append("read")
        return len(self) > 0

    def __iter__(self) -> Iterator[Any]:
        self.notes.append("read")
        return super().__iter__()

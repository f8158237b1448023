"""Calls shared by requests: who flies with whom, and who is harmed by whom (nobody)."""

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import ContextVar

import pytest

from clients.sharing import SharedCalls
from domain.exceptions import AffiliateGraphError, MarketplaceUnavailable, ProductNotFound

pytestmark = pytest.mark.anyio


class Gate:
    """A call that answers "<key>!" when it is told to, and remembers what it was asked."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.asked: list[list[str]] = []
        self.opened = asyncio.Event()
        if is_open:
            self.opened.set()

    async def __call__(self, keys: Sequence[str]) -> Mapping[str, str | AffiliateGraphError]:
        self.asked.append(list(keys))
        await self.opened.wait()
        return {key: f"{key}!" for key in keys}


async def crowd(shared: SharedCalls, gate: Gate, keys: Sequence[str], size: int) -> list[object]:
    """One request for each key, all at once."""

    async def one(key: str) -> object:
        with shared.request():
            return (await shared.get("line", [key], size=size, call=gate)).get(key)

    return list(await asyncio.gather(*(one(key) for key in keys)))


async def test_requests_at_the_same_time_share_full_batches() -> None:
    shared, gate = SharedCalls(), Gate()

    found = await crowd(shared, gate, [str(n) for n in range(100)], size=50)

    assert found == [f"{n}!" for n in range(100)]
    assert [len(keys) for keys in gate.asked] == [50, 50]


async def test_a_key_is_asked_once_however_many_wait() -> None:
    shared, gate = SharedCalls(), Gate()

    found = await crowd(shared, gate, ["a"] * 1000, size=50)

    assert found == ["a!"] * 1000
    assert gate.asked == [["a"]]


async def test_a_key_in_the_air_is_joined() -> None:
    shared, gate = SharedCalls(), Gate(is_open=False)
    first = asyncio.ensure_future(shared.get("line", ["a"], size=1, call=gate))
    await asyncio.sleep(0)

    second = asyncio.ensure_future(shared.get("line", ["a"], size=1, call=gate))
    await asyncio.sleep(0)
    gate.opened.set()

    assert await first == await second == {"a": "a!"}
    assert gate.asked == [["a"]]


async def test_newcomers_gather_while_a_call_is_in_the_air() -> None:
    shared, gate = SharedCalls(), Gate(is_open=False)
    first = asyncio.ensure_future(shared.get("line", ["a"], size=50, call=gate))
    await asyncio.sleep(0.001)
    rest = [asyncio.ensure_future(shared.get("line", [key], size=50, call=gate)) for key in "bcd"]
    await asyncio.sleep(0.001)

    gate.opened.set()
    await asyncio.gather(first, *rest)

    assert gate.asked == [["a"], ["b", "c", "d"]]


async def test_lines_never_mix() -> None:
    shared, one, two = SharedCalls(), Gate(), Gate()

    await asyncio.gather(
        shared.get(("products", "account 1"), ["a"], size=50, call=one),
        shared.get(("products", "account 2"), ["a"], size=50, call=two),
    )

    assert (one.asked, two.asked) == ([["a"]], [["a"]])


async def test_a_failed_call_fails_its_own_batch_only() -> None:
    shared = SharedCalls()

    async def call(keys: Sequence[str]) -> Mapping[str, str | AffiliateGraphError]:
        if "3" in keys:
            raise MarketplaceUnavailable("down")
        return {key: key for key in keys}

    found = await shared.get("line", [str(n) for n in range(6)], size=2, call=call)

    assert [key for key, value in found.items() if isinstance(value, str)] == ["0", "1", "4", "5"]


async def test_a_failure_of_one_key_is_its_value_and_silence_is_absence() -> None:
    shared, gone = SharedCalls(), ProductNotFound("gone")

    async def call(keys: Sequence[str]) -> Mapping[str, str | AffiliateGraphError]:
        return {"a": gone, "stranger": "x"}

    found = await shared.get("line", ["a", "b"], size=2, call=call)

    assert [type(value) for value in found.values()] == [ProductNotFound]
    assert found["a"] is not gone  # each caller has its own, to tell it with its own path


async def test_a_caller_that_goes_away_harms_nobody() -> None:
    shared, gate = SharedCalls(), Gate(is_open=False)
    first = asyncio.ensure_future(shared.get("line", ["a"], size=1, call=gate))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(shared.get("line", ["a"], size=1, call=gate))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.sleep(0)
    gate.opened.set()

    assert await second == {"a": "a!"}
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_failure_is_not_remembered() -> None:
    shared, answers = SharedCalls(), iter((MarketplaceUnavailable("down"), None))

    async def call(keys: Sequence[str]) -> Mapping[str, str | AffiliateGraphError]:
        if failure := next(answers):
            raise failure
        return {key: key for key in keys}

    first = await shared.get("line", ["a"], size=1, call=call)
    second = await shared.get("line", ["a"], size=1, call=call)

    assert isinstance(first["a"], MarketplaceUnavailable)
    assert second == {"a": "a"}


async def test_a_bug_in_a_call_reaches_every_caller() -> None:
    shared = SharedCalls()

    async def call(keys: Sequence[str]) -> Mapping[str, str | AffiliateGraphError]:
        raise KeyError("bug")

    results = await asyncio.gather(
        *(shared.get("line", [key], size=2, call=call) for key in "ab"), return_exceptions=True
    )

    assert all(isinstance(result, KeyError) for result in results)


async def test_a_lone_request_does_not_wait_for_company() -> None:
    shared, gate = SharedCalls(), Gate()
    loop = asyncio.get_running_loop()
    started = loop.time()

    with shared.request():
        await shared.get("line", ["a"], size=50, call=gate)

    assert loop.time() - started < 0.004


async def test_asking_for_nothing_leaves_nothing_behind() -> None:
    shared = SharedCalls()

    assert await shared.get("line", [], size=5, call=Gate()) == {}
    assert shared._lines == {}


async def test_the_end_waits_for_calls_in_the_air() -> None:
    shared, gate = SharedCalls(), Gate(is_open=False)
    asked = asyncio.ensure_future(shared.get("line", ["a"], size=1, call=gate))
    await asyncio.sleep(0)

    end = asyncio.ensure_future(shared.land())
    await asyncio.sleep(0)
    is_early = end.done()
    gate.opened.set()
    await end

    assert not is_early
    assert await asked == {"a": "a!"}


async def test_idle_lines_are_forgotten() -> None:
    shared, gate = SharedCalls(), Gate()
    tasks = len(asyncio.all_tasks())

    await crowd(shared, gate, ["a", "b"], size=2)
    await asyncio.sleep(0)

    assert shared._lines == {}
    assert len(asyncio.all_tasks()) == tasks


asker: ContextVar[str] = ContextVar("asker", default="nobody")


async def test_a_call_is_made_in_the_name_of_the_request_that_opened_its_batch() -> None:
    shared = SharedCalls()
    seen: list[tuple[list[str], str]] = []
    flies, gate = asyncio.Event(), asyncio.Event()

    async def call(keys: Sequence[str]) -> Mapping[str, str | AffiliateGraphError]:
        seen.append((list(keys), asker.get()))
        flies.set()
        await gate.wait()
        return {key: key for key in keys}

    async def one(name: str) -> None:
        asker.set(name)
        with shared.request():
            await shared.get("line", [name], size=50, call=call)

    first = asyncio.create_task(one("a"))
    await flies.wait()
    others = [asyncio.create_task(one(name)) for name in ("b", "c", "d")]
    for _ in range(5):
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *others)

    assert seen == [(["a"], "a"), (["b", "c", "d"], "b")]

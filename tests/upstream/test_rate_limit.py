"""Turns for calls: who waits too long is told so, and leaves nothing behind."""

import asyncio
import gc
from decimal import Decimal
from typing import Any

import pytest

from domain.marketplaces import AccountKey, QuotaRule
from domain.products import Mode
from upstream.rate_limit import LEASE, SECOND, WAY, Permit, RateLimit, window

pytestmark = pytest.mark.anyio

A_SECOND_EACH = QuotaRule(calls_per_day=None, calls_per_second=Decimal(1), reset_offset_hours=0)


async def test_turns_that_do_not_come_leave_no_uncollected_errors() -> None:
    uncollected: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, found: uncollected.append(found))

    async def first_and_second(number: int) -> tuple[bool, Permit | float]:
        turns, account = RateLimit(), AccountKey("default", "aliexpress", str(number), Mode.LIVE)
        return (
            isinstance(await turns.turn(account, A_SECOND_EACH, patience=1), Permit),
            await turns.turn(account, A_SECOND_EACH, patience=0.01 + number / 100_000),
        )

    outcomes = await asyncio.gather(*map(first_and_second, range(400)))
    gc.collect()
    await asyncio.sleep(0)

    assert set(outcomes) == {(True, 1.0)}
    assert uncollected == []


class Seconds:
    """A monotonic clock that is told to go on."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


ACCOUNT = AccountKey("default", "aliexpress", "", Mode.LIVE)


async def comes(limit: RateLimit, *, is_background: bool = False) -> bool:
    """Whether a turn comes at once."""
    turn = await limit.turn(ACCOUNT, A_SECOND_EACH, patience=0.01, is_background=is_background)
    return isinstance(turn, Permit)


async def taken(limit: RateLimit) -> Permit:
    """A turn that comes at once."""
    turn = await limit.turn(ACCOUNT, A_SECOND_EACH, patience=0.01)
    assert isinstance(turn, Permit)
    return turn


async def test_a_turn_counts_for_a_second_from_its_answer() -> None:
    clock = Seconds()
    limit = RateLimit(clock)
    turn = await taken(limit)
    await turn.sent()
    clock.now += WAY / 2
    await turn.over()

    clock.now += SECOND - 0.001
    is_early = await comes(limit)
    clock.now += 0.002

    assert not is_early
    assert await comes(limit)


async def test_a_slow_answer_holds_up_nobody_for_longer_than_the_way_there() -> None:
    clock = Seconds()
    limit = RateLimit(clock)
    turn = await taken(limit)
    clock.now += 5  # the connection was slow
    await turn.sent()

    clock.now += WAY + SECOND - 0.001
    is_early = await comes(limit)
    clock.now += 0.002
    next_turn = await taken(limit)
    await turn.over()  # late: it changes nothing any more
    await next_turn.sent()

    assert not is_early
    assert not await comes(limit)


async def test_a_turn_whose_call_is_never_sent_ends_with_its_lease() -> None:
    clock = Seconds()
    limit = RateLimit(clock)
    await taken(limit)

    clock.now += LEASE
    is_early = await comes(limit)
    clock.now += SECOND

    assert not is_early
    assert await comes(limit)


async def test_a_pause_holds_for_everybody_and_is_told_at_once() -> None:
    clock = Seconds()
    limit = RateLimit(clock)
    await limit.pause(ACCOUNT, 7)

    told = await limit.turn(ACCOUNT, A_SECOND_EACH, patience=5)
    clock.now += 7

    assert told == 7
    assert await comes(limit)


async def test_background_work_lets_everybody_else_go_first() -> None:
    clock = Seconds()
    limit = RateLimit(clock)
    first = await taken(limit)
    waiting = asyncio.ensure_future(limit.turn(ACCOUNT, A_SECOND_EACH, patience=5))
    await asyncio.sleep(0)

    is_passed = await comes(limit, is_background=True)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await first.over()
    clock.now += SECOND

    assert not is_passed
    assert await comes(limit, is_background=True)


@pytest.mark.parametrize(
    ("calls_per_second", "turns", "seconds"),
    [("50", 50, SECOND), ("2.5", 2, SECOND), ("1", 1, SECOND), ("0.25", 1, 4 * SECOND)],
)
def test_a_limit_is_a_number_of_turns_in_a_window(
    calls_per_second: str, turns: int, seconds: float
) -> None:
    assert window(Decimal(calls_per_second)) == (turns, seconds)

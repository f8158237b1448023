"""The bucket of each caller: spent, refilled, given back; the clock is passed in."""

from dataclasses import replace

import pytest

from domain.limits import Limits
from tests.graph import Clock
from web.throttle import OwnBuckets

pytestmark = pytest.mark.anyio

LIMITS = replace(Limits(), capacity=100, restore=10)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def buckets(clock: Clock) -> OwnBuckets:
    return OwnBuckets(LIMITS, clock.monotonic)


async def test_a_full_bucket_pays_down_to_nothing(buckets: OwnBuckets) -> None:
    first = await buckets.take("key", 60)
    second = await buckets.take("key", 40)

    assert (first.available, first.wait) == (40, 0)
    assert (second.available, second.wait) == (0, 0)


async def test_too_little_pays_nothing_and_says_how_long_to_wait(
    buckets: OwnBuckets, clock: Clock
) -> None:
    await buckets.take("key", 95)

    refused = await buckets.take("key", 30)
    clock.advance(seconds=refused.wait)
    later = await buckets.take("key", 30)

    assert refused.available == 5
    assert refused.wait == 2.5
    assert (later.available, later.wait) == (0, 0)


async def test_a_bucket_fills_itself_and_never_runs_over(buckets: OwnBuckets, clock: Clock) -> None:
    await buckets.take("key", 100)

    clock.advance(seconds=4)
    soon = await buckets.give_back("key", 0)
    clock.advance(seconds=4_000)
    late = await buckets.give_back("key", 0)

    assert (soon.available, soon.seconds_to_full) == (40, 6)
    assert late.available == 100


async def test_what_is_given_back_can_be_spent_again(buckets: OwnBuckets) -> None:
    await buckets.take("key", 100)

    assert (await buckets.give_back("key", 70)).available == 70
    assert (await buckets.give_back("key", 70)).available == 100


async def test_callers_do_not_share_a_bucket(buckets: OwnBuckets) -> None:
    await buckets.take("one", 100)

    assert (await buckets.take("two", 100)).wait == 0


async def test_full_buckets_are_forgotten(buckets: OwnBuckets, clock: Clock) -> None:
    for number in range(1_000):
        await buckets.take(f"key-{number}", 10)

    clock.advance(seconds=20)
    await buckets.take("late", 10)

    assert len(buckets) == 1

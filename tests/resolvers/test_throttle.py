"""The bucket of each key: spent, refilled, given back; the clock is passed in."""

from dataclasses import replace

from domain.limits import Limits
from resolvers.throttle import Buckets

LIMITS = replace(Limits(), capacity=100, restore=10)


def test_a_full_bucket_pays_down_to_nothing() -> None:
    buckets = Buckets(LIMITS)

    first = buckets.take("key", 60, now=0)
    second = buckets.take("key", 40, now=0)

    assert (first.available, first.wait) == (40, 0)
    assert (second.available, second.wait) == (0, 0)


def test_too_little_pays_nothing_and_says_how_long_to_wait() -> None:
    buckets = Buckets(LIMITS)
    buckets.take("key", 95, now=0)

    refused = buckets.take("key", 30, now=0)
    later = buckets.take("key", 30, now=refused.wait)

    assert refused.available == 5
    assert refused.wait == 2.5
    assert (later.available, later.wait) == (0, 0)


def test_a_bucket_fills_itself_and_never_runs_over() -> None:
    buckets = Buckets(LIMITS)
    buckets.take("key", 100, now=0)

    assert buckets.standing("key", now=4).available == 40
    assert buckets.standing("key", now=4).seconds_to_full == 6
    assert buckets.standing("key", now=4_000).available == 100


def test_what_is_given_back_can_be_spent_again() -> None:
    buckets = Buckets(LIMITS)
    buckets.take("key", 100, now=0)

    assert buckets.give_back("key", 70, now=0).available == 70
    assert buckets.give_back("key", 70, now=0).available == 100


def test_callers_do_not_share_a_bucket() -> None:
    buckets = Buckets(LIMITS)
    buckets.take("one", 100, now=0)

    assert buckets.take("two", 100, now=0).wait == 0


def test_full_buckets_are_forgotten() -> None:
    buckets = Buckets(LIMITS)
    for number in range(1_000):
        buckets.take(f"key-{number}", 10, now=0)

    buckets.take("late", 10, now=20)

    assert list(buckets._levels) == ["late"]

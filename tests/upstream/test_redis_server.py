"""Whether Redis is worth asking, and how often the log speaks of it."""

import logging

import pytest

from tests.graph import Clock
from upstream.redis_server import RETRY_AFTER, WARN_EVERY, RedisHealth

AWAY = ConnectionError("refused")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reach(clock: Clock) -> RedisHealth:
    log = logging.getLogger("affiliate_graph.test")
    return RedisHealth(log, lost="alone now.", back="together again.", monotonic=clock.monotonic)


def test_one_caller_probes_while_it_is_away(reach: RedisHealth, clock: Clock) -> None:
    asked_before = [reach.may_ask() for _ in range(3)]
    reach.lose(AWAY)
    asked_at_once = reach.may_ask()
    clock.advance(seconds=RETRY_AFTER)

    asked_later = [reach.may_ask() for _ in range(3)]

    assert asked_before == [True, True, True]
    assert not asked_at_once
    assert asked_later == [True, False, False]


def test_news_are_told_once(reach: RedisHealth) -> None:
    assert [reach.lose(AWAY), reach.lose(AWAY), reach.find(), reach.find()] == [
        True,
        False,
        True,
        False,
    ]


def test_a_fluttering_server_is_spoken_of_once_a_minute(
    reach: RedisHealth, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        reach.lose(AWAY)
        clock.advance(seconds=1)
        reach.find()
        clock.advance(seconds=1)
    in_a_minute = [record.getMessage() for record in caplog.records]
    clock.advance(seconds=WARN_EVERY)
    reach.lose(AWAY)

    assert in_a_minute == [
        "Redis cannot be reached (ConnectionError): alone now.",
        "Redis is back: together again.",
    ]
    assert len(caplog.records) == 3


def test_a_long_absence_is_told_every_minute(
    reach: RedisHealth, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(180):
        reach.lose(AWAY)
        clock.advance(seconds=1)

    assert len(caplog.records) == 3

"""When a webhook is tried again, switched off, and what of an answer is kept."""

from datetime import timedelta

import pytest

from domain.events import EventType
from domain.webhooks import (
    MOST_TRIES,
    PAUSES,
    Attempt,
    DisabledReason,
    Webhook,
    end_of,
    next_try,
    without_numbers_of,
)
from tests.db.records import HOUR, NOW

DAY = timedelta(days=1)
WEBHOOK = {
    "id": "1",
    "workspace": "default",
    "shown_url": "https://hooks.example/",
    "types": frozenset({EventType.JOB_FINISHED}),
    "document": None,
    "key_id": None,
    "created_at": NOW,
}


def failed(status: int | None = 500, *, wait: timedelta | None = None) -> Attempt:
    return Attempt(at=NOW, status=status, retry_after=wait)


def test_ten_tries_go_over_three_days() -> None:
    found = [next_try(tries, failed(), 0.5) for tries in range(1, MOST_TRIES + 1)]

    assert found == [*(NOW + pause for pause in PAUSES), None]
    assert sum(PAUSES, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


def test_what_failed_together_is_tried_at_different_times() -> None:
    assert next_try(4, failed(), 0.0) == NOW + 0.9 * 2 * HOUR
    assert next_try(4, failed(), 1.0) == NOW + 1.1 * 2 * HOUR


@pytest.mark.parametrize(
    ("status", "asked", "waits"),
    [
        (429, 3 * HOUR, 3 * HOUR),
        (503, 1000 * HOUR, 24 * HOUR),
        (502, timedelta(seconds=1), PAUSES[0]),
        (500, 3 * HOUR, PAUSES[0]),
    ],
)
def test_a_busy_receiver_says_when_it_is_tried_again(
    status: int, asked: timedelta, waits: timedelta
) -> None:
    assert next_try(1, failed(status, wait=asked), 0.5) == NOW + waits


@pytest.mark.parametrize(
    ("status", "since", "reason"),
    [
        (410, None, DisabledReason.GONE),
        (500, NOW - 4 * DAY, None),
        (500, NOW - 5 * DAY, DisabledReason.FAILING),
        (404, None, None),
    ],
)
def test_gone_and_long_failing_ones_are_switched_off(
    status: int, since: object, reason: DisabledReason | None
) -> None:
    assert end_of(Webhook(**WEBHOOK, failing_since=since), failed(status)) is reason  # type: ignore[arg-type]


SENT = '{"data":{"amount":"1299.90","jpy":1200},"timestamp":"2026-11-21"}'


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("took 1299.90, or 1200; 7 others", "took #, or #; 7 others"),
        ("read as a number: 1299.9", "read as a number: #"),
        ("for people: 1,299.90 and 1.200,00", "for people: # and #"),
        ("in cents: 129990", "in cents: #"),
        ("cut off: 1299.", "cut off: #."),
        ("cut off: 129", "cut off: #"),
        ("not cut off: 129 days", "not cut off: 129 days"),
    ],
)
def test_a_price_that_is_sent_back_is_not_kept(answer: str, kept: str) -> None:
    assert without_numbers_of(answer, SENT) == kept

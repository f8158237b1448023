"""The difference between two clocks, measured and said."""

from datetime import UTC, datetime, timedelta

import pytest

from upstream.accounts import ClockSkew, skew_in_words

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("_case", "date", "ahead"),
    [
        ("the same", "Sat, 21 Nov 2026 12:00:00 GMT", None),
        ("a slow way", "Sat, 21 Nov 2026 11:59:20 GMT", None),
        ("ahead", "Sat, 21 Nov 2026 11:40:00 GMT", timedelta(minutes=20)),
        ("behind, in another zone", "Sat, 21 Nov 2026 14:05:00 +0200", timedelta(minutes=-5)),
        ("no date", "", None),
        ("nonsense", "Sat, 99 Nov 2026 99:99:99 GMT", None),
    ],
)
def test_the_difference_is_measured_by_the_answers_date(
    _case: str, date: str, ahead: timedelta | None
) -> None:
    clock = ClockSkew()

    clock.note({"date": date}, NOW)

    assert clock.ahead == ahead


def test_the_newest_answer_counts() -> None:
    clock = ClockSkew()
    clock.note({"date": "Sat, 21 Nov 2026 11:40:00 GMT"}, NOW)

    clock.note({"date": "Sat, 21 Nov 2026 12:00:01 GMT"}, NOW)

    assert clock.ahead is None


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=70), "1 minute ahead of"),
        (timedelta(minutes=-20), "20 minutes behind"),
        (timedelta(hours=5), "5 hours ahead of"),
        (timedelta(days=-3), "3 days behind"),
    ],
)
def test_a_difference_is_said_skew_in_words(ahead: timedelta, words: str) -> None:
    assert skew_in_words(ahead) == words

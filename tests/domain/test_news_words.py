"""Every event has words of its own for chats."""

from datetime import UTC, datetime

from domain.events import EventType, News
from domain.news_words import sentence

AT = datetime(2026, 5, 4, tzinfo=UTC)


def test_no_two_events_are_told_alike() -> None:
    told = {sentence(News(type=each, occurred_at=AT), None, None) for each in EventType}

    assert len(told) == len(EventType)

"""What was lately asked for is remembered, fades and is forgotten."""

from datetime import timedelta

import pytest

from resolvers import asked
from resolvers.asked import LatelyAsked
from tests.db.records import ALIEXPRESS, NOW

HOUR = timedelta(hours=1)


def test_what_is_asked_again_and_again_counts_by_day_and_fades() -> None:
    memory = LatelyAsked()
    for hour in range(24 * 10):
        memory.note(ALIEXPRESS, ["often"], NOW + hour * HOUR)
    now = NOW + 24 * 10 * HOUR
    memory.note(ALIEXPRESS, ["once"], now)

    latest = memory.latest(ALIEXPRESS, 5, now)
    later = memory.latest(ALIEXPRESS, 5, now + 12 * HOUR)

    assert list(latest) == ["once", "often"]
    assert latest["often"] == pytest.approx(24, rel=0.1)
    assert later["often"] == pytest.approx(latest["often"] / 2)
    assert list(memory.latest(ALIEXPRESS, 1, now)) == ["once"]


def test_what_was_asked_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "MOST_PRODUCTS", 2)
    memory = LatelyAsked()

    memory.note(ALIEXPRESS, ["a", "b", "c"], NOW)

    assert sorted(memory.latest(ALIEXPRESS, 5, NOW)) == ["b", "c"]


def test_a_page_that_is_asked_again_counts_as_its_products_do() -> None:
    memory, other = LatelyAsked(), LatelyAsked()
    for hour in range(3):
        memory.note(ALIEXPRESS, ["a", "b"], NOW + hour * HOUR)
        for product in ("a", "b"):
            other.note(ALIEXPRESS, [product], NOW + hour * HOUR)
        other.latest(ALIEXPRESS, 1, NOW + hour * HOUR)

    assert memory.latest(ALIEXPRESS, 5, NOW + 3 * HOUR) == pytest.approx(
        other.latest(ALIEXPRESS, 5, NOW + 3 * HOUR)
    )

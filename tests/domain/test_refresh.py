"""What is looked at next, and when the next call may go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.history import History, has_changed
from domain.marketplaces import QuotaRule
from domain.money import Money
from domain.refresh import (
    Bounds,
    Candidate,
    Plan,
    RefreshState,
    choose,
    default_calls,
    due_after,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOUNDS = Bounds(fresh_for=HOUR, shown_for=24 * HOUR)
RULE = QuotaRule(calls_per_day=1000, calls_per_second=Decimal(1), reset_offset_hours=0)
PLAN = Plan(calls_per_day=24, state=RefreshState.ACTIVE, next_at=NOW)
RESTLESS = History(changes=30, hours=240)


def candidate(name: str, age: float, **fields: object) -> Candidate:
    seen_at = NOW - age * HOUR
    made = Candidate(id=name, seen_at=seen_at, due_at=seen_at + 20 * HOUR, has_link=True)
    return replace(made, **fields)  # type: ignore[arg-type]


def chosen(*candidates: Candidate, size: int = 1) -> list[str]:
    return [each.id for each in choose(candidates, size, BOUNDS, NOW)]


@pytest.mark.parametrize(
    ("_case", "first", "second"),
    [
        ("value", candidate("a", 25, has_selling_price=True), candidate("b", 40)),
        ("lately asked for", candidate("a", 25, asked=9.0), candidate("b", 40)),
        ("nearness of the bound", candidate("a", 24), candidate("b", 20)),
        ("chance of change", candidate("a", 21, history=RESTLESS), candidate("b", 21)),
        ("age, all else being equal", candidate("a", 22), candidate("b", 21)),
        ("what is there", candidate("a", 24), candidate("b", 50, is_missing=True)),
    ],
)
def test_the_worthier_is_first(_case: str, first: Candidate, second: Candidate) -> None:
    assert chosen(second, first) == ["a"]


def test_what_changes_faster_than_anybody_looks_does_not_take_all_calls() -> None:
    hopeless = History(changes=2000, hours=240)

    assert chosen(candidate("a", 6, history=hopeless), candidate("b", 24)) == ["b"]


def test_a_call_goes_only_for_what_is_due_and_is_filled_up() -> None:
    young, due = candidate("young", 2), candidate("due", 24)

    assert chosen(young, size=2) == []
    assert chosen(young, due, size=2) == ["due", "young"]


def test_what_people_are_shown_is_due_when_it_is_not_fresh() -> None:
    shown = candidate("shown", 2, asked=1.4)

    assert chosen(shown, candidate("other", 3)) == ["shown"]
    assert chosen(replace(shown, seen_at=NOW)) == []
    assert chosen(replace(shown, asked=0.5)) == []


def test_what_is_past_the_bound_for_long_comes_too() -> None:
    assert chosen(candidate("a", 24 * 90), candidate("b", 24, has_selling_price=True)) == ["a"]


def test_a_history_fades_and_tells_the_pace() -> None:
    still = History()
    for _ in range(30):
        still = still.after(24 * HOUR, changed=False)
    moved = still.after(24 * HOUR, changed=True).after(24 * HOUR, changed=True)

    assert still.rate < History().rate < moved.rate
    assert still.pace < moved.pace
    assert still.hours < 24 * 30
    assert due_after(still, BOUNDS) == BOUNDS.soon
    assert BOUNDS.fresh_for <= due_after(RESTLESS, BOUNDS) < BOUNDS.soon


@pytest.mark.parametrize(
    ("_case", "before", "after", "expected"),
    [
        ("a hundredth", Money(Decimal(100), "USD"), Money(Decimal(99), "USD"), True),
        ("less", Money(Decimal(100), "USD"), Money(Decimal("99.5"), "USD"), False),
        ("another currency", Money(Decimal(100), "USD"), Money(Decimal(100), "EUR"), True),
        ("gone", Money(Decimal(100), "USD"), None, True),
        ("never there", None, None, False),
    ],
)
def test_a_price_that_has_changed(
    _case: str, before: Money | None, after: Money | None, expected: bool
) -> None:
    assert has_changed(before, after) is expected


def test_a_new_connection_has_a_tenth_of_a_known_limit() -> None:
    assert default_calls(RULE) == 100
    assert default_calls(replace(RULE, calls_per_day=None)) == 250


def test_calls_are_spread_over_the_rest_of_the_day_and_end_with_it() -> None:
    begun = PLAN.begun(NOW, RULE)
    assert begun is not None
    after = begun.went_well(NOW, RULE)
    late = replace(PLAN, day=NOW.date(), used=24)

    assert (after.used, after.next_at) == (1, NOW + 12 * HOUR / 23)
    assert late.begun(NOW, RULE) is None

    late_at = NOW + 11.5 * HOUR  # it catches up, at twice the pace
    assert begun.went_well(late_at, RULE).next_at == late_at + HOUR / 2
    done = late.went_well(NOW, RULE)
    assert (done.state, done.next_at) == (RefreshState.DAY_USED_UP, RULE.resets_at(NOW))
    assert done.next_at is not None
    again = done.begun(done.next_at, RULE)
    assert again is not None
    assert again.used == 1


def test_a_clock_that_is_set_back_gives_no_day_twice() -> None:
    used_up = replace(PLAN, day=NOW.date(), used=24, next_at=NOW - timedelta(days=3))

    assert used_up.begun(NOW - timedelta(days=1), RULE) is None


def test_refusals_are_tried_again_more_and_more_rarely_and_forgotten_with_an_answer() -> None:
    plan, waits = PLAN, []
    for _ in range(8):
        plan = plan.refused(NOW, pause=HOUR, most=24 * HOUR, until=None)
        assert plan.next_at is not None
        waits.append(plan.next_at - NOW)

    assert waits[:3] == [HOUR, 2 * HOUR, 4 * HOUR]
    assert waits[-1] == timedelta(days=1)
    assert plan.state is RefreshState.PAUSED
    named = NOW + timedelta(days=9)
    assert plan.refused(NOW, pause=HOUR, most=HOUR, until=named).next_at == named
    assert plan.went_well(NOW, RULE).failures == 0


def test_a_clock_that_was_set_back_makes_no_product_worth_a_look() -> None:
    ahead = candidate("a", -365 * 24, history=History(changes=40.0, hours=40.0))

    assert ahead.worth(BOUNDS, NOW) == 0.0


@pytest.mark.parametrize(("ahead", "may_go"), [(HOUR, False), (2 * DAY, False), (365 * DAY, True)])
def test_what_a_clock_put_off_that_was_set_back_since_may_go(
    ahead: timedelta, may_go: bool
) -> None:
    assert (replace(PLAN, next_at=NOW + ahead).begun(NOW, RULE) is not None) is may_go

"""Named mutations."""

import asyncio
from datetime import datetime, timedelta

import pytest

from db import holders, idempotency
from db.idempotency import Begun, BegunState
from tests.db.records import HOUR, NOW
from tests.db.test_holders import living

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

LEASE = timedelta(seconds=30)
OUTCOME = {"title": "Lämpchen", "amount": "19.90", "count": 3, "none": None, "list": [True]}


async def begin(
    *, workspace: str = "default", key: str = "k", fingerprint: str = "f", now: datetime = NOW
) -> Begun:
    return await idempotency.begin(workspace, key, fingerprint, now=now, lease=LEASE)


async def test_first_call_runs_and_later_ones_replay() -> None:
    begun = await begin()
    assert begun.state is BegunState.FRESH
    await idempotency.finish(begun.owner, OUTCOME)

    assert await begin(now=NOW + HOUR) == Begun(state=BegunState.REPLAY, outcome=OUTCOME)


async def test_call_beside_a_running_one_learns_when_to_retry() -> None:
    await begin()

    assert await begin() == Begun(state=BegunState.RUNNING, retry_at=NOW + LEASE)


@pytest.mark.parametrize("finished", [True, False])
async def test_same_key_with_another_input_is_refused(finished: bool) -> None:
    begun = await begin()
    if finished:
        await idempotency.finish(begun.owner, OUTCOME)

    assert (await begin(fingerprint="other")).state is BegunState.OTHER_INPUT


async def test_crashed_run_is_free_after_its_lease() -> None:
    await begin()

    assert (await begin(now=NOW + LEASE)).state is BegunState.FRESH
    again = await begin(now=NOW + LEASE)
    assert again == Begun(state=BegunState.RUNNING, retry_at=NOW + 2 * LEASE)


async def test_abandoned_key_is_free_at_once() -> None:
    await idempotency.abandon((await begin()).owner)

    assert (await begin(fingerprint="other")).state is BegunState.FRESH


async def test_finished_run_cannot_be_abandoned_or_finished_again() -> None:
    owner = (await begin()).owner
    await idempotency.finish(owner, OUTCOME)

    await idempotency.abandon(owner)
    await idempotency.finish(owner, {"late": True})

    assert (await begin()).outcome == OUTCOME


@pytest.mark.parametrize("late", ["abandoned", "finished"])
async def test_run_whose_key_was_taken_over_changes_nothing(late: str) -> None:
    first = await begin()
    second = await begin(now=NOW + LEASE)

    if late == "abandoned":
        await idempotency.abandon(first.owner)
    else:
        await idempotency.finish(first.owner, {"late": True})

    assert second.state is BegunState.FRESH
    assert (await begin(now=NOW + LEASE)).state is BegunState.RUNNING
    await idempotency.finish(second.owner, OUTCOME)
    assert (await begin(now=NOW + LEASE)).outcome == OUTCOME


async def test_run_whose_beginning_was_not_heard_of_begins_again() -> None:
    told = [
        await idempotency._begin(
            "3f9f6a52-6f0c-4b53-9d92-5f6a6f0c1d11", "default", "k", "f", now=NOW, lease=LEASE
        )
        for _ in range(2)
    ]

    assert told[0] == told[1]
    assert told[0].state is BegunState.FRESH


async def test_outcome_is_kept_a_day() -> None:
    await idempotency.finish((await begin()).owner, OUTCOME)

    assert (await begin(now=NOW + 23 * HOUR)).state is BegunState.REPLAY
    assert (await begin(now=NOW + 24 * HOUR, fingerprint="other")).state is BegunState.FRESH


async def test_keys_of_others_are_apart() -> None:
    await begin()

    assert (await begin(workspace="theirs")).state is BegunState.FRESH
    assert (await begin(key="other")).state is BegunState.FRESH


async def test_of_fifty_at_once_one_runs() -> None:
    begun = await asyncio.gather(*(begin() for _ in range(50)))

    states = [item.state for item in begun]
    assert states.count(BegunState.FRESH) == 1
    assert states.count(BegunState.RUNNING) == 49


async def test_what_a_process_of_this_machine_left_behind_is_free_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with living() as name:
        monkeypatch.setattr(holders, "this_process", lambda: name)
        await begin()
        beside = await begin()

    assert beside.state is BegunState.RUNNING
    assert (await begin(fingerprint="other")).state is BegunState.OTHER_INPUT
    assert (await begin()).state is BegunState.FRESH


async def test_a_lease_is_renewed_by_its_own_run_alone() -> None:
    owner = (await begin()).owner

    await idempotency.renew(owner, until=NOW + 2 * LEASE)
    await idempotency.renew("00000000-0000-0000-0000-000000000000", until=NOW + 5 * LEASE)

    assert (await begin(now=NOW + LEASE)).retry_at == NOW + 2 * LEASE
    assert (await begin(now=NOW + 2 * LEASE)).state is BegunState.FRESH

"""Deliveries: claimed by one, stored under the claim, and given up with their webhook."""

from datetime import datetime, timedelta

import pytest

from db import events, webhook_deliveries
from db.encryption import KeyRing
from db.leases import LeaseLost
from db.webhook_deliveries import LEASE, Claim
from domain.events import EventType
from domain.webhooks import Attempt, DeliveryState, DisabledReason
from tests.db.records import HOUR, NOW, OURS
from tests.db.test_webhooks import SECOND, deliveries, happened, made, stored

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def due(now: datetime, *, of_each: int, of_workspace: int = 9) -> list[tuple[str, int]]:
    return await webhook_deliveries.due(now, of_each=of_each, of_workspace=of_workspace)


async def claimed(keyring: KeyRing) -> Claim:
    """The delivery of an event to a new webhook, held."""
    await made(keyring)
    await happened(EventType.PRODUCT_GONE)
    [(first, _)] = await due(NOW, of_each=1)
    found = await webhook_deliveries.claim(first, NOW)
    assert found is not None
    return found


def answered(status: int, at: timedelta = timedelta()) -> Attempt:
    return Attempt(at=NOW + at, status=status, milliseconds=7, answer="words")


async def test_a_delivery_is_claimed_once_and_again_after_its_lease(keyring: KeyRing) -> None:
    claim = await claimed(keyring)

    assert await webhook_deliveries.claim(claim.delivery.id, NOW) is None
    assert await due(NOW, of_each=1) == []
    assert await webhook_deliveries.claim(claim.delivery.id, NOW + LEASE) is not None


async def test_a_clock_that_is_turned_back_leaves_nothing_held_for_long(keyring: KeyRing) -> None:
    claim = await claimed(keyring)

    assert await webhook_deliveries.free_stranded(NOW) == 0  # it is held rightly
    assert await webhook_deliveries.free_stranded(NOW - HOUR) == 1
    assert await webhook_deliveries.claim(claim.delivery.id, NOW - HOUR) is not None


async def test_whoever_lost_the_claim_stores_nothing(keyring: KeyRing) -> None:
    stopped = await claimed(keyring)
    again = await webhook_deliveries.claim(stopped.delivery.id, NOW + LEASE)
    assert again is not None

    with pytest.raises(LeaseLost):
        await webhook_deliveries.store(stopped, answered(410), None)
    await webhook_deliveries.give_back(stopped, NOW)
    await webhook_deliveries.store(again, answered(200), None)

    [delivery] = await deliveries(stopped.webhook)
    assert (delivery.state, delivery.tries) == (DeliveryState.DELIVERED, 2)
    assert (await stored(stopped.webhook)).disabled_at is None


async def test_a_failure_is_tried_again_at_its_time(keyring: KeyRing) -> None:
    claim = await claimed(keyring)

    await webhook_deliveries.store(claim, answered(500), NOW + HOUR)

    [delivery] = await deliveries(claim.webhook)
    assert (delivery.state, delivery.next_at) == (DeliveryState.PENDING, NOW + HOUR)
    assert delivery.attempts == [answered(500)]
    assert (await stored(claim.webhook)).failing_since == NOW
    assert await due(NOW, of_each=1) == []
    [(found, tries)] = await due(NOW + HOUR, of_each=1)
    assert (found, tries) == (delivery.id, 1)


async def test_a_success_ends_the_failing(keyring: KeyRing) -> None:
    claim = await claimed(keyring)
    await webhook_deliveries.store(claim, answered(500), NOW)
    again = await webhook_deliveries.claim(claim.delivery.id, NOW)
    assert again is not None

    await webhook_deliveries.store(again, answered(204), None)

    assert (await stored(claim.webhook)).failing_since is None
    assert await due(NOW + 99 * HOUR, of_each=1) == []


async def test_410_switches_off_and_tells_the_others(keyring: KeyRing) -> None:
    other = await made(keyring, "default", EventType.WEBHOOK_DISABLED)
    claim = await claimed(keyring)
    await happened(EventType.PRODUCT_GONE)

    reason = await webhook_deliveries.store(claim, answered(410), NOW + HOUR)

    webhook = await stored(claim.webhook)
    [told] = await deliveries(other)
    assert reason is webhook.disabled_reason is DisabledReason.GONE
    assert [one.state for one in await deliveries(webhook)] == [DeliveryState.FAILED] * 2
    assert told.type is EventType.WEBHOOK_DISABLED
    event = await events.by_id(OURS, told.event_id)
    assert event is not None
    assert event.news.webhook == webhook.id


async def test_five_days_of_failures_switch_off(keyring: KeyRing) -> None:
    claim = await claimed(keyring)
    await webhook_deliveries.store(claim, answered(500), NOW)
    again = await webhook_deliveries.claim(claim.delivery.id, NOW)
    assert again is not None

    reason = await webhook_deliveries.store(again, answered(500, at=timedelta(days=5)), None)

    assert reason is DisabledReason.FAILING


async def test_what_failed_is_made_due_again(keyring: KeyRing) -> None:
    claim = await claimed(keyring)
    await webhook_deliveries.store(claim, answered(500), None)
    webhook = claim.webhook

    between = webhook_deliveries.again_between
    none = await between(webhook, NOW + SECOND, NOW + HOUR, NOW, only_failed=True)
    one = await between(webhook, NOW, NOW + HOUR, NOW, only_failed=True)

    [delivery] = await deliveries(webhook)
    assert (none, one) == (0, 1)
    assert (delivery.state, delivery.tries) == (DeliveryState.PENDING, 0)
    assert len(delivery.attempts) == 1


async def test_a_webhook_that_is_away_does_not_stand_before_others(keyring: KeyRing) -> None:
    await made(keyring)
    await happened(*[EventType.PRODUCT_GONE] * 5)
    other = await made(keyring, "default", EventType.LINK_BROKEN)
    await happened(EventType.LINK_BROKEN)
    [delivery] = await deliveries(other)

    found = await due(NOW, of_each=2)

    assert len(found) == 3
    assert (delivery.id, 0) in found[:2]


async def test_no_more_of_a_webhook_are_on_their_way_than_were_asked(keyring: KeyRing) -> None:
    away, other = await made(keyring), await made(keyring)
    await happened(*[EventType.PRODUCT_GONE] * 4)
    theirs = {one.id for one in await deliveries(away)}

    async def due_of_away() -> list[str]:
        found = await due(NOW, of_each=2)
        assert len([id for id, _ in found if id not in theirs]) == 2
        return [id for id, _ in found if id in theirs]

    first, _ = await due_of_away()
    claim = await webhook_deliveries.claim(first, NOW)
    [second] = await due_of_away()
    await webhook_deliveries.claim(second, NOW)
    held = await due_of_away()
    assert claim is not None
    await webhook_deliveries.store(claim, Attempt(at=NOW, status=200), None)

    assert len(await deliveries(other)) == 4
    assert held == []
    assert len(await due_of_away()) == 1


async def test_no_more_of_a_workspace_are_on_their_way_than_its_share(keyring: KeyRing) -> None:
    for _ in range(4):
        await made(keyring)
    theirs = await made(keyring, "theirs")
    await happened(*[EventType.PRODUCT_GONE] * 2)

    first = await due(NOW, of_each=2, of_workspace=3)
    claims = [await webhook_deliveries.claim(id, NOW) for id, _ in first[:2]]
    more = await due(NOW, of_each=2, of_workspace=3)
    await webhook_deliveries.claim(more[0][0], NOW)
    await happened(EventType.PRODUCT_GONE, workspace="theirs")
    full = await due(NOW, of_each=2, of_workspace=3)
    assert claims[0] is not None
    await webhook_deliveries.store(claims[0], answered(200), None)

    assert len({each[0] for each in first}) == 3
    assert more == first[2:]
    assert full == [(one.id, 0) for one in await deliveries(theirs)]
    assert len(await due(NOW, of_each=2, of_workspace=3)) == 2


async def test_receivers_that_fail_come_after_the_others_of_their_workspace(
    keyring: KeyRing,
) -> None:
    for _ in range(3):
        await made(keyring)
    await happened(EventType.PRODUCT_GONE)
    for id, _ in await due(NOW, of_each=1):
        claim = await webhook_deliveries.claim(id, NOW)
        assert claim is not None
        await webhook_deliveries.store(claim, answered(500), NOW - HOUR)
    well = await made(keyring)
    await happened(EventType.PRODUCT_GONE)

    found = await due(NOW, of_each=1, of_workspace=1)

    assert found == [(one.id, 0) for one in await deliveries(well)]


async def test_of_several_workspaces_each_gives_by_turns(keyring: KeyRing) -> None:
    for _ in range(4):
        await made(keyring)
    theirs = await made(keyring, "theirs")
    await happened(EventType.PRODUCT_GONE)
    await happened(EventType.PRODUCT_GONE, workspace="theirs")

    found = await due(NOW, of_each=2, of_workspace=9)

    [one] = await deliveries(theirs)
    assert len(found) == 5
    assert (one.id, 0) in found[:2]


async def test_old_deliveries_are_forgotten(keyring: KeyRing) -> None:
    claim = await claimed(keyring)

    assert await webhook_deliveries.prune(NOW) == 0
    assert await webhook_deliveries.prune(NOW + SECOND) == 1
    assert await deliveries(claim.webhook) == []

"""Webhooks as rows: sealed, addressed with the event, and stored under a claim."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from db import events, statements, webhook_deliveries, webhooks
from db.encryption import KeyRing, key_usage, reencrypt
from db.leases import LeaseLost
from db.webhook_deliveries import LEASE, Claim
from domain.catalog import PageArgs
from domain.credentials import Secret
from domain.events import EventFilter, EventType, News
from domain.products import Mode
from domain.webhooks import (
    Attempt,
    Delivery,
    DeliveryFilter,
    DeliveryState,
    DisabledReason,
    Target,
    Webhook,
)
from tests.db.records import HOUR, NOW, OURS

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

URL, SECRET = "https://hooks.example/take?token=marker", "whsec_bWFya2Vy"
SECOND = timedelta(seconds=1)


def new_webhook(workspace: str = "default", *types: EventType) -> Webhook:
    """One that is told of products that are gone, unless of others."""
    return Webhook(
        id=str(uuid4()),
        workspace=workspace,
        shown_url="https://hooks.example/take?…",
        types=frozenset(types or {EventType.PRODUCT_GONE}),
        document=None,
        key_id=None,
        created_at=NOW,
    )


def new_target() -> Target:
    """Where it is, and what signs."""
    return Target(url=Secret(URL), secrets=[Secret(SECRET)])


async def made(keyring: KeyRing, workspace: str = "default", *types: EventType) -> Webhook:
    webhook = new_webhook(workspace, *types)
    assert await webhooks.create(webhook, new_target(), keyring, most=9)
    return webhook


async def happened(*types: EventType, workspace: str = "default") -> None:
    news = [News(type=type, occurred_at=NOW) for type in types]
    async with statements.transaction():
        await events.record(workspace, Mode.LIVE, news)


async def deliveries(webhook: Webhook) -> list[Delivery]:
    page = await webhook_deliveries.page(webhook, DeliveryFilter(), PageArgs(50))
    return [delivery for _, delivery in page.rows]


async def claimed(keyring: KeyRing) -> Claim:
    """The delivery of an event to a new webhook, held."""
    await made(keyring)
    await happened(EventType.PRODUCT_GONE)
    [(first, _)] = await webhook_deliveries.due(NOW, of_each=1)
    found = await webhook_deliveries.claim(first, NOW)
    assert found is not None
    return found


def answered(status: int, at: timedelta = timedelta()) -> Attempt:
    return Attempt(at=NOW + at, status=status, milliseconds=7, answer="words")


async def stored(webhook: Webhook) -> Webhook:
    found = await webhooks.by_id(webhook.workspace, webhook.id)
    assert found is not None
    return found


async def test_only_those_who_want_an_event_are_told(keyring: KeyRing) -> None:
    wants, other = await made(keyring), await made(keyring, "default", EventType.LINK_BROKEN)
    theirs, off = await made(keyring, "theirs"), await made(keyring)
    await webhooks.disable(off.id, DisabledReason.BY_HAND, NOW)

    await happened(EventType.PRODUCT_GONE, EventType.PRODUCT_RETURNED)

    [told] = await deliveries(wants)
    [gone, _] = (await events.page(OURS, EventFilter(), PageArgs(9))).rows
    assert (told.event_id, told.type) == (gone[1].id, EventType.PRODUCT_GONE)
    assert (told.state, told.next_at) == (DeliveryState.PENDING, NOW)
    assert [await deliveries(each) for each in (other, theirs, off)] == [[], [], []]


async def test_what_was_taken_back_is_told_to_nobody(keyring: KeyRing) -> None:
    webhook = await made(keyring)

    async def break_off() -> None:
        async with statements.transaction():
            news = News(type=EventType.PRODUCT_GONE, occurred_at=NOW)
            await events.record("default", Mode.LIVE, [news])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await break_off()

    assert await deliveries(webhook) == []


async def test_address_and_secret_stand_in_no_row(keyring: KeyRing) -> None:
    webhook = await made(keyring)

    rows = [
        await statements.rows(f"SELECT * FROM {table}") for table in ("webhooks", "webhook_secrets")
    ]

    assert "marker" not in repr(rows)
    assert SECRET not in repr(rows)
    assert await webhooks.target(webhook, keyring, NOW) == new_target()
    assert "marker" not in repr(await webhooks.target(webhook, keyring, NOW))


async def test_they_are_sealed_anew_with_a_new_key(keyring: KeyRing) -> None:
    webhook = await made(keyring)
    newer = KeyRing([b"1" * 32, *[keyring.key(each) or b"" for each in keyring.ids], b"2" * 32])

    await reencrypt(newer)

    assert list(await key_usage()) == [newer.current_id]
    assert await webhooks.target(webhook, newer, NOW) == new_target()


async def test_the_old_secret_signs_until_its_end(keyring: KeyRing) -> None:
    webhook, new = await made(keyring), Secret("whsec_bmV3")

    await webhooks.rotate(webhook, new, keyring, now=NOW + SECOND, until=NOW + HOUR)

    both = await webhooks.target(webhook, keyring, NOW + 2 * SECOND)
    alone = await webhooks.target(webhook, keyring, NOW + HOUR)
    assert both.secrets == [new, Secret(SECRET)]
    assert alone.secrets == [new]


async def test_another_address_takes_the_place_of_the_first(keyring: KeyRing) -> None:
    webhook = await made(keyring)
    changed = replace(webhook, types=frozenset({EventType.LINK_BROKEN}), document="{ a }")

    await webhooks.update(changed, Secret("https://other.example/"), keyring, NOW)

    assert await stored(webhook) == changed
    assert (await webhooks.target(webhook, keyring, NOW)).url == Secret("https://other.example/")


async def test_a_workspace_has_a_limit(keyring: KeyRing) -> None:
    await made(keyring)

    assert not await webhooks.create(new_webhook(), new_target(), keyring, most=1)


async def test_a_delivery_is_claimed_once_and_again_after_its_lease(keyring: KeyRing) -> None:
    claim = await claimed(keyring)

    assert await webhook_deliveries.claim(claim.delivery.id, NOW) is None
    assert await webhook_deliveries.due(NOW, of_each=1) == []
    assert await webhook_deliveries.claim(claim.delivery.id, NOW + LEASE) is not None


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
    assert await webhook_deliveries.due(NOW, of_each=1) == []
    [(due, tries)] = await webhook_deliveries.due(NOW + HOUR, of_each=1)
    assert (due, tries) == (delivery.id, 1)


async def test_a_success_ends_the_failing(keyring: KeyRing) -> None:
    claim = await claimed(keyring)
    await webhook_deliveries.store(claim, answered(500), NOW)
    again = await webhook_deliveries.claim(claim.delivery.id, NOW)
    assert again is not None

    await webhook_deliveries.store(again, answered(204), None)

    assert (await stored(claim.webhook)).failing_since is None
    assert await webhook_deliveries.due(NOW + 99 * HOUR, of_each=1) == []


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

    found = await webhook_deliveries.due(NOW, of_each=2)

    assert len(found) == 3
    assert (delivery.id, 0) in found[:2]


async def test_old_deliveries_are_forgotten(keyring: KeyRing) -> None:
    claim = await claimed(keyring)

    assert await webhook_deliveries.prune(NOW) == 0
    assert await webhook_deliveries.prune(NOW + SECOND) == 1
    assert await deliveries(claim.webhook) == []

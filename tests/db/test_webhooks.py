"""Webhooks as rows: sealed, addressed with the event, and stored under a claim."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from db import events, models, statements, webhook_deliveries, webhooks
from db.encryption import KeyRing, key_usage, reencrypt
from db.webhooks import MOST_SECRETS
from domain.catalog import PageArgs
from domain.credentials import Secret
from domain.events import EventFilter, EventType, News
from domain.products import Mode
from domain.webhooks import (
    Delivery,
    DeliveryFilter,
    DeliveryState,
    DisabledReason,
    Webhook,
)
from tests.db.records import HOUR, NOW, OURS, SECRET, new_target, new_webhook

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

SECOND = timedelta(seconds=1)


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


async def stored(webhook: Webhook) -> Webhook:
    found = await webhooks.by_id(webhook.workspace, webhook.id)
    assert found is not None
    return found


async def test_many_at_once_make_no_more_than_a_workspace_may_have(keyring: KeyRing) -> None:
    async def make(workspace: str) -> bool:
        return await webhooks.create(new_webhook(workspace), new_target(), keyring, most=3)

    ours, theirs = ["default"] * 10, ["theirs"] * 2
    made = await asyncio.gather(*map(make, [*ours, *theirs]))

    assert sum(made[:10]) == await models.Webhook.filter(workspace_id="default").count() == 3
    assert made[10:] == [True, True]


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
    webhook, url = await made(keyring), Secret("https://other.example/")

    await webhooks.update(webhook, {"shown_url": "https://other.example/"}, url, keyring, NOW)

    assert await stored(webhook) == replace(webhook, shown_url="https://other.example/")
    assert (await webhooks.target(webhook, keyring, NOW)).url == url


async def test_who_changes_something_else_at_the_same_time_undoes_nothing(
    keyring: KeyRing,
) -> None:
    read, types = await made(keyring), frozenset({EventType.LINK_BROKEN})

    await webhooks.update(read, {"document": "{ a }"}, None, keyring, NOW)
    await webhooks.update(read, {"types": types}, None, keyring, NOW)

    assert await stored(read) == replace(read, types=types, document="{ a }")


async def test_who_rotates_again_and_again_has_no_endless_list(keyring: KeyRing) -> None:
    webhook = await made(keyring)
    new = [Secret(f"whsec_bm{number}3") for number in range(MOST_SECRETS)]

    for number, secret in enumerate(new, start=1):
        now = NOW + number * SECOND
        assert await webhooks.rotate(webhook, secret, keyring, now=now, until=NOW + HOUR)

    assert (await webhooks.target(webhook, keyring, now)).secrets == new[::-1]


async def test_what_is_forgotten_meanwhile_is_not_changed(keyring: KeyRing) -> None:
    webhook = await made(keyring)
    await webhooks.delete(webhook)

    assert await webhooks.update(webhook, {"document": None}, None, keyring, NOW) is None
    assert not await webhooks.rotate(webhook, Secret("a"), keyring, now=NOW, until=NOW)


async def test_a_workspace_has_a_limit(keyring: KeyRing) -> None:
    await made(keyring)

    assert not await webhooks.create(new_webhook(), new_target(), keyring, most=1)

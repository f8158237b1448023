"""A workspace is renamed whole or not at all, and deleted with everything that is its own."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from db import (
    api_keys,
    credentials,
    doctor,
    idempotency,
    jobs,
    links,
    products,
    quota,
    sessions,
    statements,
    watches,
    webhooks,
    whole_workspaces,
    workspaces,
)
from db.encryption import KeyRing, reencrypt
from db.exceptions import EncryptionError
from domain.api_keys import APIKey, Scope
from domain.catalog import PageArgs, PublisherFields
from domain.credentials import Secret
from domain.exceptions import InvalidInput
from domain.marketplaces import EVERY_WORKSPACE, AccountKey, Workspace
from domain.products import Category, Mode
from domain.watches import WatchKind
from tests.db.records import (
    HOUR,
    NOW,
    full_product,
    keep,
    link,
    new_target,
    new_webhook,
    product,
    ref,
    titles,
)
from tests.db.test_job_batches import new_job
from tests.db.test_watches import new_watch

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

STORE = Workspace("store", {})
ACCOUNT = AccountKey("shop", "aliexpress", "", Mode.LIVE)
SECRETS = {"app_key": "12345", "app_secret": "marker-of-a-secret"}
ADMIN = Secret("aff_admin_0123456789")


async def fill(name: str, keyring: KeyRing) -> tuple[Secret, Secret]:
    """A workspace with a row in every table; a key of it, and a browser's token."""
    await workspaces.create(name, NOW)
    workspace = Workspace(name, {})
    watch = replace(new_watch(WatchKind.BACK_IN_STOCK), workspace=name)
    await watches.create(watch, most=9)
    await statements.rows(watches.FIRE, [str(uuid4()), name, watch.id, str(uuid4()), NOW])
    await webhooks.create(new_webhook(name), new_target(), keyring, most=1)
    categories = (Category(external_id="7", name="Lamps"),)
    await keep(
        [full_product(), product(2, categories=categories)], workspace=workspace, history=True
    )
    await products.change(workspace, [(ref(2), PublisherFields(add_tags=("gifts",)))])
    for _ in range(3):
        await products.mark_missing(workspace, [ref(2)], now=NOW)
    await links.keep(name, [link()])
    account = replace(ACCOUNT, workspace=name)
    await credentials.save(account, SECRETS, keyring=keyring, now=NOW)
    await quota.book(account, day=NOW.date(), limit=None)
    await idempotency.begin(name, "once", "print", now=NOW, lease=HOUR)
    job = new_job(1)
    await jobs.create(replace(job, job=replace(job.job, workspace=name)))
    key = APIKey(
        id=str(uuid4()),
        workspace=name,
        name="blog",
        prefix="aff_live_",
        last_four="abcd",
        scopes=frozenset({Scope.READ}),
        created_at=NOW,
    )
    text = api_keys.new_text(key.prefix)
    await api_keys.keep(key, text, keyring)
    await quota.book_key(key.id, day=NOW.date(), limit=None)
    token = await sessions.begin(name, key, ADMIN, keyring, now=NOW, until=NOW + HOUR)
    return text, token


async def rows_of(name: str) -> dict[str, int]:
    """Table -> how many rows of it name the workspace."""
    counts = {}
    for model in whole_workspaces.OWNED:
        table = model._meta.db_table
        [row] = await statements.rows(
            f"SELECT count(*) AS total FROM {table} WHERE workspace_id = $1", [name]
        )
        counts[table] = row["total"]
    return counts


async def test_every_table_of_the_database_is_known_to_be_a_workspaces_or_not() -> None:
    owned = {model._meta.db_table for model in whole_workspaces.OWNED}

    others = set(await doctor.tables()) - owned

    assert others == {"encryption_canary", "workspaces", doctor.MIGRATIONS_TABLE}


async def test_a_renamed_workspace_keeps_all_that_is_its_own(keyring: KeyRing) -> None:
    text, token = await fill("shop", keyring)
    before = await rows_of("shop")

    await whole_workspaces.rename("shop", "store", keyring)

    assert 0 not in before.values()
    assert await rows_of("store") == before
    assert set((await rows_of("shop")).values()) == {0}
    assert not await workspaces.exists("shop")
    [created] = [one.created_at for one in await workspaces.summaries() if one.name == "store"]
    assert created == NOW
    key = await api_keys.by_text(text, keyring)
    assert key is not None
    assert key.workspace == "store"
    assert await sessions.by_token(token, ADMIN, keyring, NOW) == ("store", key)
    assert await titles(workspace=STORE, text="lámpara") == [full_product().title]


async def test_the_credentials_of_a_renamed_workspace_open(keyring: KeyRing) -> None:
    await fill("shop", keyring)

    await whole_workspaces.rename("shop", "store", keyring)

    [account] = await credentials.accounts(STORE, keyring)
    assert {name: one.value.reveal() for name, one in account.credentials.items()} == SECRETS
    assert account.unreadable == ()


async def test_the_webhooks_of_a_renamed_workspace_open(keyring: KeyRing) -> None:
    await fill("shop", keyring)

    await whole_workspaces.rename("shop", "store", keyring)

    [(_, webhook)] = (await webhooks.page("store", PageArgs(9))).rows
    assert await webhooks.target(webhook, keyring, NOW) == new_target()


async def test_a_credential_that_does_not_open_leaves_everything_as_it_was(
    keyring: KeyRing,
) -> None:
    await fill("shop", keyring)
    before = await rows_of("shop")
    await statements.rows(
        "UPDATE marketplace_credentials SET sealed = $1 WHERE name = $2 RETURNING id",
        [f"v2.{keyring.current_id}.AAAA", "app_secret"],
    )

    with pytest.raises(EncryptionError, match="app_secret"):
        await whole_workspaces.rename("shop", "store", keyring)

    assert await rows_of("shop") == before
    assert not await workspaces.exists("store")


async def test_a_name_that_is_taken_is_refused(keyring: KeyRing) -> None:
    await fill("shop", keyring)
    await fill("store", keyring)
    before = await rows_of("shop")

    with pytest.raises(InvalidInput, match="already"):
        await whole_workspaces.rename("shop", "store", keyring)

    assert await rows_of("shop") == before


async def test_what_a_late_request_left_under_the_new_name_is_not_taken_over(
    keyring: KeyRing,
) -> None:
    await fill("shop", keyring)
    await keep([product(9)], workspace=STORE)

    await whole_workspaces.rename("shop", "store", keyring)

    assert len(await titles(workspace=STORE)) == 2


async def test_credentials_saved_while_it_is_renamed_are_lost_or_open(keyring: KeyRing) -> None:
    await fill("shop", keyring)

    await asyncio.gather(
        credentials.save(ACCOUNT, {"tracking_id": "tag"}, keyring=keyring, now=NOW),
        whole_workspaces.rename("shop", "store", keyring),
    )

    [account] = await credentials.accounts(STORE, keyring)
    assert account.unreadable == ()
    assert account.credentials.keys() >= SECRETS.keys()


async def test_a_renamed_workspace_is_sealed_with_the_newest_key(keyring: KeyRing) -> None:
    await fill("shop", keyring)
    both = KeyRing([b"1" * 32, b"2" * 32])

    await whole_workspaces.rename("shop", "store", both)

    await reencrypt(both)
    [account] = await credentials.accounts(STORE, KeyRing([b"2" * 32]))
    assert account.unreadable == ()


async def test_a_deleted_workspace_leaves_nothing_and_takes_nothing_else(keyring: KeyRing) -> None:
    text, token = await fill("shop", keyring)
    await fill("store", keyring)
    shared = replace(ACCOUNT, workspace=EVERY_WORKSPACE, locale="12345")
    await quota.book(shared, day=NOW.date(), limit=None)
    others = await rows_of("store")

    await whole_workspaces.delete("shop")

    assert set((await rows_of("shop")).values()) == {0}
    assert not await workspaces.exists("shop")
    assert await rows_of("store") == others
    assert await api_keys.by_text(text, keyring) is None
    assert await sessions.by_token(token, ADMIN, keyring, NOW) is None
    assert await quota.used(shared, day=NOW.date()) == 1
    lines = await statements.rows("SELECT 1 FROM quota_days WHERE locale LIKE 'api key %'")
    assert len(lines) == 1


async def test_what_is_lost_is_counted(keyring: KeyRing) -> None:
    await fill("shop", keyring)

    lost = await whole_workspaces.contents("shop")

    assert (lost.products, lost.links, lost.accounts, lost.api_keys) == (2, 1, 1, 1)

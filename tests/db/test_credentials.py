"""Sealed credentials: saving, reading, health, fingerprints."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

import pytest

from db import credentials, statements
from db.encryption import KeyRing, key_usage, reencrypt
from domain.credentials import Secret
from domain.exceptions import InvalidInput
from domain.marketplaces import Account, AccountKey, Health, HealthState
from domain.products import Mode
from tests.db.records import ALIEXPRESS, HOUR, NOW, OURS, SANDBOX, THEIRS

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

VALUES = {"app_key": "12345", "app_secret": "marker-of-a-secret", "tracking_id": "tag"}
AMAZON = AccountKey("default", "amazon", "www.amazon.de", Mode.LIVE)
HEALTHY = Health(
    state=HealthState.HEALTHY,
    upstream_code="200",
    checked_at=NOW,
    last_success_at=NOW,
    next_try_at=NOW + HOUR,
)
BOTH = KeyRing([b"1" * 32, b"2" * 32])
NEW = KeyRing([b"2" * 32])


def opened(account: Account) -> dict[str, str]:
    return {name: value.reveal() for name, value in account.reveal().items()}


async def swap(column: str, one: str, other: str) -> None:
    """Exchange the sealed texts of two credentials, found by a column's values."""
    found = {
        row[column]: row["sealed"]
        for row in await statements.rows(f"SELECT {column}, sealed FROM marketplace_credentials")
    }
    for here, there in ((one, other), (other, one)):
        await statements.rows(
            f"UPDATE marketplace_credentials SET sealed = $1 WHERE {column} = $2 RETURNING id",
            (found[there], here),
        )


async def test_saved_values_come_back(keyring: KeyRing) -> None:
    saved = await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)

    assert opened(saved) == VALUES
    assert await credentials.account(ALIEXPRESS, keyring) == saved
    assert saved.health == Health()


async def test_unstored_account_is_empty(keyring: KeyRing) -> None:
    assert await credentials.account(ALIEXPRESS, keyring) == Account(key=ALIEXPRESS)


async def test_saving_changes_what_is_named_and_an_empty_value_clears(keyring: KeyRing) -> None:
    first = await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)

    newer = {"app_secret": "another", "tracking_id": ""}
    saved = await credentials.save(ALIEXPRESS, newer, keyring=keyring, now=NOW + HOUR)

    assert opened(saved) == {"app_key": "12345", "app_secret": "another"}
    assert saved.id == first.id
    times = {name: stored.updated_at for name, stored in saved.credentials.items()}
    assert times == {"app_key": NOW, "app_secret": NOW + HOUR}


async def test_secrets_are_taken_as_well_as_texts(keyring: KeyRing) -> None:
    saved = await credentials.save(
        ALIEXPRESS, {"app_key": Secret("12345"), "app_secret": Secret("")}, keyring=keyring, now=NOW
    )

    assert opened(saved) == {"app_key": "12345"}


async def test_fields_that_are_saved_at_once_are_all_kept(keyring: KeyRing) -> None:
    await asyncio.gather(
        *(
            credentials.save(ALIEXPRESS, {name: value}, keyring=keyring, now=NOW)
            for name, value in VALUES.items()
        )
    )

    assert opened(await credentials.account(ALIEXPRESS, keyring)) == VALUES


async def test_the_check_sees_the_whole_set_and_says_what_is_stored(keyring: KeyRing) -> None:
    await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    seen: list[Mapping[str, str]] = []

    def check(values: Mapping[str, str]) -> Mapping[str, str]:
        seen.append(values)
        return {"app_key": values["app_key"], "derived": "more"}

    saved = await credentials.save(
        ALIEXPRESS, {"app_key": "6"}, check=check, keyring=keyring, now=NOW
    )

    assert seen == [VALUES | {"app_key": "6"}]
    assert opened(saved) == {"app_key": "6", "derived": "more"}


async def test_what_the_check_refuses_stores_nothing(keyring: KeyRing) -> None:
    def refuse(_: Mapping[str, str]) -> Mapping[str, str]:
        raise InvalidInput("No.")

    with pytest.raises(InvalidInput, match="No"):
        await credentials.save(ALIEXPRESS, VALUES, check=refuse, keyring=keyring, now=NOW)

    assert await credentials.account(ALIEXPRESS, keyring) == Account(key=ALIEXPRESS)


async def test_half_a_character_is_refused(keyring: KeyRing) -> None:
    with pytest.raises(InvalidInput, match="app_key"):
        await credentials.save(ALIEXPRESS, {"app_key": "a\ud800"}, keyring=keyring, now=NOW)


@pytest.mark.parametrize(
    ("_case", "values", "state"),
    [
        ("the same", VALUES, HealthState.HEALTHY),
        ("one changed", VALUES | {"app_key": "6"}, HealthState.UNVERIFIED),
        ("one added", VALUES | {"more": "6"}, HealthState.UNVERIFIED),
        ("the others left out", {"app_key": "12345"}, HealthState.HEALTHY),
        ("one cleared", {"app_key": ""}, HealthState.UNVERIFIED),
    ],
)
async def test_health_lasts_until_a_value_changes(
    _case: str, values: dict[str, str], state: HealthState, keyring: KeyRing
) -> None:
    tested = await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    noted = await credentials.record_health(tested, HEALTHY, keyring=keyring)
    assert noted == replace(tested, health=HEALTHY)
    assert (await credentials.account(ALIEXPRESS, keyring)).health == HEALTHY

    saved = await credentials.save(ALIEXPRESS, values, keyring=keyring, now=NOW)

    assert saved.health == (HEALTHY if state is HealthState.HEALTHY else Health())


async def test_health_of_an_unstored_account_creates_nothing(keyring: KeyRing) -> None:
    await credentials.record_health(Account(key=ALIEXPRESS), HEALTHY, keyring=keyring)

    assert await credentials.accounts(OURS, keyring) == []


async def test_health_of_other_credentials_is_not_noted(keyring: KeyRing) -> None:
    tested = await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    newer = await credentials.save(ALIEXPRESS, {"app_key": "6"}, keyring=keyring, now=NOW)

    noted = await credentials.record_health(tested, HEALTHY, keyring=keyring)

    assert noted == newer
    assert await credentials.account(ALIEXPRESS, keyring) == newer


async def fingerprint(key: AccountKey = ALIEXPRESS) -> str:
    return (await credentials.fingerprints(OURS))[key]


async def age_fingerprints(value: str | None) -> None:
    """Leave what another release leaves that knows nothing of the column, or another key."""
    await statements.rows("UPDATE marketplace_accounts SET fingerprint = $1 RETURNING id", [value])


async def test_a_fingerprint_tells_sets_apart_without_a_key(keyring: KeyRing) -> None:
    assert await credentials.fingerprints(OURS) == {}
    changes = [VALUES, {"app_key": "6"}, {"more": ""}, {"more": "6"}, {"tracking_id": ""}]

    prints = []
    for change in changes:
        saved = await credentials.save(ALIEXPRESS, change, keyring=keyring, now=NOW)
        assert saved == await credentials.account(ALIEXPRESS, keyring)
        assert await credentials.fingerprints(OURS) == {ALIEXPRESS: saved.fingerprint}
        prints.append(saved.fingerprint)

    assert prints[1] == prints[2]  # nothing changed
    assert len(set(prints)) == 4
    assert "marker" not in str(prints)


async def test_fingerprints_are_those_of_workspace_and_mode(keyring: KeyRing) -> None:
    sandbox = replace(ALIEXPRESS, mode=Mode.SANDBOX)
    theirs = replace(ALIEXPRESS, workspace="theirs")
    for key in (ALIEXPRESS, sandbox, theirs, AMAZON):
        await credentials.save(key, {"app_key": str(key.mode)}, keyring=keyring, now=NOW)

    assert set(await credentials.fingerprints(OURS)) == {ALIEXPRESS, AMAZON}
    assert set(await credentials.fingerprints(SANDBOX)) == {sandbox, AMAZON}
    assert await fingerprint(ALIEXPRESS) == await fingerprint(AMAZON)  # equal values
    assert (await credentials.fingerprints(SANDBOX))[sandbox] != await fingerprint()


async def test_an_account_without_values_has_an_empty_fingerprint(keyring: KeyRing) -> None:
    await credentials.save(ALIEXPRESS, {"app_key": "1"}, keyring=keyring, now=NOW)
    cleared = await credentials.save(ALIEXPRESS, {"app_key": ""}, keyring=keyring, now=NOW)

    assert cleared.fingerprint == await fingerprint() == Account(key=AMAZON).fingerprint == ""


@pytest.mark.parametrize("left", [None, "00000000$of other values"])
async def test_reading_the_values_mends_a_fingerprint_that_is_not_theirs(
    left: str | None, keyring: KeyRing
) -> None:
    saved = await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    await age_fingerprints(left)
    before = [await fingerprint(), await fingerprint()]

    read = [
        await credentials.accounts(OURS, keyring),
        [await credentials.account(ALIEXPRESS, BOTH)],
    ]

    assert saved.fingerprint not in before
    assert (before[0] == before[1]) is (left is not None)  # unknown equals nothing
    assert read == [[saved], [saved]]
    assert await fingerprint() == saved.fingerprint


async def test_where_nothing_can_be_written_a_fingerprint_is_told_all_the_same(
    keyring: KeyRing, sqlite_only: None
) -> None:
    saved = await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    await age_fingerprints(None)
    await statements.rows("PRAGMA query_only = 1")

    read = await credentials.account(ALIEXPRESS, keyring)
    await statements.rows("PRAGMA query_only = 0")

    assert read == saved
    assert await fingerprint() != saved.fingerprint


async def test_a_fingerprint_lasts_as_long_as_its_key(keyring: KeyRing) -> None:
    old = await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    await credentials.save(AMAZON, {"app_key": ""}, keyring=keyring, now=NOW)
    while_both = await credentials.account(ALIEXPRESS, BOTH)

    await reencrypt(BOTH)
    unknown = await fingerprint()
    new = await credentials.account(ALIEXPRESS, NEW)

    assert while_both.fingerprint == old.fingerprint
    assert len({old.fingerprint, unknown, new.fingerprint}) == 3
    assert await fingerprint() == new.fingerprint
    assert await fingerprint(AMAZON) == ""
    assert new.fingerprint.startswith(NEW.current_id)


async def test_no_fingerprint_is_kept_of_values_that_do_not_all_open(keyring: KeyRing) -> None:
    whole = await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)

    read_with_another_key = await credentials.account(ALIEXPRESS, NEW)
    kept = await fingerprint()
    part = await credentials.save(ALIEXPRESS, {"app_key": "6"}, keyring=NEW, now=NOW)
    unknown = await fingerprint()

    assert kept == whole.fingerprint != read_with_another_key.fingerprint
    assert unknown not in (whole.fingerprint, part.fingerprint)


async def test_accounts_are_those_of_workspace_mode_and_marketplace(keyring: KeyRing) -> None:
    sandbox = replace(ALIEXPRESS, mode=Mode.SANDBOX)
    theirs = replace(ALIEXPRESS, workspace="theirs")
    for key in (ALIEXPRESS, sandbox, theirs, AMAZON):
        await credentials.save(key, {"app_key": str(key.mode)}, keyring=keyring, now=NOW)

    assert [a.key for a in await credentials.accounts(OURS, keyring)] == [ALIEXPRESS, AMAZON]
    assert [a.key for a in await credentials.accounts(SANDBOX, keyring)] == [sandbox, AMAZON]
    assert [a.key for a in await credentials.accounts(THEIRS, keyring)] == [theirs]
    assert [a.key for a in await credentials.accounts(OURS, keyring, "amazon")] == [AMAZON]


async def test_forgetting_deletes_account_and_values(keyring: KeyRing) -> None:
    await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    await credentials.save(AMAZON, VALUES, keyring=keyring, now=NOW)

    assert await credentials.forget(ALIEXPRESS)

    assert not await credentials.forget(ALIEXPRESS)
    assert [a.key for a in await credentials.accounts(OURS, keyring)] == [AMAZON]
    assert (await key_usage())[keyring.current_id] == 3


async def test_values_swapped_between_fields_do_not_open(
    keyring: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="db.credentials")
    await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    await swap("name", "app_key", "app_secret")

    for _ in range(2):
        account = await credentials.account(ALIEXPRESS, keyring)

    assert opened(account) == {"tracking_id": "tag"}
    assert account.unreadable == ("app_key", "app_secret")
    assert [name in caplog.messages[n] for n, name in enumerate(account.unreadable)] == [True] * 2
    assert len(caplog.messages) == 2
    assert "marker" not in caplog.text


async def test_values_swapped_between_workspaces_do_not_open(keyring: KeyRing) -> None:
    for workspace in ("default", "theirs"):
        key = replace(ALIEXPRESS, workspace=workspace)
        await credentials.save(key, {"app_key": workspace}, keyring=keyring, now=NOW)
    await swap("workspace_id", "default", "theirs")

    for seen in (OURS, THEIRS):
        [account] = await credentials.accounts(seen, keyring)
        assert (account.credentials, account.unreadable) == ({}, ("app_key",))


async def test_broken_value_can_be_saved_over(keyring: KeyRing) -> None:
    await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    await statements.rows("UPDATE marketplace_credentials SET sealed = 'junk' RETURNING id")

    saved = await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)

    assert opened(saved) == VALUES
    assert saved.unreadable == ()


async def test_value_that_does_not_open_stays_until_it_is_named(keyring: KeyRing) -> None:
    await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)

    others = await credentials.save(ALIEXPRESS, {"app_key": "6"}, keyring=NEW, now=NOW)
    cleared = await credentials.save(ALIEXPRESS, {"app_secret": ""}, keyring=NEW, now=NOW)

    assert opened(others) == {"app_key": "6"}
    assert others.unreadable == ("app_secret", "tracking_id")
    assert cleared.unreadable == ("tracking_id",)
    assert opened(await credentials.account(ALIEXPRESS, BOTH)) == {
        "app_key": "6",
        "tracking_id": "tag",
    }


async def test_fifty_saves_at_once_leave_one_whole_set(keyring: KeyRing) -> None:
    sets = [{"app_key": str(n), "app_secret": str(n)} for n in range(50)]

    await asyncio.gather(
        *(credentials.save(ALIEXPRESS, values, keyring=keyring, now=NOW) for values in sets)
    )

    assert opened(await credentials.account(ALIEXPRESS, keyring)) in sets
    assert len(await credentials.accounts(OURS, keyring)) == 1

"""Seals of credentials: the canary, keys that change, and rows that somebody moved."""

from dataclasses import replace

import pytest

from db import credentials, encryption, statements
from db.encryption import KeyRing, check_canary, key_usage, reencrypt
from db.exceptions import EncryptionError, KeyMissing, SealBroken
from domain.marketplaces import AccountKey
from domain.products import Mode
from tests.db.records import ALIEXPRESS, NOW, OURS, THEIRS
from tests.db.test_credentials import AMAZON, BOTH, NEW, VALUES, opened

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]


async def test_right_key_passes_the_canary_every_time(keyring: KeyRing) -> None:
    await check_canary(keyring)
    await check_canary(BOTH)

    assert await key_usage() == {keyring.current_id: 1}


async def test_wrong_key_fails_the_canary_and_both_ids_are_told(keyring: KeyRing) -> None:
    await check_canary(keyring)

    with pytest.raises(KeyMissing, match=f"{keyring.current_id}.*{NEW.current_id}"):
        await check_canary(NEW)


async def test_wrong_key_fails_even_when_the_canary_is_gone(keyring: KeyRing) -> None:
    await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)

    with pytest.raises(KeyMissing):
        await check_canary(NEW)


async def test_changed_canary_is_told(keyring: KeyRing) -> None:
    await check_canary(keyring)
    await statements.rows("UPDATE encryption_canary SET sealed = 'v1.00000000.AAAA' RETURNING id")

    with pytest.raises(EncryptionError, match="encryption_canary"):
        await check_canary(keyring)


async def test_key_is_changed_while_two_rings_are_at_work(keyring: KeyRing) -> None:
    await check_canary(keyring)
    await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    await credentials.save(AMAZON, VALUES, keyring=BOTH, now=NOW)
    assert await key_usage() == {keyring.current_id: 4, NEW.current_id: 3}

    assert await reencrypt(BOTH, batch=2) == 4

    assert await key_usage() == {NEW.current_id: 7}
    assert [opened(a) for a in await credentials.accounts(OURS, NEW)] == [VALUES, VALUES]
    await check_canary(NEW)
    assert await reencrypt(BOTH) == 0


async def test_interrupted_reencryption_can_be_run_again(
    keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    await credentials.save(AMAZON, VALUES, keyring=keyring, now=NOW)
    real, done = encryption._replace, list[int]()

    async def killed(keys: KeyRing, sealed: str, place: encryption.Place) -> int:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(await real(keys, sealed, place))
        assert [opened(a) for a in await credentials.accounts(OURS, BOTH)] == [VALUES, VALUES]
        return 1

    monkeypatch.setattr(encryption, "_replace", killed)
    with pytest.raises(KeyboardInterrupt):
        await reencrypt(BOTH, batch=2)
    monkeypatch.setattr(encryption, "_replace", real)

    assert await reencrypt(BOTH, batch=2) == 3
    assert [opened(a) for a in await credentials.accounts(OURS, NEW)] == [VALUES, VALUES]


async def test_value_saved_during_reencryption_is_not_overwritten(keyring: KeyRing) -> None:
    await credentials.save(ALIEXPRESS, {"app_key": "old"}, keyring=keyring, now=NOW)
    [row] = await statements.rows("SELECT id, sealed FROM marketplace_credentials")
    place = encryption.of_account(ALIEXPRESS, str(row["id"]), "app_key")
    await credentials.save(ALIEXPRESS, {"app_key": "new"}, keyring=keyring, now=NOW)

    assert await encryption._replace(BOTH, row["sealed"], place) == 0

    assert opened(await credentials.account(ALIEXPRESS, keyring)) == {"app_key": "new"}


async def test_value_that_does_not_open_does_not_stop_reencryption(keyring: KeyRing) -> None:
    await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    await statements.rows(
        "UPDATE marketplace_credentials SET sealed = 'junk' WHERE name = 'app_key' RETURNING id"
    )

    with pytest.raises(EncryptionError, match=r"2 values were sealed anew, 1 were not.*app_key"):
        await reencrypt(BOTH)


async def sealed_by_an_older_release(monkeypatch: pytest.MonkeyPatch, keys: KeyRing) -> None:
    with monkeypatch.context() as older:
        older.setattr(encryption, "VERSION", encryption.UNBOUND)
        await check_canary(keys)
        await credentials.save(ALIEXPRESS, VALUES, keyring=keys, now=NOW)
        await credentials.save(AMAZON, VALUES, keyring=keys, now=NOW)


async def versions() -> set[str]:
    tables = ("marketplace_credentials", "encryption_canary")
    found = [await statements.rows(f"SELECT sealed FROM {table}") for table in tables]
    return {row["sealed"][:3] for rows in found for row in rows}


async def test_an_account_row_given_to_another_workspace_opens_nothing(keyring: KeyRing) -> None:
    await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)

    await statements.rows(
        "UPDATE marketplace_accounts SET workspace_id = $1 RETURNING id", [THEIRS.id]
    )
    await statements.rows(
        "UPDATE marketplace_credentials SET workspace_id = $1 RETURNING id", [THEIRS.id]
    )

    [moved] = await credentials.accounts(THEIRS, keyring)
    assert opened(moved) == {}
    assert set(moved.unreadable) == set(VALUES)


async def test_credential_rows_exchanged_between_accounts_open_nothing(keyring: KeyRing) -> None:
    theirs = replace(ALIEXPRESS, workspace=THEIRS.id)
    ours = await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    other = await credentials.save(theirs, {"app_id": "54321"}, keyring=keyring, now=NOW)

    await statements.rows(
        "UPDATE marketplace_credentials SET"
        " account_id = CASE account_id WHEN $1 THEN $2 ELSE $1 END,"
        " workspace_id = CASE workspace_id WHEN $3 THEN $4 ELSE $3 END RETURNING id",
        [ours.id, other.id, OURS.id, THEIRS.id],
    )

    assert [opened(await credentials.account(key, keyring)) for key in (ALIEXPRESS, theirs)] == [
        {},
        {},
    ]


@pytest.mark.parametrize(
    ("column", "value"), [("marketplace", "amazon"), ("locale", "www.amazon.fr"), ("mode", "OTHER")]
)
async def test_an_account_row_made_another_account_of_its_workspace_opens_nothing(
    column: str, value: str, keyring: KeyRing
) -> None:
    await credentials.save(ALIEXPRESS, VALUES, keyring=keyring, now=NOW)
    value = Mode.SANDBOX.value if value == "OTHER" else value

    await statements.rows(f"UPDATE marketplace_accounts SET {column} = $1 RETURNING id", [value])

    [row] = await statements.rows("SELECT marketplace, locale, mode FROM marketplace_accounts")
    key = AccountKey(OURS.id, row["marketplace"], row["locale"], Mode(row["mode"]))
    assert opened(await credentials.account(key, keyring)) == {}


async def test_a_start_seals_anew_what_an_older_release_sealed(
    keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sealed_by_an_older_release(monkeypatch, keyring)
    assert await versions() == {"v1."}

    await check_canary(keyring)
    await check_canary(keyring)

    assert await versions() == {"v2."}
    assert [opened(a) for a in await credentials.accounts(OURS, keyring)] == [VALUES, VALUES]


async def test_seals_of_an_older_release_that_come_later_are_refused(
    keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sealed_by_an_older_release(monkeypatch, keyring)
    older = await statements.rows("SELECT id, sealed FROM marketplace_credentials")
    await check_canary(keyring)

    for row in older:
        await statements.rows(
            "UPDATE marketplace_credentials SET sealed = $1 WHERE id = $2 RETURNING id",
            [row["sealed"], row["id"]],
        )
    await check_canary(keyring)

    assert [opened(a) for a in await credentials.accounts(OURS, keyring)] == [{}, {}]


async def test_an_older_seal_that_does_not_open_stops_no_other(
    keyring: KeyRing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await sealed_by_an_older_release(monkeypatch, keyring)
    await statements.rows(
        "UPDATE marketplace_credentials SET sealed = 'junk' WHERE name = 'app_key' RETURNING id"
    )

    await check_canary(keyring)

    rest = {name: value for name, value in VALUES.items() if name != "app_key"}
    assert [opened(a) for a in await credentials.accounts(OURS, keyring)] == [rest, rest]
    assert "app_key" in caplog.text


async def test_who_only_reads_is_told_to_seal_anew(
    keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sealed_by_an_older_release(monkeypatch, keyring)

    with pytest.raises(SealBroken, match=r"server\.py migrate"):
        await encryption.open_canary(keyring)

    assert await versions() == {"v1."}

"""Whether all servers of a database have the same admin key."""

import pytest

from db import admin_key, statements
from db.encryption import KeyRing, key_usage, reencrypt
from domain.credentials import Secret

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

ONE, OTHER = Secret("marker-of-one-admin-key"), Secret("marker-of-another-one")


async def test_a_server_with_another_key_is_found_once(keyring: KeyRing) -> None:
    assert not await admin_key.is_other(ONE, keyring)
    assert not await admin_key.keep(ONE, keyring)
    assert not await admin_key.keep(ONE, keyring)

    assert await admin_key.is_other(OTHER, keyring)
    assert await admin_key.keep(OTHER, keyring)

    assert not await admin_key.keep(OTHER, keyring)
    assert await admin_key.is_other(ONE, keyring)


async def test_the_key_is_nowhere_in_the_database(keyring: KeyRing) -> None:
    await admin_key.keep(ONE, keyring)

    [row] = await statements.rows("SELECT * FROM encryption_canary")

    assert "marker" not in str(row)


async def test_it_goes_along_when_the_encryption_key_changes(keyring: KeyRing) -> None:
    await admin_key.keep(ONE, keyring)
    both, new = KeyRing([b"1" * 32, b"2" * 32]), KeyRing([b"2" * 32])

    await reencrypt(both)

    assert set(await key_usage()) == set(new.ids)
    assert not await admin_key.is_other(ONE, new)
    assert await admin_key.is_other(OTHER, new)

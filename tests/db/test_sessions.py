"""Sessions: found by their token alone, until they end or their key does."""

import pytest

from db import sessions, statements
from db.keys import KeyRing
from domain.credentials import Secret
from tests.db.records import HOUR, NOW
from tests.db.test_api_keys import kept

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

ADMIN = Secret("the-operators-own-key")


async def begun(keyring: KeyRing, admin: Secret = ADMIN) -> Secret:
    """The token of a session of the operator's own key, which lasts an hour."""
    return await sessions.begin("default", None, admin, keyring, now=NOW, until=NOW + HOUR)


async def test_a_session_leads_to_the_key_that_it_began_with(keyring: KeyRing) -> None:
    key, _ = await kept(keyring)

    token = await sessions.begin("default", key, ADMIN, keyring, now=NOW, until=NOW + HOUR)

    assert await sessions.by_token(token, ADMIN, keyring, NOW) == ("default", key)


async def test_the_operators_session_ends_with_the_operators_key(keyring: KeyRing) -> None:
    token = await begun(keyring)

    assert await sessions.by_token(token, ADMIN, keyring, NOW) == ("default", None)
    assert await sessions.by_token(token, Secret("another"), keyring, NOW) is None


async def test_an_unknown_token_and_a_past_session_are_none(keyring: KeyRing) -> None:
    token = await begun(keyring)

    assert await sessions.by_token(Secret("no token"), ADMIN, keyring, NOW) is None
    assert await sessions.by_token(token, ADMIN, keyring, NOW + HOUR) is None


async def test_signing_out_ends_one_session(keyring: KeyRing) -> None:
    token, other = await begun(keyring), await begun(keyring)

    await sessions.end(token, keyring)

    assert await sessions.by_token(token, ADMIN, keyring, NOW) is None
    assert await sessions.by_token(other, ADMIN, keyring, NOW) == ("default", None)


async def test_the_token_is_not_stored_and_past_sessions_are_removed(keyring: KeyRing) -> None:
    token = await begun(keyring)
    rows = await statements.rows("SELECT * FROM sessions")
    await sessions.begin("default", None, ADMIN, keyring, now=NOW + 2 * HOUR, until=NOW + 3 * HOUR)
    left = await statements.rows("SELECT id FROM sessions")

    assert token.reveal() not in str(rows)
    assert len(left) == 1

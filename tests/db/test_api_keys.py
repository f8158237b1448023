"""Stored API keys: found by their text alone, on both engines, through every change of keys."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from db import api_keys, statements
from db.encryption import KeyRing
from domain.api_keys import PATTERN, APIKey, Scope, is_mistyped
from domain.catalog import PageArgs
from domain.credentials import Secret
from tests.db.records import NOW

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("db")]

OLD, NEW = b"1" * 32, b"2" * 32


def make_key(**changes: object) -> APIKey:
    key = APIKey(
        id=str(uuid4()),
        workspace="default",
        name="shop",
        prefix="aff_live_",
        last_four="abcd",
        scopes=frozenset({Scope.READ, Scope.SYNC}),
        origins=("https://shop.example.com",),
        expires_at=NOW + timedelta(days=30),
        created_at=NOW,
    )
    return replace(key, **changes)  # type: ignore[arg-type]


async def kept(keyring: KeyRing, **changes: object) -> tuple[APIKey, Secret]:
    key, text = make_key(**changes), api_keys.new_text("aff_live_")
    await api_keys.keep(key, text, keyring)
    return key, text


async def stored_hash() -> str:
    [row] = await statements.rows("SELECT hash FROM api_keys")
    return str(row["hash"])


def test_new_texts_are_whole_and_differ() -> None:
    one, other = api_keys.new_text("aff_test_").reveal(), api_keys.new_text("aff_test_").reveal()

    assert PATTERN.fullmatch(one)
    assert not is_mistyped(one)
    assert one != other


@pytest.mark.parametrize("calls_per_day", [None, 0, 2_000_000_000])
async def test_a_key_is_found_by_its_text_as_it_was_kept(
    calls_per_day: int | None, keyring: KeyRing
) -> None:
    key, text = await kept(keyring, calls_per_day=calls_per_day)

    assert await api_keys.by_text(text, keyring) == key


async def test_what_is_known_of_a_key_ends_with_any_write(keyring: KeyRing) -> None:
    key, text = await kept(keyring)
    known = [await api_keys.by_text(text, keyring) for _ in range(2)]

    await api_keys.revoke("default", key.id, NOW)
    revoked = await api_keys.by_text(text, keyring)
    await statements.rows("DELETE FROM api_keys")

    assert known == [key, key]
    assert revoked == replace(key, revoked_at=NOW)
    assert await api_keys.by_text(text, keyring) is None


async def test_another_text_finds_nothing(keyring: KeyRing) -> None:
    await kept(keyring)

    assert await api_keys.by_text(api_keys.new_text("aff_live_"), keyring) is None
    assert await api_keys.by_text(Secret("' OR 1=1 --"), keyring) is None
    assert await api_keys.by_text(Secret("\ud800"), keyring) is None


async def test_the_text_is_nowhere_in_the_database(keyring: KeyRing) -> None:
    _, text = await kept(keyring)

    [row] = await statements.rows("SELECT * FROM api_keys")

    assert text.reveal() not in str(row)
    assert text.reveal()[9:40] not in str(row)


async def test_without_the_encryption_key_the_hash_finds_nothing(keyring: KeyRing) -> None:
    _, text = await kept(keyring)

    assert await api_keys.by_text(text, KeyRing([NEW])) is None


async def test_a_key_survives_the_rotation_of_the_encryption_key() -> None:
    key, text = await kept(KeyRing([OLD]))
    before = await stored_hash()

    found = await api_keys.by_text(text, KeyRing([OLD, NEW]))

    assert found == key
    assert await stored_hash() != before
    assert await api_keys.by_text(text, KeyRing([NEW])) == key
    assert await api_keys.pepper_usage(NOW) == {KeyRing([NEW]).current_id: 1}


async def test_an_older_process_still_finds_what_it_can_read() -> None:
    key, text = await kept(KeyRing([OLD]))

    assert await api_keys.by_text(text, KeyRing([NEW, OLD])) == key
    assert await api_keys.by_text(text, KeyRing([OLD])) == key


async def test_keys_that_are_accepted_no_more_need_no_pepper(keyring: KeyRing) -> None:
    await kept(keyring, expires_at=NOW)
    revoked, _ = await kept(keyring)
    await api_keys.revoke("default", revoked.id, NOW)

    assert await api_keys.pepper_usage(NOW) == {}


async def test_a_key_belongs_to_its_workspace(keyring: KeyRing) -> None:
    key, _ = await kept(keyring)

    assert await api_keys.by_id("default", key.id) == key
    assert await api_keys.by_id("other", key.id) is None
    assert await api_keys.revoke("other", key.id, NOW) is None
    assert (await api_keys.page("other", PageArgs(10), count=True)).total == 0


@pytest.mark.parametrize("id", ["", "1", "x" * 36, "0" * 32, "\x00"])
async def test_a_text_that_is_no_id_finds_nothing(id: str, keyring: KeyRing) -> None:
    await kept(keyring)

    assert await api_keys.by_id("default", id) is None
    assert await api_keys.revoke("default", id, NOW) is None


async def test_the_first_moment_of_revocation_stays(keyring: KeyRing) -> None:
    key, _ = await kept(keyring)

    await api_keys.revoke("default", key.id, NOW)
    again = await api_keys.revoke("default", key.id, NOW + timedelta(days=1))

    assert again is not None
    assert again.revoked_at == NOW


async def test_use_is_noted_at_most_once_a_minute(keyring: KeyRing) -> None:
    key, text = await kept(keyring)
    seen = []

    for seconds in (0, 59, 60):
        present = await api_keys.by_text(text, keyring)
        assert present is not None
        await api_keys.note_use(present, NOW + timedelta(seconds=seconds))
        after = await api_keys.by_id("default", key.id)
        assert after is not None
        seen.append(after.last_used_at)

    assert seen == [NOW, NOW, NOW + timedelta(seconds=60)]


async def test_a_key_has_one_successor(keyring: KeyRing) -> None:
    old, text = await kept(keyring)
    until = NOW + timedelta(hours=1)
    first = make_key(rotated_from=old.id)
    second = make_key(rotated_from=old.id)

    replaced = await api_keys.replace(
        old, first, api_keys.new_text("aff_live_"), keyring, until=until
    )
    again = await api_keys.replace(old, second, api_keys.new_text("aff_live_"), keyring, until=NOW)

    assert (replaced, again) == (True, False)
    assert await api_keys.by_id("default", second.id) is None
    present = await api_keys.by_text(text, keyring)
    assert present is not None
    assert present.expires_at == until


async def test_an_overlap_never_makes_a_key_live_longer(keyring: KeyRing) -> None:
    old, text = await kept(keyring, expires_at=NOW + timedelta(minutes=1))
    new = make_key(rotated_from=old.id)

    await api_keys.replace(
        old, new, api_keys.new_text("aff_live_"), keyring, until=NOW + timedelta(days=1)
    )

    present = await api_keys.by_text(text, keyring)
    assert present is not None
    assert present.expires_at == old.expires_at


async def test_pages_are_newest_first(keyring: KeyRing) -> None:
    keys = [
        (await kept(keyring, created_at=NOW + timedelta(seconds=second)))[0] for second in range(3)
    ]

    first = await api_keys.page("default", PageArgs(2), count=True)
    rest = await api_keys.page("default", PageArgs(2, first.rows[-1][0]))

    assert [key.id for _, key in [*first.rows, *rest.rows]] == [key.id for key in reversed(keys)]
    assert (first.has_next, rest.has_next, first.total) == (True, False, 3)

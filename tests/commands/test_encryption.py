"""Changing the encryption key, as docs/operations.md tells it."""

import pytest

from db.keys import key_id_of, new_key
from tests.commands.conftest import ALIEXPRESS, Command


def id_of(key: str) -> str:
    from_text = __import__("base64").urlsafe_b64decode(key)
    return key_id_of(from_text)


def table(printed: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:3] for line in printed.splitlines()[1:]}


def test_the_whole_rotation(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = new_key(), new_key()
    monkeypatch.setenv("ENCRYPTION_KEYS", old)
    command("connect", "aliexpress", typed=ALIEXPRESS)
    command("key", "create", "shop", "READ")
    monkeypatch.setenv("ENCRYPTION_KEYS", f"{old},{new}")

    before = command("keys", "status")
    sealed = command("keys", "reencrypt")
    after = command("keys", "status")

    assert table(before.out) == {id_of(old): ["4", "1"], id_of(new): ["0", "0"]}
    assert "run keys reencrypt" in before.out
    assert "Sealed anew" in sealed.out
    assert ": 4." in sealed.out
    assert "1 API keys still need an older key" in sealed.out
    assert table(after.out) == {id_of(old): ["0", "1"], id_of(new): ["4", "0"]}


def test_a_key_that_was_removed_too_early_is_told(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = new_key(), new_key()
    monkeypatch.setenv("ENCRYPTION_KEYS", old)
    command("key", "create", "shop", "READ")
    monkeypatch.setenv("ENCRYPTION_KEYS", f"{old},{new}")
    command("keys", "reencrypt")
    monkeypatch.setenv("ENCRYPTION_KEYS", new)

    status, examined = command("keys", "status"), command("doctor")

    assert f"1 API keys were hashed with key {id_of(old)}" in status.out
    assert examined.code == 1
    assert "FAIL  API keys" in examined.out
    assert id_of(old) in examined.out

"""Keys and the key file."""

import base64
import copy
import pickle
from pathlib import Path

import pytest

from db.exceptions import KeyUnusable
from db.keys import KeyRing, key_file, key_id_of, new_key

KEY = base64.urlsafe_b64encode(b"\xfb" * 32).decode()
OTHER = base64.urlsafe_b64encode(b"2" * 32).decode()


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.touch(mode)
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("text", [f"{KEY},{OTHER}", f" {KEY} ,{OTHER},", f"{KEY}\n{OTHER}\n"])
def test_keys_are_read_and_the_last_one_seals(text: str) -> None:
    ring = KeyRing.from_text(text)

    assert ring.ids == (key_id_of(b"\xfb" * 32), key_id_of(b"2" * 32))
    assert ring.current_id == ring.ids[-1]


def test_padding_may_be_absent() -> None:
    assert KeyRing.from_text(KEY.rstrip("=")).ids == KeyRing.from_text(KEY).ids


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no encryption key"),
        (" , ", "no encryption key"),
        ("hunter2 hunter2", "key 1 is not base64url"),
        (f"{KEY},schlüssel", "key 2 is not base64url"),
        (KEY[:-5], "key 1 has 29 bytes"),
        (f"{KEY},{OTHER}"[:-9], "key 2 has"),
    ],
)
def test_unusable_key_is_refused_without_showing_it(text: str, told: str) -> None:
    with pytest.raises(KeyUnusable, match=told) as failure:
        KeyRing.from_text(text)

    assert "hunter2" not in str(failure.value)
    assert KEY[:8] not in str(failure.value)


def test_ring_shows_ids_only() -> None:
    ring = KeyRing.from_text(KEY)

    assert repr(ring) == f"KeyRing({ring.current_id})"
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            attempt(ring)


def test_new_keys_differ_and_are_usable() -> None:
    assert new_key() != new_key()
    assert len(KeyRing.from_text(new_key()).ids) == 1


def test_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys"

    made = key_file(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert key_file(path).ids == made.ids
    assert list(tmp_path.iterdir()) == [path]


def test_key_file_is_not_made_where_that_is_not_wanted(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="cannot be read"):
        key_file(tmp_path / "keys", create=False)


def test_key_file_in_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="cannot be made"):
        key_file(tmp_path / "absent" / "keys")


@pytest.mark.parametrize(
    ("_case", "text", "mode", "told"),
    [
        ("others may read", KEY, 0o644, "chmod 600"),
        ("the group may read", KEY, 0o640, "chmod 600"),
        ("empty", "", 0o600, "is empty"),
        ("blank", " \n", 0o600, "is empty"),
        ("malformed", "hunter2!", 0o600, "not base64url"),
        ("short", KEY[:20], 0o600, "instead of 32"),
    ],
)
def test_unusable_key_file_is_refused(
    _case: str, text: str, mode: int, told: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "keys", text, mode)

    with pytest.raises(KeyUnusable, match=told) as failure:
        key_file(path)

    assert str(path) in str(failure.value)
    assert "hunter2" not in str(failure.value)
    assert path.read_text() == text


def test_binary_key_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "keys", "")
    path.write_bytes(b"\xff\xfe" * 16)

    with pytest.raises(KeyUnusable, match="not a text file"):
        key_file(path)

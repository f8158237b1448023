"""The keys of a start: of the settings, or of files that the first start makes."""

import stat
from pathlib import Path

import pytest

from application.keys import load_keys, load_ring
from clients.registry import SETTINGS
from config import Settings, read_settings
from db.exceptions import KeyUnusable
from db.keys import new_key

ADMIN = "a-key-of-our-own-0123456789-abcdef"


def settings(folder: Path, **environ: str) -> Settings:
    return read_settings({"DATA_DIR": str(folder), "SANDBOX": "on"} | environ, SETTINGS)


def test_the_first_start_makes_both_keys_and_tells_of_them(tmp_path: Path) -> None:
    first = load_keys(settings(tmp_path))

    assert first.made_ring == tmp_path / "encryption.key"
    assert first.new_admin == first.admin.reveal()
    assert first.admin_place == str(tmp_path / "admin.key")
    assert [line.partition(" ")[0] for line in first.made] == [str(first.made_ring)]
    for name in ("encryption.key", "admin.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_the_second_start_reads_them_and_has_nothing_to_tell(tmp_path: Path) -> None:
    first = load_keys(settings(tmp_path))

    second = load_keys(settings(tmp_path))

    assert second.ring.ids == first.ring.ids
    assert second.admin == first.admin
    assert (second.made, second.new_admin, second.made_ring) == ((), None, None)


def test_keys_of_the_settings_make_no_file(tmp_path: Path) -> None:
    keys = load_keys(settings(tmp_path, ENCRYPTION_KEYS=new_key(), ADMIN_API_KEY=ADMIN))

    assert (keys.admin.reveal(), keys.admin_place) == (ADMIN, "ADMIN_API_KEY")
    assert list(tmp_path.iterdir()) == []


def test_no_key_shows_in_what_is_printed_of_them(tmp_path: Path) -> None:
    keys = load_keys(settings(tmp_path, ENCRYPTION_KEYS=new_key(), ADMIN_API_KEY=ADMIN))

    assert ADMIN not in repr(keys)


def test_an_unusable_key_file_is_told_with_its_place(tmp_path: Path) -> None:
    place = tmp_path / "encryption.key"
    place.write_text("nonsense\n")
    place.chmod(0o600)

    with pytest.raises(KeyUnusable, match=r"encryption\.key"):
        load_ring(settings(tmp_path))

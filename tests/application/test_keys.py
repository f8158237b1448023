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


@pytest.mark.parametrize(
    "text", ["short", "two words of a key, 24 or more", "aff_live_" + "a" * 43]
)
def test_an_admin_key_that_no_request_could_send_is_told_at_the_start(
    tmp_path: Path, text: str
) -> None:
    place = tmp_path / "admin.key"
    place.write_text(f"{text}\n")
    place.chmod(0o600)

    with pytest.raises(KeyUnusable, match=r"admin\.key.*Delete the file"):
        load_keys(settings(tmp_path))


def test_a_live_start_does_not_accept_the_admin_key_of_a_sandbox_start(tmp_path: Path) -> None:
    sandbox = load_keys(settings(tmp_path))

    live = load_keys(settings(tmp_path, SANDBOX="off"))
    later = [load_keys(settings(tmp_path, SANDBOX=mode)).admin for mode in ("off", "on")]

    assert sandbox.admin.reveal().startswith("aff_admin_test_")
    assert live.admin.reveal() == live.new_admin != sandbox.admin.reveal()
    assert later == [live.admin] * 2


def test_a_setting_with_the_admin_key_of_a_sandbox_start_opens_no_live_server(
    tmp_path: Path,
) -> None:
    key = load_keys(settings(tmp_path)).admin.reveal()

    with pytest.raises(KeyUnusable, match="ADMIN_API_KEY"):
        load_keys(settings(tmp_path, SANDBOX="off", ADMIN_API_KEY=key))


def test_an_admin_key_of_before_goes_on_working(tmp_path: Path) -> None:
    place = tmp_path / "admin.key"
    place.write_text("aff_admin_0123456789-0123456789\n")
    place.chmod(0o600)

    keys = [load_keys(settings(tmp_path, SANDBOX=mode)).admin for mode in ("off", "on")]

    assert [key.reveal() for key in keys] == ["aff_admin_0123456789-0123456789"] * 2

"""What is made ready before anything is opened."""

import stat
from pathlib import Path

import pytest

from application.keys import load_ring
from application.preparation import make_folder, prepare_storage
from clients.registry import SETTINGS
from config import Settings, read_settings
from db import statements
from db.connection import open_database
from db.exceptions import EncryptionError, KeyMissing
from db.keys import KeyRing, new_key
from db.migrate import pending
from domain.starting import CannotStart
from tests.graph import API_KEY

pytestmark = pytest.mark.anyio


def settings(database: str, folder: Path) -> Settings:
    keys = {"ENCRYPTION_KEYS": new_key(), "ADMIN_API_KEY": API_KEY}
    return read_settings(
        {"DATABASE_URL": database, "DATA_DIR": str(folder), "SANDBOX": "on"}
        | (keys if database.startswith("postgres") else {}),
        SETTINGS,
    )


def test_the_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"

    make_folder(folder)
    make_folder(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CannotStart, match="DATA_DIR"):
        make_folder(tmp_path / "file" / "data")


async def test_a_key_made_now_is_removed_when_another_sealed_the_data(
    fresh_url: str, tmp_path: Path
) -> None:
    of_start = settings(fresh_url, tmp_path)
    await prepare_storage(of_start, KeyRing.from_text(new_key()), None)
    made = tmp_path / "encryption.key"
    made.write_text(new_key())

    with pytest.raises(EncryptionError):
        await prepare_storage(of_start, KeyRing.from_text(made.read_text()), made)

    assert not made.exists()


async def test_keys_that_open_the_data_are_kept(fresh_url: str, tmp_path: Path) -> None:
    of_start = settings(fresh_url, tmp_path)
    ring, made = load_ring(of_start)

    await prepare_storage(of_start, ring, made)
    await prepare_storage(of_start, ring, made)

    assert made is None or made.exists()


async def test_an_upgrade_without_the_key_changes_nothing_and_says_what_to_do(
    fresh_url: str, tmp_path: Path
) -> None:
    of_start = settings(fresh_url, tmp_path)
    await prepare_storage(of_start, KeyRing.from_text(new_key()), None)
    async with open_database(fresh_url, shared=False):
        await statements.rows("DELETE FROM tortoise_migrations WHERE name LIKE '0007%' RETURNING 1")
    before = await pending(fresh_url)

    with pytest.raises(KeyMissing, match=r"not loaded .*encryption\.key in DATA_DIR"):
        await prepare_storage(of_start, KeyRing.from_text(new_key()), None, auto=True)

    assert await pending(fresh_url) == before != ()

"""The keys of a start: from the settings, else from files that the first start makes."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

from config import Settings
from db.exceptions import KeyUnusable
from db.keys import KeyRing, key_file, read_private, write_private
from domain.api_keys import ADMIN_PREFIX, SANDBOX_ADMIN_PREFIX
from domain.credentials import Secret
from domain.parsers import admin_api_key
from domain.settings import BadValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of this start, and which of them it made."""

    ring: KeyRing
    admin: Secret
    admin_place: str
    made: tuple[str, ...] = ()
    new_admin: str | None = None
    made_ring: Path | None = None


def load_ring(settings: Settings) -> tuple[KeyRing, Path | None]:
    """The encryption keys alone, and their file when it was made just now.

    Raises EncryptionError.
    """
    if settings.encryption_keys:
        return KeyRing.from_text(",".join(key.reveal() for key in settings.encryption_keys)), None
    place = settings.data_dir / "encryption.key"
    is_new = not place.exists()
    return key_file(place), place if is_new else None


def load_keys(settings: Settings) -> Keys:
    """Keys from the settings, else from files in DATA_DIR, made at the first start (0600).

    An admin key that a start with the sandbox made is laid aside by one without, and another made.
    Raises EncryptionError.
    """
    ring, made_ring = load_ring(settings)
    made: tuple[str, ...] = ()
    if made_ring is not None:
        made = (f"{made_ring}   (back it up: without it stored credentials are lost)",)
    if settings.admin_api_key is not None:
        if not settings.sandbox and _is_of_sandbox(settings.admin_api_key.reveal()):
            raise KeyUnusable(
                "ADMIN_API_KEY is a key that a start with the sandbox made. A server that asks "
                "real marketplaces needs another one: set it anew."
            )
        return Keys(
            ring=ring,
            admin=settings.admin_api_key,
            admin_place="ADMIN_API_KEY",
            made=made,
            made_ring=made_ring,
        )
    place = settings.data_dir / "admin.key"
    with _alone(settings.data_dir):
        if not settings.sandbox and place.exists() and _is_of_sandbox(read_private(place)):
            place.replace(place.with_name("admin.key.sandbox"))
        key = (SANDBOX_ADMIN_PREFIX if settings.sandbox else ADMIN_PREFIX) + token_urlsafe(30)
        is_new = write_private(place, f"{key}\n")
        admin = _checked(place, read_private(place).strip())
    return Keys(
        ring=ring,
        admin=admin,
        admin_place=str(place),
        made=made,
        new_admin=key if is_new else None,
        made_ring=made_ring,
    )


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of the processes that start in the folder, one at a time. Raises KeyUnusable."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as failure:
        raise KeyUnusable(f"The folder {folder} cannot be read: {failure.strerror}.") from failure
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_of_sandbox(key: str) -> bool:
    """Whether a start with the sandbox made the key: it was shown, and is in examples and logs."""
    return key.startswith(SANDBOX_ADMIN_PREFIX)


def _checked(place: Path, text: str) -> Secret:
    """Looked at as each request is, so that a key which opens nothing is told at the start."""
    try:
        return admin_api_key(text)
    except BadValue as bad:
        raise KeyUnusable(
            f"The key of the file {place} {' '.join(bad.sentences)} Delete the file, and the next "
            "start makes another."
        ) from None

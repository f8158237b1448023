"""The keys of a start: from the settings, else from files that the first start makes."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from config import Settings
from db.keys import KeyRing, key_file, read_private, write_private
from domain.credentials import Secret


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

    Raises EncryptionError.
    """
    ring, made_ring = load_ring(settings)
    made: tuple[str, ...] = ()
    if made_ring is not None:
        made = (f"{made_ring}   (back it up: without it stored credentials are lost)",)
    if settings.admin_api_key is not None:
        return Keys(
            ring=ring,
            admin=settings.admin_api_key,
            admin_place="ADMIN_API_KEY",
            made=made,
            made_ring=made_ring,
        )
    place = settings.data_dir / "admin.key"
    key = "aff_admin_" + secrets.token_urlsafe(30)
    is_new = write_private(place, f"{key}\n")
    return Keys(
        ring=ring,
        admin=Secret(read_private(place).strip()),
        admin_place=str(place),
        made=made,
        new_admin=key if is_new else None,
        made_ring=made_ring,
    )

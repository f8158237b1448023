"""Keys: the ring that seals and opens, and the file it can come from.

The key file serves an installation without a key service, beside its database. It protects against
other users of the machine; not against a backup that takes the file along with the database.
"""

import base64
import binascii
import hashlib
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn, Protocol

from db.exceptions import KeyUnusable

KEY_BYTES = 32
OWNER_ONLY = 0o600


class KeyProvider(Protocol):
    """Where keys come from: a key ring here, a key service elsewhere."""

    @property
    def current_id(self) -> str:
        """The id of the key that seals."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys that open."""

    def key(self, key_id: str) -> bytes | None:
        """The key of 32 bytes; None when it is not loaded."""


class KeyRing:
    """Keys in memory. The last one seals, all of them open."""

    __slots__ = ("__current", "__keys")

    def __init__(self, keys: Iterable[bytes]) -> None:
        """Keys of 32 bytes, oldest first. Raises KeyUnusable."""
        self.__keys: dict[str, bytes] = {}
        for number, key in enumerate(keys, start=1):
            if len(key) != KEY_BYTES:
                raise KeyUnusable(
                    f"Encryption key {number} has {len(key)} bytes instead of {KEY_BYTES}."
                    " Make one with: openssl rand -base64 32 | tr '+/' '-_'"
                )
            self.__keys[key_id_of(key)] = key
            self.__current = key_id_of(key)
        if not self.__keys:
            raise KeyUnusable("There is no encryption key.")

    @classmethod
    def from_text(cls, text: str) -> "KeyRing":
        """Read base64url keys, separated by commas or line ends. Raises KeyUnusable."""
        parts = [part.strip() for part in text.replace("\n", ",").split(",")]
        return cls(_decoded_key(part, n) for n, part in enumerate(filter(None, parts), start=1))

    @property
    def current_id(self) -> str:
        """The id of the key that seals."""
        return self.__current

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys that open, oldest first."""
        return tuple(self.__keys)

    def key(self, key_id: str) -> bytes | None:
        """The key of 32 bytes; None when it is not loaded."""
        return self.__keys.get(key_id)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self.ids)})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A KeyRing is not copied or pickled.")


def key_id_of(key: bytes) -> str:
    """The first 8 hex digits of the key's SHA-256: names a key without telling it."""
    return hashlib.sha256(key).hexdigest()[:8]


def new_key() -> str:
    """A fresh key as text, as KeyRing.from_text reads it."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def key_file(path: Path, *, create: bool = True) -> KeyRing:
    """Read the keys, one a line; make the file with a first key when it is absent.

    Several processes that make it at once end with the same key. Raises KeyUnusable.
    """
    if create:
        write_private(path, f"{new_key()}\n")
    text = read_private(path)
    try:
        return KeyRing.from_text(text)
    except KeyUnusable as problem:
        raise KeyUnusable(f"In the key file {path}: {problem}") from None


def write_private(path: Path, text: str) -> bool:
    """Make a file that only its owner can read, unless it is there. Whether it was made.

    Written aside, then linked: whoever sees the file sees all of it, and the first one wins.
    Raises KeyUnusable.
    """
    if path.exists():
        return False
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    except FileExistsError:
        return False
    except OSError as failure:
        raise KeyUnusable(f"The key file {path} cannot be made: {failure.strerror}.") from failure
    finally:
        aside.unlink(missing_ok=True)
    return True


def read_private(path: Path) -> str:
    """The text of such a file. Raises KeyUnusable when others can read it, or it is empty."""
    try:
        with path.open() as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise KeyUnusable(
                    f"The key file {path} can be read by others (mode {mode:04o})."
                    f" Run: chmod 600 {path}"
                )
            text = file.read()
    except OSError as failure:
        raise KeyUnusable(f"The key file {path} cannot be read: {failure.strerror}.") from failure
    except UnicodeError:
        raise KeyUnusable(f"The key file {path} is not a text file.") from None
    if not text.strip():
        raise KeyUnusable(
            f"The key file {path} is empty. Restore it from a backup; only when nothing is"
            " stored yet, delete it and a new one is made."
        )
    return text


def _decoded_key(text: str, number: int) -> bytes:
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeError, binascii.Error):
        # Without the cause: its traceback would show the key.
        raise KeyUnusable(
            f"Encryption key {number} is not base64url text. Make one with:"
            " openssl rand -base64 32 | tr '+/' '-_'"
        ) from None

"""Copies of a SQLite file by SQLite's own means, beside a working server, and their way back.

A copy is one file, readable by its owner only, that nothing is missing from: what stands in the
journal is in it. It holds no key. PostgreSQL has programs of its own for this.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator, Set
from contextlib import closing, contextmanager
from pathlib import Path

from db import doctor
from db.exceptions import BackupUnusable, KeyMissing, SchemaTooNew
from db.keys import OWNER_ONLY
from db.migrate import create_copy, create_file, known_migrations

# What a start makes, or what is of no use later: nobody loses anything with it.
DISPENSABLE = {
    doctor.MIGRATIONS_TABLE,
    "encryption_canary",
    "idempotency_keys",
    "quota_days",
    "sessions",
    "workspaces",
}
SEALED = ("encryption_canary", "marketplace_credentials")


def back_up(database: Path, file: Path) -> frozenset[str]:
    """Copy the database, which may be in use, into a new file; the keys that open the copy, by id.

    The file takes its name when it is complete. Raises BackupUnusable.
    """
    aside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        os.close(os.open(aside, os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        with _opened(database) as source, _opened(aside) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, without a journal beside it
            keys = _sealing_keys(target)
        os.link(aside, file)
    except FileExistsError:
        raise BackupUnusable(f"{file} is there already. Give the backup another name.") from None
    except OSError as failure:
        raise BackupUnusable(f"{file} cannot be written: {failure.strerror}.") from None
    except sqlite3.Error as failure:
        raise BackupUnusable(f"{file} cannot be written: {failure}.") from None
    finally:
        aside.unlink(missing_ok=True)
    return keys


def restore(file: Path, database: Path, keys: Set[str], *, force: bool) -> Path | None:
    """Put a backup in the place of the database, which nothing may have open.

    `keys`: the ids of those that are loaded. `force`: also over a database that holds something,
    which is copied aside first; that copy is returned. Raises BackupUnusable, KeyMissing,
    SchemaTooNew; then nothing was changed.
    """
    if not file.is_file():
        raise BackupUnusable(f"There is no file {file}.")
    try:
        with _opened(file, mode="ro") as backup:
            _check(file, backup, keys)
            create_file(database)
            with _opened(database) as target:
                _require_alone(database, target)
                copy = None
                if _is_populated(target):
                    copy = _copied_aside(database, target, force=force)
                backup.backup(target)
    except (OSError, sqlite3.Error) as failure:
        raise BackupUnusable(f"{file} cannot be put back: {failure}.") from None
    return copy


@contextmanager
def _opened(path: Path, *, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=5, isolation_level=None)) as opened:
        yield opened


def _check(file: Path, backup: sqlite3.Connection, keys: Set[str]) -> None:
    """Whole, ours, not of a later release, and with keys that open it."""
    try:
        [[verdict]] = backup.execute("PRAGMA integrity_check(1)").fetchall()
        tables = _tables(backup)
    except sqlite3.DatabaseError:
        raise BackupUnusable(f"{file} is not a backup: it is no SQLite file.") from None
    if verdict != "ok":
        raise BackupUnusable(f"{file} is damaged: {verdict}.")
    if doctor.MIGRATIONS_TABLE not in tables:
        raise BackupUnusable(f"{file} is not a backup: it is a SQLite file of something else.")
    names = backup.execute(f"SELECT name FROM {doctor.MIGRATIONS_TABLE} WHERE app = 'models'")
    if unknown := sorted({name for (name,) in names} - set(known_migrations())):
        raise SchemaTooNew(f"{file} is of a newer release ({unknown[-1]}). Restore it with that.")
    if foreign := sorted(_sealing_keys(backup) - keys):
        raise KeyMissing(
            f"{file} holds values sealed with key {', '.join(foreign)}, which is not loaded"
            f" (loaded: {', '.join(sorted(keys)) or 'none'}). Put the keys of its time back first:"
            " encryption.key into DATA_DIR, or ENCRYPTION_KEYS."
        )


def _require_alone(database: Path, target: sqlite3.Connection) -> None:
    """The journal's mode changes only while nobody else has the file open."""
    target.execute("PRAGMA busy_timeout=0")
    try:
        [[mode]] = target.execute("PRAGMA journal_mode=DELETE").fetchall()
    except sqlite3.OperationalError:
        mode = "in use"
    if mode != "delete":
        raise BackupUnusable(f"{database} is in use. Stop the server, then restore.")


def _copied_aside(database: Path, target: sqlite3.Connection, *, force: bool) -> Path:
    if not force:
        raise BackupUnusable(
            f"{database} holds data, which would be replaced. With --force it is copied aside, and"
            " then replaced."
        )
    copy = create_copy(database, "restore")
    target.execute("VACUUM INTO ?", [str(copy)])
    return copy


def _is_populated(opened: sqlite3.Connection) -> bool:
    return any(
        opened.execute(f'SELECT EXISTS (SELECT 1 FROM "{table}")').fetchone()[0]
        for table in _tables(opened) - DISPENSABLE
    )


def _sealing_keys(opened: sqlite3.Connection) -> frozenset[str]:
    tables = _tables(opened)
    return frozenset(
        key_id
        for table in SEALED
        if table in tables
        for (key_id,) in opened.execute(f"SELECT DISTINCT key_id FROM {table}")
    )


def _tables(opened: sqlite3.Connection) -> set[str]:
    found = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in found if not name.startswith("sqlite_")}

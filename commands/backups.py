"""backup FILE and restore FILE: the SQLite database; of PostgreSQL the command that does it."""

import argparse
import asyncio
import shlex
import sys
from pathlib import Path

from application.keys import load_ring
from application.preparation import make_folder
from commands.arguments import Commands, add_command
from commands.context import quiet_logs, read_settings, require_database, tell_place
from commands.words import in_commands
from config import Settings
from db.backup import back_up, restore
from db.connection import is_sqlite, sqlite_path
from domain.exceptions import InvalidInput

PG_DUMP = '(umask 077; pg_dump --format=custom --no-owner --file={file} "$DATABASE_URL")'
PG_RESTORE = (
    'pg_restore --clean --if-exists --no-owner --single-transaction --dbname="$DATABASE_URL" {file}'
)
AFTERWARDS = """Before you start the server, look after what the backup does not know:
  today's calls are not counted in it:            python server.py assume-quota-used
  API keys revoked since then are accepted again: python server.py key list
  credentials changed since then are the old ones: python server.py verify"""


def add(commands: Commands, shared: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    parser = add_command(
        commands, shared, "backup", "copy the database, beside a working server", run_backup
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the file to make")
    parser = add_command(
        commands, shared, "restore", "put a backup back, while no server runs", run_restore
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="what backup made")
    parser.add_argument(
        "--force", action="store_true", help="over data that is there; it is copied aside first"
    )


def run_backup(arguments: argparse.Namespace) -> int:
    """Make it. Raises InvalidInput for PostgreSQL, NotReady."""
    settings = _of_sqlite(PG_DUMP, arguments.file)
    asyncio.run(require_database(settings))
    keys = back_up(Path(sqlite_path(settings.database_url)), arguments.file)
    print(arguments.file)
    if keys:
        place = settings.data_dir / "encryption.key"
        kept = "ENCRYPTION_KEYS" if settings.encryption_keys else f"a copy of {place}"
        print(
            f"It does not hold the encryption key ({', '.join(sorted(keys))}), without which its "
            f"credentials do not open: keep {kept} too, elsewhere.",
            file=sys.stderr,
        )
    return 0


def run_restore(arguments: argparse.Namespace) -> int:
    """Put it back. Raises InvalidInput for PostgreSQL, NotReady."""
    settings = _of_sqlite(PG_RESTORE, arguments.file)
    make_folder(settings.data_dir)
    has_key = settings.encryption_keys or (settings.data_dir / "encryption.key").exists()
    keys = frozenset(load_ring(settings)[0].ids) if has_key else frozenset[str]()
    copy = restore(
        arguments.file, Path(sqlite_path(settings.database_url)), keys, force=arguments.force
    )
    if copy is not None:
        print(f"The file as it was before: {copy}")
    print("Restored.")
    print(in_commands(AFTERWARDS), file=sys.stderr)
    return 0


def _of_sqlite(command: str, file: Path) -> Settings:
    """The settings. Raises InvalidInput with PostgreSQL's own command where that is used."""
    settings = read_settings()
    quiet_logs(settings)
    tell_place(settings)
    if not is_sqlite(settings.database_url):
        raise InvalidInput(
            "PostgreSQL has programs of its own for this; DATABASE_URL must be set in the shell:\n"
            f"  {command.format(file=shlex.quote(str(file)))}"
        )
    return settings

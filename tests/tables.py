"""What the migrations make of an empty SQLite database, without what is recorded of it:

python -m tests.tables      prints db/migrations/recorded.sql as it would be today
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from db import migrate, recorded
from db.connection import open_database


@contextmanager
def nothing_recorded(folder: Path) -> Iterator[None]:
    """While it is open, new databases go through all the migrations."""
    none = folder / "none.sql"
    none.write_text(recorded.HEAD + "\n")
    with mock.patch.object(recorded, "FILE", none):
        yield


async def printed(folder: Path) -> str:
    """The file as it would be today."""
    url = f"sqlite://{folder}/made.db"
    with nothing_recorded(folder):
        await migrate.migrate(url)
    async with open_database(url, shared=False):
        return await recorded.written(migrate.known_migrations())


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        sys.stdout.write(asyncio.run(printed(Path(place))))

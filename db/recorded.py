"""The tables of a new SQLite database, as going through the migrations leaves them.

`migrations/recorded.sql` holds what SQLite itself says of them, so that a first start makes in one
step what takes a second in many. It need not be of today: what came after it is migrated as ever.
"""

from collections.abc import Collection
from pathlib import Path

from db import statements, texts
from db.doctor import MIGRATIONS_TABLE

FILE = Path(__file__).parent / "migrations" / "recorded.sql"
HEAD = "-- Made by `make tables`, of these migrations: "
END = ";\n"
MADE = f"""
SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*'
AND name NOT GLOB '{texts.INDEX}*' AND name <> '{MIGRATIONS_TABLE}' ORDER BY rowid
"""


def read(known: Collection[str]) -> tuple[list[str], list[str]]:
    """Names of the migrations that it stands for, and the statements; nothing where one of them is
    not among those `known`."""
    head, _, script = FILE.read_text("utf-8").partition("\n")
    names = head.removeprefix(HEAD).split()
    return (names, script.split(END)[:-1]) if set(names) <= set(known) else ([], [])


async def written(names: Collection[str]) -> str:
    """The file, of the open SQLite database that these migrations made."""
    made = [row["sql"] for row in await statements.rows(MADE)]
    return f"{HEAD}{' '.join(names)}\n" + "".join(f"{sql}{END}" for sql in made)

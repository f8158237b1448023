"""The texts in which the catalogue is searched: notes, title and id of each product.

They are kept folded (no case of letters, one form of each accent) in a table of their own, which
an index of their groups of three characters points into: FTS5 of SQLite, pg_trgm of PostgreSQL.
The index finds candidates, and the text itself decides. It may be lacking: PostgreSQL's extension
may be refused, SQLite may be built without FTS5. Then the texts are looked through one by one.
"""

import re
import unicodedata
from collections.abc import Mapping

from db import statements
from db.availability import REFUSED_VALUES
from domain.packing import clean

PARTS = "\x1f"  # between the parts of a text; in none of them
INDEX = "product_texts_trigrams"  # on both engines, and the beginning of what SQLite keeps for it
GRAMS = 16  # looked up at most: enough to leave only texts that hold a long text
KEEP = (
    "INSERT INTO product_texts (product_id, workspace_id, text_key) VALUES ($1, $2, $3)"
    " ON CONFLICT (product_id) DO UPDATE SET text_key = excluded.text_key"
    " WHERE product_texts.text_key <> excluded.text_key"
)
ADD = f"INSERT INTO {INDEX} (rowid, text_key) VALUES (new.number, new.text_key);"
REMOVE = (
    f"INSERT INTO {INDEX} ({INDEX}, rowid, text_key) VALUES ('delete', old.number, old.text_key);"
)
SQLITE = (
    f"CREATE VIRTUAL TABLE {INDEX} USING fts5 (text_key, content = 'product_texts',"
    " content_rowid = 'number', detail = 'none', tokenize = 'trigram case_sensitive 1')",
    f"CREATE VIRTUAL TABLE {INDEX}_terms USING fts5vocab ({INDEX}, instance)",
    f"CREATE TRIGGER {INDEX}_insert AFTER INSERT ON product_texts BEGIN {ADD} END",
    f"CREATE TRIGGER {INDEX}_delete AFTER DELETE ON product_texts BEGIN {REMOVE} END",
    f"CREATE TRIGGER {INDEX}_update AFTER UPDATE OF text_key ON product_texts"
    f" BEGIN {REMOVE} {ADD} END",
    f"INSERT INTO {INDEX} ({INDEX}) VALUES ('rebuild')",
)
POSTGRES = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    f"CREATE INDEX {INDEX} ON product_texts USING gin (text_key gin_trgm_ops)",
)


def folded(text: str) -> str:
    """The text as it is looked for: without case, each accented letter in one form."""
    return unicodedata.normalize("NFC", clean(text).replace(PARTS, " ")).casefold()


def text_key(title: str, external_id: str, notes: str | None) -> str:
    """What is searched of a product. The notes come first, so that they can be told apart; the end
    makes every character the first one of three."""
    return PARTS.join((folded(notes or ""), folded(title), folded(external_id), "", ""))


async def keep(workspace_id: str, keys: Mapping[str, str]) -> None:
    """Store the texts of stored products (id -> `text_key`), inside a transaction."""
    await statements.many(KEEP, [[id, workspace_id, key] for id, key in keys.items()])


async def has_index() -> bool:
    """Whether there is an index of the texts."""
    if statements.is_postgres():
        sql = (
            "SELECT 1 AS found FROM pg_indexes"
            " WHERE schemaname = current_schema() AND indexname = $1"
        )
    else:
        sql = "SELECT 1 AS found FROM sqlite_master WHERE name = $1"
    return bool(await statements.rows(sql, [INDEX]))


async def ensure_index() -> str | None:
    """Make the index if it is lacking; why it cannot be made, in the words of the database."""
    if await has_index():
        return None
    try:
        async with statements.transaction() as client:
            for sql in POSTGRES if statements.is_postgres() else SQLITE:
                await client.execute_query(sql)
    except REFUSED_VALUES as failure:
        return str(failure)
    return None


def candidates(text: str, values: statements.Values) -> str | None:
    """SQL for the ids of the products whose texts may hold a folded text; by the index, which is
    there. None where it does not help."""
    if statements.is_postgres():
        if re.search(r"\w{3}", text) is None:  # what pg_trgm indexes are letters and digits
            return None
        pattern = re.sub(r"([\\%_])", r"\\\1", text)
        mark = values.add(f"%{pattern}%")
        return f"SELECT product_id AS id FROM product_texts WHERE text_key LIKE {mark}"
    if len(text) < 3:
        after = text + "\U0010ffff"
        found = (
            f"SELECT DISTINCT doc FROM {INDEX}_terms"
            f" WHERE term >= {values.add(text)} AND term < {values.add(after)}"
        )
    else:
        found = f"SELECT rowid FROM {INDEX} WHERE {INDEX} MATCH {values.add(_grams(text))}"
    return f"SELECT product_id AS id FROM product_texts WHERE number IN ({found})"


def _grams(text: str) -> str:
    """Groups of three that cover the text, each as FTS5 quotes it."""
    starts = [*range(0, len(text) - 3, 3), len(text) - 3]
    grams = dict.fromkeys(text[start : start + 3].replace('"', '""') for start in starts)
    return " AND ".join(f'"{gram}"' for gram in list(grams)[:GRAMS])

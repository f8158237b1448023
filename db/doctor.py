"""The schema doctor: compares the tables of the open database with what they should be.

The index of the texts is none of them: it may be lacking, and whether it is db/texts.py tells.

Needed because a migration on SQLite can rebuild a table and silently lose its unique index or,
through ON DELETE CASCADE, the rows of its children.
"""

from collections.abc import Mapping
from datetime import datetime

from db import rows, statements, texts

MIGRATIONS_TABLE = "tortoise_migrations"

NEWEST_MOMENT = """
SELECT max(moment) AS newest FROM (
    SELECT max(synced_at) AS moment FROM products
    UNION ALL SELECT max(updated_at) FROM marketplace_accounts
    UNION ALL SELECT max(created_at) FROM api_keys
) AS moments
"""
POSTGRES_COLUMNS = """
SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default,
       character_maximum_length, numeric_precision, numeric_scale
FROM information_schema.columns WHERE table_schema = current_schema()
"""
POSTGRES_INDEXES = f"""
SELECT replace(indexdef, quote_ident(schemaname) || '.', '') AS definition
FROM pg_indexes WHERE schemaname = current_schema() AND indexname <> '{texts.INDEX}'
"""
POSTGRES_FOREIGN_KEYS = """
SELECT t.relname AS name, pg_get_constraintdef(c.oid) AS definition
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace
"""


async def tables() -> list[str]:
    """Names of our tables, the migrations' own among them."""
    if statements.is_postgres():
        sql = "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
    else:
        sql = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
            f" AND name NOT GLOB '{texts.INDEX}*'"
        )
    return sorted(row["name"] for row in await statements.rows(sql))


async def facts() -> set[str]:
    """Tables, columns, indexes, unique indexes and foreign keys, one sentence each."""
    if statements.is_postgres():
        return await _facts_of_postgres()
    return {fact for table in await tables() for fact in await _facts_of_sqlite(table)}


async def row_counts() -> dict[str, int]:
    """Table -> number of rows, without the migrations' own table."""
    counts: dict[str, int] = {}
    for table in await tables():
        if table != MIGRATIONS_TABLE:
            [row] = await statements.rows(f'SELECT count(*) AS total FROM "{table}"')
            counts[table] = row["total"]
    return counts


async def orphans() -> list[str]:
    """SQLite: rows whose parent is missing, by table. PostgreSQL never lets them be."""
    if statements.is_postgres():
        return []
    found = await statements.rows("PRAGMA foreign_key_check")
    return [f"{row['table']} has rows without their {row['parent']}" for row in found]


async def newest_moment() -> datetime | None:
    """The latest time at which something was stored; None for an empty database."""
    [row] = await statements.rows(NEWEST_MOMENT)
    return rows.moment_or_none(row["newest"])


def differences(expected: set[str], found: set[str]) -> list[str]:
    """What is missing and what is too much."""
    missing = [f"missing: {fact}" for fact in sorted(expected - found)]
    return missing + [f"unexpected: {fact}" for fact in sorted(found - expected)]


def losses(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """Tables that hold fewer rows than before. A table that was dropped is none."""
    return [
        f"{table} had {count} rows and has {after[table]}"
        for table, count in before.items()
        if table in after and after[table] < count
    ]


async def _facts_of_postgres() -> set[str]:
    columns = {
        "column " + " ".join(str(part) for part in row.values())
        for row in await statements.rows(POSTGRES_COLUMNS)
    }
    indexes = {row["definition"] for row in await statements.rows(POSTGRES_INDEXES)}
    keys = {
        f"{row['name']}: {row['definition']}"
        for row in await statements.rows(POSTGRES_FOREIGN_KEYS)
    }
    return columns | indexes | keys


async def _facts_of_sqlite(table: str) -> set[str]:
    found = set()
    for column in await statements.rows(f'PRAGMA table_info("{table}")'):
        null = "NOT NULL" if column["notnull"] else "NULL"
        rest = f"{column['type']} {null} {column['dflt_value']} {column['pk']}"
        found.add(f"column {table}.{column['name']} {rest}")
    for index in await statements.rows(f'PRAGMA index_list("{table}")'):
        parts = await statements.rows(f'PRAGMA index_xinfo("{index["name"]}")')
        columns = ", ".join(
            f"{part['name']}{' DESC' if part['desc'] else ''}" for part in parts if part["key"]
        )
        kind = "unique index" if index["unique"] else "index"
        found.add(f"{kind} on {table} ({columns})")
    for key in await statements.rows(f'PRAGMA foreign_key_list("{table}")'):
        target = f"{key['table']}.{key['to']} ON DELETE {key['on_delete']}"
        found.add(f"foreign key {table}.{key['from']} -> {target}")
    return found

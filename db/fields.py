"""Column types of ours: texts and times that sort alike on SQLite and PostgreSQL."""

from tortoise import fields


class KeyText(fields.TextField):
    """A text that is compared and sorted by code point, whatever the database's language is."""

    class _db_postgres:  # noqa: N801 - the name Tortoise looks for
        SQL_TYPE = 'TEXT COLLATE "C"'

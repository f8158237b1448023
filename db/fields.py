"""Column types of ours: texts that both engines take, and that sort alike on both."""

from enum import Enum
from typing import Any

from tortoise import fields

from domain.packing import UNSTORABLE


class _Cleaned:
    """Takes a text or an enum of texts, which loses what PostgreSQL cannot store."""

    def to_db_value(self, value: Any, instance: Any) -> Any:
        """NUL and half characters are dropped."""
        text = value.value if isinstance(value, Enum) else value
        return UNSTORABLE.sub("", text) if isinstance(text, str) else text

    def to_python_value(self, value: Any) -> Any:
        """As it is stored."""
        return value


class Text(_Cleaned, fields.TextField):  # type: ignore[misc]
    """A text of any length."""


class ShortText(_Cleaned, fields.CharField[str]):
    """A text with a longest length, as a primary key must be."""


class KeyText(Text):
    """A text that is compared and sorted by code point, whatever the database's language is."""

    class _db_postgres:  # noqa: N801 - the name Tortoise looks for
        SQL_TYPE = 'TEXT COLLATE "C"'

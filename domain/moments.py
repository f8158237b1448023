"""Instants as callers read them, in answers, errors and files alike."""

from datetime import UTC, datetime


def shown(moment: datetime) -> str:
    """The instant in UTC as ISO 8601: "2026-05-01T12:00:00Z"."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

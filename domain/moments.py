"""Instants as callers read them, in answers, errors and files alike, and as headers write them."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def shown(moment: datetime) -> str:
    """The instant in UTC as ISO 8601: "2026-05-01T12:00:00Z"."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat().replace("+00:00", "Z")


def of_http(written: str) -> datetime | None:
    """The instant of a header ("Sat, 21 Nov 2026 12:00:00 GMT"); None for any other text."""
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

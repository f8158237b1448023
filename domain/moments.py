"""Instants as callers read them, in answers, errors and files alike, and as headers write them."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

LONGEST_WAIT = 86_400.0  # seconds that an answer can ask for: a day later everything is new
SECONDS = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII)


@lru_cache(maxsize=10_000)
def shown(moment: datetime) -> str:
    """The instant in UTC as ISO 8601: "2026-05-01T12:00:00Z"."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat().replace("+00:00", "Z")


def read(text: str) -> datetime:
    """The instant of an ISO 8601 text with its zone, in UTC. Raises ValueError for any other text,
    OverflowError for an instant out of range."""
    # Python reads a text with NUL at its end as if it ended before.
    moment = datetime.fromisoformat(text if text.isprintable() else "")
    if moment.tzinfo is None:
        raise ValueError("The zone is missing.")
    return moment.astimezone(UTC)


def of_http(written: str) -> datetime | None:
    """The instant of a header ("Sat, 21 Nov 2026 12:00:00 GMT"); None for any other text."""
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def wait_of_http(written: str, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or a date; None where it is
    neither. At most `LONGEST_WAIT`."""
    told = written.strip()
    if SECONDS.fullmatch(told):
        return min(float(told), LONGEST_WAIT)
    until = of_http(told)
    if until is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT)

"""How far this server's clock is from the marketplaces', by the dates of their answers.

Signed requests carry the time, so a clock that is off by minutes looks like a refusal. It is a
matter of this server, not of an account, so it is measured here and not stored.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LARGE = timedelta(minutes=1)  # what an answer's way and a date in whole seconds never explain


class ClockSkew:
    """The last difference for each marketplace (by code)."""

    def __init__(self) -> None:
        self._ahead: dict[str, timedelta] = {}

    def note(self, marketplace: str, headers: Mapping[str, str], received_at: datetime) -> None:
        """An answer came; one without a readable date tells nothing."""
        try:
            theirs = parsedate_to_datetime(headers.get("date", ""))
        except (ValueError, TypeError, IndexError, OverflowError):
            return
        theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
        self._ahead[marketplace] = received_at - theirs

    def ahead(self, marketplace: str) -> timedelta | None:
        """How far this server's clock is ahead (below zero: behind); None while that is little."""
        known = self._ahead.get(marketplace, timedelta())
        return known if abs(known) >= LARGE else None


def in_words(ahead: timedelta) -> str:
    """ "20 minutes behind", "5 hours ahead of"."""
    minutes = round(abs(ahead) / timedelta(minutes=1))
    if minutes < 120:
        amount = f"{minutes} minute{'s' if minutes > 1 else ''}"
    elif minutes < 48 * 60:
        amount = f"{round(minutes / 60)} hours"
    else:
        amount = f"{round(minutes / 60 / 24)} days"
    return f"{amount} {'ahead of' if ahead > timedelta() else 'behind'}"

"""How far this server's clock is from a marketplace's, by the dates of its answers.

Signed requests carry the time, so a clock that is off by minutes looks like a refusal. It is a
matter of this server, not of an account, so it is measured and not stored.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LARGE = timedelta(minutes=1)  # what an answer's way and a date in whole seconds never explain


class ClockSkew:
    """The last difference. `ahead`: of this server's clock; None while it is little."""

    def __init__(self) -> None:
        self.ahead: timedelta | None = None

    def note(self, headers: Mapping[str, str], received_at: datetime) -> None:
        """An answer came; one without a readable date tells nothing."""
        try:
            sent_at = parsedate_to_datetime(headers.get("date", ""))
        except (ValueError, TypeError, IndexError, OverflowError):
            return
        ahead = received_at - (sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC))
        self.ahead = ahead if abs(ahead) >= LARGE else None


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

"""What a command tells of rows that failed: each on a line of standard output."""

from collections import defaultdict
from dataclasses import dataclass, field

from commands.words import in_commands
from domain.exceptions import AffiliateGraphError

# Failures of the account, not of a row: what failed for one of them is told together.
OF_THE_ACCOUNT = {
    "API_RETIRED",
    "CREDENTIALS_REJECTED",
    "MARKETPLACE_NOT_CONNECTED",
    "NOT_ELIGIBLE",
    "PERMISSION_MISSING",
    "QUOTA_EXHAUSTED",
}


@dataclass(slots=True)
class Failures:
    """Tells them, and keeps those of the account for the end."""

    _of_the_account: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def tell(self, place: str, words: str, error: AffiliateGraphError) -> None:
        """That row failed. `place`: where it stands; `words`: what stands there."""
        reason = in_commands(error.message)
        if error.code in OF_THE_ACCOUNT:
            self._of_the_account[f"{error.code}: {reason}"].append(place)
        else:
            print(": ".join(filter(None, (place, error.code, words, reason))))

    def end(self) -> None:
        """Those of the account, each reason once."""
        for reason, places in self._of_the_account.items():
            more = f" and {len(places) - 1:,} more" if len(places) > 1 else ""
            print(f"{places[0]}{more}: {reason}")

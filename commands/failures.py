"""Failures of the account, not of a row: where a whole batch has one, so would the others."""

from collections.abc import Sequence

from domain.exceptions import AffiliateGraphError
from resolvers.rows import Row

OF_THE_ACCOUNT = {
    "API_RETIRED",
    "CREDENTIALS_REJECTED",
    "MARKETPLACE_NOT_CONNECTED",
    "NOT_ELIGIBLE",
    "PERMISSION_MISSING",
    "QUOTA_EXHAUSTED",
}


def common_failure(rows: Sequence[Row]) -> AffiliateGraphError | None:
    """What failed every row, for a reason that is the account's."""
    errors = [row.error for row in rows if row.error is not None]
    if not errors or len(errors) < len(rows):
        return None
    return errors[0] if {error.code for error in errors} <= OF_THE_ACCOUNT else None

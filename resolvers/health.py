"""What the marketplaces' answers say about an account's credentials."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from db import credentials as stored_credentials
from db.exceptions import DatabaseUnavailable
from domain.exceptions import (
    AllowanceUsedUp,
    APIRetired,
    CallCapReached,
    CircuitOpen,
    ClockSkewed,
    CredentialsRejected,
    MarketplaceError,
    MarketplaceNotConnected,
    NotEligible,
    PendingApproval,
    PermissionMissing,
    ProductNotFound,
    QuotaExhausted,
    RequestRefused,
    Throttled,
    TrackingIDRejected,
)
from domain.marketplaces import Account, Health, HealthState

log = logging.getLogger("affiliate_graph.health")
OFTEN_ENOUGH = timedelta(minutes=5)  # how exact lastSuccessAt is while all goes well

# What a failure says about the account; the first class that fits.
_STATES: tuple[tuple[type[MarketplaceError], HealthState], ...] = (
    (CredentialsRejected, HealthState.CREDENTIALS_REJECTED),
    (TrackingIDRejected, HealthState.TRACKING_ID_REJECTED),
    (PendingApproval, HealthState.PENDING_APPROVAL),
    (NotEligible, HealthState.NOT_ELIGIBLE),
    (PermissionMissing, HealthState.PERMISSION_MISSING),
    (APIRetired, HealthState.API_RETIRED),
    (QuotaExhausted, HealthState.QUOTA_EXHAUSTED),
    (Throttled, HealthState.THROTTLED),
    (ClockSkewed, HealthState.CLOCK_SKEWED),
    (RequestRefused, HealthState.UNVERIFIED),
    (MarketplaceError, HealthState.UNREACHABLE),
)

# Failures that tell nothing about the whole account: of one product, one operation, one argument,
# or of nothing that was sent.
_NO_EVIDENCE = (
    AllowanceUsedUp,
    CallCapReached,
    CircuitOpen,
    MarketplaceNotConnected,
    ProductNotFound,
    RequestRefused,
    TrackingIDRejected,
)


def after(before: Health, failure: MarketplaceError | None, now: datetime) -> Health:
    """What an answer of this moment (or its failure) says about an account."""
    if failure is None:
        return Health(state=HealthState.HEALTHY, checked_at=now, last_success_at=now)
    return Health(
        state=next(state for kind, state in _STATES if isinstance(failure, kind)),
        upstream_code=failure.upstream_code,
        checked_at=now,
        last_success_at=before.last_success_at,
        next_try_at=failure.retry_at,
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much the outcomes of one kind of work say.

    `success_counts` False: the work may end well without asking the marketplace. `is_extra`: a
    missing permission concerns this operation alone, which is granted apart from the others.
    """

    success_counts: bool = True
    is_extra: bool = False


async def note(
    read_account: Callable[[], Awaitable[Account]],
    evidence: Evidence,
    clock: Callable[[], datetime],
    failure: MarketplaceError | None,
) -> None:
    """Note what the outcome of a call says about the account, if it says anything new.

    A note that cannot be written now is lost: the answer matters more.
    """
    account, now = await read_account(), clock()
    before = account.health
    if failure is None:
        since = before.last_success_at if before.state is HealthState.HEALTHY else None
        is_news = evidence.success_counts and (since is None or now - since > OFTEN_ENOUGH)
    else:
        is_news = _tells(failure) and not (
            evidence.is_extra and isinstance(failure, PermissionMissing)
        )
    if not is_news:
        return
    try:
        await stored_credentials.note_health(account, after(before, failure, now))
    except DatabaseUnavailable as error:
        log.warning("the health of %s was not noted: %s", account.key.marketplace, error)


def _tells(failure: MarketplaceError) -> bool:
    if isinstance(failure, Throttled) and failure.upstream_code is None:
        return False  # our own pace, not the marketplace's word
    return not isinstance(failure, _NO_EVIDENCE)

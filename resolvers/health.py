"""What the marketplaces' answers say about an account's credentials."""

import logging
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import TypeVar

from db import credentials as stored_credentials
from db.exceptions import DatabaseUnavailable
from db.keys import KeyProvider
from domain.exceptions import (
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

T = TypeVar("T")

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
    CallCapReached,
    CircuitOpen,
    MarketplaceNotConnected,
    ProductNotFound,
    RequestRefused,
    TrackingIDRejected,
)


def evidence(before: Health, failure: MarketplaceError | None, now: datetime) -> Health:
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


async def watched(
    work: Awaitable[T],
    account: Account,
    *,
    keys: KeyProvider,
    now: datetime,
    success_counts: bool = True,
    is_extra: bool = False,
) -> T:
    """Do the work of a call and note what its outcome says about the account.

    `success_counts` False: the work may end well without asking the marketplace. `is_extra`: a
    missing permission concerns this operation alone, which is granted apart from the others.
    """
    try:
        found = await work
    except MarketplaceError as failure:
        if _tells(failure) and not (is_extra and isinstance(failure, PermissionMissing)):
            await _note(account, evidence(account.health, failure, now), keys)
        raise
    if success_counts and _is_news(account.health, now):
        await _note(account, evidence(account.health, None, now), keys)
    return found


def _tells(failure: MarketplaceError) -> bool:
    if isinstance(failure, Throttled) and failure.upstream_code is None:
        return False  # our own pace, not the marketplace's word
    return not isinstance(failure, _NO_EVIDENCE)


def _is_news(health: Health, now: datetime) -> bool:
    since = health.last_success_at
    return health.state is not HealthState.HEALTHY or since is None or now - since > OFTEN_ENOUGH


async def _note(account: Account, health: Health, keys: KeyProvider) -> None:
    """A note that cannot be written now is lost: the answer matters more."""
    try:
        await stored_credentials.record_health(account, health, keyring=keys)
    except DatabaseUnavailable as failure:
        log.warning("the health of %s was not noted: %s", account.key.marketplace, failure)

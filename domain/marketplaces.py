"""Marketplaces as a workspace sees them: accounts, what their credentials can do, their health."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum

from domain.catalog import CLOCKS_DIFFER
from domain.credentials import Secret
from domain.products import Mode


class MarketplaceStatus(Enum):
    """Whether every required credential is filled in."""

    CONNECTED = "CONNECTED"
    NOT_CONFIGURED = "NOT_CONFIGURED"


class HealthState(Enum):
    """What the last real answers say about the stored credentials."""

    UNVERIFIED = "UNVERIFIED"
    HEALTHY = "HEALTHY"
    THROTTLED = "THROTTLED"
    QUOTA_EXHAUSTED = "QUOTA_EXHAUSTED"
    CREDENTIALS_REJECTED = "CREDENTIALS_REJECTED"
    TRACKING_ID_REJECTED = "TRACKING_ID_REJECTED"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    PERMISSION_MISSING = "PERMISSION_MISSING"
    API_RETIRED = "API_RETIRED"
    CLOCK_SKEWED = "CLOCK_SKEWED"
    UNREACHABLE = "UNREACHABLE"


class Capability(Enum):
    """What an account can be used for."""

    SEARCH = "SEARCH"
    IMPORT = "IMPORT"
    SYNC = "SYNC"
    GENERATE_LINK = "GENERATE_LINK"
    ORDERS = "ORDERS"
    HOT_PRODUCTS = "HOT_PRODUCTS"
    VARIANTS = "VARIANTS"


@dataclass(frozen=True, slots=True)
class Workspace:
    """Whose rows are meant, and in which mode each marketplace (by code) runs.

    Sandbox and live data never mix: every row carries its mode and is seen only in that mode.
    """

    id: str
    modes: Mapping[str, Mode]

    def mode(self, marketplace: str) -> Mode:
        """The mode in which that marketplace runs; LIVE unless it is told otherwise."""
        return self.modes.get(marketplace, Mode.LIVE)

    def account_key(self, marketplace: str, locale: str) -> "AccountKey":
        """Names the credential set of a marketplace (by code) and country site."""
        mode = self.modes.get(marketplace, Mode.LIVE)
        return AccountKey(self.id, marketplace, locale, mode)


EVERY_WORKSPACE = ""  # of what a marketplace counts per key, whoever uses the key


@dataclass(frozen=True, slots=True)
class AccountKey:
    """Names one credential set: a workspace has one for each marketplace and country site.

    `locale` is "" where the marketplace has no country sites.
    """

    workspace: str
    marketplace: str
    locale: str
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredential:
    """One credential field as stored. `value` is sealed away in a Secret until it is used."""

    name: str
    value: Secret
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The last evidence about an account."""

    state: HealthState = HealthState.UNVERIFIED
    upstream_code: str | None = None
    checked_at: datetime | None = None
    last_success_at: datetime | None = None
    next_try_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One credential set with its health. `id` is its row's UUID, "" while nothing is stored.

    `unreadable` names the fields whose stored value cannot be opened; `credentials` lacks them.
    `stored_fingerprint`: what the storage calls the credentials, when it does.
    """

    key: AccountKey
    id: str = ""
    credentials: dict[str, StoredCredential] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    stored_fingerprint: str = ""
    health: Health = Health()

    @property
    def fingerprint(self) -> str:
        """Tells credential sets apart without showing them; "" without credentials."""
        if self.stored_fingerprint or not self.credentials:
            return self.stored_fingerprint
        parts = sorted((name, kept.value.fingerprint()) for name, kept in self.credentials.items())
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def reveal(self) -> dict[str, Secret]:
        """The stored values by field name; empty ones are never stored."""
        return {name: stored.value for name, stored in self.credentials.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRule:
    """What the marketplace allows: calls a day (None: not published), calls a second, and the hour
    offset from UTC of the midnight at which its day begins.

    `reserve_percent` of the day's calls are kept for people who wait: background work stops before.
    """

    calls_per_day: int | None
    calls_per_second: Decimal
    reset_offset_hours: int
    reserve_percent: int = 20

    def limit(self, *, is_background: bool = False) -> int | None:
        """The day's calls for that kind of work, None without a known limit."""
        if self.calls_per_day is None or not is_background:
            return self.calls_per_day
        return self.calls_per_day * (100 - self.reserve_percent) // 100

    def day(self, now: datetime) -> date:
        """The marketplace's present day."""
        return (now + timedelta(hours=self.reset_offset_hours)).date()

    def resets_at(self, now: datetime) -> datetime:
        """The moment (UTC) at which the marketplace's present day ends."""
        midnight = datetime.combine(self.day(now) + timedelta(days=1), time(), tzinfo=UTC)
        return midnight - timedelta(hours=self.reset_offset_hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferPolicy:
    """How long an observed offer may be believed and shown, and what may be kept or handed on."""

    fresh_for: timedelta
    withheld_after: timedelta | None  # None: may be shown for ever, with its date
    keeps_price_history: bool
    lets_pictures_be_copied: bool  # by programs that an export is made for
    disclaimer: str

    @property
    def shown_for_hours(self) -> int | None:
        """`withheld_after` in whole hours."""
        return None if self.withheld_after is None else self.withheld_after // timedelta(hours=1)

    def expires_at(self, observed_at: datetime) -> datetime:
        """Until when an offer seen at that moment may be believed."""
        return observed_at + self.fresh_for

    def changes_at(self, observed_at: datetime, now: datetime) -> datetime | None:
        """When something else than now may be shown of it; None: never."""
        age = now - observed_at
        ends = (-CLOCKS_DIFFER, self.fresh_for, self.withheld_after)
        later = [end for end in ends if end is not None and end > age]
        return observed_at + min(later) if later else None

    def is_expired(self, observed_at: datetime, now: datetime) -> bool:
        """Whether it is too old to be believed, or of a clock that has been set back."""
        return now >= self.expires_at(observed_at) or observed_at > now + CLOCKS_DIFFER
